"""Hours that cost nothing: booked at once, without a channel, and without money on any way."""
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from house import ok, refused, wait_for
from place import Place, rule
from slots import Slot, at, day, now
from test_settle import booked, gap, held

sys.path.append(str(Path(__file__).resolve().parents[1] / "race"))
import invariants  # noqa: E402


@pytest.fixture
def place(house, admin):
    """Free until noon."""
    made = Place(admin)
    made.write(f"{made.at}/prices", {"rules": [rule(4000), rule(0, closes="12:00")]})
    yield made
    made.close(house.db)


@pytest.fixture
def free(place):
    return place.slot(day(3), 600)


def attempts(house, order) -> int:
    return house.db.value("SELECT count(*) FROM payment_attempt WHERE order_id = %s", order["id"])


def told(customer) -> list:
    return [m["kind"] for m in ok(customer.get("/api/v1/messages"))["items"]]


def broken(house, *orders) -> dict:
    """Invariants that these orders break."""
    ids = {order["id"] for order in orders}
    found = {name: [row for row in house.db.rows(sql) if ids & set(row[:1])]
             for name, sql in invariants.NAMED.items()}
    return {name: rows for name, rows in found.items() if rows}


def test_staff_may_ask_for_nothing(place):
    lines = place.read(f"{place.at}/prices")[0]["rules"]
    assert [line["hour_fen"] for line in lines] == [4000, 0]
    cells = place.grid(day(3))["courts"][0]["cells"]
    assert [c["price_fen"] for c in cells[:5]] == [0, 0, 0, 0, 4000]
    assert {c["state"] for c in cells} == {"free"}


def test_a_free_order_is_paid_at_once_and_no_channel_hears_of_it(house, customer, free):
    order = customer.order(free, expected_fen=0)
    assert (order["state"], order["pay_state"], order["amount_fen"]) == ("paid", "paid", 0)
    assert order["paid_at"] == order["created_at"]
    assert [i["state"] for i in order["items"]] == ["booked"]
    assert customer.see(order) == order
    assert held(house, order) == 2 and attempts(house, order) == 0
    refused(customer.try_pay(order), 409, "order_paid")
    assert customer.code(order)["short_code"]
    wait_for(lambda: told(customer) == ["order.paid"])
    message, = ok(customer.get("/api/v1/messages"))["items"]
    assert message["title"] == "预订成功" and "免费" in message["body"]
    house.settle()
    assert broken(house, order) == {} and gap(house) == []


def test_the_answer_to_a_repeat_is_the_same(customer, free):
    first = customer.try_order(free, key="free")
    assert customer.try_order(free, key="free").content == first.content


def test_a_free_court_is_sold_once(house, customer, free):
    customer.order(free)
    refused(house.customer().try_order(free), 409, "slot_taken", "periods[0]")


def test_giving_up_a_free_order_brings_nothing_and_frees_the_court(house, customer, free):
    order = customer.order(free)
    assert customer.quote(order)["refund_fen"] == customer.quote(order)["fee_fen"] == 0
    gone = customer.cancel(order)
    assert (gone["state"], gone["pay_state"], gone["refunds"]) == ("cancelled", "paid", [])
    assert held(house, order) == 0 and booked(house, customer, order) == 0
    again = house.customer().order(free)
    house.settle()
    assert house.db.value("SELECT count(*) FROM refund WHERE order_id = %s", order["id"]) == 0
    assert told(customer) == ["order.cancelled", "order.paid"]
    assert "未产生费用" in ok(customer.get("/api/v1/messages"))["items"][0]["body"]
    assert broken(house, order, again) == {} and gap(house) == []


@pytest.mark.parametrize("tiers", [[], [{"hours": 2, "percent": 50, "fee_fen": 1000}]])
def test_no_rule_makes_a_fee_of_nothing(place, customer, free, tiers):
    place.write(f"{place.at}/refund-rule", {"tiers": tiers})
    order = customer.order(free)
    assert customer.quote(order)["fee_fen"] == 0
    assert customer.cancel(order)["state"] == "cancelled"


def test_a_free_hour_beside_one_that_costs_moves_no_money(house, place, customer, free):
    order = customer.order(free, place.slot(day(3), 1200))
    assert (order["state"], order["amount_fen"]) == ("pending", 4000)
    customer.pay(order)
    for_nothing, for_money = customer.see(order)["items"]
    left = customer.cancel(order, [for_nothing])
    assert (left["state"], left["refunds"]) == ("paid", [])
    gone = customer.cancel(order, [for_money])
    assert gone["state"] == "cancelled" and [r["amount_fen"] for r in gone["refunds"]] == [4000]
    house.settle()
    assert broken(house, order) == {} and gap(house) == []


def test_staff_have_nothing_to_give_back(admin, customer, free):
    order = customer.order(free)
    refused(admin.try_refund(order, 1), 409, "refund_too_much", None, {"left_fen": 0})


def test_a_closed_day_gives_free_hours_back_without_money(house, place, customer, free):
    order = customer.order(free)
    place.add(f"{place.at}/exceptions", {"day": day(3), "hours": [], "sold": "refund_all",
                                         "reason": "停电"})
    wait_for(lambda: customer.see(order)["state"] == "cancelled")
    assert customer.see(order)["refunds"] == [] and held(house, order) == 0
    wait_for(lambda: "order.cancelled" in told(customer))


def test_a_free_order_is_checked_in(house, admin, place, customer):
    place.change(place.at, checkin_early_minutes=1440)
    place.write(f"{place.at}/hours", {"hours": [
        {"weekday": d, "opens": "00:00", "closes": "24:00"} for d in range(1, 8)]})
    place.write(f"{place.at}/prices", {"rules": [rule(0)]})
    soon = now() + timedelta(hours=2)
    on, minute = str(soon.date()), soon.hour * 60
    order = customer.order(Slot(place.id, on, place.court, at(on, minute), at(on, minute + 60)))
    card = ok(admin.check_in(customer.code(order)["short_code"]), 201)
    assert card["order_no"] == order["no"]
    refused_again = admin.check_in(customer.code(order)["short_code"])
    assert refused_again.json()["error"]["code"] == "already_checked_in"
    assert customer.see(order)["items"][0]["state"] == "used"
    house.settle()
    assert broken(house, order) == {}


def test_prices_that_are_no_half_are_still_refused(place):
    for fen in (1, -2, 10000002):
        answer = place.try_write(f"{place.at}/prices", {"rules": [rule(fen)]})
        assert answer.status_code == 422 and answer.json()["error"]["field"] == "rules[0].hour_fen"


def test_a_free_hour_is_used_though_the_money_of_the_other_went_back(house, admin, place, customer):
    place.change(place.at, checkin_early_minutes=1440)
    place.write(f"{place.at}/hours", {"hours": [
        {"weekday": d, "opens": "00:00", "closes": "24:00"} for d in range(1, 8)]})
    other = place.new_court(place.add(f"{place.at}/units", {"name": "二"})["id"])
    place.write(f"{place.at}/prices", {"rules": [rule(4000), rule(0, court_id=other)]})
    soon = now() + timedelta(hours=2)
    on, minute = str(soon.date()), soon.hour * 60
    order = customer.paid_order(*[Slot(place.id, on, court, at(on, minute), at(on, minute + 60))
                                  for court in (place.court, other)])
    for_money = next(i for i in order["items"] if i["price_fen"])
    admin.refund(order, 4000, [for_money])
    assert customer.see(order)["pay_state"] == "refunded"
    assert len(ok(admin.check_in(order["no"]), 201)["items"]) == 1
    house.settle()
    assert broken(house, order) == {}
