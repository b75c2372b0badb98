"""How orders end that are not simply paid: expiry, giving up, late and double money, refunds at
the channel. The daemon `settle` and the simulated WeChat are the real ones; only the clock of
single rows is moved."""
import re

import psycopg2
import pytest

from house import ok, refused, wait_for

STATE = "SELECT state, pay_state FROM orders WHERE id = %s"
HELD = ("SELECT count(*) FROM occupancy c JOIN order_item i ON i.id = c.item_id"
        " WHERE i.order_id = %s")


def overdue(house, order):
    """As if its ten minutes were over."""
    house.db.all_at_once(("UPDATE orders SET expires_at = now() - interval '5 minutes'"
                          " WHERE id = %s", order["id"]))


def state(house, order):
    return house.db.rows(STATE, order["id"])[0][0]


def until(house, order, wanted: str):
    wait_for(lambda: state(house, order) == wanted)


def held(house, order) -> int:
    return house.db.value(HELD, order["id"])


def outcomes(house, payment) -> list:
    return [o for o, in house.db.rows(
        "SELECT outcome FROM notify_log WHERE out_trade_no = %s ORDER BY received_at",
        payment["out_trade_no"])]


def refunds(house, order) -> list:
    return house.db.rows("SELECT cause, amount_fen, state FROM refund WHERE order_id = %s"
                         " ORDER BY id", order["id"])


def gap(house) -> list:
    """What doesn't balance today, and money that lies open without being work for people; other
    days belong to tests that plant errors."""
    return house.db.rows("""
        SELECT l.* FROM ledger_day l WHERE l.day = (now() AT TIME ZONE 'Asia/Shanghai')::date
        AND (l.gap_fen <> 0 OR l.open_fen <> (SELECT coalesce(sum(a.amount_fen - a.refunded_fen), 0)
            FROM payment_attempt a WHERE a.state = 'surplus' AND a.channel = l.channel
            AND (a.paid_at AT TIME ZONE 'Asia/Shanghai')::date = l.day AND EXISTS (SELECT 1
                FROM work_item w WHERE w.order_id = a.order_id AND w.done_at IS NULL)))""")


def booked(house, customer, order) -> int:
    return house.db.value("SELECT periods FROM booking_day WHERE account_id = %s"
                          " AND play_date = %s", customer.account_id, order["date"])


def expire(house, order):
    overdue(house, order)
    until(house, order, "expired")


def silence(sim):
    """WeChat Pay answers nothing that helps."""
    sim.fault("http_500_before", times=100000, path="/v3/pay/transactions")


def test_an_unpaid_order_expires_and_gives_everything_back(house, slots, customer):
    slot = slots.one()
    order = customer.order(slot)
    payment = customer.prepay(order)
    assert held(house, order) > 0 and booked(house, customer, order) == 1
    expire(house, order)
    assert held(house, order) == 0 and booked(house, customer, order) == 0
    assert house.sim.order(payment["out_trade_no"])["trade_state"] == "CLOSED"
    assert [i["state"] for i in customer.see(order)["items"]] == ["released"]
    assert house.db.rows("SELECT kind, account_id FROM violation WHERE order_id = %s",
                         order["id"]) == [("expired", customer.account_id)]
    refused(customer.try_pay(order), 409, "order_expired")
    house.customer().order(slot)  # somebody else may have it


def test_an_order_is_not_expired_before_its_time(house, slots, customer):
    order, other = customer.order(slots.one()), house.customer().order(slots.one())
    expire(house, other)
    assert state(house, order) == "pending" and held(house, order) > 0


def test_while_the_channel_is_silent_the_court_stays_held(house, slots, customer, sim):
    order = customer.order(slots.one())
    payment = customer.prepay(order)
    silence(sim)
    overdue(house, order)
    until(house, order, "closing")
    wait_for(lambda: house.db.value("SELECT close_tries FROM payment_attempt WHERE order_id = %s",
                                    order["id"]) > 1)
    assert state(house, order) == "closing" and held(house, order) > 0
    refused(customer.try_pay(order), 409, "order_expired")
    sim.quiet()
    house.db.all_at_once(("UPDATE payment_attempt SET close_at = NULL WHERE order_id = %s",
                          order["id"]))
    until(house, order, "expired")
    assert house.sim.order(payment["out_trade_no"])["trade_state"] == "CLOSED"


def test_a_channel_that_stays_silent_is_not_waited_for_for_ever(house, slots, customer, sim):
    order = customer.order(slots.one())
    payment = customer.prepay(order)
    silence(sim)
    overdue(house, order)
    until(house, order, "closing")
    house.db.all_at_once(("UPDATE orders SET closing_at = now() - interval '1 day' WHERE id = %s",
                          order["id"]),
                         ("UPDATE payment_attempt SET close_at = NULL WHERE order_id = %s",
                          order["id"]))
    until(house, order, "expired")
    assert held(house, order) == 0
    assert house.db.value("SELECT unconfirmed FROM orders WHERE id = %s", order["id"])
    sim.quiet()
    # … and the money that comes after all is found without a notify
    sim.fault("notify_never", times=1000)
    assert sim.pay(payment, wait=False)["result"] == "ok"
    house.db.all_at_once(("UPDATE payment_attempt SET ask_at = now() WHERE order_id = %s",
                          order["id"]))
    wait_for(lambda: outcomes(house, payment))
    assert outcomes(house, payment) == ["retaken"]
    assert state(house, order) == "paid" and held(house, order) > 0


def test_paid_while_it_closes_is_paid(house, slots, customer, sim):
    order = customer.order(slots.one())
    payment = customer.prepay(order)
    sim.fault("notify_never", times=1000)
    assert sim.pay(payment)["result"] == "ok"
    overdue(house, order)
    until(house, order, "paid")
    assert held(house, order) > 0 and outcomes(house, payment) == ["paid"]
    assert not house.db.rows("SELECT 1 FROM violation WHERE order_id = %s", order["id"])
    assert customer.code(order)


def pay_late(sim, payment):
    """A bank's answer that comes after the order was closed."""
    told = sim.post("pay", out_trade_no=payment["out_trade_no"], late=True, wait=True)
    assert told["result"] == "ok", told


def test_late_money_takes_a_free_court_again(house, slots, customer, sim):
    order = customer.order(slots.one())
    payment = customer.prepay(order)
    expire(house, order)
    pay_late(sim, payment)
    assert outcomes(house, payment) == ["retaken"]
    seen = customer.see(order)
    assert (seen["state"], seen["pay_state"]) == ("paid", "paid")
    assert held(house, order) > 0 and booked(house, customer, order) == 1
    assert house.db.rows("SELECT lift_reason FROM violation WHERE order_id = %s",
                         order["id"]) == [("迟到付款，场地仍保留",)]
    assert customer.code(order) and not refunds(house, order) and not gap(house)


def test_late_money_for_a_sold_court_goes_back_in_full(house, slots, customer, sim):
    slot = slots.one()
    order = customer.order(slot)
    payment = customer.prepay(order)
    expire(house, order)
    other = house.customer().paid_order(slot)
    pay_late(sim, payment)
    assert outcomes(house, payment) == ["late"]
    wait_for(lambda: refunds(house, order) == [("late", order["amount_fen"], "succeeded")])
    seen = customer.see(order)
    assert (seen["state"], seen["pay_state"]) == ("expired", "unpaid")
    assert [r["state"] for r in seen["refunds"]] == ["succeeded"]
    assert state(house, other) == "paid" and held(house, order) == 0 and not gap(house)


def test_two_attempts_both_paid_the_second_goes_back(house, slots, customer, sim):
    order = customer.order(slots.one())
    one, other = customer.prepay(order, "jsapi"), customer.prepay(order, "native")
    assert sim.pay(one, wait=True)["result"] == "ok"
    assert sim.pay(other, wait=True, late=True)["result"] == "ok"
    assert outcomes(house, one) == ["paid"] and outcomes(house, other)[0] == "surplus"
    wait_for(lambda: refunds(house, order) == [("surplus", order["amount_fen"], "succeeded")])
    assert customer.see(order)["pay_state"] == "paid" and not gap(house)


def test_the_channel_is_asked_on_the_users_return(house, slots, customer, sim):
    order = customer.order(slots.one())
    payment = customer.prepay(order)
    sim.fault("notify_never", times=1000)
    assert sim.pay(payment)["result"] == "ok"
    path = f"/api/v1/orders/{order['id']}/payments/check"
    assert ok(customer.call("POST", path))["state"] == "paid"
    assert ok(customer.call("POST", path))["state"] == "paid"
    assert outcomes(house, payment) == ["paid"]
    refused(house.customer().call("POST", path), 404, "not_found")


def test_asking_about_an_order_that_nobody_paid_changes_nothing(house, slots, customer):
    order = customer.order(slots.one())
    customer.prepay(order)
    answer = ok(customer.call("POST", f"/api/v1/orders/{order['id']}/payments/check"))
    assert answer["state"] == "pending" and held(house, order) > 0


def test_a_silent_payment_is_found_by_the_job(house, slots, customer, sim):
    order = customer.order(slots.one())
    payment = customer.prepay(order)
    sim.fault("notify_never", times=1000)
    assert sim.pay(payment)["result"] == "ok"
    house.db.all_at_once(("UPDATE payment_attempt SET ask_at = now() WHERE order_id = %s",
                          order["id"]))
    until(house, order, "paid")
    assert outcomes(house, payment) == ["paid"]


def test_a_tap_on_pay_after_it_was_paid_says_so(house, slots, customer, sim):
    """The notify is lost: WeChat refuses the same number, and a question tells why."""
    order = customer.order(slots.one())
    sim.fault("answer_lost", times=2, path="/v3/pay/transactions/jsapi")
    refused(customer.try_pay(order), 503, "channel_unknown")
    number = house.db.value("SELECT out_trade_no FROM payment_attempt WHERE order_id = %s",
                            order["id"])
    sim.fault("notify_never", times=1000)
    assert sim.post("pay", out_trade_no=number)["result"] == "ok"
    refused(customer.try_pay(order), 409, "order_paid")
    assert state(house, order) == "paid"


def test_three_expiries_ban_and_say_until_when(house, slots, customer):
    for _ in range(3):
        order = customer.order(slots.one())
        expire(house, order)
    answer = customer.try_order(slots.one())
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert error["code"] == "banned"
    days = house.db.value("SELECT extract(epoch FROM %s::timestamptz - now()) / 86400",
                          error["until"])
    assert 29.9 < float(days) <= 30
    house.customer().order(slots.one())  # nobody else


def test_two_expiries_do_not_ban(house, slots, customer):
    for _ in range(2):
        expire(house, customer.order(slots.one()))
    customer.order(slots.one())


def test_late_money_takes_back_the_ban_that_rested_on_it(house, slots, customer, sim):
    for _ in range(2):
        expire(house, customer.order(slots.one()))
    order = customer.order(slots.one())
    payment = customer.prepay(order)
    expire(house, order)
    assert customer.try_order(slots.one()).status_code == 403
    pay_late(sim, payment)
    assert state(house, order) == "paid"
    customer.order(slots.one())


@pytest.mark.parametrize("in_time", [True, False])
def test_who_paid_in_time_is_not_banned_though_the_court_is_sold(
        house, slots, customer, sim, in_time):
    for _ in range(2):
        expire(house, customer.order(slots.one()))
    slot = slots.one()
    order = customer.order(slot)
    payment = customer.prepay(order)
    expire(house, order)
    house.customer().paid_order(slot)
    assert customer.try_order(slots.one()).status_code == 403
    house.db.run("UPDATE orders SET expires_at = now() + %s * interval '1 minute' WHERE id = %s",
                 1 if in_time else -1, order["id"])  # the channel's clock tells
    pay_late(sim, payment)
    assert outcomes(house, payment) == ["late"] and state(house, order) == "expired"
    assert house.db.rows("SELECT lift_reason FROM violation WHERE order_id = %s", order["id"]) == [
        ("已按时付款，渠道通知延迟" if in_time else None,)]
    assert customer.try_order(slots.one()).status_code == (201 if in_time else 403)


@pytest.fixture
def surplus(slots, customer, sim):
    """An order that is paid twice, and how the second sum's refund is to end."""
    def make(setting: str, value=None, **fault):
        sim.fault(setting, **({"value": value} if value else fault))
        order = customer.order(slots.one())
        payments = [customer.prepay(order, method) for method in ("jsapi", "native")]
        for payment in payments:
            assert sim.pay(payment, wait=True, late=True)["result"] == "ok"
        return order
    return make


def work(house, order) -> list:
    return house.db.rows("SELECT kind, detail->>'trouble', done_at IS NULL FROM work_item"
                         " WHERE order_id = %s ORDER BY opened_at", order["id"])


@pytest.mark.parametrize("final", ["ABNORMAL", "CLOSED"])
def test_a_refund_that_can_not_arrive_is_work_for_people(house, surplus, final):
    order = surplus("refund_outcome", final)
    wait_for(lambda: refunds(house, order) and refunds(house, order)[0][2] == "stuck")
    assert work(house, order) == [("refund_stuck", final, True)] and not gap(house)


def test_a_refund_that_is_refused_is_work_for_people(house, surplus):
    order = surplus("refund_user_abnormal")
    wait_for(lambda: refunds(house, order) and refunds(house, order)[0][2] == "stuck")
    assert work(house, order) == [("refund_stuck", "USER_ACCOUNT_ABNORMAL", True)]


def test_an_empty_merchant_account_is_waited_for(house, surplus):
    order = surplus("refund_not_enough", times=2)
    wait_for(lambda: refunds(house, order) and refunds(house, order)[0][2] == "succeeded")
    assert not work(house, order)


@pytest.mark.parametrize("fault", ["answer_lost", "http_500_after", "http_500_before",
                                   "answer_bad_signature", "429"])
def test_a_refund_whose_answer_is_lost_is_paid_once(house, surplus, sim, fault):
    order = surplus(fault, path="/v3/refund/domestic/refunds")
    wait_for(lambda: refunds(house, order) and refunds(house, order)[0][2] == "succeeded")
    number = house.db.value("SELECT out_trade_no FROM payment_attempt WHERE order_id = %s"
                            " AND state = 'surplus'", order["id"])
    assert len(sim.items("refunds", out_trade_no=number)) == 1


def test_a_refund_whose_notify_is_lost_is_asked_for(house, surplus, sim):
    order = surplus("notify_never", times=1000, event="refund")
    wait_for(lambda: refunds(house, order) and refunds(house, order)[0][2] == "accepted")
    house.db.all_at_once(("UPDATE refund SET run_at = now() WHERE order_id = %s", order["id"]))
    wait_for(lambda: refunds(house, order)[0][2] == "succeeded")


ENTITIES = ["order_item", "orders", "payment_attempt", "refund"]


def known_states(house) -> dict:
    found = house.db.rows(
        "SELECT c.conrelid::regclass::text, pg_get_constraintdef(c.oid) FROM pg_constraint c"
        " WHERE c.conname = c.conrelid::regclass::text || '_state_known'"
        " AND c.conrelid::regclass::text = ANY(%s)", ENTITIES)
    return {table: re.findall(r"'([a-z_]+)'", text) for table, text in found}


@pytest.fixture
def stand_in(house):
    """A table of the same name and with the same trigger, and no other rule in the way."""
    def make(entity):
        house.db.run(f"CREATE TEMP TABLE {entity} (id bigint, state text)")
        made.append(entity)
        house.db.run(f"CREATE TRIGGER t BEFORE UPDATE OF state ON pg_temp.{entity} FOR EACH ROW"
                     " WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_move_check()")
    made = []
    yield make
    for entity in made:
        house.db.run(f"DROP TABLE pg_temp.{entity}")


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_move_of_a_state_is_legal_or_refused(house, stand_in, entity):
    legal = set(house.db.rows("SELECT was, becomes FROM state_move WHERE entity = %s", entity))
    states = known_states(house)[entity]
    assert legal <= {(a, b) for a in states for b in states}
    stand_in(entity)
    for was, becomes in ((a, b) for a in states for b in states if a != b):
        house.db.run(f"TRUNCATE pg_temp.{entity}")
        house.db.run(f"INSERT INTO pg_temp.{entity} VALUES (1, %s)", was)
        move = f"UPDATE pg_temp.{entity} SET state = %s"
        if (was, becomes) in legal:
            house.db.run(move, becomes)
            continue
        with pytest.raises(psycopg2.errors.CheckViolation) as trouble:
            house.db.run(move, becomes)
        assert trouble.value.diag.constraint_name == f"{entity}_move"


def test_the_real_tables_have_that_trigger(house):
    assert house.db.rows(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'state_move_check'::regproc"
        " AND tgenabled = 'O' AND tgrelid::regclass::text = ANY(%s) ORDER BY 1",
        ENTITIES) == [(entity,) for entity in ENTITIES]
