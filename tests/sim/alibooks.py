"""What the simulated Alipay knows: trades and their refunds. In memory; with a state_dir also as
JSON lines (the last line of a number wins), so that a killed simulator comes back with them."""
import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import wxcrypto

WAITING, SUCCESS, FINISHED, CLOSED = ("WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_FINISHED",
                                      "TRADE_CLOSED")
UNSCANNED = "UNSCANNED"  # only a code to scan: nobody can query or close it
FIFTEEN_DAYS = 15 * 86400


@dataclass
class Trade:
    out_trade_no: str
    product: str  # precreate | create
    params: dict  # the first call's biz_content: a repeat must equal it
    notify_url: str
    fen: int
    created_at: float
    expire_at: float
    state: str = UNSCANNED
    codes: list = field(default_factory=list)
    trade_no: str = ""
    buyer: str = ""  # a user of the simulator
    paid_at: float = 0
    closed_at: float = 0
    refunds: dict = field(default_factory=dict)  # out_request_no -> fen, reason, at
    notified: bool = False

    @property
    def paid(self) -> bool:
        return self.paid_at > 0

    @property
    def refunded(self) -> int:
        return sum(refund["fen"] for refund in self.refunds.values())


class AliBooks:
    def __init__(self, clock, state_dir: str):
        self.clock = clock
        self.path = Path(state_dir) / "alipay.jsonl" if state_dir else None
        self.trades: dict[str, Trade] = {}
        if self.path and self.path.exists():
            self._load()

    def _load(self) -> None:
        for line in self.path.read_text().splitlines():
            try:
                trade = Trade(**json.loads(line))
            except ValueError:
                continue  # the torn last line of a killed simulator
            self.trades[trade.out_trade_no] = trade

    def save(self, trade: Trade) -> None:
        """Keeps a new or changed trade; the caller holds the simulator's lock."""
        self.trades[trade.out_trade_no] = trade
        if self.path:
            with self.path.open("a") as out:
                out.write(json.dumps(asdict(trade), ensure_ascii=False) + "\n")

    def age(self, seconds: float) -> None:
        for trade in self.trades.values():
            if trade.paid:
                trade.paid_at -= seconds
                trade.closed_at -= seconds if trade.closed_at else 0
                for refund in trade.refunds.values():
                    refund["at"] -= seconds
                self.save(trade)

    def holds(self, trade) -> bool:
        return self.trades.get(trade.out_trade_no) is trade

    def clear(self) -> None:
        self.trades.clear()
        if self.path:
            self.path.unlink(missing_ok=True)

    def trade(self, out_trade_no: str) -> Trade | None:
        """A trade as of now: one that was scanned closes by itself at its time."""
        trade = self.trades.get(out_trade_no)
        if trade and trade.state == WAITING and self.clock.now() >= trade.expire_at:
            trade.state, trade.closed_at = CLOSED, trade.expire_at
            self.save(trade)
        return trade

    def by(self, what: str, value: str) -> Trade | None:
        """By trade_no, or by a code to scan."""
        for trade in self.trades.values():
            if (what == "code" and value in trade.codes) or \
                    (what == "trade_no" and value and trade.trade_no == value):
                return self.trade(trade.out_trade_no)
        return None


def buyer(user) -> dict:
    """Who a user of the simulator is at Alipay: always the same."""
    digest = hashlib.sha256(user.openid.encode()).hexdigest()
    return {"buyer_id": f"2088{int(digest[:16], 16) % 10**12:012d}",
            "buyer_open_id": "0" + wxcrypto.base64url(bytes.fromhex(digest))[:46],
            "buyer_logon_id": f"{digest[:3]}***@example.com"}
