"""The history held against the books: what was granted is there, exactly; what was refused left
nothing; and nothing is there that nobody asked for. Each function returns what is wrong."""
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import jose


def account_of(token: str) -> int:
    return int(jose.read(token)[1]["sub"])


@dataclass
class Facts:
    """What the database says, read once."""
    answers: dict  # key -> (account, status, answer)
    orders: dict  # id -> (no, account, state, pay_state, closing_to)
    items: dict  # id -> (order, court, begins, state, released_at)
    attempts: dict  # number -> order
    refunds: dict  # id -> (order, cause, fen); a replacement is no refund of its own
    checkins: dict  # order -> times
    retaken: dict  # order -> when
    units: dict  # court -> units
    by_venue: dict  # orders of which the venue has chosen to cancel something

    @classmethod
    def read(cls, db):
        def table(sql):
            return {key: rest[0] if len(rest) == 1 else tuple(rest) for key, *rest in db.rows(sql)}
        return cls(
            table("SELECT key, account_id, status, answer FROM idempotency"),
            table("SELECT id, no, account_id, state, pay_state, closing_to FROM orders"),
            table("SELECT id, order_id, court_id, lower(during), state,"
                  " extract(epoch FROM released_at)::float FROM order_item"),
            table("SELECT out_trade_no, order_id FROM payment_attempt"),
            table("SELECT id, order_id, cause, amount_fen FROM refund WHERE replaces IS NULL"),
            table("SELECT order_id, count(*) FROM checkin_try WHERE result = 'ok' GROUP BY 1"),
            table("SELECT subject_id, extract(epoch FROM created_at)::float FROM message"
                  " WHERE kind = 'order.retaken'"),
            table("SELECT court_id, array_agg(unit_id) FROM court_unit GROUP BY 1"),
            table("SELECT DISTINCT order_id, true FROM outside_item WHERE choice = 'refund_all'"))


def granted(wishes: dict, *ops) -> list:
    return [(w, json.loads(w.granted.text)) for w in wishes.values()
            if w.op in ops and w.granted]


def unresolved(wishes: dict, _facts) -> list:
    return [w for w in wishes.values() if not w.known]


def answers_that_differ(wishes: dict, _facts) -> list:
    """Under one key: two grants that are not the same, or a refusal of what was asked after a
    grant."""
    wrong = []
    for wish in wishes.values():
        texts = {t.text for t in wish.answers if t.kind == "ok"}
        later = [t.kind for t in wish.answers if wish.granted and t.began > wish.granted.at]
        if len(texts) > 1 or "fail" in later:
            wrong.append(wish)
    return wrong


def grants_that_were_not_kept(wishes: dict, facts: Facts) -> list:
    return [w for w in wishes.values() if w.granted and facts.answers.get(w.key) != (
        account_of(w.token), w.granted.status, w.granted.text)]


def refusals_that_left_something(wishes: dict, facts: Facts) -> list:
    return [w for w in wishes.values() if not w.granted and w.key in facts.answers]


def keys_that_nobody_sent(wishes: dict, facts: Facts) -> list:
    return [key for key in facts.answers if key not in wishes]


def orders_that_differ(wishes: dict, facts: Facts) -> list:
    """Each granted order is there with its courts and times; no other is there."""
    wrong, asked = [], set()
    items = defaultdict(set)
    for order, court, begins, _, _ in facts.items.values():
        items[order].add((court, begins))
    for wish, order in granted(wishes, "order"):
        asked.add(order["id"])
        wanted = {(p["court_id"], datetime.fromisoformat(p["start"]))
                  for p in wish.body["periods"]}
        row = facts.orders.get(order["id"])
        if not row or row[:2] != (order["no"], account_of(wish.token)) or \
                items[order["id"]] != wanted:
            wrong.append((wish, row))
    return wrong + [(None, row) for id_, row in facts.orders.items() if id_ not in asked]


def payments_that_differ(wishes: dict, facts: Facts) -> list:
    return [w for w, payment in granted(wishes, "pay")
            if facts.attempts.get(payment["out_trade_no"]) != int(w.path.split("/")[4])]


def cancellations_that_differ(wishes: dict, facts: Facts) -> list:
    """Whoever was told that it is cancelled has it no longer, and nobody else lost his."""
    wrong, asked = [], set()
    for wish, order in granted(wishes, "cancel"):
        asked.add(order["id"])
        chosen = wish.body.get("items") or [i["id"] for i in order["items"]]
        released = all(facts.items[i][3] in ("released", "used") for i in chosen)
        ended = facts.orders[order["id"]][4] == "cancelled"  # unpaid, it may close for a while
        if not released and not ended:
            wrong.append((wish, order["id"]))
    cancelled = {id_ for id_, row in facts.orders.items() if row[4] == "cancelled"}
    cancelled |= {order for order, cause, _ in facts.refunds.values() if cause == "cancel"}
    return wrong + [(None, id_) for id_ in cancelled - asked - set(facts.by_venue)]


def staff_refunds_that_differ(wishes: dict, facts: Facts) -> list:
    """Each granted one is there once with its sum, and no other is."""
    asked = {refund["id"]: (int(w.path.split("/")[5]), "staff", w.body["amount_fen"])
             for w, refund in granted(wishes, "refund")}
    there = {id_: row for id_, row in facts.refunds.items() if row[1] == "staff"}
    return [(id_, asked.get(id_), there.get(id_)) for id_ in {*asked, *there}
            if asked.get(id_) != there.get(id_)]


def checkins_that_differ(wishes: dict, facts: Facts) -> list:
    asked = defaultdict(int)
    for _, done in granted(wishes, "checkin"):
        asked[done["order_id"]] += 1
    return [(id_, asked.get(id_), facts.checkins.get(id_))
            for id_ in {*asked, *facts.checkins} if asked.get(id_) != facts.checkins.get(id_)]


def promises_that_overlap(wishes: dict, facts: Facts) -> list:
    """A unit's half hour belongs to an order for certain from the moment that its customer was
    told so (or that late money brought it back) until its release began: never to two at once."""
    told = {order["id"]: w.granted.wall for w, order in granted(wishes, "order")}
    certain = defaultdict(list)
    for order, court, begins, state, released in facts.items.values():
        since = facts.retaken.get(order, told.get(order))
        until = released if state == "released" else float("inf")
        if since is not None and since < until:
            for unit in facts.units[court]:
                certain[unit, begins].append((since, until, order))
    wrong = []
    for where, spans in certain.items():
        spans.sort()
        wrong += [(where, a, b) for a, b in zip(spans, spans[1:]) if b[0] < a[1]]
    return wrong


CHECKS = (unresolved, answers_that_differ, grants_that_were_not_kept,
          refusals_that_left_something, keys_that_nobody_sent, orders_that_differ,
          payments_that_differ, cancellations_that_differ, staff_refunds_that_differ,
          checkins_that_differ, promises_that_overlap)
