"""Orders of WeChat Pay APIv3: prepay, query, close, and the user's payment itself.

State machine (page 4012791858): NOTPAY -> SUCCESS -> REFUND, NOTPAY -> CLOSED. Pages: JSAPI
prepay 4012791856, Native 4012791877, query 4012791858 and 4012791859, close 4012791860.
"""
from urllib.parse import unquote

import simclock
import wxcrypto
import wxfields
from answers import Answer, PayError, Request, signed
from books import CLOSED, PAID, REFUNDED, UNPAID, WEEK, Order
from notify import Notify

TICKET_LIFE_S = 7200
STATE_TEXT = {UNPAID: "订单未支付", PAID: "支付成功", REFUNDED: "转入退款", CLOSED: "订单已关闭"}


def check_mchid(sim, mchid: str) -> None:
    if mchid != sim.config.mchid:
        raise PayError(400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配")


def _expiry(sim, text: str | None) -> float:
    """At least a minute away, default and most 7 days (the JSAPI page says 15)."""
    now = sim.clock.now()
    if text is None:
        return now + WEEK
    try:
        expiry = simclock.parse_rfc3339(text)
    except ValueError:
        raise wxfields.refusal("time_expire 格式错误，应为 RFC 3339", "/body/time_expire", text,
                               "pattern") from None
    if expiry > now + WEEK:
        raise wxfields.refusal("time_expire 超过最长有效期", "/body/time_expire", text, "maximum")
    return max(expiry, now + 60)


def _check_payer(sim, body: dict) -> None:
    openid = body["payer"]["openid"]
    if sim.books.user_by("openid", openid):
        return
    if sim.books.user_by("web_openid", openid):
        raise PayError(500, "OPENID_MISMATCH", "openid和appid不匹配")
    raise PayError(400, "PARAM_ERROR", "无效的openid")


def _parse_prepay(sim, req: Request, product: str) -> dict:
    body = wxfields.parse(req, wxfields.NATIVE if product == "NATIVE" else wxfields.JSAPI)
    check_mchid(sim, body["mchid"])
    if body["appid"] != sim.config.appid:
        raise PayError(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
    if product == "JSAPI":
        _check_payer(sim, body)
    return body


def _check_repeat(sim, order: Order, product: str, body: dict) -> None:
    """The same number again: only while unpaid and with identical parameters."""
    if order.paid:
        raise PayError(400, sim.faults["order_paid_code"], "该订单已支付")
    if order.state == CLOSED or sim.clock.now() >= order.expire_at:
        raise PayError(400, "ORDER_CLOSED", "该订单已失效")
    if order.product == product and order.params == body:
        return
    if sim.faults["reorder_code"] == "INVALID_REQUEST":
        raise PayError(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")
    raise PayError(403, "OUT_TRADE_NO_USED", "商户订单号重复")


def _new_ticket(sim, product: str) -> str:
    if product == "NATIVE":
        return f"weixin://wxpay/bizpayurl?pr={wxcrypto.random_text(7)}zz"
    stamp = simclock.beijing(sim.clock.now(), "%Y%m%d%H%M%S")
    return f"wx{stamp}{wxcrypto.random_text(18, '0123456789abcdef')}00"


def _prepay(sim, req: Request, product: str) -> Answer:
    body = _parse_prepay(sim, req, product)
    order = sim.books.order(body["out_trade_no"])
    if order:
        _check_repeat(sim, order, product, body)
    else:
        order = Order(body["out_trade_no"], product, body, sim.clock.now(),
                      _expiry(sim, body.get("time_expire")))
    ticket = _new_ticket(sim, product)
    order.tickets[ticket] = sim.clock.now()
    sim.books.save(order)
    answer = signed({"code_url" if product == "NATIVE" else "prepay_id": ticket})
    if sim.faults.take("notify_before_prepay_answer", out_trade_no=order.out_trade_no,
                       event="transaction"):
        pay(sim, order, order_user(sim, order))
        answer.after.append(lambda: sim.notifier.announce(pay_notify(sim, order), wait=True))
    return answer


def jsapi(sim, req: Request) -> Answer:
    return _prepay(sim, req, "JSAPI")


def native(sim, req: Request) -> Answer:
    return _prepay(sim, req, "NATIVE")


def transaction(sim, order: Order) -> dict:
    """An order as queries and notifies show it; unpaid it has no transaction_id and so on."""
    shown = {"appid": order.params["appid"], "mchid": order.params["mchid"],
             "out_trade_no": order.out_trade_no, "trade_state": order.state,
             "trade_state_desc": STATE_TEXT[order.state],
             "attach": order.params.get("attach", ""),
             "amount": {"total": order.total, "currency": "CNY", "payer_currency": "CNY"}}
    if order.paid:
        shown.update(transaction_id=order.transaction_id, trade_type=order.product,
                     bank_type="OTHERS", success_time=simclock.rfc3339(order.success_at),
                     payer={"openid": order.payer}, promotion_detail=[])
        shown["amount"]["payer_total"] = order.settled
    return shown


def _found(order: Order | None) -> Order:
    if order is None:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    return order


def _check_query_mchid(sim, req: Request) -> None:
    mchid = req.query.get("mchid")
    if mchid is None:
        raise wxfields.refusal("输入源“/query/mchid”映射到字段“直连商户号”必填性规则校验失败，"
                               "此字段为必填项", "/query/mchid", None, "required", "query")
    check_mchid(sim, mchid)


def query_by_number(sim, req: Request, out_trade_no: str) -> Answer:
    number = unquote(out_trade_no)
    wxfields.check_trade_no(number)
    _check_query_mchid(sim, req)
    return signed(transaction(sim, _found(sim.books.order(number))))


def query_by_id(sim, req: Request, transaction_id: str) -> Answer:
    _check_query_mchid(sim, req)
    if not transaction_id.isdecimal():
        raise PayError(500, "INVALID_TRANSACTIONID", "订单号非法")
    return signed(transaction(sim, _found(sim.books.order_of_transaction(transaction_id))))


def close(sim, req: Request, out_trade_no: str) -> Answer:
    """204, also for a closed one; a paid order is refused in one of two spellings."""
    number = unquote(out_trade_no)
    wxfields.check_trade_no(number)
    check_mchid(sim, wxfields.parse(req, wxfields.CLOSE)["mchid"])
    order = _found(sim.books.order(number))
    if order.state == UNPAID and sim.faults.take("pay_wins_close", out_trade_no=number):
        pay(sim, order, order_user(sim, order))
        sim.scheduler.after(0, lambda: sim.notifier.announce(pay_notify(sim, order)))
    if order.paid:
        raise PayError(400, sim.faults["order_paid_code"], "订单已支付，禁止关单")
    if order.state == UNPAID and \
            sim.clock.now() < order.created_at + sim.faults["close_min_age_s"]:
        raise PayError(400, "INVALID_REQUEST", "订单生成后不能马上关单，请稍后再试")
    order.state = CLOSED
    sim.books.save(order)
    return Answer(204, signed=True)


def order_user(sim, order: Order) -> str:
    """The openid that pays when nobody says who: the JSAPI payer, or some scanner."""
    if order.product == "JSAPI":
        return order.params["payer"]["openid"]
    return sim.books.native_user().openid


def payable(sim, order: Order, ticket: str = "") -> str:
    """Why WeChat's client would refuse this payment; empty when it may go on."""
    now = sim.clock.now()
    if order.paid:
        return "该订单已支付"
    if order.state == CLOSED:
        return "该订单已关闭"
    if now >= order.expire_at:
        return "该订单已过期"
    if ticket and now >= order.tickets[ticket] + TICKET_LIFE_S:
        return "该支付凭证已超过2小时"
    return ""


def pay(sim, order: Order, openid: str, success_at: float = 0) -> None:
    """NOTPAY -> SUCCESS. The caller has checked payable(), and announces pay_notify()."""
    stamp = simclock.beijing(sim.clock.now(), "%Y%m%d")
    order.state, order.payer = PAID, openid
    order.success_at = success_at or sim.clock.now()
    order.transaction_id = (f"4200{wxcrypto.random_text(6, wxcrypto.DIGITS)}{stamp}"
                            f"{wxcrypto.random_text(10, wxcrypto.DIGITS)}")
    sim.books.save(order)


def pay_notify(sim, order: Order) -> Notify:
    """TRANSACTION.SUCCESS (page 4012791861); failures are never notified."""
    resource = {**transaction(sim, order), "trade_state": PAID,
                "trade_state_desc": STATE_TEXT[PAID]}
    return Notify("transaction", "TRANSACTION.SUCCESS", "支付成功",
                  order.params["notify_url"], resource, order, sim.clock.now())
