"""Roles at a venue: what the front desk may, what its manager may, and what admins let them."""
from concurrent.futures import ThreadPoolExecutor

import pytest

import staffing
from house import Client, ok, refused
from staffing import ADMIN, MANAGER, OPERATOR

ROLES = "/api/v1/staff/roles"


@pytest.fixture
def manager(house):
    return staffing.at_work(house, staffing.employ(house, house.customer()))


def document(client, what: str):
    answer = client.get(f"/api/v1/staff/venues/1/{what}")
    return ok(answer), answer.headers["ETag"]


@pytest.mark.parametrize("what", ["hours", "prices", "refund-rule"])
def test_the_desk_reads_what_its_manager_keeps(front, manager, what):
    body, tag = document(front, what)
    for client, status in ((front, 403), (manager, 200)):
        answer = client.call("PUT", f"/api/v1/staff/venues/1/{what}", json=body,
                             headers={"If-Match": tag})
        assert answer.status_code == status, answer.text


def test_members_and_the_log_are_the_managers(front, manager):
    for path in ("members", "audit"):
        refused(front.get(f"/api/v1/staff/{path}"), 403, "forbidden")
        ok(manager.get(f"/api/v1/staff/{path}"))


# -- refunds -----------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def limits(house):
    with house.configured("pool-staff", ZX_DESK_REFUND_FEN="1000", ZX_DESK_REFUND_DAY_FEN="2500"):
        yield


def test_the_desk_gives_back_up_to_a_limit_of_an_order(limits, slots, customer, front, house):
    order = customer.paid_order(slots.one())
    give = lambda desk, fen: desk.post(f"/api/v1/staff/orders/{order['id']}/refunds",
                                       {"amount_fen": fen, "reason": "灯坏了"})
    refused(give(front, 1001), 403, "refund_limit")
    ok(give(front, 600), 201)
    other = staffing.at_work(house, staffing.employ(house, house.customer(), role="operator"))
    refused(give(other, 401), 403, "refund_limit")  # of the order, whoever gives it
    ok(give(other, 400), 201)


def test_the_manager_gives_back_any_sum(limits, slots, customer, manager):
    order = customer.paid_order(slots.one())
    ok(manager.post(f"/api/v1/staff/orders/{order['id']}/refunds",
                    {"amount_fen": order["amount_fen"], "reason": "灯坏了"}), 201)


def test_the_limit_of_a_day_is_exact_for_many_at_once(limits, house, slots, front):
    orders = [house.customer().paid_order(slots.one()) for _ in range(6)]

    def give(order):
        return Client(house, front.token).post(f"/api/v1/staff/orders/{order['id']}/refunds",
                                               {"amount_fen": 700, "reason": "灯坏了"})
    with ThreadPoolExecutor(6) as pool:
        said = [answer.status_code for answer in pool.map(give, orders)]
    assert sorted(said) == [201] * 3 + [403] * 3
    assert house.db.value("SELECT sum(amount_fen) FROM refund WHERE by_account = %s",
                          ok(front.get("/api/v1/staff/me"))["id"]) == 2100


# -- members -----------------------------------------------------------------------------------

def test_a_manager_keeps_the_members_of_the_own_venue(house, manager):
    member = staffing.add(manager, phone=staffing.new_phone(house))
    assert staffing.give_password(manager, member).status_code == 204
    staffing.log_in(house, member)
    member = ok(staffing.put(manager, staffing.see(manager, member), "", {"name": "改名"}))
    member = ok(staffing.set_roles(manager, member, MANAGER))
    ok(staffing.disable(manager, member))
    ok(staffing.enable(manager, member))
    assert staffing.remove(manager, staffing.see(manager, member)).status_code == 204


@pytest.mark.parametrize("roles, status, code, field", [
    (ADMIN, 422, "bad_field", "roles[0].role"),
    ([{"role": "editor"}], 422, "bad_field", "roles[0].role"),
    ([{"role": "operator", "venue_id": 2}], 404, "venue_not_found", "roles[0].venue_id"),
    ([*OPERATOR, {"role": "manager", "venue_id": 2}], 404, "venue_not_found", "roles[1].venue_id")])
def test_a_manager_gives_no_rights_elsewhere(manager, roles, status, code, field):
    refused(staffing.try_add(manager, roles=roles), status, code, field)
    member = staffing.add(manager)
    refused(staffing.set_roles(manager, member, roles), status, code, field)


def test_who_works_elsewhere_is_not_the_managers(house, admin, manager):
    """By another's phone or password he would let himself in there."""
    both = staffing.add(admin, roles=[*OPERATOR, {"role": "operator", "venue_id": 2}])
    refused(staffing.put(manager, both, "", {"name": "x", "phone": staffing.new_phone(house)}),
            403, "forbidden")
    refused(staffing.set_roles(manager, both, MANAGER), 403, "forbidden")
    refused(staffing.disable(manager, both), 403, "forbidden")
    refused(staffing.remove(manager, both), 403, "forbidden")
    refused(staffing.give_password(manager, both), 403, "forbidden")
    assert staffing.see(admin, both) == both
    away = staffing.add(admin, roles=[{"role": "operator", "venue_id": 2}])
    for answer in (manager.get(staffing.path_of(away)), staffing.disable(manager, away)):
        refused(answer, 404, "not_found")
    refused(staffing.give_password(manager, away), 403, "forbidden")
    refused(staffing.give_password(manager, {"id": 1}), 403, "forbidden")


def test_a_manager_reads_the_log_of_the_own_venue(house, admin, manager, desk2):
    body, tag = document(manager, "refund-rule")
    for venue, client in ((1, manager), (2, desk2)):
        answer = client.get(f"/api/v1/staff/venues/{venue}/refund-rule")
        told = ok(answer)
        *rest, last = told["tiers"]
        told["tiers"] = [*rest, {**last, "fee_fen": last["fee_fen"] ^ 1}]
        ok(client.call("PUT", f"/api/v1/staff/venues/{venue}/refund-rule", json=told,
                       headers={"If-Match": answer.headers["ETag"]}))
    seen = ok(manager.get("/api/v1/staff/audit", entity="venue"))["items"]
    assert seen and {entry["venue_id"] for entry in seen} == {1}


# -- what a role may ---------------------------------------------------------------------------

def permissions(admin, role: str) -> list:
    return next(r["permissions"] for r in ok(admin.get(ROLES))["items"] if r["code"] == role)


def change(client, role: str, codes: list):
    return client.call("PUT", ROLES, json={"role": role, "permissions": codes})


def test_an_admin_changes_what_a_role_may_at_once(admin, front):
    had = permissions(admin, "operator")
    refused(front.get("/api/v1/staff/audit"), 403, "forbidden")
    try:
        told = ok(change(admin, "operator", [*had, "audit"]))["items"]
        assert "audit" in next(r["permissions"] for r in told if r["code"] == "operator")
        ok(front.get("/api/v1/staff/audit"))
        entry = ok(admin.get("/api/v1/staff/audit", entity="role_permission"))["items"][0]
        assert (entry["action"], entry["entity_id"]) == ("insert", "operator/audit")
    finally:
        ok(change(admin, "operator", had))
    refused(front.get("/api/v1/staff/audit"), 403, "forbidden")
    assert permissions(admin, "operator") == had


@pytest.mark.parametrize("role, codes, status, code, field", [
    ("admin", ["staff"], 409, "role_fixed", None), ("chef", ["staff"], 404, "not_found", "role"),
    ("operator", ["staff", "fly"], 404, "not_found", "permissions"),
    ("operator", ["staff,order"], 404, "not_found", "permissions"),
    ("manager", ["staff", "catalog"], 422, "bad_field", "permissions")])
def test_what_a_role_can_not_be(admin, role, codes, status, code, field):
    before = ok(admin.get(ROLES))
    refused(change(admin, role, codes), status, code, field)
    assert ok(admin.get(ROLES)) == before


def test_what_roles_may_is_the_admins(manager):
    refused(change(manager, "operator", ["staff"]), 403, "forbidden")
