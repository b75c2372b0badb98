"""Customers as staff see them, and how one is kept out."""
import uuid

import pytest

from house import Client, ok, refused


def users(staff, **query) -> list:
    return ok(staff.get("/api/v1/staff/users", **query))["items"]


def see(staff, customer) -> dict:
    return ok(staff.get(f"/api/v1/staff/users/{customer.number}"))


def switch(staff, account: int, what: str):
    body = {"reason": "多次恶意占场"} if what == "disable" else None
    return staff.post(f"/api/v1/staff/users/{account}/{what}", body)


@pytest.fixture
def person(house, slots):
    """Has a name and a phone, and has ordered at venue 1."""
    someone = house.customer()
    name = f"客{uuid.uuid4().hex[:10]}"
    ok(someone.call("PUT", "/api/v1/me", json={"nickname": name}))
    phone = f"136{someone.account_id % 10**8:08d}"
    house.db.run("UPDATE account SET phone = %s WHERE id = %s", phone, someone.account_id)
    someone.name, someone.phone, someone.number = name, phone, someone.account_id
    someone.order(slots.one())
    return someone


def test_a_desk_finds_its_customers_by_phone_and_name(person, desk1, desk2, admin):
    masked = f"{person.phone[:3]}****{person.phone[-4:]}"
    for query in ({"phone": person.phone}, {"name": person.name[2:8].upper()},
                  {"phone": person.phone, "name": person.name}):
        one, = users(desk1, **query)
        assert one == {"id": person.number, "nickname": person.name, "phone": masked,
                       "staff": False, "created_at": one["created_at"], "disabled_at": None}
        assert users(desk2, **query) == []
        assert [u["phone"] for u in users(admin, **query)] == [person.phone]
    assert users(desk1, name="%%") == users(desk1, phone=person.phone, name="别人") == []


def test_a_colleague_who_has_not_ordered_is_no_customer(house, desk1, admin):
    own = ok(desk1.get("/api/v1/staff/me"))["id"]
    for staff in (desk1, admin):
        refused(staff.get(f"/api/v1/staff/users/{own}"), 404, "not_found")


def test_a_stranger_is_not_there(house, person, desk2):
    refused(desk2.get(f"/api/v1/staff/users/{person.number}"), 404, "not_found")
    refused(desk2.get("/api/v1/staff/users/7"), 404, "not_found")


def test_a_desk_sees_what_it_needs(house, slots, person, desk1, admin):
    person.order(slots.one(venue=2))
    here, everywhere = see(desk1, person), see(admin, person)
    assert here == {
        "id": person.number, "nickname": person.name, "staff": False,
        "phone": f"{person.phone[:3]}****{person.phone[-4:]}", "created_at": here["created_at"],
        "disabled_at": None, "disabled_reason": None, "left_at": None, "orders": 1,
        "paid_orders": 0, "last_order_at": here["last_order_at"], "violations": 0, "ban": None}
    assert (everywhere["orders"], everywhere["phone"]) == (2, person.phone)
    house.db.run("INSERT INTO ban (id, account_id, until, reason) VALUES"
                 " (nextval('id_block') * 256, %s, now() + interval '3 days', '三次未付')",
                 person.number)
    ban = see(desk1, person)["ban"]
    assert ban["reason"] == "三次未付" and ban["until"].endswith("+08:00")
    shown, = ok(desk1.get(f"/api/v1/staff/accounts/{person.number}/violations"))["bans"]
    assert ban == {name: shown[name] for name in ("id", "until", "reason")}
    house.db.run("UPDATE ban SET until = date_trunc('hour', until) WHERE account_id = %s",
                 person.number)
    shown, = ok(desk1.get(f"/api/v1/staff/accounts/{person.number}/violations"))["bans"]
    assert see(desk1, person)["ban"]["until"] == shown["until"]


def test_the_list_has_pages_newest_first(person, desk1):
    first = ok(desk1.get("/api/v1/staff/users", limit=1))
    ids = [u["id"] for u in first["items"] + users(desk1, cursor=first["next_cursor"])]
    assert ids == sorted(ids, reverse=True) and len(ids) == len(set(ids)) > 1


def test_who_works_at_two_venues_sees_each_customer_of_both_once(house, slots, person, desk1, desk2):
    person.order(slots.one(venue=2))
    elsewhere = house.customer()
    elsewhere.order(slots.one(venue=2))
    own = ok(desk1.get("/api/v1/staff/me"))["id"]
    ids = {desk: [u["id"] for u in users(desk, limit=100)] for desk in (desk1, desk2)}
    house.db.run("INSERT INTO account_role VALUES (%s, 'manager', 2)", own)
    try:
        both = users(desk1, limit=100)
        page, seen = ok(desk1.get("/api/v1/staff/users", limit=3)), []
        while len(seen) < 12 and page["items"]:
            seen += [u["id"] for u in page["items"]]
            page = ok(desk1.get("/api/v1/staff/users", limit=3, cursor=page["next_cursor"]))
    finally:
        house.db.run("DELETE FROM account_role WHERE account_id = %s AND venue_id = 2", own)
    expected = sorted(set(sum(ids.values(), [])), reverse=True)[:100]
    assert [u["id"] for u in both] == expected and seen == expected[:len(seen)]
    assert {person.number, elsewhere.account_id} <= set(expected)


def test_the_list_is_of_those_who_ordered_however_long_ago(house, slots, person, desk1, desk2):
    """And without orders of other venues: whoever came last to the platform."""
    newer = [house.customer() for _ in range(3)]
    ok(newer[0].call("PUT", "/api/v1/me", json={"nickname": person.name}))
    assert [u["id"] for u in users(desk1, name=person.name)] == [person.number]
    assert not {n.account_id for n in newer} & {u["id"] for u in users(desk1, limit=100)}


def test_staff_are_not_among_the_customers(desk1, admin):
    for staff in (desk1, admin):
        ids = {u["id"] for u in users(staff, limit=100)}
        assert not ids & {1, 2, 3}
    refused(switch(admin, 2, "disable"), 409, "staff_account")
    refused(switch(admin, 2, "enable"), 409, "staff_account")


def test_a_disabled_customer_is_out_at_once(house, slots, person, admin):
    assert switch(admin, person.number, "disable").status_code == 204
    shown = see(admin, person)
    assert shown["disabled_at"] and shown["disabled_reason"] == "多次恶意占场"
    refused(person.get("/api/v1/me"), 401, "session_ended")
    refused(person.try_order(slots.one()), 401, "session_ended")
    login = house.log_in(code=house.sim.login_code(person.user["user"]))
    assert (login.status_code, login.json()["error"]) == (400, "invalid_grant")
    assert house.db.rows("SELECT ended_why FROM session WHERE account_id = %s",
                         person.number) == [("disabled",)]
    assert switch(admin, person.number, "disable").status_code == 204
    assert see(admin, person) == shown
    assert switch(admin, person.number, "enable").status_code == 204
    refused(person.get("/api/v1/me"), 401, "session_ended")
    person.log_in()
    assert ok(person.get("/api/v1/me"))["nickname"] == person.name


@pytest.mark.parametrize("what", ["disable", "enable"])
def test_only_admins_disable(person, desk1, admin, what):
    refused(switch(desk1, person.number, what), 403, "forbidden")
    refused(switch(admin, 7, what), 404, "not_found")
    ok(person.get("/api/v1/me"))


@pytest.mark.parametrize("query, field", [
    ({"phone": "138"}, "phone"), ({"phone": "138001380001"}, "phone"), ({"name": ""}, "name"),
    ({"name": "x" * 33}, "name"), ({"limit": 101}, "limit"), ({"cursor": "x"}, "cursor"),
])
def test_a_bad_search_is_named(desk1, query, field):
    refused(desk1.get("/api/v1/staff/users", **query), 422, "bad_field", field)


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}])
def test_disabling_wants_a_reason(admin, person, body):
    refused(admin.post(f"/api/v1/staff/users/{person.number}/disable", body), 422,
            "bad_field", "reason")
    ok(person.get("/api/v1/me"))


def test_customers_and_guests_see_nobody(house, customer):
    for who, status in ((customer, 403), (Client(house), 401)):
        assert who.get("/api/v1/staff/users").status_code == status


@pytest.mark.parametrize("bad", ["", " ", "\u3000\u200b", "a\nb", "a\u0007", "a\u202eb", "\u2066x",
                                 "x" * 33, "\u0085", None, 7])
def test_a_nickname_that_shows_nothing_or_hides_something_is_refused(customer, bad):
    refused(customer.call("PUT", "/api/v1/me", json={"nickname": bad}), 422, "bad_field",
            "nickname")


@pytest.mark.parametrize("good", ["小", "x" * 32, "羽毛球🏸", "Ünïcödé", "a b", "👩‍👧"])
def test_a_nickname_is_the_persons_own_affair(customer, good):
    assert ok(customer.call("PUT", "/api/v1/me", json={"nickname": good}))["nickname"] == good
    assert ok(customer.get("/api/v1/me"))["nickname"] == good
