"""The simulator's books: users, orders, refunds. In memory; with a state_dir also as JSON lines
(the last line of a key wins), so that a killed simulator comes back with them."""
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import wxcrypto

WEEK = 7 * 86400
UNPAID, PAID, REFUNDED, CLOSED = "NOTPAY", "SUCCESS", "REFUND", "CLOSED"


@dataclass
class User:
    user: str
    nickname: str
    openid: str
    web_openid: str
    unionid: str
    phone: str
    blocked: bool = False


@dataclass
class Order:
    out_trade_no: str
    product: str  # JSAPI | NATIVE
    params: dict  # the first call's body: a repeat must equal it
    created_at: float
    expire_at: float
    state: str = UNPAID
    tickets: dict = field(default_factory=dict)  # prepay_id or code_url -> issued at
    transaction_id: str = ""
    success_at: float = 0
    payer: str = ""
    coupon: int = 0  # fen of a 代金券 that the channel pays with, and does not settle
    notified: bool = False
    shipments: list = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.params["amount"]["total"]

    @property
    def settled(self) -> int:
        """应结金额: without the coupon."""
        return self.total - self.coupon

    @property
    def paid(self) -> bool:
        return self.state in (PAID, REFUNDED)


@dataclass
class Refund:
    out_refund_no: str
    refund_id: str
    out_trade_no: str
    params: dict
    created_at: float
    status: str = "PROCESSING"
    channel: str = "ORIGINAL"
    account: str = "支付用户零钱"
    success_at: float = 0
    coupon: int = 0  # fen that go back to the coupon
    notified: bool = False

    @property
    def fen(self) -> int:
        return self.params["amount"]["refund"]

    @property
    def settled(self) -> int:
        return self.fen - self.coupon


KINDS = {"user": (User, "user"), "order": (Order, "out_trade_no"),
         "refund": (Refund, "out_refund_no")}


class Books:
    def __init__(self, clock, state_dir: str):
        self.clock = clock
        self.path = Path(state_dir) / "books.jsonl" if state_dir else None
        self._file = None
        self._empty()
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._load()
            self._rewrite()

    def _empty(self) -> None:
        self.users: dict[str, User] = {}
        self.orders: dict[str, Order] = {}
        self.refunds: dict[str, Refund] = {}
        self._tickets: dict[str, str] = {}
        self._transactions: dict[str, str] = {}
        self._people: dict[tuple, User] = {}
        self._refunded: dict[str, dict] = {}

    def _table(self, kind: str) -> dict:
        return {"user": self.users, "order": self.orders, "refund": self.refunds}[kind]

    def _load(self) -> None:
        if not self.path.exists():
            return
        for line in self.path.read_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue  # the torn last line of a killed simulator
            self._keep(KINDS[row["kind"]][0](**row["data"]))

    def _rewrite(self) -> None:
        fresh = self.path.with_suffix(".new")
        with fresh.open("w") as out:
            for kind in KINDS:
                for record in self._table(kind).values():
                    out.write(self._line(kind, record))
        fresh.replace(self.path)
        self._file = self.path.open("a")

    @staticmethod
    def _line(kind: str, record) -> str:
        return json.dumps({"kind": kind, "data": asdict(record)}, ensure_ascii=False) + "\n"

    def _keep(self, record) -> str:
        kind = type(record).__name__.lower()
        self._table(kind)[getattr(record, KINDS[kind][1])] = record
        if kind == "order":
            for ticket in record.tickets:
                self._tickets[ticket] = record.out_trade_no
            if record.transaction_id:
                self._transactions[record.transaction_id] = record.out_trade_no
        elif kind == "refund":
            self._refunded.setdefault(record.out_trade_no, {})[record.out_refund_no] = record
        else:
            for name in ("openid", "web_openid", "nickname"):
                self._people[name, getattr(record, name)] = record
        return kind

    def holds(self, record) -> bool:
        kind = type(record).__name__.lower()
        return self._table(kind).get(getattr(record, KINDS[kind][1])) is record

    def save(self, record) -> None:
        """Keeps a new or changed record; the caller holds the simulator's lock."""
        kind = self._keep(record)
        if self._file:
            self._file.write(self._line(kind, record))
            self._file.flush()

    def age(self, seconds: float) -> None:
        """What was paid and given back so far was so much earlier."""
        for order in self.orders.values():
            if order.paid:
                order.success_at -= seconds
                self.save(order)
        for refund in self.refunds.values():
            refund.created_at -= seconds
            refund.success_at -= seconds if refund.success_at else 0
            self.save(refund)

    def clear(self) -> None:
        self._empty()
        if self._file:
            self._file.close()
            self._rewrite()

    def coupon_part(self, order: Order, fen: int) -> int:
        """The part of the next refund of this sum that goes back to the order's coupon: what all
        of them give back is their part of it, to the fen."""
        before = sum(r.fen for r in self.refunds_of(order) if r.status != "CLOSED")
        share = [order.coupon * back // order.total for back in (before, before + fen)]
        return share[1] - share[0]

    def order(self, out_trade_no: str) -> Order | None:
        """An order as of now: unpaid it closes by itself after 7 days (page 4012791860)."""
        order = self.orders.get(out_trade_no)
        if order and order.state == UNPAID and self.clock.now() >= order.created_at + WEEK:
            order.state = CLOSED
            self.save(order)
        return order

    def order_of_ticket(self, ticket: str) -> Order | None:
        return self.order(self._tickets.get(ticket, ""))

    def order_of_transaction(self, transaction_id: str) -> Order | None:
        return self.order(self._transactions.get(transaction_id, ""))

    def refunds_of(self, order: Order) -> list[Refund]:
        return list(self._refunded.get(order.out_trade_no, {}).values())

    def user_by(self, name: str, value: str) -> User | None:
        """By openid, web_openid or nickname."""
        return self._people.get((name, value))

    def add_user(self, nickname: str) -> User:
        number = len(self.users) + 1
        tail = wxcrypto.ALPHABET + "_-"
        user = User(user=f"u{number}", nickname=nickname or f"微信用户{number}",
                    openid="o" + wxcrypto.random_text(27, tail),
                    web_openid="o" + wxcrypto.random_text(27, tail),
                    unionid="oU" + wxcrypto.random_text(26, tail),
                    phone=f"158{number:08d}")
        self.save(user)
        return user

    def native_user(self) -> User:
        """Who scans a Native code when the test doesn't say."""
        return self.user_by("nickname", "扫码用户") or self.add_user("扫码用户")
