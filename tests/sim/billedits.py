"""Bills that differ from the books (POST /sim/bills): lines left out, other amounts, payments
that nobody here has asked for, or a whole file from the disk."""
import gzip
import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import simclock
import wxcrypto
from books import PAID, Order

KINDS = ("tradebill", "fundflowbill")


@dataclass
class Edits:
    """Of one day's bills."""
    drop: set = field(default_factory=set)  # out_trade_no or out_refund_no
    amounts: dict = field(default_factory=dict)  # the same -> fen
    add: list = field(default_factory=list)  # orders of others
    only: tuple = KINDS  # which of the two bills is changed by all that
    files: dict = field(default_factory=dict)  # kind -> (packed, digest of the text)


def _stranger(sim, given: dict) -> Order:
    at = simclock.parse_rfc3339(given["success_time"])
    params = {"appid": sim.config.appid, "mchid": sim.config.mchid, "description": "别处的订单",
              "amount": {"total": given["total"]}}
    return Order(given["out_trade_no"], "NATIVE", params, at, at, state=PAID, success_at=at,
                 transaction_id="4200" + wxcrypto.random_text(24, wxcrypto.DIGITS), payer="o1")


def _packed(path: str) -> tuple[bytes, str]:
    text = Path(path).read_bytes()
    return gzip.compress(text, 1), hashlib.sha1(text).hexdigest()


def edit(sim, body: dict) -> dict:
    """Adds to the day's edits."""
    day = body.get("bill_date", "")
    files = {kind: _packed(path) for kind, path in body.get("files", {}).items()}
    with sim.lock:
        edits = sim.bill_edits.setdefault(day, Edits())
        edits.drop |= set(body.get("drop", []))
        edits.amounts.update(body.get("amounts", {}))
        edits.add += [_stranger(sim, given) for given in body.get("add", [])]
        edits.only = tuple(body.get("only", edits.only))
        edits.files.update(files)
    return {"ok": True}


def _with_amount(record, fen: int):
    name = "total" if isinstance(record, Order) else "refund"
    return replace(record, params={**record.params,
                                   "amount": {**record.params["amount"], name: fen}})


def apply(edits: Edits | None, kind: str, paid: list, refunds: list) -> tuple[list, list]:
    """The business of a day as its bill of this kind is to show it."""
    if edits is None or kind not in edits.only:
        return paid, refunds

    def shown(record, number: str):
        fen = edits.amounts.get(number)
        return record if fen is None else _with_amount(record, fen)

    paid = [shown(o, o.out_trade_no) for o in paid + edits.add if o.out_trade_no not in edits.drop]
    refunds = [(o, shown(r, r.out_refund_no)) for o, r in refunds
               if r.out_refund_no not in edits.drop]
    return paid, refunds
