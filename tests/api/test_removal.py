"""A member of staff is one no longer: what goes, what stays, and that he may then leave."""
import uuid

import pytest

import staffing
from entry import Browser, Clerk
from house import Client, ok, refused, wait_for
from staffing import ADMIN, BETTER, GOOD
from test_leaving import gone, leave
from test_phone import bind as bind_phone


def remove(admin, member):
    """Whatever its version is."""
    answer = staffing.remove(admin, member, staffing.see(admin, member)["version"])
    assert answer.status_code == 204, answer.text
    return answer


def count(house, table: str, account: int, where: str = "true") -> int:
    return house.db.value(f"SELECT count(*) FROM {table} WHERE account_id = %s AND {where}", account)


def turned_away(answer):
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), answer.text


def entries(house, answer) -> list:
    return house.db.rows("SELECT entity, action, before FROM audit_log WHERE operation_id = %s"
                         " ORDER BY id", answer.headers["X-Request-Id"])


@pytest.fixture
def clerk(house):
    return Clerk(house).bind()


@pytest.fixture
def both(house, customer):
    """A customer who is at work here too."""
    customer.member = staffing.employ(house, customer)
    customer.desk = staffing.at_work(house, customer.member)
    customer.number = customer.member["id"]
    return customer


def test_he_is_out_at_once(house, admin):
    member = staffing.member_with_password(house, admin, phone=f"153{uuid.uuid4().int % 10**8:08d}")
    work = staffing.log_in(house, member, BETTER)
    ok(work.get("/api/v1/staff/me"))
    remove(admin, member)
    refused(work.get("/api/v1/staff/me"), 401, "session_ended")
    refused(work.get("/api/v1/me"), 401, "session_ended")
    turned_away(house.log_in_staff(member["username"], BETTER))
    refused(admin.get(staffing.path_of(member)), 404, "not_found")
    refused(staffing.remove(admin, member), 404, "not_found")
    assert ok(admin.get("/api/v1/staff/members", name=member["username"]))["items"] == []
    assert house.db.rows("SELECT ended_why FROM session WHERE account_id = %s ORDER BY created_at"
                         " DESC LIMIT 1", member["id"]) == [("removed",)]
    assert house.db.value("SELECT phone FROM account WHERE id = %s", member["id"]) is None
    assert [count(house, t, member["id"]) for t in ("staff_login", "account_role")] == [0, 0]


def test_it_wants_the_version_that_was_read(house, admin):
    member = staffing.add(admin)
    ok(staffing.put(admin, member, "", {"name": "先"}))
    refused(staffing.remove(admin, member), 412, "version_changed")
    refused(admin.call("DELETE", staffing.path_of(member)), 428, "version_missing")
    assert staffing.see(admin, member)["name"] == "先"
    assert staffing.remove(admin, member, 2).status_code == 204


def test_each_row_that_goes_has_its_entry(house, clerk, admin):
    house.db.run("INSERT INTO account_role VALUES (%s, 'manager', 2)", clerk.account)
    told = entries(house, remove(admin, {"id": clerk.account}))
    assert sorted((entity, action) for entity, action, _ in told) == [
        ("account", "update"), ("account_role", "delete"), ("account_role", "delete"),
        ("staff_login", "delete"), ("wechat_identity", "delete")]
    before = {entity: row for entity, _, row in told}
    assert before["staff_login"]["username"] == clerk.name
    assert before["staff_login"]["password_hash"] == before["wechat_identity"]["openid"] == "***"


def test_no_scan_and_no_text_opens_it(house, clerk, admin):
    code = clerk.code()
    remove(admin, {"id": clerk.account})
    turned_away(Browser(house).log_in_by_scan(clerk.wechat))
    turned_away(clerk.log_in_by_sms(code))
    assert count(house, "wechat_identity", clerk.account) == 0
    assert clerk.rows("ended_at IS NOT NULL") == [(True,)]
    clerk.age(3600)
    before = len(clerk.texts())
    ok(clerk.ask(), 202)
    wait_for(lambda: house.db.value("SELECT bool_and(taken_at IS NOT NULL OR ended_at IS NOT NULL)"
                                    " FROM sms_code WHERE phone = %s", clerk.phone))
    assert len(clerk.texts()) == before


def test_a_text_on_its_way_does_not_open_the_account_that_gets_the_phone_next(house, clerk, admin):
    code = clerk.code()
    remove(admin, {"id": clerk.account})
    again = staffing.add(admin, phone=clerk.phone)
    turned_away(clerk.log_in_by_sms(code))
    clerk.age(3600)
    work = Client(house, ok(clerk.log_in_by_sms(clerk.code()))["access_token"])
    assert ok(work.get("/api/v1/staff/me"))["id"] == again["id"]


def test_the_account_stays_as_a_customers_and_may_leave(house, both, admin):
    refused(leave(both), 409, "staff_account")
    remove(admin, both.member)
    refused(both.desk.get("/api/v1/staff/me"), 401, "session_ended")
    me = ok(both.get("/api/v1/me"))  # the mini-program's login goes on
    assert (me["id"], me["roles"]) == (both.number, [])
    ok(both.call("PUT", "/api/v1/me", json={"nickname": "又是顾客"}))
    ok(bind_phone(both))
    both.log_in()
    assert both.account_id == both.number
    gone(both)
    both.log_in()
    assert both.account_id != both.number


def test_who_was_disabled_stays_so_until_he_is_enabled(house, both, admin):
    ok(staffing.disable(admin, both.member))
    remove(admin, both.member)
    path = f"/api/v1/staff/users/{both.number}"
    shown = ok(admin.get(path))
    assert shown["disabled_at"] and not shown["staff"]
    assert house.log_in(code=house.sim.login_code(both.user["user"])).status_code == 400
    answer = admin.post(f"{path}/enable", None)
    assert answer.status_code == 204, answer.text
    both.log_in()
    assert both.account_id == both.number
    assert admin.post(f"{path}/disable", {"reason": "占场"}).status_code == 204
    refused(both.get("/api/v1/me"), 401, "session_ended")


def test_what_he_did_is_told_by_his_username(house, slots, both, admin):
    buyer = house.customer()
    order = buyer.paid_order(slots.one())
    refund = both.desk.post(f"/api/v1/staff/orders/{order['id']}/refunds",
                            {"amount_fen": 100, "reason": "灯坏了"})
    operation = refund.headers["X-Request-Id"]
    assert ok(refund, 201)["by"] == ok(both.get("/api/v1/me"))["nickname"]
    remove(admin, both.member)
    ok(both.call("PUT", "/api/v1/me", json={"nickname": "馆长"}))  # his own affair from now on
    name = both.member["username"]
    by, = {r["by"] for r in ok(admin.get(f"/api/v1/staff/orders/{order['id']}"))["refunds"]}
    told = ok(admin.get("/api/v1/staff/audit", operation=operation))["items"]
    assert by == name and len(told) == 2
    assert {(e["actor_id"], e["actor"], e["actor_username"]) for e in told} == {
        (both.number, name, name)}
    gone(both)
    assert ok(admin.get("/api/v1/staff/audit", operation=operation))["items"] == told


def test_a_username_may_be_given_again_and_persons_are_kept_apart(house, admin):
    old = staffing.member_with_password(house, admin, roles=ADMIN)
    first = staffing.try_add(staffing.log_in(house, old, BETTER))
    remove(admin, old)
    new = staffing.add(admin, username=old["username"], roles=ADMIN, name="新来的")
    turned_away(house.log_in_staff(new["username"], BETTER))  # not by his password
    staffing.give_password(admin, new)
    clerk = staffing.log_in(house, new)
    assert staffing.change_password(clerk, GOOD, BETTER).status_code == 204
    second = staffing.try_add(clerk)
    for made, who, actor in ((first, old, old["username"]), (second, new, "新来的")):
        told = ok(admin.get("/api/v1/staff/audit", actor_username=old["username"],
                            operation=made.headers["X-Request-Id"]))["items"]
        assert {(e["actor_id"], e["actor"]) for e in told} == {(who["id"], actor)}


# -- a name that others know him by ------------------------------------------------------------

@pytest.mark.parametrize("side", ["the mini-program", "the desk"])
def test_a_member_of_staff_does_not_choose_his_name_or_phone(house, both, side):
    who = both if side == "the mini-program" else both.desk
    before = house.db.rows("SELECT * FROM account WHERE id = %s", both.number)
    refused(who.call("PUT", "/api/v1/me", json={"nickname": "馆长"}), 409, "staff_account")
    code = house.sim.post("phone-code", user=both.user["user"])["code"]
    refused(who.post("/api/v1/me/phone", {"code": code}), 409, "staff_account")
    assert house.db.rows("SELECT * FROM account WHERE id = %s", both.number) == before
