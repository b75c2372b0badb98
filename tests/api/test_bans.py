"""Violations and bans: who sees them, who lifts them, and what follows."""
import pytest

from house import ok, refused, wait_for


def expire(house, order):
    house.db.run("UPDATE orders SET expires_at = now() WHERE id = %s", order["id"])
    wait_for(lambda: house.db.value("SELECT state FROM orders WHERE id = %s",
                                    order["id"]) == "expired")


def path_of(customer) -> str:
    return f"/api/v1/staff/accounts/{customer.account_id}/violations"


def conduct(staff, customer) -> dict:
    return ok(staff.get(path_of(customer)))


def lift(staff, what: str, number: int, reason: str = "系统故障"):
    return staff.post(f"/api/v1/staff/{what}/{number}/lift", {"reason": reason})


@pytest.fixture
def banned(house, slots, customer):
    """Three expiries at venue 1."""
    for _ in range(3):
        expire(house, customer.order(slots.one()))
    assert customer.try_order(slots.one()).status_code == 403
    return customer


def test_a_desk_sees_what_is_held_against_its_customer(house, slots, customer, desk1):
    order = customer.order(slots.one())
    assert conduct(desk1, customer) == {
        "customer": {"id": customer.account_id, "nickname": "", "phone": None},
        "violations": [], "bans": []}
    expire(house, order)
    one, = conduct(desk1, customer)["violations"]
    assert (one["kind"], one["order_id"], one["order_no"], one["lifted_at"]) == (
        "expired", order["id"], order["no"], None)


def test_a_ban_says_why_and_until_when(banned, slots, desk1):
    seen = conduct(desk1, banned)
    ban, = seen["bans"]
    assert len(seen["violations"]) == 3 and ban["in_force"] and ban["lifted_by"] is None
    assert ban["reason"] == "30 天内有 3 个订单超时未支付"
    error = banned.try_order(slots.one()).json()["error"]
    assert (error["code"], error["until"]) == ("banned", ban["until"])


def news(customer) -> list:
    """What the customer was told of bans."""
    return [e for e in ok(customer.get("/api/v1/messages"))["items"] if "ban." in e["kind"]]


def test_a_customer_is_told_of_a_ban_and_of_its_end(house, banned, desk1):
    begun, = wait_for(lambda: news(banned))
    assert begun["kind"] == "ban.created" and "30 天内有 3 个订单超时未支付" in begun["body"]
    ban, = conduct(desk1, banned)["bans"]
    until = house.db.value("SELECT to_char(%s::timestamptz AT TIME ZONE 'Asia/Shanghai',"
                           " 'YYYY年FMMM月FMDD日 HH24:MI')", ban["until"])
    assert until in begun["body"]
    ok(lift(desk1, "bans", ban["id"]))
    ended, same = wait_for(lambda: len(found := news(banned)) > 1 and found)
    assert (ended["kind"], ended["title"], same) == ("ban.ended", "恢复预订", begun)


def test_a_ban_that_runs_out_is_told_too(house, banned):
    wait_for(lambda: news(banned))
    house.db.run("UPDATE ban SET until = now() WHERE account_id = %s", banned.account_id)
    assert wait_for(lambda: len(found := news(banned)) > 1 and found)[0]["kind"] == "ban.ended"


def test_a_lifted_ban_lets_book_again(banned, slots, desk1):
    ban, = conduct(desk1, banned)["bans"]
    after, = ok(lift(desk1, "bans", ban["id"], "本人已说明"))["bans"]
    assert not after["in_force"] and after["lifted_at"]
    assert (after["lifted_by"], after["lift_reason"]) == ("星河前台", "本人已说明")
    banned.order(slots.one())


def test_what_is_lifted_stays_as_it_was_lifted(banned, desk1, admin):
    ban, = conduct(desk1, banned)["bans"]
    first = ok(lift(desk1, "bans", ban["id"], "one"))
    assert ok(lift(admin, "bans", ban["id"], "other")) == first
    violation = first["violations"][0]
    first = ok(lift(desk1, "violations", violation["id"], "one"))
    assert ok(lift(admin, "violations", violation["id"], "other")) == first


def test_a_ban_ends_with_the_violation_that_it_rests_on(banned, slots, desk1):
    violation = conduct(desk1, banned)["violations"][1]
    after = ok(lift(desk1, "violations", violation["id"]))
    assert [v["lifted_at"] is not None for v in after["violations"]] == [False, True, False]
    assert after["violations"][1]["lifted_by"] == "星河前台"
    assert not after["bans"][0]["in_force"]
    banned.order(slots.one())


def test_a_lifted_violation_does_not_count_any_more(house, slots, customer, desk1):
    for _ in range(2):
        expire(house, customer.order(slots.one()))
    ok(lift(desk1, "violations", conduct(desk1, customer)["violations"][0]["id"]))
    expire(house, customer.order(slots.one()))
    assert conduct(desk1, customer)["bans"] == []
    customer.order(slots.one())


def test_a_stranger_is_not_there(house, slots, customer, banned, desk1, desk2):
    """desk2's venue has never seen him."""
    seen = conduct(desk1, banned)
    refused(desk2.get(path_of(banned)), 404, "not_found")
    for what in ("violations", "bans"):
        refused(lift(desk2, what, seen[what][0]["id"]), 404, "not_found")
        refused(lift(desk1, what, 7), 404, "not_found")
    assert conduct(desk1, banned) == seen
    refused(desk1.get(path_of(house.customer())), 404, "not_found")  # never ordered anywhere
    refused(desk1.get("/api/v1/staff/accounts/999999/violations"), 404, "not_found")


def test_another_venues_order_is_not_named(house, slots, customer, desk1, desk2, admin):
    here, away = customer.order(slots.one()), customer.order(slots.one(venue=2))
    expire(house, here)
    expire(house, away)
    assert [v["order_no"] for v in conduct(desk1, customer)["violations"]] == [None, here["no"]]
    assert [v["order_no"] for v in conduct(desk2, customer)["violations"]] == [away["no"], None]
    assert [v["order_id"] for v in conduct(admin, customer)["violations"]] == [
        away["id"], here["id"]]
    assert away["no"] not in str(conduct(desk1, customer))


@pytest.fixture
def banned_elsewhere(house, slots, customer):
    """Two expiries at venue 1, one at venue 2."""
    for venue in (1, 2, 1):
        expire(house, customer.order(slots.one(venue=venue)))
    return customer


def test_a_desk_lifts_what_is_of_its_own_venue_alone(banned_elsewhere, slots, desk1, desk2, admin):
    seen = conduct(desk1, banned_elsewhere)
    here = {v["order_no"] is not None: v["id"] for v in seen["violations"]}
    for desk in (desk1, desk2):
        refused(lift(desk, "bans", seen["bans"][0]["id"]), 403, "other_venue")
    refused(lift(desk1, "violations", here[False]), 403, "other_venue")
    assert conduct(desk1, banned_elsewhere) == seen
    assert banned_elsewhere.try_order(slots.one()).json()["error"]["code"] == "banned"
    ok(lift(admin, "bans", seen["bans"][0]["id"]))
    banned_elsewhere.order(slots.one())


def test_a_ban_across_venues_ends_with_a_violation_that_was_none(banned_elsewhere, slots, desk2):
    own = next(v["id"] for v in conduct(desk2, banned_elsewhere)["violations"] if v["order_no"])
    assert not ok(lift(desk2, "violations", own))["bans"][0]["in_force"]
    banned_elsewhere.order(slots.one())


def test_the_platforms_ban_is_its_admins(house, slots, customer, desk1, admin):
    customer.order(slots.one())
    ban = house.db.value("INSERT INTO ban (id, account_id, until, reason) VALUES (nextval('id_block')"
                         " * 256, %s, now() + interval '1 day', 'x') RETURNING id",
                         customer.account_id)
    refused(lift(desk1, "bans", ban), 403, "other_venue")
    assert not ok(lift(admin, "bans", ban))["bans"][0]["in_force"]


def test_the_phone_is_masked(house, slots, customer, desk1):
    customer.order(slots.one())
    phone = f"137{customer.account_id % 10**8:08d}"
    house.db.run("UPDATE account SET phone = %s WHERE id = %s", phone, customer.account_id)
    assert conduct(desk1, customer)["customer"]["phone"] == f"{phone[:3]}****{phone[-4:]}"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}, {"reason": None}])
@pytest.mark.parametrize("what", ["violations", "bans"])
def test_lifting_wants_a_reason(desk1, what, body):
    refused(desk1.post(f"/api/v1/staff/{what}/7/lift", body), 422, "bad_field", "reason")


def test_the_same_key_lifts_once(banned, desk1):
    ban, = conduct(desk1, banned)["bans"]
    said = [desk1.post(f"/api/v1/staff/bans/{ban['id']}/lift", {"reason": "x"},
                       key=f"lift-{ban['id']}") for _ in range(2)]
    assert said[0].status_code == 200 and said[0].content == said[1].content
