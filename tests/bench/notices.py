"""Payments that WeChat Pay tells of: pending orders with a prepaid attempt each, and a letter about
each, encrypted and signed by the simulator's code with WeChat Pay's own key."""
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import vitals
from house import HERE, House

sys.path.insert(0, str(HERE.parent / "sim"))
import keys  # noqa: E402  the stack's
import letters  # noqa: E402
import simclock  # noqa: E402
import wxcrypto  # noqa: E402
from keyring import Key  # noqa: E402

PATH = "/notify/wechat"
FIRST = 3 * 10**15  # ids that nobody else uses
NUMBERS = 200_000_000_000_000_000  # an order's number, and its attempt's, is NUMBERS + id
FEN = 4000
THREADS = 2  # of wrk: each reads letters of its own
LEAST = 2000
SETTLED_S = 10  # wrk's last requests end without it

# On a day that no measurement looks at.
PENDING_ROWS = f"""
INSERT INTO orders (id, no, account_id, venue_id, play_date, amount_fen, expires_at, refund_tiers)
	SELECT n, {NUMBERS} + n, 201 + n % 200, 101 + n % 40, date :'today' + 8, {FEN},
		now() + interval '10 minutes', '[{{"hours": 24, "percent": 100, "fee_fen": 0}}]'
	FROM generate_series(:base, :base + :count - 1) n;
ALTER TABLE order_item DISABLE TRIGGER order_item_has_floor; -- all are in one hour
INSERT INTO order_item (id, order_id, venue_id, court_id, during, price_fen)
	SELECT n, n, 101 + n % 40, 301 + n % 40 * 16,
		tstzrange(date :'today' + 8, date :'today' + 8 + interval '1 hour'), {FEN}
	FROM generate_series(:base, :base + :count - 1) n;
ALTER TABLE order_item ENABLE TRIGGER order_item_has_floor;
INSERT INTO payment_attempt (id, order_id, channel, method, out_trade_no, amount_fen, state,
		request, prepay, prepaid_at)
	SELECT n, n, 'wechat', 'jsapi', {NUMBERS} + n, {FEN}, 'prepaid', repeat('r', 500),
		'wx201410272009395522657a690389285100', now()
	FROM generate_series(:base, :base + :count - 1) n;
VACUUM ANALYZE orders, order_item, payment_attempt;
"""
PAID_ROWS = """
SELECT count(*) FROM orders o JOIN payment_attempt a ON a.order_id = o.id
	JOIN order_item i ON i.order_id = o.id JOIN notify_log l ON l.out_trade_no = a.out_trade_no
	WHERE o.id BETWEEN :base AND :base + :count - 1 AND o.state = 'paid'
	AND o.paid_fen = o.amount_fen AND a.state = 'paid' AND i.state = 'booked'
	AND l.outcome = 'paid' AND l.repeats = 0;
"""


def told(order: int) -> dict:
    """What WeChat Pay says of the payment of an order, by its id."""
    return {"appid": keys.APPID, "mchid": keys.MCHID, "out_trade_no": str(NUMBERS + order),
            "trade_state": "SUCCESS", "trade_state_desc": "支付成功", "attach": "",
            "amount": {"total": FEN, "currency": "CNY", "payer_currency": "CNY",
                       "payer_total": FEN},
            "transaction_id": str(NUMBERS + order), "trade_type": "JSAPI", "bank_type": "OTHERS",
            "success_time": simclock.rfc3339(time.time()),
            "payer": {"openid": "o0123456789012345678901234567"}, "promotion_detail": []}


PLAINTEXT = json.dumps(told(FIRST), ensure_ascii=False, separators=(",", ":"))


def pending(home: House, count: int) -> int:
    """The first of `count` new orders that wait for their payment."""
    base = int(home.psql("zx_owner", f"""
        SELECT coalesce(max(id) + 1, {FIRST}) FROM orders WHERE id >= {FIRST}"""))
    home.psql("zx_owner", f"\\set base {base}\n\\set count {count}\n"
                          f"\\set today '{home.today}'\n{PENDING_ROWS}")
    return base


def paid(home: House, base: int, count: int) -> int:
    return int(home.psql("zx_owner", f"\\set base {base}\n\\set count {count}\n{PAID_ROWS}"))


class Sender:
    """Who holds WeChat Pay's private key and the merchant's APIv3 key."""

    def __init__(self, home: House):
        path = home.stack.path
        pem = path("sim/pubkey-private.pem").read_bytes()
        key = Key(keys.PUBKEY_ID, wxcrypto.private_key(pem))
        self.keys = SimpleNamespace(for_notify=lambda: key)
        self.config = SimpleNamespace(apiv3_key=path("secrets/wxpay-apiv3-key").read_bytes())

    def letter(self, order: int) -> letters.Letter:
        """About an order's payment; good for five minutes."""
        notify = SimpleNamespace(
            event="transaction", event_type="TRANSACTION.SUCCESS", summary="支付成功",
            id=f"EV-{NUMBERS + order}", created_at=time.time(), resource=told(order), body=None)
        return letters.compose(notify, None, self.keys, self.config)

    def write(self, path: Path, base: int, count: int):
        """Letters one a line, in a file for each thread of wrk (load.lua)."""
        for thread in range(THREADS):
            with open(f"{path}.{thread}", "w", encoding="utf-8") as out:
                for order in range(base + thread, base + count, THREADS):
                    letter = self.letter(order)
                    names = ("Timestamp", "Nonce", "Signature", "Serial")
                    words = [letter.headers[f"Wechatpay-{name}"] for name in names]
                    out.write("\t".join([*words, letter.body.decode()]) + "\n")


def one_notice(home: House):
    letter = Sender(home).letter(pending(home, 1))
    vitals.expect(204, vitals.ask(home, "POST", PATH, letter.body, **letter.headers))


class Payments:
    """Measured by a Loads: the workers with letters, pgbench with their statements."""

    def __init__(self, load):
        self.load, self.home, self.sender = load, load.house, Sender(load.house)
        self.workers = len(self.home.workers("notify"))
        self.fastest = 0.0  # payments a second that were seen at all

    def _enough(self, seconds: int) -> int:
        return max(LEAST, int(3 * self.fastest * seconds))

    def _by_sql(self, base: int, count: int, seconds: int) -> float:
        rate = self.load.pgbench("notify", base - FIRST, seconds, self.workers)
        done, found = self.load.last["transactions"], paid(self.home, base, count)
        if done != found:
            raise SystemExit(f"bench: pgbench ran {done} transactions that paid {found} orders")
        self.fastest = max(self.fastest, rate)
        return rate

    def by_sql(self, warm_s: int, seconds: int) -> float:
        warm, most = self._enough(warm_s), self._enough(seconds)
        base = pending(self.home, warm + most)
        self.home.checkpoint()
        self._by_sql(base, warm, warm_s)
        return self._by_sql(base + warm, most, seconds)

    def _all_settled(self, base: int, count: int, sent: int, before):
        """All that were sent, answered well and with their orders paid. wrk leaves with its last
        requests under way."""
        deadline = time.monotonic() + SETTLED_S
        while paid(self.home, base, count) < sent and time.monotonic() < deadline:
            time.sleep(0.1)
        answers, found = self.home.statuses(PATH) - before, paid(self.home, base, count)
        if answers != {204: sent} or found != sent:
            raise SystemExit(f"bench: {sent} notifies were sent; answers by status: "
                             f"{dict(answers)}; orders paid: {found}")

    def by_letters(self, warm_s: int, seconds: int) -> float:
        if not self.fastest:  # workers can't be much faster than what they ask the database for
            self._by_sql(pending(self.home, 10 * LEAST), 10 * LEAST, warm_s)
        warm, most = self._enough(warm_s), self._enough(seconds)
        base, before = pending(self.home, warm + most), self.home.statuses(PATH)
        files = [self.load.scripts / name for name in ("letters-warm", "letters")]
        self.sender.write(files[0], base, warm)
        self.sender.write(files[1], base + warm, most)
        self.home.checkpoint()
        first = self.load.wrk(PATH, "notify", f"letters={files[0]}", seconds=warm_s)
        result = self.load.wrk(PATH, "notify", f"letters={files[1]}", seconds=seconds)
        self._all_settled(base, warm + most, first["sent"] + result["sent"], before)
        self.fastest = max(self.fastest, result["requests"] / result["seconds"])
        return result["requests"] / result["seconds"]
