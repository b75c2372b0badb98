"""The job `reconcile` against WeChat's bills. Each test has a day of its own, long past: payments
are dated back to it."""
import itertools
import os
import subprocess
from datetime import date, datetime, timedelta, timezone

import pytest

from house import wait_for

CHINA = timezone(timedelta(hours=8))
DONE, USAGE, AGAIN, CONFIG = 0, 64, 75, 78
JOB_LIMIT_S = 120
UNCHANGED = ("reconcile_run", "reconcile_diff", "reconcile_line", "work_item", "orders",
             "order_item", "payment_attempt", "refund", "notify_log")
ages = itertools.count(3, 3)  # days ago; WeChat keeps bills for 90


def today() -> date:
    return datetime.now(CHINA).date()


def start(house, *words) -> subprocess.Popen:
    lines = (house.run / "zx.env").read_text().splitlines()
    settings = dict(line.replace('"', "").partition("=")[::2] for line in lines)
    return subprocess.Popen([house.run / "app/libexec/zhixing/reconcile", *words],
                            env={**os.environ, **settings}, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run(house, *words) -> tuple:
    """Exit status and what the job said."""
    job = start(house, *words)
    said, log = job.communicate(timeout=JOB_LIMIT_S)
    return job.returncode, said, log


class Day:
    """A past day: what is paid on it, its bills, the job."""

    def __init__(self, house, sim, slots, customer, age=None):
        self.house, self.sim, self.slots, self.customer = house, sim, slots, customer
        self.date = str(today() - timedelta(days=age or next(ages)))

    def at(self, clock: str) -> str:
        return f"{self.date}T{clock}+08:00"

    def unpaid(self) -> tuple:
        """An order and its attempt."""
        order = self.customer.order(self.slots.one())
        return order, self.customer.prepay(order)

    def pay(self, payment: dict, clock: str = "10:00:00", **more):
        paid = self.sim.pay(payment, wait=True, success_time=self.at(clock), late=True, **more)
        assert paid["result"] == "ok"

    def paid(self, clock: str = "10:00:00") -> tuple:
        order, payment = self.unpaid()
        self.pay(payment, clock)
        return order, payment["out_trade_no"]

    def refunded(self, number: str, clock: str = "12:00:00") -> str:
        """A refund of one fen, written behind the programs' backs, sent by the daemon."""
        refund = number + "R01"
        self.house.db.all_at_once(
            ("INSERT INTO refund (id, order_id, attempt_id, venue_id, out_refund_no, amount_fen,"
             " cause, reason, request, state, channel_no, sent_at, done_at)"
             " SELECT nextval('id_block') * 256, a.order_id, a.id, o.venue_id, %s, 1, 'cancel', '',"
             " '', 'succeeded', 'x', %s, now() FROM payment_attempt a JOIN orders o"
             " ON o.id = a.order_id WHERE a.out_trade_no = %s", refund, self.at(clock), number),
            ("UPDATE payment_attempt SET refunded_fen = 1 WHERE out_trade_no = %s", number))
        return refund

    def change_bill(self, **edits):
        self.sim.post("bills", bill_date=self.date, **edits)

    def reconcile(self, status: int = DONE) -> str:
        code, said, log = run(self.house, "--channel", "wechat", "--date", self.date)
        assert code == status, said + log
        assert said.startswith(f"wechat {self.date}: {'done;' if status == DONE else 'not done:'}")
        return said

    def diffs(self) -> list:
        return self.house.db.rows("SELECT class, what, number FROM reconcile_diff"
                                  " WHERE channel = 'wechat' AND day = %s ORDER BY 1, 2, 3",
                                  self.date)

    def work(self) -> dict:
        """Number → whether it is done."""
        return dict(self.house.db.rows(
            "SELECT detail->>'number', done_at IS NOT NULL FROM work_item"
            " WHERE kind = 'reconcile' AND detail->>'day' = %s", self.date))

    def state(self) -> tuple:
        return self.house.db.rows("SELECT state, tries, trade_hash, flow_hash FROM reconcile_run"
                                  " WHERE channel = 'wechat' AND day = %s", self.date)[0]

    def picture(self) -> dict:
        return {t: v for t, v in self.house.picture().items() if t in UNCHANGED}


@pytest.fixture
def a_day(house, sim, slots, customer):
    return Day(house, sim, slots, customer)


@pytest.mark.parametrize("setting", ["lf", "crlf", "plain"])
def test_what_agrees_is_done(a_day, sim, setting):
    if setting == "plain":
        sim.fault("bill_plain", times=-1)
    else:
        sim.post("faults", name="bill_line_end", value=setting)
    for clock in ("00:00:00", "12:00:00", "23:59:59"):
        a_day.paid(clock)
    said = a_day.reconcile()
    assert "; 3 payments " in said and " 6 flows;" in said  # each with its fee
    assert a_day.diffs() == [] and a_day.work() == {}
    state, tries, trade, flow = a_day.state()
    assert (state, tries, len(trade), len(flow)) == ("done", 1, 40, 40) and trade != flow


def test_what_a_coupon_paid_is_held_against_what_is_settled(a_day, house):
    """The flow shows what the channel settles; the order is paid all the same."""
    order, payment = a_day.unpaid()
    a_day.pay(payment, coupon_fen=order["amount_fen"] // 4)
    a_day.paid()
    said = a_day.reconcile()
    assert "; 2 payments " in said and a_day.diffs() == [] and a_day.work() == {}
    assert house.db.rows(
        "SELECT o.state, o.paid_fen, a.settled_fen FROM orders o JOIN payment_attempt a"
        " ON a.order_id = o.id WHERE a.out_trade_no = %s", payment["out_trade_no"]) == [
            ("paid", order["amount_fen"], order["amount_fen"] * 3 // 4)]


def test_the_second_before_and_after_belong_to_other_days(a_day):
    _, first = a_day.paid("00:00:00")
    _, last = a_day.paid("23:59:59")
    a_day.change_bill(drop=[first, last])
    a_day.reconcile()
    assert a_day.diffs() == [("only_ours", "payment", n) for n in sorted((first, last))]
    for days in (-1, 1):
        a_day.date = str(date.fromisoformat(a_day.date) + timedelta(days=days))
        a_day.reconcile()
        assert not {first, last} & {number for _, _, number in a_day.diffs()}
        a_day.date = str(date.fromisoformat(a_day.date) - timedelta(days=days))


def test_an_order_whose_notify_was_lost_is_fulfilled(a_day, sim):
    order, payment = a_day.unpaid()
    sim.fault("notify_never", out_trade_no=payment["out_trade_no"])
    a_day.pay(payment)
    assert a_day.customer.see(order)["state"] == "pending"
    said = a_day.reconcile()
    assert "state 1, of these open 0" in said
    assert a_day.diffs() == [("state", "payment", payment["out_trade_no"])]
    assert a_day.work() == {payment["out_trade_no"]: True}
    assert a_day.customer.see(order)["state"] == "paid"
    a_day.customer.code(order)


def test_while_wechat_is_silent_the_order_waits(a_day, sim):
    order, payment = a_day.unpaid()
    sim.fault("notify_never", out_trade_no=payment["out_trade_no"])
    a_day.pay(payment)
    sim.fault("http_500_before", times=-1, path="/v3/pay/transactions/out-trade-no/")
    a_day.reconcile(AGAIN)
    assert a_day.state()[0] == "matched"
    assert a_day.work() == {payment["out_trade_no"]: False}
    sim.quiet()
    a_day.reconcile()
    assert a_day.work() == {payment["out_trade_no"]: True}
    assert a_day.customer.see(order)["state"] == "paid"


def test_each_class_is_told_once_and_a_second_run_changes_nothing(a_day, house):
    (_, missed), (_, wrong), (_, good) = (a_day.paid() for _ in range(3))
    refund = a_day.refunded(good)
    a_day.change_bill(drop=[missed], amounts={wrong: 1},
                      add=[{"out_trade_no": "STRANGER", "total": 5,
                            "success_time": a_day.at("11:00:00")}])
    said = a_day.reconcile()
    assert "only ours 2, only theirs 1, amount 1, state 0, of these open 4;" in said
    assert a_day.diffs() == [
        ("amount", "payment", wrong), ("only_ours", "payment", missed),
        ("only_ours", "refund", refund), ("only_theirs", "payment", "STRANGER")]
    assert a_day.work() == dict.fromkeys((missed, wrong, refund, "STRANGER"), False)
    house.db.run("UPDATE work_item SET done_at = now(), note = '已核实'"
                 " WHERE detail->>'number' = %s", wrong)
    before = a_day.picture()
    for _ in range(2):
        assert "of these open 4;" in a_day.reconcile()
        assert a_day.picture() == before
    assert a_day.work()[wrong]


def test_only_one_of_the_two_bills_has_it(a_day):
    (_, unbooked), (_, unlisted) = a_day.paid(), a_day.paid()
    a_day.change_bill(only=["fundflowbill"], drop=[unbooked], amounts={unlisted: 3})
    a_day.reconcile()
    assert a_day.diffs() == [("amount", "flow_payment", unlisted),
                             ("only_ours", "flow_payment", unbooked)]


MISSING = ["bill_not_ready", "bill_wrong_hash", "bill_cut"]


@pytest.mark.parametrize("fault", MISSING)
def test_a_bill_that_can_not_be_had_is_waited_for(a_day, sim, fault):
    a_day.paid()
    sim.fault(fault, times=-1, bill_date=a_day.date)
    a_day.reconcile(AGAIN)
    assert a_day.state()[:2] == ("waiting", 1) and a_day.diffs() == []
    sim.quiet()
    a_day.reconcile()
    assert a_day.state()[:2] == ("done", 2) and a_day.diffs() == []


@pytest.mark.parametrize("fault", ["bill_wrong_hash", "bill_cut"])
def test_a_file_that_was_torn_once_is_fetched_again_at_once(a_day, sim, fault):
    a_day.paid()
    sim.fault(fault, bill_date=a_day.date)
    a_day.reconcile()
    assert a_day.state()[:2] == ("done", 1) and a_day.diffs() == []


def test_a_broken_wechat_is_waited_for(a_day, sim):
    a_day.paid()
    sim.fault("http_500_before", times=-1, path="/v3/bill")
    a_day.reconcile(AGAIN)
    sim.quiet()
    a_day.reconcile()


def test_no_statement_without_payments_is_an_agreement(a_day):
    assert "; 0 payments " in a_day.reconcile()
    assert a_day.diffs() == [] and a_day.state() == ("done", 1, None, None)


def test_no_statement_on_a_day_with_payments_misses_all_of_them(a_day, sim):
    _, number = a_day.paid()
    sim.fault("bill_none", times=-1, bill_date=a_day.date)
    a_day.reconcile()
    assert a_day.diffs() == [("only_ours", "payment", number)]


def test_an_order_paid_twice_gets_one_payment_back(a_day, house, sim):
    """Also if the surplus has no refund, for whatever reason."""
    order, first = a_day.unpaid()
    second = a_day.customer.prepay(order, "native")
    number = second["out_trade_no"]
    sim.fault("refund_not_enough", times=-1, out_trade_no=number)
    a_day.pay(first, "10:00:00")
    a_day.pay(second, "10:00:10")
    refunds = lambda: house.db.rows(
        "SELECT r.cause, r.amount_fen, r.state, r.trouble FROM refund r JOIN payment_attempt a"
        " ON a.id = r.attempt_id WHERE a.out_trade_no = %s", number)
    wait_for(lambda: refunds()[0][3] == "NOT_ENOUGH")  # the notify has seen to it
    assert "sent back 0" in a_day.reconcile() and len(refunds()) == 1
    house.settle()  # and the customer was told
    house.db.all_at_once(  # as if it had not
        ("DELETE FROM refund WHERE attempt_id = (SELECT id FROM payment_attempt"
         " WHERE out_trade_no = %s)", number),
        ("UPDATE payment_attempt SET refunded_fen = 0 WHERE out_trade_no = %s", number))
    sim.quiet()
    assert "sent back 1" in a_day.reconcile()
    wait_for(lambda: refunds()[0][2] == "succeeded")
    assert [r[:2] for r in refunds()] == [("reconcile", order["amount_fen"])]
    assert len(sim.items("refunds", out_trade_no=number)) == 1
    assert "sent back 0" in a_day.reconcile()


def test_two_jobs_at_once_count_everything_once(a_day):
    _, missed = a_day.paid()
    a_day.change_bill(drop=[missed])
    jobs = [start(a_day.house, "--channel", "wechat", "--date", a_day.date) for _ in range(4)]
    said = [job.communicate(timeout=JOB_LIMIT_S)[0] for job in jobs]
    codes = [job.returncode for job in jobs]
    assert set(codes) <= {DONE, AGAIN} and DONE in codes, said
    assert a_day.diffs() == [("only_ours", "payment", missed)]
    assert a_day.work() == {missed: False}


WRONG = [["--date"], ["--date", "yesterday"], ["--date", "2026-02-30"], ["--day", "2026-01-01"],
         ["--channel"], ["2026-01-01"]]


def does_nothing(house, *words):
    code, said, log = run(house, *words)
    assert (code, said) == (USAGE, "") and "usage: reconcile" in log


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_wrong_arguments_do_nothing(house, words):
    does_nothing(house, *words)


@pytest.mark.parametrize("ahead", [0, 1, 2])
def test_a_day_that_is_not_over_is_not_reconciled(house, ahead):
    does_nothing(house, "--date", str(today() + timedelta(days=ahead)))


def test_a_delayed_refund_is_asked_about_at_once(a_day, house, sim):
    order, number = a_day.paid()
    sim.fault("refund_not_enough", times=-1, out_trade_no=number)
    a_day.customer.cancel(order)
    row = lambda: house.db.rows("SELECT state, trouble, run_at <= now() FROM refund"
                                " WHERE order_id = %s", order["id"])[0]
    wait_for(lambda: row()[1] == "NOT_ENOUGH")
    house.db.run("UPDATE refund SET delayed_at = now(), run_at = now() + interval '1 day'"
                 " WHERE order_id = %s", order["id"])
    sim.quiet()
    a_day.reconcile()
    wait_for(lambda: row()[0] == "succeeded")


def test_a_channel_without_a_merchant_is_a_matter_of_settings(house):
    code, said, _ = run(house, "--channel", "nosuch")
    assert (code, said) == (CONFIG, "")


def test_all_channels_or_one_alone(a_day, house):
    a_day.paid()
    code, said, log = run(house, "--date", a_day.date)
    assert code == DONE, log
    assert [line.split()[0] for line in said.splitlines()] == ["wechat", "alipay"]
    code, said, _ = run(house, "--date", a_day.date, "--channel", "wechat")
    assert code == DONE and said.startswith("wechat ") and said.count("\n") == 1


def test_without_a_date_yesterday_and_whatever_is_not_done(a_day, sim, house):
    """The last of this file: it does the days of all tests before."""
    a_day.paid()
    sim.fault("bill_not_ready", times=-1, bill_date=a_day.date)
    words = ("--channel", "wechat")
    code, said, log = run(house, *words)
    assert code == AGAIN, said + log
    assert f"wechat {today() - timedelta(days=1)}: done;" in said
    assert f"wechat {a_day.date}: not done: upstream_down" in said
    sim.quiet()
    code, said, _ = run(house, *words)  # it was asked for a moment ago
    assert (code, said) == (AGAIN, f"wechat {a_day.date}: not done: tried a moment ago\n")
    house.db.run("UPDATE reconcile_run SET run_at = now() WHERE day = %s", a_day.date)
    code, said, _ = run(house, *words)
    assert code == DONE and said.count("\n") == 1 and f"{a_day.date}: done;" in said
    assert run(house, *words)[:2] == (DONE, "")
