"""Money that comes when the order has expired: it takes the courts again if a new order could have
them now, at the price of then; else it goes back, and the customer reads why."""
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import psycopg2
import pytest

from database import Database
from house import ok, wait_for
from money import refunds
from place import DAYTIME, Place, rule
from slots import day
from test_settle import expire, held, outcomes, overdue, pay_late, silence, state, until


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


def shorten(house, place, customer):
    """As if it had been two slots of half an hour each."""
    place.write(f"{place.at}/sports/1", {"slot_minutes": 30})
    place.change(place.at, longest_minutes=30)


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
    "periods_are_shorter": (shorten, "单个时段超过球馆允许的最长时间"),
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


# Who didn't wait has ordered again: he is not left with two courts at the same hour.

REPLACED = "订单已超时，您已另订同一时间的场地，全额退款"


@pytest.fixture
def second(place):
    """Another court there, at the same hour."""
    court = place.new_court(place.add(f"{place.at}/units", {"name": "三"})["id"])
    return place.slot(day(3), 1200, court)


# Living orders that the customer may have by then, and whether they stand in the way.
OTHERS = {
    "waits": (lambda house, customer, slot: customer.order(slot), True),
    "is_paid": (lambda house, customer, slot: customer.paid_order(slot), True),
    "is_longer": (lambda house, customer, slot: customer.order(
        slot._replace(end=slot.end.replace("21:00", "22:00"))), True),
    "is_another_hour": (lambda house, customer, slot: customer.order(
        slot._replace(start=slot.end, end=slot.end.replace("21:00", "22:00"))), False),
    "was_given_up": (lambda house, customer, slot: customer.cancel(customer.order(slot)), False),
    "was_paid_and_given_up": (lambda house, customer, slot: customer.cancel(
        customer.paid_order(slot)), False),
    "has_expired": (lambda house, customer, slot: expire(house, customer.order(slot)), False),
    "is_somebody_elses": (lambda house, customer, slot: house.customer().order(slot), False),
}


@pytest.mark.parametrize("name", OTHERS)
def test_late_money_leaves_nobody_with_two_courts_at_an_hour(house, sim, customer, late, second,
                                                             name):
    make, is_in_the_way = OTHERS[name]
    order, payment = late
    make(house, customer, second)
    pay_late(sim, payment)
    assert outcomes(house, payment) == ["late" if is_in_the_way else "retaken"]
    if is_in_the_way:
        assert state(house, order) == "expired" and held(house, order) == 0
        assert reasons(house, order) == [REPLACED]
        wait_for(lambda: refunds(house, order) == [("late", order["amount_fen"], "succeeded")])
        wait_for(lambda: f"付款到账时{REPLACED}" in customer.get("/api/v1/messages").text)


def test_another_venue_at_that_hour_counts_as_well(house, sim, admin, customer, late):
    order, payment = late
    elsewhere = Place(admin)
    try:
        customer.order(elsewhere.slot(day(3), 1200))
        pay_late(sim, payment)
        assert reasons(house, order) == [REPLACED]
    finally:
        elsewhere.close(house.db)


def test_the_schema_itself_brings_back_no_order_that_was_replaced(house, customer, late, second):
    order, _ = late
    customer.order(second)
    with pytest.raises(psycopg2.errors.CheckViolation) as broken:
        house.db.run("UPDATE order_item SET state = 'booked', released_at = NULL"
                     " WHERE order_id = %s", order["id"])
    assert broken.value.diag.constraint_name == "order_item_alone_again"


def test_of_two_late_payments_for_one_hour_one_is_kept(house, sim, place, customer, late, second):
    order, payment = late
    other = customer.order(second)
    more = customer.prepay(other)
    expire(house, other)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda p: pay_late(sim, p), [payment, more]))
    assert sorted([state(house, order), state(house, other)]) == ["expired", "paid"]
    assert sorted(outcomes(house, payment) + outcomes(house, more)) == ["late", "retaken"]


def test_who_ordered_again_while_the_first_was_closing_gets_its_money_back(
        house, sim, place, customer, second):
    """Paid in time, but the channel is silent: the app has said that its time is over."""
    order = customer.order(place.slot(day(3), 1200))
    payment = customer.prepay(order)
    silence(sim)
    overdue(house, order)
    until(house, order, "closing")
    customer.order(second)
    # As if all this took long: the payment is from before the end, the second order from after it.
    house.db.run("UPDATE orders SET expires_at = now() + interval '1 minute' WHERE id = %s",
                 order["id"])
    house.db.run("UPDATE orders SET created_at = now() + interval '1 minute' WHERE account_id = %s"
                 " AND id <> %s", customer.account_id, order["id"])
    assert sim.pay(payment, wait=True)["result"] == "ok"
    assert outcomes(house, payment) == ["late"] and reasons(house, order) == [REPLACED]
    sim.quiet()
    house.db.run("UPDATE payment_attempt SET close_at = NULL WHERE order_id = %s", order["id"])
    until(house, order, "expired")
    assert held(house, order) == 0
    assert not house.db.rows("SELECT 1 FROM violation WHERE order_id = %s", order["id"])


def test_who_had_two_courts_anyway_keeps_both_though_one_was_closing(house, sim, place, customer,
                                                                     second):
    customer.order(second)
    house.db.run("UPDATE orders SET created_at = created_at - interval '1 hour'"
                 " WHERE account_id = %s", customer.account_id)
    order = customer.order(place.slot(day(3), 1200))
    payment = customer.prepay(order)
    silence(sim)
    overdue(house, order)
    until(house, order, "closing")
    assert sim.pay(payment, wait=True)["result"] == "ok"
    assert outcomes(house, payment) == ["paid"] and state(house, order) == "paid"


def test_an_order_that_is_made_at_the_same_moment_is_waited_for(house, sim, place, customer, late,
                                                                second):
    """It has its number, and waits for the customer's count of the day; the money comes then."""
    order, payment = late
    owner = Database(house.run, "zx_owner")
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with ThreadPoolExecutor(2) as pool:
        owner.run("BEGIN")
        owner.run("SELECT 1 FROM booking_day WHERE account_id = %s FOR UPDATE",
                  customer.account_id)
        made = pool.submit(customer.try_order, second)
        wait_for(lambda: house.db.value(waiting) == 1)
        paid = pool.submit(pay_late, sim, payment)
        wait_for(lambda: house.db.value(waiting) == 2)
        owner.run("ROLLBACK")
        ok(made.result(), 201)
        paid.result()
    owner.close()
    assert outcomes(house, payment) == ["late"] and reasons(house, order) == [REPLACED]
