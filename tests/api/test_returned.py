"""Money that somebody else has given back: people in the channel's console, or we ourselves before
an older state of the database was restored. Nothing is fulfilled by it, people hear of it, and the
day's bills bring our rows to what is true."""
import itertools
import os
import subprocess
from datetime import date

import pytest

import test_alipay
from house import wait_for
from money import refunds, states
from test_reconcile import DONE, Day, today
from test_settle import expire, gap, outcomes

WORK = ("SELECT kind, detail->>'outcome', detail->>'number' FROM work_item WHERE order_id = %s"
        " AND done_at IS NULL ORDER BY kind DESC")


ages = itertools.count(4, 3)  # other days than those of test_reconcile


@pytest.fixture
def a_day(house, sim, slots, customer):
    return Day(house, sim, slots, customer, next(ages))


def by_hand(sim, number: str, fen: int, at: str | None = None) -> str:
    body = {"out_trade_no": number, "refund_fen": fen, **({"at": at} if at else {})}
    return sim.post("refunds/by-hand", **body)["out_refund_no"]


def attempts(house, order) -> list:
    return house.db.rows("SELECT state, refunded_fen FROM payment_attempt WHERE order_id = %s"
                         " ORDER BY out_trade_no", order["id"])


def begin(customer, order, channel: str) -> dict:
    return test_alipay.prepay(customer, order) if channel == "alipay" else customer.prepay(order)


@pytest.mark.parametrize("channel, part", [("wechat", False), ("wechat", True), ("alipay", False)])
def test_a_query_whose_first_news_is_a_refund_fulfils_nothing(
        house, slots, customer, sim, a_day, channel, part):
    order = customer.order(slots.one())
    payment = begin(customer, order, channel)
    sim.fault("notify_never", times=-1)
    assert sim.pay(payment, success_time=a_day.at("10:00:00"))["result"] == "ok"
    by_hand(sim, payment["out_trade_no"], 1 if part else order["amount_fen"])
    customer.call("POST", f"/api/v1/orders/{order['id']}/payments/check")
    assert outcomes(house, payment) == ["returned"]
    assert states(house, order) == ("pending", "unpaid", 0)
    assert attempts(house, order) == [("surplus", 0)] and not refunds(house, order)
    assert house.db.rows(WORK, order["id"]) == [("strange_payment", "returned", None)]
    expire(house, order)  # and this is nobody's fault
    assert not house.db.rows("SELECT 1 FROM violation WHERE order_id = %s", order["id"])


@pytest.mark.parametrize("part", [False, True])
def test_a_notice_whose_first_news_is_a_refund_fulfils_nothing(
        house, slots, customer, sim, a_day, part):
    order = customer.order(slots.one())
    payment = begin(customer, order, "alipay")
    sim.fault("notify_never", event="transaction", out_trade_no=payment["out_trade_no"])
    assert sim.pay(payment, success_time=a_day.at("10:00:00"))["result"] == "ok"
    by_hand(sim, payment["out_trade_no"], 1 if part else order["amount_fen"])
    wait_for(lambda: outcomes(house, payment) == ["returned"])
    assert states(house, order) == ("pending", "unpaid", 0)
    assert house.db.rows(WORK, order["id"]) == [("strange_payment", "returned", None)]


def test_it_takes_back_the_violation_of_who_paid_in_time(
        house, slots, customer, sim, a_day):
    order = customer.order(slots.one())
    payment = customer.prepay(order)
    expire(house, order)
    house.db.run("UPDATE orders SET expires_at = now() + interval '1 minute' WHERE id = %s",
                 order["id"])
    sim.fault("notify_never", times=-1)
    sim.post("pay", out_trade_no=payment["out_trade_no"], late=True,
             success_time=a_day.at("10:00:00"))
    by_hand(sim, payment["out_trade_no"], order["amount_fen"])
    customer.call("POST", f"/api/v1/orders/{order['id']}/payments/check")
    assert outcomes(house, payment) == ["returned"]
    assert states(house, order)[0] == "expired"
    assert house.db.rows("SELECT lifted_at IS NOT NULL FROM violation WHERE order_id = %s",
                         order["id"]) == [(True,)]


@pytest.mark.parametrize("part", [False, True])
def test_a_refund_by_hand_is_found_in_the_bill_and_joined_to_its_order(a_day, house, sim, part):
    order, number = a_day.paid()
    fen = 1 if part else order["amount_fen"]
    refund = by_hand(sim, number, fen, a_day.at("12:00:00"))
    a_day.reconcile()
    assert a_day.diffs() == [("only_theirs", "refund", refund)]
    assert house.db.rows(WORK, order["id"]) == [("reconcile", None, refund)]
    wait_for(lambda: refunds(house, order) == [("reconcile", fen, "succeeded")])
    assert states(house, order) == ("paid", "part_refunded" if part else "refunded", fen)
    house.settle()
    before = a_day.picture()
    a_day.reconcile()
    assert a_day.picture() == before and not gap(house)


def test_what_was_returned_in_part_is_not_sent_back_by_itself(a_day, house, sim):
    order, payment = a_day.unpaid()
    number = payment["out_trade_no"]
    sim.fault("notify_never", out_trade_no=number)
    a_day.pay(payment)
    by_hand(sim, number, 1)  # today: this day's bill has the payment alone
    assert "sent back 0" in a_day.reconcile()
    assert attempts(house, order) == [("surplus", 0)] and not refunds(house, order)
    assert [kind for kind, _, _ in house.db.rows(WORK, order["id"])] == ["strange_payment"]


def test_a_bill_s_number_without_an_attempt_still_names_its_order(a_day, house):
    order, _ = a_day.unpaid()
    number = order["no"] + "A77"
    a_day.change_bill(add=[{"out_trade_no": number, "total": 5,
                            "success_time": a_day.at("11:00:00")}])
    a_day.reconcile()
    assert house.db.rows(WORK, order["id"]) == [("reconcile", None, number)]


class Restored:
    """The database as it was some time ago, in another one, with the programs that work on it."""

    def __init__(self, house):
        self.house = house
        self.at = f"host={house.run}/pg/sock user=postgres"
        self.sql("postgres", "DROP DATABASE IF EXISTS zx_older WITH (FORCE)",
                 "CREATE DATABASE zx_older OWNER zx_owner")
        subprocess.run(["bash", "-o", "pipefail", "-c",
                        f"pg_dump -d '{self.at} dbname=zx' -Fc |"
                        f" pg_restore -d '{self.at} dbname=zx_older'"], check=True)
        self.db = type(house.db)(house.run, "zx_owner", "zx_older")

    def sql(self, name: str, *statements):
        words = [word for s in statements for word in ("-c", s)]
        subprocess.run(["psql", "-q", f"{self.at} dbname={name}", *words], check=True)

    def end(self):
        self.db.close()
        self.sql("postgres", "DROP DATABASE zx_older WITH (FORCE)")

    def program(self, *words) -> subprocess.Popen:
        lines = (self.house.run / "zx.env").read_text().splitlines()
        settings = dict(line.replace('"', "").partition("=")[::2] for line in lines)
        settings["ZX_DB"] = f"host={self.house.run}/pg/sock user=zx dbname=zx_older"
        words = (self.house.run / "app/libexec/zhixing" / words[0], *words[1:])
        return subprocess.Popen(words, env={**os.environ, **settings}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def reconcile(self, day: str) -> str:
        job = self.program("reconcile", "--channel", "wechat", "--date", day)
        said, log = job.communicate(timeout=120)
        assert job.returncode == DONE, said + log
        return said

    def settle_until(self, look):
        daemon = self.program("settle")
        try:
            wait_for(look)
        finally:
            daemon.terminate()
            daemon.communicate(timeout=60)

    def money(self, order) -> tuple:
        """The order, what came for it and went back."""
        return (*self.db.rows("SELECT state, pay_state, refunded_fen FROM orders WHERE id = %s",
                              order["id"])[0],
                self.db.rows("SELECT state, amount_fen, refunded_fen FROM payment_attempt"
                             " WHERE order_id = %s ORDER BY id", order["id"]),
                self.db.rows("SELECT out_refund_no, amount_fen, state FROM refund"
                             " WHERE order_id = %s", order["id"]))


@pytest.fixture
def backup(house):
    made = []

    def make():
        made.append(Restored(house))
        return made[0]
    yield make
    for restored in made:
        restored.end()


def cancelled(a_day, sim, customer, order) -> str:
    """Given up and refunded, on that day by WeChat's clock."""
    back = (date.fromisoformat(a_day.date) - today()).days * 86400
    sim.post("clock", advance_s=back)
    customer.cancel(order)
    wait_for(lambda: [r[2] for r in refunds(a_day.house, order)] == ["succeeded"])
    sim.post("clock", advance_s=-back)
    return a_day.house.db.value("SELECT out_refund_no FROM refund WHERE order_id = %s",
                                order["id"])


def test_after_an_older_database_was_restored_reconciling_brings_all_states_right(
        a_day, house, sim, backup):
    kept, _ = a_day.paid("00:01:00")
    given_up, _ = a_day.paid("00:02:00")
    first, a_day.customer = a_day.customer, house.customer()
    (later, its), (both, their) = a_day.unpaid(), a_day.unpaid()
    older = backup()
    a_day.pay(its, "00:03:00")
    a_day.pay(their, "00:04:00")
    number, other = cancelled(a_day, sim, first, given_up), cancelled(
        a_day, sim, a_day.customer, both)
    new, _ = a_day.paid("00:05:00")

    older.reconcile(a_day.date)
    fen = {o["id"]: o["amount_fen"] for o in (kept, given_up, later, both, new)}
    rows = lambda: {o["id"]: older.money(o) for o in (kept, given_up, later, both)}
    paid = lambda o: ("paid", "paid", 0, [("paid", fen[o["id"]], 0)], [])
    full = lambda o, state, refund: [
        [(state, fen[o["id"]], fen[o["id"]])], [(refund, fen[o["id"]], "succeeded")]]
    right = {kept["id"]: paid(kept), later["id"]: paid(later),
             given_up["id"]: ("paid", "refunded", fen[given_up["id"]],
                              *full(given_up, "paid", number)),
             both["id"]: ("pending", "unpaid", 0, *full(both, "surplus", other))}
    older.settle_until(lambda: rows() == right or None)
    day = a_day.date
    assert older.db.rows("SELECT gap_fen, open_fen FROM ledger_day WHERE day = %s"
                         " AND channel = 'wechat'", day) == [(0, 0)]
    # People see what became of the courts, and of the order that is not there any more.
    work = older.db.rows("SELECT order_id, kind, detail->>'what', detail->>'number' FROM work_item"
                         " WHERE done_at IS NULL AND (order_id = ANY(%s)"
                         " OR detail->>'day' = %s)", [*fen], day)
    assert sorted((o or 0, kind, what or "") for o, kind, what, _ in work) == sorted([
        (given_up["id"], "reconcile", "refund"), (both["id"], "reconcile", "refund"),
        (both["id"], "strange_payment", ""), (0, "reconcile", "payment")])
    # … once: the next run finds nothing more.
    assert older.reconcile(day).endswith("sent back 0\n") and rows() == right
