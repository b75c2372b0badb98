"""The front desk looks orders up: those of its own venue, and of nobody else's."""
import pytest

from house import ok, refused, wait_for
from slots import day

STATES = ("pending", "closing", "expired", "cancelled", "paid")


@pytest.fixture
def phone(house, customer) -> str:
    """The customer's, bound behind our back; nobody has the next one."""
    number = f"13{customer.account_id * 10 % 10**9:09d}"
    house.db.run("UPDATE account SET phone = %s WHERE id = %s", number, customer.account_id)
    return number


@pytest.fixture
def trio(slots, customer) -> dict:
    """One customer's orders: two at venue 2, one at venue 1."""
    return {"paid": customer.paid_order(*slots.take(2, venue=2, on=day(7))),
            "pending": customer.order(slots.one(venue=2, on=day(8))),
            "away": customer.paid_order(slots.one())}


def ids(orders: list) -> list:
    return [order["id"] for order in orders]


def test_an_order_is_found_by_its_number(desk2, trio, customer):
    found, = desk2.search(number=trio["paid"]["no"])
    mine = customer.see(trio["paid"])
    shown = {name: found[name] for name in mine if name in found}
    assert shown == {name: mine[name] for name in shown}
    assert found["paid_fen"] == mine["amount_fen"] and found["closed_at"] is None
    assert found["customer"] == {"id": customer.account_id, "nickname": "",
                                 "phone": f"139****{customer.account_id % 10000:04d}"}
    assert {"items", "refund_tiers", "note", "venue_name", "pay_state"} <= set(shown)


def test_a_number_is_taken_whole(desk2, trio):
    number = trio["paid"]["no"]
    other = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert trio["paid"]["id"] not in ids(desk2.search(number=other))
    refused(desk2.get("/api/v1/staff/orders", number=number[:17]), 422, "bad_field", "number")


def test_a_customer_is_found_by_the_whole_phone_and_it_is_shown_masked(house, desk2, trio, phone):
    found = desk2.search(phone=phone)
    assert ids(found) == [trio["pending"]["id"], trio["paid"]["id"]]  # the latest day first
    assert {f["customer"]["phone"] for f in found} == {f"{phone[:3]}****{phone[-4:]}"}
    assert phone not in str(found)
    for text in (phone[:-1], phone + "0", phone[-4:]):
        refused(desk2.get("/api/v1/staff/orders", phone=text), 422, "bad_field", "phone")
    near = phone[:-1] + str((int(phone[-1]) + 1) % 10)
    assert desk2.search(phone=near) == []
    assert desk2.search(phone="_" * 11) == desk2.search(phone="%" * 11) == []


def test_phones_and_numbers_are_read_as_people_write_them(desk2, trio, phone):
    head, middle, tail = phone[:3], phone[3:7], phone[7:]
    wanted = ids(desk2.search(phone=phone))
    for text in (f" {phone} ", f"+86{phone}", f"+86 {head} {middle} {tail}", f"0086{phone}",
                 f"{head}-{middle}-{tail}\t", f"(+86){phone}", f"\u202d{phone}\u202c",
                 "".join(chr(ord(c) + 0xFEE0) for c in phone)):
        assert ids(desk2.search(phone=text)) == wanted != [], text
    number = trio["paid"]["no"]
    for text in (f"{number} ", f"\t{number}\r\n", f"\u3000{number}\u200b"):
        assert ids(desk2.search(number=text)) == [trio["paid"]["id"]], text


def test_everything_that_is_asked_has_to_fit(desk2, trio, phone):
    asked = {"phone": phone, "date": trio["paid"]["date"], "state": "paid"}
    assert ids(desk2.search(**asked)) == [trio["paid"]["id"]]
    assert ids(desk2.search(**asked, number=trio["paid"]["no"])) == [trio["paid"]["id"]]
    for change in ({"date": trio["pending"]["date"]}, {"state": "expired"},
                   {"phone": "13000000000"}, {"number": trio["pending"]["no"]}):
        assert desk2.search(**{"number": trio["paid"]["no"], **asked, **change}) == [], change


@pytest.mark.parametrize("state", STATES)
def test_a_state_gives_those_and_no_others(house, desk2, trio, state):
    on = trio["paid"]["date"]
    found = desk2.search(date=on, state=state, limit=100)
    want = house.db.rows("SELECT id FROM orders WHERE venue_id = 2 AND play_date = %s"
                         " AND state = %s ORDER BY id DESC", on, state)
    assert ids(found) == [row[0] for row in want][:100]
    refused(desk2.get("/api/v1/staff/orders", state="gone"), 422, "bad_field", "state")


def test_pages_put_together_are_the_whole_once(house, desk2, slots, trio):
    on, seen, cursor = trio["paid"]["date"], [], None
    while cursor is not None or not seen:
        page = ok(desk2.get("/api/v1/staff/orders", date=on, limit=2, cursor=cursor))
        seen += ids(page["items"])
        cursor = page["next_cursor"]
    assert seen == [row[0] for row in house.db.rows(
        "SELECT id FROM orders WHERE venue_id = 2 AND play_date = %s ORDER BY id DESC", on)]


def test_without_a_question_all_of_the_venue_comes_the_latest_day_first(house, desk2, trio):
    seen, cursor = [], None
    while cursor is not None or not seen:
        page = ok(desk2.get("/api/v1/staff/orders", limit=100, cursor=cursor))
        seen += page["items"]
        cursor = page["next_cursor"]
    assert ids(seen) == [row[0] for row in house.db.rows(
        "SELECT id FROM orders WHERE venue_id = 2 ORDER BY play_date DESC, id DESC")]
    assert {order["venue_id"] for order in seen} == {2}


def test_another_venues_orders_are_not_there(desk2, desk1, trio, phone):
    away = trio["away"]
    assert desk2.search(number=away["no"]) == []
    assert away["id"] not in ids(desk2.search(phone=phone))
    assert away["id"] not in ids(desk2.search(date=away["date"], limit=100))
    refused(desk2.get(f"/api/v1/staff/orders/{away['id']}"), 404, "not_found")
    assert ids(desk1.search(number=away["no"])) == [away["id"]]
    assert {order["venue_id"] for order in desk1.search(limit=100)} == {1}
    assert desk1.see(away)["order"]["id"] == away["id"]


def test_a_page_does_not_go_on_behind_another_venues_order(desk2, trio):
    assert desk2.search(cursor=trio["away"]["id"], date=trio["paid"]["date"]) == []


def test_the_admin_sees_all_venues(admin, trio, phone):
    assert set(ids(admin.search(phone=phone))) == {order["id"] for order in trio.values()}
    for order in trio.values():
        assert admin.see(order)["order"]["id"] == order["id"]
        assert ids(admin.search(number=order["no"])) == [order["id"]]


def test_the_detail_has_the_payments_and_refunds(house, desk2, slots, customer, sim):
    order = customer.order(*slots.take(2, venue=2))
    customer.prepay(order, "native")
    payment = customer.pay(order)
    refund = desk2.refund(order, 100)
    wait_for(lambda: desk2.see(order)["attempts"][0]["state"] == "closed")  # as one is paid
    seen = desk2.see(order)
    assert set(seen) == {"order", "attempts", "refunds"}
    other, paid = seen["attempts"]
    assert (other["method"], other["state"], other["paid_at"]) == ("native", "closed", None)
    theirs = sim.order(payment["out_trade_no"])
    assert (paid["out_trade_no"], paid["channel"], paid["method"], paid["state"]) == (
        payment["out_trade_no"], "wechat", "jsapi", "paid")
    assert paid["transaction_id"] == theirs["transaction_id"]
    assert (paid["amount_fen"], paid["refunded_fen"]) == (order["amount_fen"], 100)
    assert paid["paid_at"] == customer.see(order)["paid_at"]
    one, = seen["refunds"]
    assert one["id"] == refund["id"] and one["by"] == "江畔前台" and one["attempt_id"] == paid["id"]
    assert seen["order"]["pay_state"] == "part_refunded"


def test_what_is_not_there_is_not_there(desk2):
    for number in (7, 2**49):
        refused(desk2.get(f"/api/v1/staff/orders/{number}"), 404, "not_found")


@pytest.mark.parametrize("query, field", [
    ({"date": "2026-02-30"}, "date"), ({"limit": 101}, "limit"), ({"limit": 0}, "limit"),
    ({"cursor": "x"}, "cursor"), ({"state": "paid|expired"}, "state"), ({"number": ""}, "number"),
    ({"state": ""}, "state")])
def test_a_wrong_question_is_refused(desk2, query, field):
    refused(desk2.get("/api/v1/staff/orders", **query), 422, "bad_field", field)
