"""Trade and fund-flow bills (pages 4013071227, 4013071235, 4013071246): a day's business as CSV
with a BOM, a backtick before every cell, amounts in yuan, a summary line.

hash_value is the SHA1 of the uncompressed text, as the official SDK checks it. A download_url
lives 5 minutes; the download is signed by the merchant, its answer is not signed.
"""
import gzip
import hashlib
import re
from datetime import date

import billedits
import simclock
import wxcrypto
from answers import Answer, PayError, Request, signed

BOM = "\ufeff"
URL_LIFE_S = 300
MONTHS_3_DAYS = 92
FEE_PER_10000 = 60
TRADE = ("交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
         "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
         "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注").split(",")
REFUND_ONLY = TRADE[14:20] + ["申请退款金额"]
REFUND_TIMES = ["退款申请时间", "退款成功时间"]
TRADE_SUMMARY = ("总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,"
                 "申请退款总金额").split(",")
FLOW = ("记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
        "资金变更提交申请人,备注,业务凭证号").split(",")
FLOW_SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额".split(",")
REFUND_STATE = {"SUCCESS": "SUCCESS", "PROCESSING": "PROCESSING", "CLOSED": "FAIL",
                "ABNORMAL": "CHANGE"}


def yuan(fen: int) -> str:
    sign, fen = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}{fen // 100}.{fen % 100:02d}"


def fee(fen: int) -> int:
    """0.60 %, half up."""
    return (fen * FEE_PER_10000 + 5000) // 10000


def _time(instant: float) -> str:
    return simclock.beijing(instant, "%Y-%m-%d %H:%M:%S")


def _merchant_text(text: str) -> str:
    """A comma or a line end in the merchant's own words must not break the table."""
    return text.replace(",", "\\ ").replace("\n", "\\n")


def _trade_row(order, fen_fee: int) -> dict:
    row = dict.fromkeys(TRADE + REFUND_TIMES, "")
    row.update({
        "公众账号ID": order.params["appid"], "商户号": order.params["mchid"], "特约商户号": "0",
        "微信订单号": order.transaction_id, "商户订单号": order.out_trade_no,
        "用户标识": order.payer, "交易类型": order.product, "付款银行": "OTHERS", "货币种类": "CNY",
        "代金券金额": "0.00", "微信退款单号": "0", "商户退款单号": "0", "退款金额": "0.00",
        "充值券退款金额": "0.00", "商品名称": _merchant_text(order.params["description"]),
        "商户数据包": _merchant_text(order.params.get("attach", "")),
        "手续费": yuan(fen_fee) + "000", "费率": "0.60%", "申请退款金额": "0.00"})
    return row


def _payment_row(order) -> dict:
    row = _trade_row(order, fee(order.settled))
    row.update({"交易时间": _time(order.success_at), "交易状态": "SUCCESS",
                "应结订单金额": yuan(order.settled), "代金券金额": yuan(order.coupon),
                "订单金额": yuan(order.total)})
    return row


def _refund_row(order, refund) -> dict:
    row = _trade_row(order, -fee(refund.settled))
    row.update({
        "交易时间": _time(refund.created_at), "交易状态": "REFUND", "应结订单金额": "0.00",
        "订单金额": "0.00", "微信退款单号": refund.refund_id, "商户退款单号": refund.out_refund_no,
        "退款金额": yuan(refund.settled), "充值券退款金额": yuan(refund.coupon),
        "退款类型": refund.channel,
        "退款状态": REFUND_STATE[refund.status], "申请退款金额": yuan(refund.fen),
        "退款申请时间": _time(refund.created_at),
        "退款成功时间": _time(refund.success_at) if refund.success_at else ""})
    return row


def _business(sim, kind: str, day: str) -> tuple[list, list]:
    paid = [o for o in sim.books.orders.values() if o.paid]
    refunds = [(sim.books.orders[r.out_trade_no], r) for r in sim.books.refunds.values()]
    return billedits.apply(sim.bill_edits.get(day), kind, paid, refunds)


def _table(columns: list, rows: list, summary: list, totals: list) -> list[str]:
    lines = [",".join(columns)]
    lines += [",".join("`" + row[name] for name in columns) for row in rows]
    return lines + [",".join(summary), ",".join("`" + cell for cell in totals)]


def trade_lines(sim, day: str, kind: str, empty: bool) -> list[str]:
    """The payments and refunds of a Beijing day, by the time they happened."""
    paid, refunds = ([], []) if empty else _business(sim, "tradebill", day)
    paid = [o for o in paid if simclock.day_of(o.success_at) == day and kind != "REFUND"]
    refunds = [(o, r) for o, r in refunds
               if simclock.day_of(r.created_at) == day and kind != "SUCCESS"]
    rows = [_payment_row(o) for o in paid] + [_refund_row(o, r) for o, r in refunds]
    rows.sort(key=lambda row: row["交易时间"])
    took, gave = sum(o.settled for o in paid), sum(r.settled for _, r in refunds)
    back = sum(r.coupon for _, r in refunds)
    fees = sum(fee(o.settled) for o in paid) - sum(fee(r.settled) for _, r in refunds)
    totals = [str(len(rows)), yuan(took), yuan(gave), yuan(back), yuan(fees) + "000",
              yuan(sum(o.total for o in paid)), yuan(gave + back)]
    columns = {"ALL": TRADE, "SUCCESS": [c for c in TRADE if c not in REFUND_ONLY],
               "REFUND": REFUND_TIMES + TRADE}[kind]
    return [] if not rows and not empty else _table(columns, rows, TRADE_SUMMARY, totals)


def _movements(sim, day: str) -> list[tuple]:
    """(instant, business number, name, kind, signed fen, voucher) of all time, oldest first."""
    paid, refunds = _business(sim, "fundflowbill", day)
    moves = []
    for order in paid:
        moves.append((order.success_at, order.transaction_id, "交易", "交易", order.settled,
                      order.out_trade_no))
        if fee(order.settled):
            moves.append((order.success_at, order.transaction_id, "扣除交易手续费",
                          "扣除交易手续费", -fee(order.settled), order.out_trade_no))
    for order, refund in refunds:
        moves.append((refund.created_at, refund.refund_id, "退款", "退款", -refund.settled,
                      refund.out_refund_no))
    return sorted(moves, key=lambda move: move[0])


def flow_lines(sim, day: str, empty: bool) -> list[str]:
    """The account's movements of a day with the balance behind each."""
    rows, balance, income, expense = [], 0, [], []
    for number, (instant, business, name, kind, fen, voucher) in enumerate(_movements(sim, day)):
        balance += fen
        if empty or simclock.day_of(instant) != day:
            continue
        (income if fen > 0 else expense).append(abs(fen))
        cells = (_time(instant), business, f"{day.replace('-', '')}{number:012d}", name, kind,
                 "收入" if fen > 0 else "支出", yuan(abs(fen)), yuan(balance), "system", "",
                 voucher)
        rows.append(dict(zip(FLOW, cells)))
    totals = [str(len(rows)), str(len(income)), yuan(sum(income)), str(len(expense)),
              yuan(sum(expense))]
    return [] if not rows and not empty else _table(FLOW, rows, FLOW_SUMMARY, totals)


def _checked_day(sim, req: Request) -> str:
    """yyyy-MM-dd, before today, within 3 months, and ready."""
    text = req.query.get("bill_date", "")
    now = sim.clock.now()
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError
        age = (date.fromisoformat(simclock.day_of(now)) - date.fromisoformat(text)).days
    except ValueError:
        raise PayError(400, "PARAM_ERROR", "账单日期格式不正确，应为yyyy-MM-dd") from None
    if not 0 < age <= MONTHS_3_DAYS:
        raise PayError(400, "INVALID_REQUEST", "账单日期必须早于今天且在三个月内")
    early = age == 1 and int(simclock.beijing(now, "%H")) < sim.faults["bill_ready_hour"]
    if early or sim.faults.take("bill_not_ready", bill_date=text):
        raise PayError(400, "STATEMENT_CREATING", "账单生成中，请稍后再试")
    if sim.faults.take("bill_none", bill_date=text):
        raise PayError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    return text


def _choice(req: Request, name: str, allowed: tuple) -> str:
    value = req.query.get(name, allowed[0])
    if value not in allowed:
        raise PayError(400, "PARAM_ERROR", f"{name}取值不正确")
    return value


def _file(sim, req: Request, day: str, lines: list[str]) -> tuple[bytes, str]:
    """The bytes to send, and the digest of the text."""
    zipped = _choice(req, "tar_type", ("", "GZIP")) and \
        not sim.faults.take("bill_plain", bill_date=day)
    edits = sim.bill_edits.get(day)
    ready = edits and edits.files.get(req.path.rpartition("/")[2])
    if ready:
        return ready if zipped else (gzip.decompress(ready[0]), ready[1])
    if not lines:
        raise PayError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    end = "\r\n" if sim.faults["bill_line_end"] == "crlf" else "\n"
    text = (BOM + end.join(lines) + end).encode()
    return gzip.compress(text) if zipped else text, hashlib.sha1(text).hexdigest()


def _offer(sim, req: Request, day: str, lines: list[str]) -> Answer:
    """Keeps the file for its 5 minutes and tells where it is."""
    packed, digest = _file(sim, req, day, lines)
    if sim.faults.take("bill_wrong_hash", bill_date=day):
        digest = hashlib.sha1(digest.encode()).hexdigest()
    if sim.faults.take("bill_cut", bill_date=day):
        packed = packed[:-1 - len(packed) // 3]
    token = wxcrypto.random_text(64)
    sim.downloads[token] = (packed, sim.clock.now() + URL_LIFE_S)
    url = f"https://{req.header('Host')}/v3/billdownload/file?token={token}"
    return signed({"hash_type": "SHA1", "hash_value": digest, "download_url": url})


def trade_bill(sim, req: Request) -> Answer:
    day = _checked_day(sim, req)
    kind = _choice(req, "bill_type", ("ALL", "SUCCESS", "REFUND"))
    empty = bool(sim.faults.take("bill_empty", bill_date=day))
    return _offer(sim, req, day, trade_lines(sim, day, kind, empty))


def fund_flow_bill(sim, req: Request) -> Answer:
    """All money is in the BASIC account; the others had no business."""
    day = _checked_day(sim, req)
    account = _choice(req, "account_type", ("BASIC", "OPERATION", "FEES"))
    empty = bool(sim.faults.take("bill_empty", bill_date=day))
    return _offer(sim, req, day, flow_lines(sim, day, empty) if account == "BASIC" else [])


def download(sim, req: Request) -> Answer:
    packed, until = sim.downloads.get(req.query.get("token", ""), (b"", 0))
    if sim.clock.now() >= until:
        raise PayError(400, "INVALID_REQUEST", "下载链接无效或已过期，请重新申请账单")
    return Answer(200, packed, "application/octet-stream")
