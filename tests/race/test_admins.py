"""Accounts in a race: admins who remove each other, logins while somebody is disabled or sent away,
orders while somebody leaves. What must not happen is looked for in the database afterwards."""
import uuid

import staffing
from entry import Browser, Clerk
from house import Client
from staffing import ADMIN, BETTER, OPERATOR
from test_passwords import at_once

ROUNDS = 12


def active(house) -> list:
    return [number for number, in house.db.rows(
        "SELECT r.account_id FROM account_role r JOIN account a ON a.id = r.account_id"
        " JOIN staff_login l ON l.account_id = a.id WHERE r.role = 'admin'"
        " AND a.disabled_at IS NULL AND l.has_password")]


def test_admins_who_remove_each_other_leave_one(house, admins):
    """Each disables the other, takes his role or ends his being staff, all at the same moment."""
    said, done = set(), set()
    ways = (staffing.disable, staffing.remove,
            lambda client, victim: staffing.set_roles(client, victim, OPERATOR))
    logins = house.db.rows("SELECT account_id, username, password_hash FROM staff_login"
                           " WHERE account_id = ANY (%s)", [m["id"] for m in admins])
    for turn in range(4 * ROUNDS):
        house.db.run("UPDATE account SET disabled_at = NULL, disabled_reason = NULL"
                     " WHERE id = ANY (%s)", [m["id"] for m in admins])
        for login in logins:
            house.db.run("INSERT INTO staff_login (account_id, username, password_hash)"
                         " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", *login)
        house.db.run("INSERT INTO account_role SELECT id, 'admin' FROM unnest(%s) id"
                     " ON CONFLICT DO NOTHING", [m["id"] for m in admins])
        clients = [staffing.log_in(house, m, BETTER) for m in admins]
        victims = [staffing.see(clients[0], m) for m in admins[1:] + admins[:1]]
        pairs = iter(zip(clients, victims))

        def remove():
            client, victim = next(pairs)
            return ways[(turn // 3 if client is clients[0] else turn) % 3](client, victim)
        answers = at_once(len(admins), remove)
        assert len(active(house)) >= 1
        for answer in answers:
            code = "ok" if answer.status_code < 300 else answer.json()["error"]["code"]
            assert code in ("ok", "last_admin", "session_ended", "forbidden"), answer.text
            said.add(code)
            done |= {answer.request.method} if code == "ok" else set()
    assert "last_admin" in said and done == {"POST", "PUT", "DELETE"}


def test_who_logs_in_while_he_is_disabled_has_no_session_left(house, customer, admin):
    number = customer.account_id
    path = f"/api/v1/staff/users/{number}"
    for _ in range(ROUNDS):
        codes = [house.sim.login_code(customer.user["user"]) for _ in range(3)]
        acts = iter([*(lambda c=c: house.log_in(code=c) for c in codes),
                     lambda: admin.post(f"{path}/disable", {"reason": "测试"})])
        answers = at_once(4, lambda: next(acts)())
        assert [a.status_code for a in answers if a.status_code == 204] == [204]
        tokens = [a.json()["access_token"] for a in answers if a.status_code == 200]
        assert house.db.value("SELECT count(*) FROM session WHERE account_id = %s"
                              " AND ended_at IS NULL", number) == 0
        assert admin.post(f"{path}/enable", None).status_code == 204
        assert {Client(house, t).get("/api/v1/me").status_code for t in tokens} <= {401}
        customer.log_in()


def test_who_logs_in_while_he_is_sent_away_has_no_session_left(house, admin):
    """By a text's brother, the scan, and by password; nor does he bind a WeChat any more."""
    opened = refusals = 0
    for _ in range(ROUNDS):
        clerk = Clerk(house).bind()
        member = staffing.see(admin, {"id": clerk.account})
        browsers = [Browser(house) for _ in range(3)]
        scans = [browser.scan(clerk.wechat) for browser in browsers]
        acts = iter([*(lambda b=b, s=s: b.log_in(**s) for b, s in zip(browsers, scans)),
                     lambda: house.log_in_staff(clerk.name),
                     lambda: staffing.remove(admin, member)])
        answers = at_once(5, lambda: next(acts)())
        assert [a.status_code for a in answers if a.request.method == "DELETE"] == [204]
        logins = [a for a in answers if a.request.method == "POST"]
        assert {a.status_code for a in logins} <= {200, 400}, [a.text for a in logins]
        opened += sum(a.status_code == 200 for a in logins)
        refusals += sum(a.status_code == 400 for a in logins)
        assert house.db.value("SELECT count(*) FROM session WHERE account_id = %s"
                              " AND ended_at IS NULL", clerk.account) == 0
    assert opened and refusals


def test_who_binds_his_wechat_while_he_is_sent_away_has_none_bound(house, admin):
    for _ in range(ROUNDS):
        clerk = Clerk(house)
        desk = clerk.signed_in()
        member, scan = staffing.see(admin, {"id": clerk.account}), desk.scan(clerk.wechat)
        acts = iter([lambda: desk.post("/api/v1/staff/me/wechat", scan),
                     lambda: staffing.remove(admin, member)])
        answers = at_once(2, lambda: next(acts)())
        assert {a.status_code for a in answers} <= {200, 204, 401, 403}, [a.text for a in answers]
        assert house.db.value("SELECT count(*) FROM wechat_identity WHERE account_id = %s",
                              clerk.account) == 0


def test_an_old_password_opens_no_session_once_another_is_given(house, admin):
    member = staffing.member_with_password(house, admin)
    for new, old in zip([staffing.GOOD, BETTER] * 4, [BETTER, staffing.GOOD] * 4):
        acts = iter([*[lambda: house.log_in_staff(member["username"], old)] * 2,
                     lambda: staffing.give_password(admin, member, new)])
        answers = at_once(3, lambda: next(acts)())
        assert 204 in [a.status_code for a in answers]
        assert house.db.value("SELECT count(*) FROM session WHERE account_id = %s"
                              " AND ended_at IS NULL", member["id"]) == 0


def test_nobody_leaves_with_an_order_that_is_just_made(house, slots):
    for _ in range(ROUNDS):
        customer = house.customer()
        number = customer.account_id
        twin, period = Client(house, customer.token), slots.one()
        acts = iter([lambda: customer.try_order(period),
                     lambda: twin.call("DELETE", "/api/v1/me",
                                       headers={"Idempotency-Key": str(uuid.uuid4())})])
        answers = at_once(2, lambda: next(acts)())
        said = {a.request.method: a.status_code for a in answers}
        assert said in ({"POST": 201, "DELETE": 409}, {"POST": 401, "DELETE": 204}), [
            a.text for a in answers]
        left, orders = house.db.rows(
            "SELECT left_at IS NOT NULL, (SELECT count(*) FROM orders WHERE account_id = a.id)"
            " FROM account a WHERE id = %s", number)[0]
        assert (left, orders) == ((True, 0) if said["DELETE"] == 204 else (False, 1))
