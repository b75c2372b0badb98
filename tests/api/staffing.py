"""Members of staff, made and managed as an admin does it."""
import uuid

from house import Client, ok

GOOD = "k7fqxm2ta9we"  # passwords that nobody would guess
BETTER = "紫色的河马喜欢吃大西瓜"
OPERATOR = [{"role": "operator", "venue_id": 1}]
MANAGER = [{"role": "manager", "venue_id": 1}]
ADMIN = [{"role": "admin", "venue_id": None}]


def new_name() -> str:
    return f"m{uuid.uuid4().hex[:12]}"


def new_phone(house) -> str:
    """One that nobody has."""
    number = house.db.value("SELECT nextval('id_block') * 256")
    return f"134{number % 10**8:08d}"


def try_add(admin, username=None, name="新同事", roles=None, **more):
    body = {"username": username or new_name(), "name": name,
            "roles": OPERATOR if roles is None else roles, **more}
    return admin.post("/api/v1/staff/members", body)


def add(admin, **more) -> dict:
    return ok(try_add(admin, **more), 201)


def path_of(member, what: str = "") -> str:
    return f"/api/v1/staff/members/{member['id']}{what}"


def see(admin, member) -> dict:
    return ok(admin.get(path_of(member)))


def put(admin, member, what: str, body: dict, version=None):
    """As a page does that has read the member before."""
    tag = f'"{member["version"] if version is None else version}"'
    return admin.call("PUT", path_of(member, what), json=body, headers={"If-Match": tag})


def set_roles(admin, member, roles, version=None):
    return put(admin, member, "/roles", {"roles": roles}, version)


def disable(admin, member, reason: str = "离职"):
    return admin.post(path_of(member, "/disable"), {"reason": reason})


def enable(admin, member):
    return admin.post(path_of(member, "/enable"), None)


def remove(admin, member, version=None):
    tag = f'"{member["version"] if version is None else version}"'
    return admin.call("DELETE", path_of(member), headers={"If-Match": tag})


def employ(house, customer, role: str = "manager", venue: int | None = 1) -> dict:
    """A customer works here too, as if he had always; with the demo's password."""
    member = {"id": customer.account_id, "username": new_name(), "version": None}
    house.db.run("INSERT INTO staff_login (account_id, username, password_hash) SELECT %(id)s,"
                 " %(username)s, password_hash FROM staff_login WHERE username = 'desk1'", member)
    house.db.run("INSERT INTO account_role VALUES (%s, %s, %s)", member["id"], role, venue)
    return member


def at_work(house, member) -> Client:
    return Client(house, ok(house.log_in_staff(member["username"]))["access_token"])


def give_password(admin, member, password: str = GOOD):
    return admin.post(path_of(member, "/password"), {"new_password": password}, key=None)


def change_password(client, old: str, new: str):
    return client.post("/api/v1/staff/me/password", {"password": old, "new_password": new},
                       key=None)


def log_in(house, member, password: str = GOOD) -> Client:
    """A session of his own that nobody renews."""
    return Client(house, ok(house.log_in_staff(member["username"], password))["access_token"])


def member_with_password(house, admin, password: str = BETTER, **more) -> dict:
    """He has chosen it himself."""
    member = add(admin, **more)
    assert give_password(admin, member, GOOD).status_code == 204
    if password != GOOD:
        assert change_password(log_in(house, member), GOOD, password).status_code == 204
    else:
        house.db.run("UPDATE staff_login SET must_change = false WHERE account_id = %s",
                     member["id"])
    return member
