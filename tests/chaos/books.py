"""Our books beside the channels' own, to the fen, both ways. Nobody else uses these simulators."""
DONE, FAILED = "SUCCESS", ("ABNORMAL", "CLOSED")


def channel_paid(sim) -> dict:
    """out_trade_no -> (fen, transaction) of everything that the channels have ever taken."""
    paid = {o["out_trade_no"]: (o["amount"]["total"], o["transaction_id"])
            for o in sim.items("orders") if o.get("transaction_id")}
    paid.update((t["out_trade_no"], (t["total_fen"], t["trade_no"]))
                for t in sim.items("trades") if t["paid_at"])
    return paid


def known_paid(db) -> dict:
    return {number: (fen, transaction) for number, fen, transaction in db.rows(
        "SELECT out_trade_no, amount_fen, transaction_id FROM payment_attempt"
        " WHERE transaction_id IS NOT NULL")}


def known_refunds(db) -> dict:
    """out_refund_no -> (number of the payment, fen, state)"""
    return {number: tuple(rest) for number, *rest in db.rows(
        "SELECT r.out_refund_no, a.out_trade_no, r.amount_fen, r.state FROM refund r"
        " JOIN payment_attempt a ON a.id = r.attempt_id")}


def channel_refunds(sim) -> dict:
    """The same, with the channel's word for its state."""
    told = {r["out_refund_no"]: (r["out_trade_no"], r["amount"]["refund"], r["status"])
            for r in sim.items("refunds")}
    told.update((number, (t["out_trade_no"], r["fen"], DONE))
                for t in sim.items("trades") for number, r in t["refunds"].items())
    return told


def payments_differ(ours: dict, theirs: dict) -> dict:
    return {n: (ours.get(n), theirs.get(n)) for n in {*ours, *theirs}
            if ours.get(n) != theirs.get(n)}


def _agree(mine: tuple | None, theirs: tuple | None) -> bool:
    """What never reached the channel is stuck with us, and so is what it could not do."""
    if mine is None or theirs is None:
        return mine is not None and mine[2] in ("stuck", "by_hand", "void")
    state, word = mine[2], theirs[2]
    right = state == "succeeded" if word == DONE else \
        word in FAILED and state in ("stuck", "by_hand", "void")
    return mine[:2] == theirs[:2] and right


def refunds_differ(ours: dict, theirs: dict) -> dict:
    return {n: (ours.get(n), theirs.get(n)) for n in {*ours, *theirs}
            if not _agree(ours.get(n), theirs.get(n))}


def balance(db, paid: dict, refunded: dict) -> dict:
    """Where the money is that the channels took: all of it, and nothing more."""
    kept, by_hand, on_work_list = db.rows(
        "SELECT (SELECT coalesce(sum(paid_fen - refunded_fen), 0)::bigint FROM orders),"
        " (SELECT coalesce(sum(amount_fen), 0)::bigint FROM refund WHERE state = 'by_hand'),"
        " (SELECT coalesce(sum(r.amount_fen), 0)::bigint FROM refund r WHERE state = 'stuck'"
        "  AND EXISTS (SELECT 1 FROM work_item w WHERE w.refund_id = r.id"
        "   AND w.done_at IS NULL))")[0]
    return {"paid": sum(fen for fen, _ in paid.values()), "kept": kept, "by hand": by_hand,
            "refunded": sum(fen for _, fen, word in refunded.values() if word == DONE),
            "on the work list": on_work_list}


def balanced(sums: dict) -> bool:
    return sums["paid"] == sums["kept"] + sums["refunded"] + sums["by hand"] + \
        sums["on the work list"]
