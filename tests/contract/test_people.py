"""Customers, members of staff and passwords: conftest.py checks every answer."""
import uuid

import pytest

import staffing
from calls import NO_VENUE
from house import Staff, ok, refused
from staffing import ADMIN, BETTER, GOOD, OPERATOR
from test_leaving import leave


@pytest.fixture
def admin(house):
    return Staff(house, "admin")


def twice(staff, path: str, body, other: str, status: int):
    """The same with the same key again, and something else with it."""
    key = str(uuid.uuid4())
    for _ in range(2):
        assert staff.post(path, body, key).status_code == status
    refused(staff.post(other, body, key), 422, "idempotency_key_reused")


def test_me(customer):
    ok(customer.call("PUT", "/api/v1/me", json={"nickname": "小王"}))


def test_a_colleague_is_renamed_by_admins(desk1):
    refused(desk1.call("PUT", "/api/v1/me", json={"nickname": "馆长"}), 409, "staff_account")


def test_leaving(house, slots, customer, desk1):
    order = customer.order(slots.one())
    assert leave(customer).json()["error"]["detail"]["orders"][0]["why"] == "unpaid"
    key = str(uuid.uuid4())
    assert leave(customer, key).status_code == 409
    ok(customer.try_cancel(order, refund_fen=0, key=key))
    refused(leave(customer, key), 422, "idempotency_key_reused")
    refused(leave(desk1), 409, "staff_account")
    assert leave(customer).status_code == 204


def test_users(house, slots, customer, admin):
    customer.order(slots.one())
    path = f"/api/v1/staff/users/{customer.account_id}"
    assert ok(admin.get("/api/v1/staff/users"))["items"] and ok(admin.get(path))["orders"] == 1
    house.db.run("INSERT INTO ban (id, account_id, until, reason) VALUES"
                 " (nextval('id_block') * 256, %s, now() + interval '3 days', '三次未付')",
                 customer.account_id)
    assert ok(admin.get(path))["ban"]
    twice(admin, f"{path}/disable", {"reason": "占场"}, "/api/v1/staff/users/7/disable", 204)
    twice(admin, f"{path}/enable", None, "/api/v1/staff/users/7/enable", 204)
    for what, body in (("disable", {"reason": "x"}), ("enable", None)):
        refused(admin.post(f"/api/v1/staff/users/2/{what}", body), 409, "staff_account")


def test_members(house, admin):
    body = {"username": staffing.new_name(), "name": "新同事",
            "phone": staffing.new_phone(house), "roles": OPERATOR}
    key = str(uuid.uuid4())
    member = ok(admin.post("/api/v1/staff/members", body, key), 201)
    ok(admin.post("/api/v1/staff/members", body, key), 201)
    refused(admin.post("/api/v1/staff/members", {**body, "name": "x"}, key), 422,
            "idempotency_key_reused")
    refused(admin.post("/api/v1/staff/members", body), 409, "phone_taken", "phone")
    refused(admin.post("/api/v1/staff/members", {**body, "phone": None}), 409, "name_taken",
            "username")
    assert ok(admin.get("/api/v1/staff/members", name=member["username"]))["items"] == [member]
    member = ok(staffing.put(admin, member, "", {"name": "李雷"}))
    other = staffing.add(admin, phone=body["phone"])
    refused(staffing.put(admin, member, "", {"name": "x", "phone": body["phone"]}), 409,
            "phone_taken", "phone")
    refused(staffing.put(admin, member, "", {"name": "x"}, 1), 412, "version_changed")
    roles = ok(admin.get("/api/v1/staff/roles"))["items"]
    same = {r["code"]: r["permissions"] for r in roles}
    put = lambda **body: admin.call("PUT", "/api/v1/staff/roles", json=body)
    ok(put(role="operator", permissions=same["operator"]))
    refused(put(role="admin", permissions=same["admin"]), 409, "role_fixed")
    refused(put(role="chef", permissions=[]), 404, "not_found", "role")
    nowhere = [{"role": "operator", "venue_id": NO_VENUE}]
    for answer in (staffing.set_roles(admin, member, nowhere),
                   staffing.try_add(admin, roles=nowhere)):
        refused(answer, 404, "venue_not_found", "roles[0].venue_id")
    member = ok(staffing.set_roles(admin, member, [*OPERATOR, {"role": "editor"}]))
    path, wrong = staffing.path_of(member), staffing.path_of(other)
    twice(admin, f"{path}/disable", {"reason": "离职"}, f"{wrong}/disable", 200)
    twice(admin, f"{path}/enable", None, f"{wrong}/enable", 200)
    ok(admin.get("/api/v1/staff/roles"))
    refused(staffing.remove(admin, other, 9), 412, "version_changed")
    refused(admin.call("DELETE", wrong), 428, "version_missing")
    assert staffing.remove(admin, other).status_code == 204
    refused(staffing.remove(admin, other), 404, "not_found")


def test_ones_own_account(admin):
    me = staffing.see(admin, {"id": 1})
    refused(staffing.set_roles(admin, me, OPERATOR), 409, "own_account")
    refused(staffing.disable(admin, me), 409, "own_account")
    refused(staffing.give_password(admin, me), 409, "own_account")
    refused(staffing.remove(admin, me), 409, "own_account")


def test_the_last_admin(house, admins):
    """He who asks is disabled while his request is under way, so the other is the last."""
    one, other = admins
    client = staffing.log_in(house, one, BETTER)
    other = staffing.see(client, other)
    house.db.run("UPDATE staff_login SET password_hash = '!' WHERE account_id = %s", one["id"])
    refused(staffing.disable(client, other), 409, "last_admin")
    refused(staffing.set_roles(client, other, OPERATOR), 409, "last_admin")
    refused(staffing.remove(client, other), 409, "last_admin")


def test_passwords(house, admin):
    member = staffing.add(admin, roles=ADMIN)
    refused(staffing.give_password(admin, member, "zhixing2026"), 422, "password_weak",
            "new_password")
    assert staffing.give_password(admin, member).status_code == 204
    clerk = staffing.log_in(house, member)
    refused(staffing.change_password(clerk, GOOD, "1234567890"), 422, "password_weak",
            "new_password")
    assert staffing.change_password(clerk, GOOD, BETTER).status_code == 204
    for _ in range(5):
        refused(staffing.change_password(clerk, "wrong", GOOD), 400, "invalid_grant", "password")
    refused(staffing.change_password(clerk, BETTER, GOOD), 429, "login_locked")
    house.db.run("UPDATE account SET disabled_at = now() WHERE id = %s", member["id"])


def test_a_search_by_name_that_takes_long(house, slots, customer, desk1):
    customer.order(slots.one())
    own = house.db.value("SELECT pg_get_functiondef('name_pairs'::regproc)")
    house.db.run("CREATE OR REPLACE FUNCTION name_pairs(name text) RETURNS text[] LANGUAGE sql"
                 " IMMUTABLE PARALLEL SAFE AS $$ SELECT '{}'::text[] FROM pg_sleep(30) $$")
    try:
        refused(desk1.get("/api/v1/staff/users", name="王小"), 503, "search_slow")
    finally:
        house.db.run(own)
