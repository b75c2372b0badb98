"""A day of a million payments: our rows in the database, WeChat's two bills about it in files that
the simulator serves, the reconciliation of both, and what COPY needs for the same files."""
import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from pathlib import Path

from house import HERE, House

sys.path.insert(0, str(HERE.parent / "sim"))
import bills as layout  # noqa: E402  the simulator's: columns and their order

LINES = 1_000_000
PAYMENT_FEN = 4000
MERCHANT = {"公众账号ID": "wx0123456789abcdef", "商户号": "1900000109", "特约商户号": "0"}
PSQL = "/usr/lib/postgresql/15/bin/psql"

# One order and one paid attempt for each line; ids that nobody else uses.
OUR_ROWS = f"""
INSERT INTO orders (id, no, account_id, venue_id, play_date, state, pay_state, amount_fen,
		paid_fen, paid_at, expires_at)
	SELECT 2000000000000000 + n, '20' || 2000000000000000 + n, 201, 101, date :'day', 'paid',
		'paid', {PAYMENT_FEN}, {PAYMENT_FEN}, now(), now() FROM generate_series(0, {LINES - 1}) n;
INSERT INTO payment_attempt (id, order_id, channel, method, out_trade_no, amount_fen, state,
		request, transaction_id, payer, paid_at)
	SELECT 2000000000000000 + n, 2000000000000000 + n, 'wechat', 'jsapi',
		'20' || 2000000000000000 + n || 'A01', {PAYMENT_FEN}, 'paid', repeat('r', 300),
		'4200' || 2000000000000000 + n, 'o0123456789012345678901234567',
		timestamp :'day' AT TIME ZONE 'Asia/Shanghai' + interval '1 ms' * (n * 80)
	FROM generate_series(0, {LINES - 1}) n;
VACUUM ANALYZE orders, payment_attempt;
"""


def clock(n: int) -> str:
    s = n * 80 // 1000
    return f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}"


def text_of(columns: list, constant: dict, row, summary: list, totals: list):
    """The file in pieces; `row(n)` gives the cells that change."""
    names = {name: f"{{{i}}}" for i, name in enumerate(row(0))}
    form = ",".join("`" + names.get(c, constant.get(c, "")) for c in columns) + "\n"
    yield layout.BOM + ",".join(columns) + "\n"
    for n in range(LINES):
        yield form.format(*row(n).values())
    yield ",".join(summary) + "\n" + ",".join("`" + cell for cell in totals) + "\n"


def trade_text(day: str):
    yuan, total = layout.yuan(PAYMENT_FEN), layout.yuan(PAYMENT_FEN * LINES)
    constant = {**MERCHANT, "用户标识": "o0123456789012345678901234567", "交易类型": "JSAPI",
                "交易状态": "SUCCESS", "付款银行": "OTHERS", "货币种类": "CNY", "应结订单金额": yuan,
                "代金券金额": "0.00", "微信退款单号": "0", "商户退款单号": "0", "退款金额": "0.00",
                "充值券退款金额": "0.00", "商品名称": "羽毛球馆 场地预订", "手续费": "0.24000",
                "费率": "0.60%", "订单金额": yuan, "申请退款金额": "0.00"}
    return text_of(
        layout.TRADE, constant,
        lambda n: {"交易时间": f"{day} {clock(n)}", "微信订单号": f"4200{2 * 10**15 + n}",
                   "商户订单号": f"20{2 * 10**15 + n}A01"},
        layout.TRADE_SUMMARY, [str(LINES), total, "0.00", "0.00", "0.00000", total, "0.00"])


def flow_text(day: str):
    yuan, total = layout.yuan(PAYMENT_FEN), layout.yuan(PAYMENT_FEN * LINES)
    constant = {"业务名称": "交易", "业务类型": "交易", "收支类型": "收入", "收支金额(元)": yuan,
                "账户结余(元)": yuan, "资金变更提交申请人": "system"}
    return text_of(
        layout.FLOW, constant,
        lambda n: {"记账时间": f"{day} {clock(n)}", "微信支付业务单号": f"4200{2 * 10**15 + n}",
                   "资金流水单号": f"10000{n:020d}", "业务凭证号": f"20{2 * 10**15 + n}A01"},
        layout.FLOW_SUMMARY, [str(LINES), str(LINES), total, "0", "0.00"])


class Bills:
    """The day before the bench's; made once."""

    def __init__(self, home: House):
        self.rss_mb = 0.0  # the most that a job had at once
        self.home, self.day = home, str(home.today - timedelta(days=1))
        self.folder = home.stack.path("bench-bills")
        self.folder.mkdir(exist_ok=True)
        self.files = {"tradebill": self.folder / "trade", "fundflowbill": self.folder / "flow"}
        for path, pieces in zip(self.files.values(), (trade_text(self.day), flow_text(self.day))):
            with open(path, "w", encoding="utf-8") as out:
                out.writelines(pieces)
        home.psql("zx_owner", f"\\set day '{self.day}'\n{OUR_ROWS}")
        home.psql("zx_owner", "CREATE UNLOGGED TABLE bench_copy (line text)")
        self._tell_simulator()

    def _tell_simulator(self):
        body = {"bill_date": self.day, "files": {k: str(p) for k, p in self.files.items()}}
        asked = urllib.request.Request(
            f"https://localhost:{self.home.stack.port('sim')}/sim/bills",
            json.dumps(body).encode(), {"Content-Type": "application/json"})
        context = ssl.create_default_context(cafile=self.home.stack.path("tls/ca.pem"))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPSHandler(context=context))
        opener.open(asked, timeout=120).close()

    def reconcile(self) -> float:
        """Lines of both bills a second."""
        self.home.checkpoint()
        command = [self.home.stack.program("reconcile"), "--channel", "wechat", "--date", self.day]
        began = time.monotonic()
        job = subprocess.Popen(command, env=self.home.environment(), text=True, stdout=subprocess.PIPE)
        said = job.stdout.read()
        _, status, usage = os.wait4(job.pid, 0)
        seconds = time.monotonic() - began
        if status or not re.search(rf"done; {LINES} payments .* {LINES} flows; only ours 0, "
                                   "only theirs 0, amount 0, state 0,", said):
            raise SystemExit(f"bench: reconcile ended with {status}: {said}")
        self.rss_mb = max(self.rss_mb, usage.ru_maxrss / 1024)
        return len(self.files) * LINES / seconds

    def copy(self) -> float:
        """Lines a second that psql puts into a table of one column, of the same files."""
        self.home.checkpoint()
        script = "TRUNCATE bench_copy;\n" + "".join(
            f"\\copy bench_copy FROM '{path}' (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')\n"
            for path in self.files.values())
        began = time.monotonic()
        subprocess.run([PSQL, "-Xq", "-v", "ON_ERROR_STOP=1", "-h", self.home.sock,
                        "-U", "zx_owner", "-d", "zx"], input=script, text=True, check=True)
        return len(self.files) * LINES / (time.monotonic() - began)
