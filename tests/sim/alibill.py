"""Alipay's bill of a day: a zip with two CSV files in GBK, names too, behind an address that is
good for 30 seconds (alipay.data.dataservice.bill.downloadurl.query)."""
import io
import re
import zipfile
from datetime import date

import simclock
import wxcrypto
from alitrade import Refusal, invalid, stamp, yuan
from answers import Answer, Request

URL_LIFE_S = 30
COLUMNS = ("支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
           "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,"
           "券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,"
           "分润（元）,备注")
LINE = "-" * 41
DASHES = "-" * 40


class GbkName(zipfile.ZipInfo):
    """The names of Alipay's files say nothing of their charset."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def _row(trade, kind: str, instant: float, fen: int, request_no: str, remark: str) -> str:
    fee = -(abs(fen) * 60 + 5000) // 10000 if fen > 0 else 0
    return ",".join([
        trade.trade_no + "\t", trade.out_trade_no + "\t", kind + "\t",
        trade.params["subject"], stamp(trade.created_at), stamp(instant), "\t", "\t", "\t", "\t",
        "*明(138****0000)\t", yuan(fen), yuan(fen), "0.00", "0.00", "0.00", "0.00", "0.00", "",
        "0.00\t", "0.00", request_no + "\t", yuan(fee), "0.00", remark])


def _business(sim, day: str) -> tuple[list, list]:
    paid = [t for t in sim.alibooks.trades.values()
            if t.paid and simclock.day_of(t.paid_at) == day]
    back = [(t, number, r) for t in sim.alibooks.trades.values()
            for number, r in t.refunds.items() if simclock.day_of(r["at"]) == day]
    return paid, back


def detail(sim, day: str, empty: bool) -> str:
    paid, back = ([], []) if empty else _business(sim, day)
    rows = [_row(t, "交易", t.paid_at, t.fen, "", "") for t in paid]
    rows += [_row(t, "退款", r["at"], -r["fen"], number, r["reason"]) for t, number, r in back]
    year, month, number = day.split("-")
    since = f"{year}年{month}月{number}日 00:00:00"
    until = simclock.beijing(simclock.parse_rfc3339(day + "T00:00:00+08:00") + simclock.DAY,
                             "%Y年%m月%d日 00:00:00")
    took, gave = sum(t.fen for t in paid), sum(r["fen"] for _, _, r in back)
    lines = ["#支付宝业务明细查询", f"#账号：[{sim.config.alipay_seller_id}0156]",
             f"#起始日期：[{since}]   终止日期：[{until}]", f"#{LINE}业务明细列表{DASHES}", COLUMNS,
             *rows, f"#{LINE}业务明细列表结束{DASHES[4:]}",
             f"#交易合计：{len(paid)}笔，商家实收共{yuan(took)}元，商家优惠共0.00元",
             f"#退款合计：{len(back)}笔，商家实收退款共{yuan(-gave)}元，商家优惠退款共0.00元",
             f"#导出时间：[{simclock.beijing(sim.clock.now(), '%Y年%m月%d日 %H:%M:%S')}]"]
    end = "\r\n" if sim.faults["bill_line_end"] == "crlf" else "\n"
    return end.join(lines) + end


def _zip(sim, day: str, empty: bool) -> bytes:
    stem = f"{sim.config.alipay_seller_id}0156_{day.replace('-', '')}"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in ((f"{stem}_业务明细.csv", detail(sim, day, empty)),
                           (f"{stem}_业务明细(汇总).csv", "#支付宝业务汇总查询\n")):
            archive.writestr(GbkName(name), text.encode("gbk"), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _checked_day(sim, biz: dict) -> str:
    day, now = biz.get("bill_date", ""), sim.clock.now()
    if biz.get("bill_type") != "trade" or not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        raise Refusal("isv.invalid_arguments", "入参不合法")
    try:
        age = (date.fromisoformat(simclock.day_of(now)) - date.fromisoformat(day)).days
    except ValueError:
        raise Refusal("isv.invalid_arguments", "入参不合法") from None
    if age < 1:
        raise Refusal("isv.invalid_arguments", "入参不合法")
    early = age == 1 and int(simclock.beijing(now, "%H")) < sim.faults["bill_ready_hour"]
    if early or sim.faults.take("bill_not_ready", "bill_none", bill_date=day):
        raise Refusal("isp.bill_not_exist", "账单不存在")
    return day


def offer(sim, req: Request, params: dict, biz: dict) -> dict:
    if set(biz) - {"bill_type", "bill_date"}:
        raise invalid("bill")
    day = _checked_day(sim, biz)
    empty = bool(sim.faults.take("bill_empty", bill_date=day))
    if not any(_business(sim, day)) and not empty:
        raise Refusal("isp.bill_not_exist", "账单不存在")
    packed = _zip(sim, day, empty)
    if sim.faults.take("bill_wrong_hash", bill_date=day):
        spoiled = bytearray(packed)
        spoiled[len(spoiled) // 3] ^= 1
        packed = bytes(spoiled)
    token = wxcrypto.random_text(64)
    sim.downloads[token] = (packed, sim.clock.now() + URL_LIFE_S)
    return {"bill_download_url": f"{sim.faults['alipay_bill_scheme']}://{req.header('Host')}"
                                 f"/downloadBillFile.resource?bizType=trade&fileId={token}"}


def download(sim, req: Request) -> Answer:
    packed, until = sim.downloads.get(req.query.get("fileId", ""), (b"", 0))
    if sim.clock.now() >= until:
        return Answer(403, b"expired", "text/plain")
    return Answer(200, packed, "application/octet-stream")
