"""Trades of the simulated Alipay: WAIT_BUYER_PAY -> TRADE_SUCCESS -> TRADE_CLOSED (all given back)
or TRADE_FINISHED; WAIT_BUYER_PAY -> TRADE_CLOSED (never paid). A code to scan makes its trade when
it is scanned; before, there is none (opendocs.alipay.com/open: alipay.trade.precreate, .create,
.query, .close, .refund, .fastpay.refund.query)."""
import re
from datetime import datetime

import alibooks
import simclock
import wxcrypto
from alibooks import CLOSED, FIFTEEN_DAYS, FINISHED, SUCCESS, UNSCANNED, WAITING, Trade
from notify import Notify

CODE_LIFE_S = 7200
YEAR_S = 365 * 86400
NUMBER = re.compile(r"[0-9A-Za-z_]{1,64}")
YUAN = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?")
PAID = (SUCCESS, FINISHED)


class Refusal(Exception):
    """What the gateway says instead: code, its message, sub_code, sub_msg."""

    def __init__(self, sub_code: str, sub_msg: str, code: str = "40004"):
        super().__init__(sub_code)
        self.sub_code, self.sub_msg, self.code = sub_code, sub_msg, code

    def value(self, messages: dict) -> dict:
        return {"code": self.code, "msg": messages.get(self.code, "Error"),
                "sub_code": self.sub_code, "sub_msg": self.sub_msg}


def invalid(what: str) -> Refusal:
    return Refusal("ACQ.INVALID_PARAMETER", f"参数无效：{what}")


def yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def to_fen(text, what: str) -> int:
    if not isinstance(text, str) or not YUAN.fullmatch(text):
        raise invalid(what)
    whole, _, part = text.partition(".")
    fen = int(whole) * 100 + int(part.ljust(2, "0"))
    if not 1 <= fen <= 10**10:
        raise invalid(what)
    return fen


def stamp(instant: float) -> str:
    return simclock.beijing(instant, "%Y-%m-%d %H:%M:%S")


def _known(biz: dict, *names: str) -> None:
    """Members that the document doesn't have may make a refund fail or pay twice, it says."""
    for name, value in biz.items():
        if name not in names:
            raise invalid(name)
        if name != "query_options" and not isinstance(value, str):
            raise invalid(name)


def _number(biz: dict, name: str = "out_trade_no") -> str:
    if not NUMBER.fullmatch(biz.get(name, "")):
        raise invalid(name)
    return biz[name]


def _subject(biz: dict) -> None:
    subject = biz.get("subject", "")
    if not 1 <= len(subject) <= 256 or re.search(r"[/=&\x00-\x1f]", subject):
        raise invalid("subject")


def _expiry(sim, biz: dict) -> float:
    now = sim.clock.now()
    if "time_expire" not in biz:
        return now + FIFTEEN_DAYS
    try:
        told = datetime.strptime(biz["time_expire"], "%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise invalid("time_expire") from None
    expiry = told.replace(tzinfo=simclock.BEIJING).timestamp()
    if not now < expiry <= now + FIFTEEN_DAYS:
        raise invalid("time_expire")
    return expiry


def _begin(sim, params: dict, biz: dict, product: str) -> Trade:
    """A new one, or the same call again while it can still be paid."""
    number = _number(biz)
    _subject(biz)
    fen, expiry = to_fen(biz.get("total_amount"), "total_amount"), _expiry(sim, biz)
    trade = sim.alibooks.trade(number)
    if trade is None:
        return Trade(number, product, biz, params.get("notify_url", ""), fen, sim.clock.now(),
                     expiry)
    if trade.paid:
        raise Refusal("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
    if trade.state == CLOSED:
        raise Refusal("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
    if (trade.product, trade.params) != (product, biz):
        raise Refusal("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
    return trade


def exist(sim, trade: Trade, user: str) -> None:
    """The trade itself: from now on it can be queried, closed and paid."""
    if trade.state == UNSCANNED:
        trade.state, trade.buyer = WAITING, user
        trade.trade_no = (simclock.beijing(sim.clock.now(), "%Y%m%d") + "220014"
                          + wxcrypto.random_text(14, wxcrypto.DIGITS))


CODE_PRODUCTS = ("FACE_TO_FACE_PAYMENT", "QR_CODE_OFFLINE")  # 当面付, 订单码支付


def precreate(sim, req, params: dict, biz: dict) -> dict:
    _known(biz, "out_trade_no", "total_amount", "subject", "time_expire", "body", "product_code")
    if biz.get("product_code", CODE_PRODUCTS[0]) not in CODE_PRODUCTS:
        raise invalid("product_code")
    trade = _begin(sim, params, biz, "precreate")
    code = f"https://qr.alipay.com/bax{wxcrypto.random_text(21).lower()}"
    trade.codes.append(code)
    sim.alibooks.save(trade)
    answer = {"out_trade_no": trade.out_trade_no, "qr_code": code}
    if sim.faults.take("notify_before_prepay_answer", out_trade_no=trade.out_trade_no,
                       event="transaction"):
        pay(sim, trade, sim.books.native_user().user)
        answer["after"] = [lambda: sim.alinotifier.announce(pay_notify(sim, trade), wait=True)]
    return answer


def create(sim, req, params: dict, biz: dict) -> dict:
    _known(biz, "out_trade_no", "total_amount", "subject", "time_expire", "body", "product_code",
           "op_app_id", "buyer_open_id", "buyer_id")
    if biz.get("product_code") != "JSAPI_PAY" or biz.get("op_app_id") != params["app_id"]:
        raise invalid("product_code或op_app_id")
    user = next((u for u in sim.books.users.values() for k, v in alibooks.buyer(u).items()
                 if k in ("buyer_id", "buyer_open_id") and biz.get(k) == v), None)
    if user is None:
        raise Refusal("ACQ.BUYER_NOT_EXIST", "买家不存在")
    trade = _begin(sim, params, biz, "create")
    exist(sim, trade, user.user)
    sim.alibooks.save(trade)
    return {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}


def _found(sim, biz: dict) -> Trade:
    if "trade_no" in biz:
        trade = sim.alibooks.by("trade_no", biz["trade_no"])
    else:
        trade = sim.alibooks.trade(_number(biz))
    if trade is None or trade.state == UNSCANNED:
        raise Refusal("ACQ.TRADE_NOT_EXIST", "交易不存在")
    return trade


def query(sim, req, params: dict, biz: dict) -> dict:
    """buyer_pay_amount is 0.00 before the payment, send_pay_date absent."""
    _known(biz, "out_trade_no", "trade_no", "query_options")
    trade = _found(sim, biz)
    who = alibooks.buyer(sim.books.users[trade.buyer])
    shown = {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no,
             "trade_status": trade.state, "total_amount": yuan(trade.fen),
             "buyer_pay_amount": yuan(trade.fen if trade.state in PAID else 0),
             "buyer_logon_id": who["buyer_logon_id"], "buyer_user_id": who["buyer_id"],
             "buyer_open_id": who["buyer_open_id"], "point_amount": "0.00",
             "invoice_amount": "0.00", "receipt_amount": "0.00"}
    if trade.paid:
        shown["send_pay_date"] = stamp(trade.paid_at)
    return shown


def close(sim, req, params: dict, biz: dict) -> dict:
    _known(biz, "out_trade_no", "trade_no", "operator_id")
    if sim.faults.take("pay_wins_close", out_trade_no=biz.get("out_trade_no")):
        trade = sim.alibooks.trade(_number(biz))
        pay(sim, trade, trade.buyer or sim.books.native_user().user)
        sim.scheduler.after(0, lambda: sim.alinotifier.announce(pay_notify(sim, trade)))
    trade = _found(sim, biz)
    if trade.state != WAITING:
        raise Refusal("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    trade.state, trade.closed_at = CLOSED, sim.clock.now()
    sim.alibooks.save(trade)
    answer = {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}
    if sim.faults["alipay_tell_closed"]:
        answer["after"] = [lambda: sim.alinotifier.announce(trade_notify(sim, trade))]
    return answer


def _check_refund(sim, trade: Trade, fen: int) -> None:
    if trade.state == FINISHED:
        raise Refusal("ACQ.TRADE_HAS_FINISHED", "交易已完结")
    if not trade.paid or (trade.state == CLOSED and trade.refunded < trade.fen):
        raise Refusal("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    if trade.refunded + fen > trade.fen:
        raise Refusal("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
    if sim.clock.now() > trade.paid_at + YEAR_S:
        raise Refusal("ACQ.TRADE_NOT_ALLOW_REFUND", "当前交易不允许退款")
    if sim.faults.take("refund_not_enough", out_trade_no=trade.out_trade_no):
        raise Refusal("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")


def refund(sim, req, params: dict, biz: dict) -> dict:
    """Done at once. The request's number makes it idempotent: a repeat moves nothing."""
    _known(biz, "out_trade_no", "trade_no", "refund_amount", "out_request_no", "refund_reason")
    trade, fen = _found(sim, biz), to_fen(biz.get("refund_amount"), "refund_amount")
    if "out_request_no" not in biz and fen != trade.fen:
        raise Refusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额与订单金额不一致")
    number = _number(biz, "out_request_no") if "out_request_no" in biz else trade.out_trade_no
    if len(biz.get("refund_reason", "")) > 256:
        raise invalid("refund_reason")
    answer = {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no,
              "buyer_logon_id": "123***@example.com"}
    known = trade.refunds.get(number)
    if known and known["fen"] != fen:
        raise Refusal("ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致")
    if known:
        return {**answer, "fund_change": "N", "refund_fee": yuan(trade.refunded)}
    _check_refund(sim, trade, fen)
    now = sim.clock.now()
    trade.refunds[number] = {"fen": fen, "reason": biz.get("refund_reason", ""), "at": now}
    if trade.refunded == trade.fen:
        trade.state, trade.closed_at = CLOSED, now
    sim.alibooks.save(trade)
    told = trade_notify(sim, trade, number)
    return {**answer, "fund_change": sim.faults["alipay_fund_change"],
            "refund_fee": yuan(trade.refunded), "gmt_refund_pay": stamp(now),
            "after": [lambda: sim.alinotifier.announce(told)]}


def refund_query(sim, req, params: dict, biz: dict) -> dict:
    """10000 also for a refund that nobody knows: then there is no refund_status."""
    _known(biz, "out_trade_no", "trade_no", "out_request_no", "query_options")
    trade, number = _found(sim, biz), _number(biz, "out_request_no")
    known = trade.refunds.get(number)
    if not known:
        return {}
    shown = {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no,
             "out_request_no": number, "total_amount": yuan(trade.fen),
             "refund_amount": yuan(known["fen"]), "refund_status": "REFUND_SUCCESS"}
    if "gmt_refund_pay" in biz.get("query_options", []):
        shown["gmt_refund_pay"] = stamp(known["at"])
    return shown


def pay(sim, trade: Trade, user: str, paid_at: float = 0) -> None:
    """The caller has checked payable(), and announces pay_notify()."""
    exist(sim, trade, user)
    trade.state, trade.buyer = SUCCESS, user
    trade.paid_at = paid_at or sim.clock.now()
    sim.alibooks.save(trade)


def payable(sim, trade: Trade, code: str = "") -> str:
    now = sim.clock.now()
    if trade.paid:
        return "交易已支付"
    if trade.state == CLOSED:
        return "交易已关闭"
    if now >= trade.expire_at or (code and now >= trade.created_at + CODE_LIFE_S):
        return "二维码已失效"
    return ""


def trade_notify(sim, trade: Trade, request_no: str = "") -> Notify:
    """What has become of a trade; with request_no because of that refund."""
    who = alibooks.buyer(sim.books.users[trade.buyer])
    told = {"notify_type": "trade_status_sync", "app_id": sim.config.alipay_appid,
            "auth_app_id": sim.config.alipay_appid, "seller_id": sim.config.alipay_seller_id,
            "charset": "utf-8", "version": "1.0", "out_trade_no": trade.out_trade_no,
            "trade_no": trade.trade_no, "trade_status": trade.state, **who,
            "subject": trade.params["subject"], "total_amount": yuan(trade.fen),
            "gmt_create": stamp(trade.created_at)}
    if trade.paid:
        told.update(gmt_payment=stamp(trade.paid_at), buyer_pay_amount=yuan(trade.fen),
                    receipt_amount=yuan(trade.fen), invoice_amount=yuan(trade.fen),
                    point_amount="0.00", fund_bill_list=f'[{{"amount":"{yuan(trade.fen)}",'
                                                        '"fundChannel":"ALIPAYACCOUNT"}]')
    if trade.state == CLOSED:
        told["gmt_close"] = stamp(trade.closed_at)
    if request_no:
        told.update(out_biz_no=request_no, refund_fee=yuan(trade.refunded),
                    gmt_refund=stamp(trade.refunds[request_no]["at"]) + ".143")
    now = sim.clock.now()
    return Notify("refund" if request_no else "transaction", trade.state, "", trade.notify_url,
                  told, trade, now, id=simclock.beijing(now, "%Y%m%d") + "00222"
                                       + wxcrypto.random_text(21, wxcrypto.DIGITS))


def pay_notify(sim, trade: Trade) -> Notify:
    return trade_notify(sim, trade)
