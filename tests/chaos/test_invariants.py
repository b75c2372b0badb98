"""The tester is tested: every claim of test_chaos.py is shown a wrong book, in a transaction that
is taken back or in a copy, and has to find it."""
import copy

import psycopg2
import pytest

import books
import history
from diary import Told
from test_chaos import MONEY

TABLES = ("orders", "order_item", "court_unit", "payment_attempt", "refund")  # with triggers


def one(table: str, where: str) -> str:
    return f" WHERE ctid = (SELECT x.ctid FROM {table} x WHERE {where} LIMIT 1)"


SUCCEEDED = one("refund", "x.state = 'succeeded'")
EXPIRED = one("orders", "x.state = 'expired'")
NOTICE = "INSERT INTO notify_log (channel, notice_id, event, out_trade_no, plaintext, outcome)" \
         " VALUES ('wechat', 'x', 'x', 'x', 'x', '{}')"


def untold(kind: str) -> str:
    return "DELETE FROM message" + one("message", f"x.kind = '{kind}'")


BREAK = {
    "a_paid_hour_has_its_floor":  # and its court has no units either
        "WITH i AS (SELECT x.id, x.court_id FROM order_item x JOIN orders o ON o.id = x.order_id"
        " WHERE o.state = 'paid' AND x.state = 'booked' AND upper(x.during) > now() LIMIT 1),"
        " u AS (DELETE FROM court_unit WHERE court_id = (SELECT court_id FROM i))"
        " DELETE FROM occupancy WHERE item_id = (SELECT id FROM i)",
    "what_goes_back_is_reserved_on_its_payment":
        "UPDATE payment_attempt SET refunded_fen = refunded_fen - 1"
        + one("payment_attempt", "x.refunded_fen > 0"),
    "what_goes_back_is_counted_on_its_order":
        "UPDATE orders SET refunded_fen = refunded_fen - 1, pay_state = CASE refunded_fen"
        " WHEN 1 THEN 'paid' ELSE 'part_refunded' END" + one("orders", "x.refunded_fen > 0"),
    "every_fen_of_an_order_is_somewhere":
        "UPDATE refund SET amount_fen = amount_fen + 1" + SUCCEEDED,
    "the_ledger_has_no_gap":
        "UPDATE payment_attempt SET amount_fen = amount_fen + 1"
        + one("payment_attempt", "x.state = 'paid'"),
    "the_ledger_has_all_the_money":
        "UPDATE payment_attempt SET paid_at = NULL" + one("payment_attempt", "x.state = 'paid'"),
    "money_lies_nowhere_without_work_for_people":
        "UPDATE payment_attempt SET refunded_fen = refunded_fen - 1"
        + one("payment_attempt", "x.state = 'surplus' AND NOT EXISTS (SELECT 1 FROM work_item w"
                                 " WHERE w.order_id = x.order_id AND w.done_at IS NULL)"),
    "a_refund_is_of_the_money_that_its_cause_says":
        "UPDATE refund SET cause = 'late'" + one("refund", "x.cause = 'cancel'"),
    "a_refund_of_a_cancellation_is_the_sum_of_its_items":
        "UPDATE refund SET amount_fen = amount_fen + 1"
        + one("refund", "x.cause = 'cancel' AND x.replaces IS NULL"),
    "an_item_got_back_what_the_rule_of_its_order_says":
        "UPDATE order_item SET refund_fen = refund_fen - 1"
        + one("order_item", "x.refund_fen > 0 AND NOT EXISTS (SELECT 1 FROM refund r"
                            " WHERE r.order_id = x.order_id AND r.cause = 'staff')"),
    "a_replaced_refund_is_void_and_its_sum_stays":
        "UPDATE refund SET replaces = (SELECT max(id) FROM refund WHERE state = 'succeeded')"
        + one("refund", "x.state = 'succeeded' AND x.replaces IS NULL"),
    "money_that_came_has_one_notice_that_acted":
        "DELETE FROM notify_log" + one("notify_log", "x.outcome = 'paid'"),
    "no_notice_acted_without_money": NOTICE.format("late"),
    "nothing_strange_was_told": NOTICE.format("wrong_amount"),
    "the_count_of_a_day_is_the_number_of_its_items":
        "UPDATE booking_day SET periods = periods + 1, allowed = allowed + 1"
        + one("booking_day", "true"),
    "an_order_ended_as_it_was_to_end": "UPDATE orders SET closing_to = 'cancelled'" + EXPIRED,
    "a_paid_order_is_cancelled_when_all_of_it_is_given_up":
        "UPDATE orders SET state = 'paid'"
        + one("orders", "x.state = 'cancelled' AND x.paid_at IS NOT NULL"),
    "an_expired_order_is_a_violation_and_nothing_else_is":
        "DELETE FROM violation" + one("violation", "x.lifted_at IS NULL"),
    "a_ban_rests_on_three_violations":
        "INSERT INTO ban (id, account_id, until, reason)"
        " SELECT 1, min(a.id), now() + interval '1 day', 'x' FROM account a WHERE NOT EXISTS"
        " (SELECT 1 FROM violation v WHERE v.account_id = a.id)",
    "three_violations_are_a_ban":
        "UPDATE violation SET account_id = (SELECT max(id) FROM account a WHERE NOT EXISTS ("
        "SELECT 1 FROM ban b WHERE b.account_id = a.id)) WHERE lifted_at IS NULL",
    "an_end_was_told_once": untold("order.ended"),
    "a_return_was_told_once": untold("order.retaken"),
    "a_first_use_was_told_once": untold("order.used"),
    "a_refund_was_told_once_when_it_began": untold("refund.created"),
    "a_refund_was_told_once_when_it_was_done": untold("refund.done"),
    "every_message_was_done_by_its_consumers_and_nobody_else":
        "DELETE FROM message_done" + one("message_done", "x.consumer = 'expire'"),
    "a_customer_reads_of_everything_once":
        "DELETE FROM inbox" + one("inbox", "x.kind = 'refund.done'"),
    "an_inbox_says_only_what_happened":
        "UPDATE inbox SET kind = 'order.ended'" + one("inbox", "x.kind = 'order.paid'"),
    "no_order_waits_or_closes": "UPDATE orders SET state = 'pending'" + EXPIRED,
    "no_refund_is_under_way":
        "UPDATE refund SET state = 'accepted', done_at = NULL" + SUCCEEDED,
    "an_ended_order_can_not_be_paid_any_more":
        "UPDATE payment_attempt SET state = 'prepaid'"
        + one("payment_attempt", "x.state = 'closed' AND (SELECT o.state FROM orders o"
                                 " WHERE o.id = x.order_id) = 'expired'"),
    "the_bills_say_the_same":
        "INSERT INTO reconcile_diff (channel, day, class, what, number)"
        " SELECT channel, day, 'only_ours', 'payment', 'x' FROM reconcile_run LIMIT 1",
    "every_day_was_reconciled":
        "UPDATE reconcile_run SET state = 'matched', done_at = NULL WHERE channel = 'wechat'",
    "a_stuck_refund_is_work_for_people_once":
        "UPDATE refund SET state = 'stuck', trouble = 'x', done_at = NULL" + SUCCEEDED,
    "a_refused_refund_was_told_once":
        "UPDATE order_item SET refund_fen = 0, refund_id = NULL"
        + one("order_item", "x.state = 'released' AND x.refund_id IS NOT NULL"),
    "a_ban_was_told_once_when_it_began_and_when_it_ended":
        "UPDATE ban SET told_at = NULL" + one("ban", "x.told_at IS NOT NULL"),
    "nobody_books_who_is_banned":
        "INSERT INTO ban (id, account_id, since, until, reason) SELECT 1, account_id,"
        " created_at - interval '1 minute', now() + interval '1 day', 'x' FROM orders LIMIT 1",
    "no_living_hour_is_outside_of_what_is_open_unless_it_is_listed": "DELETE FROM opening",
    "no_refund_waits_in_silence":
        "UPDATE refund SET delayed_at = now()" + one("refund", "x.delayed_at IS NULL"),
    "what_the_venue_gives_back_is_given_back":
        "UPDATE outside_item SET done_at = NULL" + one("outside_item", "x.choice = 'refund_all'"),
    "what_is_undecided_is_work_for_people":
        "INSERT INTO outside_item (item_id, order_id, venue_id) SELECT i.id, i.order_id, i.venue_id"
        " FROM order_item i WHERE i.state = 'booked' AND NOT EXISTS (SELECT 1 FROM outside_item x"
        " WHERE x.item_id = i.id) LIMIT 1",
}


def test_every_invariant_is_tried():
    assert set(BREAK) == set(MONEY)


@pytest.mark.parametrize("name", BREAK)
def test_a_broken_book_is_found(chaos, name):
    connection = psycopg2.connect(chaos.house.db.dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(MONEY[name])
            before = set(map(str, cursor.fetchall()))
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(BREAK[name])
            assert cursor.rowcount > 0
            cursor.execute(MONEY[name])
            assert set(map(str, cursor.fetchall())) - before
    finally:
        connection.close()


def first(wishes: dict, op: str, kind: str = "ok"):
    return next(w for w in wishes.values() if w.op == op and w.last.kind == kind)


def item_of(facts, order_id: int) -> int:
    return next(id_ for id_, row in facts.items.items() if row[0] == order_id)


def forget_the_end(wishes, facts):
    first(wishes, "order").answers.append(Told("info", 503, "outcome_unknown"))


def answer_otherwise(wishes, facts):
    wish = first(wishes, "order")
    wish.answers.append(Told("ok", 201, "", wish.granted.text + " "))


def refuse_afterwards(wishes, facts):
    first(wishes, "order").answers.append(Told("fail", 409, "slot_taken"))


def lose_a_key(wishes, facts):
    del facts.answers[first(wishes, "pay").key]


def keep_a_refusal(wishes, facts):
    facts.answers[first(wishes, "order", "fail").key] = (1, 201, "{}")


def add_a_key(wishes, facts):
    facts.answers["nobody's"] = (1, 201, "{}")


def lose_an_order(wishes, facts):
    del facts.orders[first(wishes, "order").granted.body["id"]]


def add_an_order(wishes, facts):
    facts.orders[1] = ("1", 1, "paid", "paid", None)


def move_an_order(wishes, facts):
    item = item_of(facts, first(wishes, "order").granted.body["id"])
    order, _, *rest = facts.items[item]
    facts.items[item] = (order, 1, *rest)


def swap_a_payment(wishes, facts):
    facts.attempts[first(wishes, "pay").granted.body["out_trade_no"]] = 1


def keep_what_was_cancelled(wishes, facts):
    order = next(o for w, o in history.granted(wishes, "cancel") if o["state"] == "cancelled"
                 and facts.orders[o["id"]][4] is None)
    for item, (of, court, begins, _, _) in list(facts.items.items()):
        if of == order["id"]:
            facts.items[item] = (of, court, begins, "booked", None)


def cancel_for_nobody(wishes, facts):
    facts.refunds[1] = (1, "cancel", 1)


def refund_a_fen_more(wishes, facts):
    id_ = first(wishes, "refund").granted.body["id"]
    facts.refunds[id_] = (*facts.refunds[id_][:2], facts.refunds[id_][2] + 1)


def refund_twice(wishes, facts):
    facts.refunds[1] = facts.refunds[first(wishes, "refund").granted.body["id"]]


def check_in_twice(wishes, facts):
    facts.checkins[first(wishes, "checkin").granted.body["order_id"]] += 1


def sell_twice(wishes, facts):
    """Of two that had the same half hour one after the other, the first never let go."""
    spans = {}
    for item, (order, court, begins, state, _) in facts.items.items():
        spans.setdefault((court, begins), []).append(item)
    told = {order["id"] for _, order in history.granted(wishes, "order")}
    for items in spans.values():
        if len(items) > 1 and all(facts.items[i][0] in told for i in items):
            for item in items:
                facts.items[item] = (*facts.items[item][:3], "booked", None)
            return
    raise AssertionError("no court was ordered twice")


SPOIL = {
    forget_the_end: history.unresolved,
    answer_otherwise: history.answers_that_differ,
    refuse_afterwards: history.answers_that_differ,
    lose_a_key: history.grants_that_were_not_kept,
    keep_a_refusal: history.refusals_that_left_something,
    add_a_key: history.keys_that_nobody_sent,
    lose_an_order: history.orders_that_differ,
    add_an_order: history.orders_that_differ,
    move_an_order: history.orders_that_differ,
    swap_a_payment: history.payments_that_differ,
    keep_what_was_cancelled: history.cancellations_that_differ,
    cancel_for_nobody: history.cancellations_that_differ,
    refund_a_fen_more: history.staff_refunds_that_differ,
    refund_twice: history.staff_refunds_that_differ,
    check_in_twice: history.checkins_that_differ,
    sell_twice: history.promises_that_overlap,
}


def test_every_check_of_the_history_is_tried():
    assert set(SPOIL.values()) == set(history.CHECKS)


@pytest.mark.parametrize("spoil", SPOIL, ids=lambda spoil: spoil.__name__)
def test_a_history_that_does_not_fit_is_found(chaos, spoil):
    wishes, facts = copy.deepcopy(chaos.wishes), copy.deepcopy(chaos.facts)
    before = len(SPOIL[spoil](wishes, facts))
    spoil(wishes, facts)
    assert len(SPOIL[spoil](wishes, facts)) > before


PAID = {"1A01": (5000, "42"), "2A01": (4000, "43")}
BACK = {"1A01R01": ("1A01", 100, "succeeded"), "2A01R01": ("2A01", 200, "stuck")}
THEIRS = {"1A01R01": ("1A01", 100, "SUCCESS"), "2A01R01": ("2A01", 200, "ABNORMAL")}


@pytest.mark.parametrize("ours, theirs", [
    ({"1A01": (5001, "42")}, {}), ({"1A01": (5000, "44")}, {}), ({"3A01": (1, "45")}, {}),
    ({}, {"3A01": (1, "45")})])
def test_a_payment_that_differs_is_found(ours, theirs):
    assert books.payments_differ(PAID, PAID) == {}
    assert books.payments_differ({**PAID, **ours}, {**PAID, **theirs})


@pytest.mark.parametrize("ours, theirs", [
    ({"1A01R01": ("1A01", 101, "succeeded")}, {}), ({"1A01R01": ("1A01", 100, "stuck")}, {}),
    ({"2A01R01": ("2A01", 200, "succeeded")}, {}), ({"1A01R02": ("1A01", 1, "succeeded")}, {}),
    ({}, {"1A01R02": ("1A01", 1, "SUCCESS")}), ({}, {"1A01R01": ("2A01", 100, "SUCCESS")}),
    ({}, {"1A01R01": ("1A01", 100, "PROCESSING")})])
def test_a_refund_that_differs_is_found(ours, theirs):
    assert books.refunds_differ(BACK, THEIRS) == {}
    assert books.refunds_differ({**BACK, **ours}, {**THEIRS, **theirs})


def test_a_fen_too_much_or_too_little_is_found(chaos):
    sums = books.balance(chaos.house.db, books.channel_paid(chaos.house.sim),
                         books.channel_refunds(chaos.house.sim))
    for part in sums:
        assert not books.balanced({**sums, part: sums[part] + 1})
