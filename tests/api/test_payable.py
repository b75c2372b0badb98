"""A payment attempt is over when its channel has proved so, or its time is over by a margin. Until
then it is asked about, whatever has become of its order."""
from concurrent.futures import ThreadPoolExecutor

import pytest

import test_alipay
from house import refused, wait_for
from money import all_back, held, refunds
from test_settle import outcomes, overdue, state, until

LONG_AGO = "UPDATE orders SET expires_at = now() - interval '5 minutes' WHERE id = %s"


def code(customer, order) -> dict:
    """Alipay knows nothing of it until somebody scans it."""
    return test_alipay.prepay(customer, order)


def attempts(house, order) -> list:
    return house.db.rows("SELECT channel, state FROM payment_attempt WHERE order_id = %s"
                         " ORDER BY out_trade_no", order["id"])


def ask(house, order):
    """It is the turn of what is still open; until it was asked about."""
    before = house.db.rows("UPDATE payment_attempt SET ask_at = now() WHERE order_id = %s"
                           " AND state IN ('created', 'prepaid') RETURNING id, asked", order["id"])
    wait_for(lambda: not [1 for a, n in before if house.db.value(
        "SELECT asked = %s AND state IN ('created', 'prepaid') FROM payment_attempt WHERE id = %s",
        n, a)])


def went_back(house, order) -> list:
    wait_for(lambda: refunds(house, order))
    return all_back(house, order)


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
    assert went_back(house, order) == [("late", order["amount_fen"], "succeeded")]
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
    wait_for(lambda: house.db.value("SELECT close_tries FROM payment_attempt WHERE order_id = %s",
                                    order["id"]) > 1)
    assert state(house, order) == "closing" and held(house, order) > 0
    assert attempts(house, order) == [("alipay", "prepaid")]
    over(house, order)
    house.db.run("UPDATE payment_attempt SET close_at = NULL WHERE order_id = %s", order["id"])
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


WAYS = ["wechat", "scanned", "hidden"]


def begin(customer, order, sim, way: str) -> dict:
    if way == "wechat":
        return customer.prepay(order, "native")
    payment = code(customer, order)
    if way == "scanned":
        sim.post("alipay/scan", code_url=payment["code_url"])
    return payment


def is_closed(sim, payment: dict) -> bool:
    number = payment["out_trade_no"]
    if payment["channel"] == "alipay":
        return sim.items("trades", out_trade_no=number)[0]["closed"]
    return sim.order(number)["trade_state"] == "CLOSED"


@pytest.mark.parametrize("way", WAYS)
def test_the_other_ways_to_pay_are_closed_once_one_has_paid(
        house, slots, customer, sim, way):
    order = customer.order(slots.one())
    paid, other = customer.prepay(order), begin(customer, order, sim, way)
    assert sim.pay(paid, wait=True)["result"] == "ok"
    state_of = lambda: attempts(house, order)[1][1]
    if way != "hidden":
        wait_for(lambda: state_of() == "closed")
        assert is_closed(sim, other) and sim.pay(other)["result"] == "fail"
        return
    ask(house, order)  # can't be closed, so it is asked about …
    assert state_of() == "prepaid"
    sim.fault("notify_never", times=-1)
    assert sim.pay(other)["result"] == "ok"
    ask(house, order)
    assert went_back(house, order) == [("surplus", order["amount_fen"], "succeeded")]


def test_a_code_beside_a_paid_attempt_is_over_when_its_time_is(house, slots, customer, sim):
    order = customer.order(slots.one())
    paid, _ = customer.prepay(order), code(customer, order)
    sim.pay(paid, wait=True)
    over(house, order)
    ask(house, order)
    wait_for(lambda: attempts(house, order) == [("wechat", "paid"), ("alipay", "closed")])


def test_a_channel_that_does_not_answer_is_told_to_close_later(house, slots, customer, sim):
    order = customer.order(slots.one())
    paid, other = customer.prepay(order), begin(customer, order, sim, "scanned")
    sim.fault("http_500_before", times=-1, path="alipay.trade.close")
    sim.fault("http_500_before", times=-1, path="alipay.trade.query")
    sim.pay(paid, wait=True)
    wait_for(lambda: house.db.value("SELECT asked > 0 FROM payment_attempt WHERE out_trade_no"
                                    " = %s", other["out_trade_no"]))
    assert attempts(house, order)[1] == ("alipay", "prepaid")
    sim.quiet()
    ask(house, order)
    wait_for(lambda: is_closed(sim, other) and attempts(house, order)[1] == ("alipay", "closed"))


def test_nobody_gets_a_ticket_for_an_order_that_was_paid_meanwhile(house, slots, customer, sim):
    order = customer.order(slots.one())
    paid = customer.prepay(order)
    sim.fault("slow", ms=1500, path="/v3/pay/transactions/native")
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(customer.try_pay, order, "native")
        wait_for(lambda: len(attempts(house, order)) == 2)
        sim.pay(paid, wait=True)
        refused(told.result(), 409, "order_paid")
    wait_for(lambda: attempts(house, order)[1][1] == "closed")
