"""Refunds of WeChat Pay APIv3 (pages 4013071036, 4013071041, 4013071193, 4013071196):
accepted at once, SUCCESS, ABNORMAL or CLOSED later; the number makes them idempotent."""
from urllib.parse import unquote

import simclock
import wxcrypto
import wxfields
from answers import Answer, PayError, Request, signed
from books import REFUNDED, Order, Refund
from notify import Notify

YEAR_S = 365 * 86400
MOST_PARTS = 50
MISMATCH = "订单金额或退款金额与之前请求不一致，请核实后再试"
SUMMARY = {"SUCCESS": "退款成功", "ABNORMAL": "退款异常", "CLOSED": "退款关闭"}


def _find_order(sim, body: dict) -> Order:
    if ("transaction_id" in body) == ("out_trade_no" in body):
        raise PayError(400, "PARAM_ERROR", "transaction_id和out_trade_no必须且只能填写一个")
    order = (sim.books.order_of_transaction(body["transaction_id"]) if "transaction_id" in body
             else sim.books.order(body["out_trade_no"]))
    if order is None or not order.paid:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
    return order


def _check_limits(sim, order: Order, body: dict) -> None:
    """A year, 50 parts, the sum; a minute apart only when refund_interval_s says so."""
    now = sim.clock.now()
    alive = [r for r in sim.books.refunds_of(order) if r.status != "CLOSED"]
    if body["amount"]["total"] != order.total:
        raise PayError(400, "INVALID_REQUEST", MISMATCH)
    if now > order.success_at + YEAR_S:
        raise PayError(403, "TRADE_OVERDUE", "订单已经超过退款期限")
    if sum(r.fen for r in alive) == order.total:
        raise PayError(400, "INVALID_REQUEST", "订单已全额退款")
    if sum(r.fen for r in alive) + body["amount"]["refund"] > order.total:
        raise PayError(400, "INVALID_REQUEST", "申请退款金额大于订单剩余可退金额")
    if len(alive) >= MOST_PARTS:
        raise PayError(400, "INVALID_REQUEST", "部分退款次数超过限制")
    if alive and now < max(r.created_at for r in alive) + sim.faults["refund_interval_s"]:
        raise PayError(429, sim.faults["rate_code"], "同一订单的两次退款需间隔1分钟，请稍后再试")


def _check_account(sim, order: Order) -> None:
    if sim.faults.take("refund_not_enough", out_trade_no=order.out_trade_no):
        raise PayError(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")
    if sim.faults.take("refund_user_abnormal", out_trade_no=order.out_trade_no):
        raise PayError(403, "USER_ACCOUNT_ABNORMAL", "用户账户异常，退款请求失败")


def create(sim, req: Request) -> Answer:
    body = wxfields.parse(req, wxfields.REFUND)
    order = _find_order(sim, body)
    known = sim.books.refunds.get(body["out_refund_no"])
    if known:
        if known.params != body:
            raise PayError(400, "INVALID_REQUEST", MISMATCH)
        return signed(shown(sim, known))
    _check_limits(sim, order, body)
    _check_account(sim, order)
    stamp = simclock.beijing(sim.clock.now(), "%Y%m%d")
    refund_id = (f"50300{wxcrypto.random_text(6, wxcrypto.DIGITS)}{stamp}"
                 f"{wxcrypto.random_text(10, wxcrypto.DIGITS)}")
    refund = Refund(body["out_refund_no"], refund_id, order.out_trade_no, body, sim.clock.now(),
                    coupon=sim.books.coupon_part(order, body["amount"]["refund"]))
    order.state = REFUNDED
    sim.books.save(order)
    sim.books.save(refund)
    schedule(sim, refund)
    return signed(shown(sim, refund))


def by_hand(sim, order: Order, fen: int, at: float) -> str:
    """In the merchant's console: no API, no v3 notify, but a line in the bill."""
    number = f"5030{wxcrypto.random_text(24, wxcrypto.DIGITS)}"
    params = {"out_trade_no": order.out_trade_no, "out_refund_no": number,
              "amount": {"refund": fen, "total": order.total, "currency": "CNY"}}
    order.state = REFUNDED
    sim.books.save(order)
    sim.books.save(Refund(number, f"50301{wxcrypto.random_text(22, wxcrypto.DIGITS)}",
                          order.out_trade_no, params, at, "SUCCESS", success_at=at,
                          coupon=sim.books.coupon_part(order, fen)))
    return number


def schedule(sim, refund: Refund) -> None:
    """The bank's work: the outcome of the settings, after their delay."""
    sim.scheduler.after(sim.faults["refund_delay_ms"] / 1000,
                        lambda: decide(sim, refund, sim.faults["refund_outcome"]))


def decide(sim, refund: Refund, status: str) -> None:
    """Gives a refund in work its final word and tells the merchant. Takes the lock itself."""
    with sim.lock:
        current = sim.books.refunds.get(refund.out_refund_no) is refund
        if not current or refund.status != "PROCESSING" or status == "PROCESSING":
            return
        refund.status = status
        refund.success_at = sim.clock.now() if status == "SUCCESS" else 0
        sim.books.save(refund)
        notify = refund_notify(sim, refund)
    if notify:
        sim.notifier.announce(notify)


def shown(sim, refund: Refund) -> dict:
    order = sim.books.orders[refund.out_trade_no]
    amount = {"total": order.total, "refund": refund.fen, "from": [],
              "payer_total": order.settled,
              "payer_refund": refund.settled,
              "settlement_refund": refund.settled, "settlement_total": order.settled,
              "discount_refund": refund.coupon, "currency": "CNY", "refund_fee": 0}
    view = {"refund_id": refund.refund_id, "out_refund_no": refund.out_refund_no,
            "transaction_id": order.transaction_id, "out_trade_no": order.out_trade_no,
            "channel": refund.channel, "user_received_account": refund.account,
            "create_time": simclock.rfc3339(refund.created_at), "status": refund.status,
            "funds_account": "AVAILABLE", "amount": amount, "promotion_detail": []}
    if refund.status == "SUCCESS":
        view["success_time"] = simclock.rfc3339(refund.success_at)
    return view


def show(sim, req: Request, out_refund_no: str) -> Answer:
    refund = sim.books.refunds.get(unquote(out_refund_no))
    if refund is None:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return signed(shown(sim, refund))


def refund_notify(sim, refund: Refund) -> Notify | None:
    """REFUND.* names the state refund_status and has neither channel nor appid; nothing is sent
    when the merchant gave no notify_url."""
    if "notify_url" not in refund.params:
        return None
    order = sim.books.orders[refund.out_trade_no]
    resource = {"mchid": sim.config.mchid, "out_trade_no": order.out_trade_no,
                "transaction_id": order.transaction_id, "out_refund_no": refund.out_refund_no,
                "refund_id": refund.refund_id, "refund_status": refund.status,
                "user_received_account": refund.account,
                "amount": {"total": order.total, "refund": refund.fen,
                           "payer_total": order.settled,
                           "payer_refund": refund.settled}}
    if refund.status == "SUCCESS":
        resource["success_time"] = simclock.rfc3339(refund.success_at)
    return Notify("refund", f"REFUND.{refund.status}", SUMMARY[refund.status],
                  refund.params["notify_url"], resource, refund, sim.clock.now())


def _decrypted(sim, req: Request, body: dict, name: str) -> None:
    key = sim.keys.for_decryption(req.header("Wechatpay-Serial"))
    try:
        wxcrypto.oaep_decrypt(key.private, body[name])
    except (KeyError, ValueError):
        raise PayError(400, "PARAM_ERROR", f"敏感字段{name}解密失败") from None


def apply_abnormal(sim, req: Request, refund_id: str) -> Answer:
    """A refund that couldn't return goes to a bank card: PROCESSING again (page 4013071193)."""
    body = wxfields.parse(req, wxfields.ABNORMAL)
    refund = sim.books.refunds.get(body["out_refund_no"])
    if refund is None or refund.refund_id != refund_id:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    if refund.status != "ABNORMAL":
        raise PayError(400, "INVALID_REQUEST", "该退款单不是异常退款")
    if body["type"] == "USER_BANK_CARD":
        if "bank_type" not in body:
            raise PayError(400, "PARAM_ERROR", "bank_type必填")
        _decrypted(sim, req, body, "bank_account")
        _decrypted(sim, req, body, "real_name")
    refund.status, refund.channel = "PROCESSING", "OTHER_BANKCARD"
    refund.account = "银行卡"
    sim.books.save(refund)
    schedule(sim, refund)
    return signed(shown(sim, refund))
