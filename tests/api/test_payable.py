"""A payment attempt is over when its channel has proved so, or its time is over by a margin. Until
then it is asked about, whatever has become of its order."""
import pytest

import test_alipay
from house import wait_for
from money import all_back, held, refunds
from test_settle import outcomes, overdue, state, until

LONG_AGO = "UPDATE orders SET expires_at = now() - interval '5 minutes' WHERE id = %s"


def code(customer, order) -> dict:
    """Alipay knows nothing of it until somebody scans it."""
    return test_alipay.prepay(customer, order)


def attempts(house, order) -> list:
    return house.db.rows("SELECT channel, state FROM payment_attempt WHERE order_id = %s"
                         " ORDER BY id", order["id"])


def ask(house, order):
    """It is the turn of what is still open; until it was asked about."""
    before = house.db.rows("UPDATE payment_attempt SET ask_at = now() WHERE order_id = %s"
                           " AND state IN ('created', 'prepaid') RETURNING id, asked", order["id"])
    wait_for(lambda: not [1 for a, n in before if house.db.value(
        "SELECT asked = %s AND state IN ('created', 'prepaid') FROM payment_attempt WHERE id = %s",
        n, a)])


def over(house, order):
    house.db.run(LONG_AGO, order["id"])


def test_a_code_on_the_screen_outlives_an_order_that_was_given_up(house, slots, customer, sim):
    order = customer.order(slots.one())
    payment = code(customer, order)
    customer.cancel(order)
    until(house, order, "cancelled")
    assert held(house, order) == 0 and attempts(house, order) == [("alipay", "prepaid")]
    ask(house, order)
    assert attempts(house, order) == [("alipay", "prepaid")]
    sim.fault("notify_never", times=-1)
    assert sim.pay(payment)["result"] == "ok"  # without a word
    ask(house, order)
    assert all_back(house, order) == [("late", order["amount_fen"], "succeeded")]
    assert outcomes(house, payment) == ["late"] and state(house, order) == "cancelled"


def test_it_is_over_when_its_time_is(house, slots, customer):
    order = customer.order(slots.one())
    code(customer, order)
    customer.cancel(order)
    until(house, order, "cancelled")
    over(house, order)
    ask(house, order)
    wait_for(lambda: attempts(house, order) == [("alipay", "closed")])


def test_an_expired_order_keeps_its_court_for_the_margin(house, slots, customer):
    order = customer.order(slots.one())
    code(customer, order)
    house.db.run("UPDATE orders SET expires_at = now() WHERE id = %s", order["id"])
    wait_for(lambda: house.db.value("SELECT tries FROM orders WHERE id = %s", order["id"]) > 1)
    assert state(house, order) == "closing" and held(house, order) > 0
    assert attempts(house, order) == [("alipay", "prepaid")]
    over(house, order)
    house.db.run("UPDATE orders SET run_at = now() WHERE id = %s", order["id"])
    until(house, order, "expired")
    assert attempts(house, order) == [("alipay", "closed")] and held(house, order) == 0


def test_the_last_question_comes_when_its_time_is_just_over(house, slots, customer):
    order = customer.order(slots.one())
    code(customer, order)
    customer.cancel(order)
    until(house, order, "cancelled")
    house.db.run("UPDATE payment_attempt SET asked = 5 WHERE order_id = %s", order["id"])
    house.db.run("UPDATE orders SET expires_at = now() + interval '1 minute' WHERE id = %s",
                 order["id"])
    ask(house, order)
    assert house.db.value("SELECT a.ask_at = o.expires_at + interval '90 seconds' FROM orders o"
                          " JOIN payment_attempt a ON a.order_id = o.id WHERE o.id = %s",
                          order["id"])
