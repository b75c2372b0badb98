"""Money that comes when the order has expired: it takes the courts again if a new order could have
them now, at the price of then; else it goes back, and the customer reads why."""
from datetime import date

import pytest

from house import wait_for
from money import refunds
from place import DAYTIME, Place, rule
from slots import day
from test_settle import expire, held, outcomes, pay_late, state, until


@pytest.fixture
def place(house, admin):
    made = Place(admin)
    yield made
    made.close(house.db)


@pytest.fixture
def late(house, place, customer):
    """An order of two courts that was not paid in time, and the payment that it waits for."""
    more = place.new_court(place.add(f"{place.at}/units", {"name": "二"})["id"])
    order = customer.order(place.slot(day(3), 1200), place.slot(day(3), 1200, more))
    payment = customer.prepay(order)
    expire(house, order)
    return order, payment


def close_weekday(place):
    """The hours without that of the order, and what they were."""
    weekday = date.fromisoformat(day(3)).isoweekday()
    return [line for line in DAYTIME if line["weekday"] != weekday]


def disable(house, place, customer):
    house.db.run("UPDATE account SET disabled_at = now() WHERE id = %s", customer.account_id)


def begin(house, place, customer):
    """As if the hour had begun, which is two days before it."""
    house.db.run("UPDATE order_item i SET during = tstzrange(lower(during) - interval '4 days',"
                 " upper(during) - interval '4 days') FROM orders o WHERE o.id = i.order_id"
                 " AND o.account_id = %s", customer.account_id)
    house.db.run("UPDATE orders SET play_date = play_date - 3 WHERE account_id = %s",
                 customer.account_id)


def take_the_day(house, place, customer):
    """His count of the day is full."""
    house.db.run("UPDATE booking_day SET periods = allowed WHERE account_id = %s",
                 customer.account_id)


def block(house, place, customer):
    slot = place.slot(day(3), 1200)
    place.add(f"{place.at}/blocks", {"court_id": place.court, "start": slot.start,
                                     "end": slot.end, "reason": "检修"})


def sell(house, place, customer):
    house.customer().order(place.slot(day(3), 1200))


def desk(change):
    return lambda house, place, customer: change(place)


# What happens in the meantime, and what a new order is told then.
CHANGES = {
    "the_day_is_closed": (desk(lambda p: p.add(f"{p.at}/exceptions", {
        "day": day(3), "hours": []})), "该时段不在营业时间内"),
    "the_day_has_other_hours": (desk(lambda p: p.add(f"{p.at}/exceptions", {
        "day": day(3), "hours": [{"opens": "08:00", "closes": "20:30"}]})),
        "该时段不在营业时间内"),
    "hours_are_shorter": (desk(lambda p: p.write(f"{p.at}/hours", {
        "hours": [{**line, "closes": "20:30"} for line in DAYTIME]})), "该时段不在营业时间内"),
    "the_weekday_is_closed": (desk(lambda p: p.write(f"{p.at}/hours", {
        "hours": close_weekday(p)})), "该时段不在营业时间内"),
    "slots_are_longer": (desk(lambda p: p.write(f"{p.at}/sports/1", {"slot_minutes": 120})),
                         "时段未对齐到可订的整段时间"),
    "slots_begin_elsewhere": (desk(lambda p: p.write(f"{p.at}/hours", {
        "hours": [{**line, "opens": "08:30"} for line in DAYTIME]})),
        "时段未对齐到可订的整段时间"),
    "a_court_has_no_floor": (desk(lambda p: p.change(f"{p.at}/courts/{p.court}", units=[])),
                             "该球馆没有这块场地"),
    "a_court_has_ended": (desk(lambda p: p.change(f"{p.at}/courts/{p.court}", ends_on=day(2))),
                          "该球馆没有这块场地"),
    "the_venue_ends": (desk(lambda p: p.change(p.at, ends_on=day(2))), "日期不在可预订范围内"),
    "the_venue_has_ended": (desk(lambda p: p.change(p.at, ends_on=day(0))), "没有这个球馆"),
    "the_window_is_shorter": (desk(lambda p: p.change(p.at, window_days=1)),
                              "日期不在可预订范围内"),
    "it_has_begun": (begin, "该时段已开始"),
    "a_court_is_blocked": (block, "该时段已被预订"),
    "a_court_is_sold": (sell, "该时段已被预订"),
    "the_customer_has_enough": (take_the_day, "已达到当日可预订时段的上限"),
    "the_account_is_disabled": (disable, "账号已停用"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_late_money_gets_nothing_that_a_new_order_would_not(house, sim, place, customer, late,
                                                            name):
    change, why = CHANGES[name]
    order, payment = late
    change(house, place, customer)
    pay_late(sim, payment)
    assert outcomes(house, payment) == ["late"]
    wait_for(lambda: refunds(house, order) == [("late", order["amount_fen"], "succeeded")])
    assert state(house, order) == "expired" and held(house, order) == 0
    assert reasons(house, order) == [f"订单已超时，{why}，全额退款"]


def reasons(house, order) -> list:
    return [reason for reason, in house.db.rows("SELECT reason FROM refund WHERE order_id = %s",
                                                order["id"])]


def test_the_price_stays_as_it_was_sold(house, sim, place, customer, late):
    order, payment = late
    place.write(f"{place.at}/prices", {"rules": [rule(9000)]})
    pay_late(sim, payment)
    assert outcomes(house, payment) == ["retaken"]
    assert customer.see(order)["amount_fen"] == order["amount_fen"] == 8000


def test_the_customer_reads_why_in_his_order_and_his_inbox(house, sim, place, customer, late):
    order, payment = late
    place.add(f"{place.at}/exceptions", {"day": day(3), "hours": []})
    pay_late(sim, payment)
    why = "订单已超时，该时段不在营业时间内，全额退款"
    assert [r["reason"] for r in customer.see(order)["refunds"]] == [why]
    wait_for(lambda: f"付款到账时{why}" in customer.get("/api/v1/messages").text)


def test_who_gave_up_reads_that_he_did(house, sim, place, customer):
    order = customer.order(place.slot(day(3), 1200))
    payment = customer.prepay(order)
    customer.cancel(order)
    until(house, order, "cancelled")
    pay_late(sim, payment)
    assert outcomes(house, payment) == ["late"]
    assert reasons(house, order) == ["订单已由您取消，全额退款"]
