"""Alipay's part of the control API: what a person does in its app, and what fate does."""
import alibooks
import alitrade
import simclock
import wxcrypto
from alibooks import CLOSED, FINISHED, SUCCESS, UNSCANNED
from answers import ControlError

QR = "https://qr.alipay.com/"
RESULT_CODE = {"ok": "9000", "cancel": "6001", "fail": "4000"}


def _trade(sim, body: dict):
    if "tradeNO" in body:
        return sim.alibooks.by("trade_no", body["tradeNO"])
    if "code_url" in body:
        return sim.alibooks.by("code", body["code_url"])
    return sim.alibooks.trade(body.get("out_trade_no", ""))


def concerns(sim, body: dict) -> bool:
    """Whether a call that both channels have is about Alipay."""
    with sim.lock:
        return "tradeNO" in body or str(body.get("code_url", "")).startswith(QR) or \
            body.get("out_trade_no") in sim.alibooks.trades


def _user(sim, body: dict, trade) -> str:
    user = body.get("user") or (trade and trade.buyer) or sim.books.native_user().user
    if user not in sim.books.users:
        raise ControlError("no such user")
    return user


def _result(name: str, refusal: str = "", **more) -> dict:
    return {"result": name, "resultCode": RESULT_CODE[name], "errMsg": refusal, **more}


def pay(sim, body: dict, mode: str) -> dict:
    with sim.lock:
        trade = _trade(sim, body)
        if trade is None:
            return _result("fail", "无效的支付凭证")
        user = _user(sim, body, trade)
        refusal = alitrade.payable(sim, trade, body.get("code_url", ""))
        if body.get("late") and trade.state == CLOSED and not trade.paid:
            refusal = ""
        if trade.product == "create" and user != trade.buyer:
            refusal = "支付用户与下单用户不一致"
        if refusal or mode != "ok":
            return _result("fail" if refusal else mode, refusal)
        dated = body.get("success_time")
        alitrade.pay(sim, trade, user, simclock.parse_rfc3339(dated) if dated else 0)
        notify = alitrade.pay_notify(sim, trade)
    sim.alinotifier.announce(notify, wait=body.get("wait", False))
    return _result("ok", transaction_id=trade.trade_no)


def scan(sim, body: dict) -> dict:
    with sim.lock:
        trade = _trade(sim, body)
        if trade is None or alitrade.payable(sim, trade, body.get("code_url", "")):
            raise ControlError("no such code, or not to be paid any more")
        alitrade.exist(sim, trade, _user(sim, body, trade))
        sim.alibooks.save(trade)
        return {"trade_no": trade.trade_no, "state": trade.state}


def finish(sim, body: dict) -> dict:
    """What happens by itself when no refund is possible any more."""
    with sim.lock:
        trade = _trade(sim, body)
        if trade is None or trade.state != SUCCESS:
            raise ControlError("no such trade, or not TRADE_SUCCESS")
        trade.state = FINISHED
        sim.alibooks.save(trade)
        notify = alitrade.trade_notify(sim, trade)
    sim.alinotifier.announce(notify, wait=True)
    return {"state": trade.state}


def refund_by_hand(sim, body: dict, at: float) -> dict:
    trade = _trade(sim, body)
    if not trade.paid or trade.refunded + body["refund_fen"] > trade.fen:
        raise ControlError("not paid, or too much")
    number = wxcrypto.random_text(20, wxcrypto.DIGITS)
    trade.refunds[number] = {"fen": body["refund_fen"], "reason": "", "at": at}
    if trade.refunded == trade.fen:
        trade.state, trade.closed_at = CLOSED, at
    sim.alibooks.save(trade)
    told = alitrade.trade_notify(sim, trade, number)
    sim.scheduler.after(0, lambda: sim.alinotifier.announce(told))
    return {"out_refund_no": number}


def buyer(sim, body: dict) -> dict:
    with sim.lock:
        user = sim.books.users.get(body["user"]) if "user" in body else sim.books.add_user("")
        if user is None:
            raise ControlError("no such user")
        return {"user": user.user, **alibooks.buyer(user)}


def resend(sim, body: dict) -> dict:
    """The latest notify about this trade."""
    for notify in reversed(list(sim.alinotifier.log)):
        if notify.record.out_trade_no == body["out_trade_no"]:
            return {"status": sim.alinotifier.resend(notify, body.get("raw", False))}
    raise ControlError("no notify about that yet")


def trades(sim) -> list:
    return [{"out_trade_no": t.out_trade_no, "product": t.product, "state": t.state,
             "exists": t.state != UNSCANNED, "closed": t.state == CLOSED,
             "total_fen": t.fen, "refunded_fen": t.refunded, "trade_no": t.trade_no,
             "buyer": t.buyer, "codes": t.codes, "refunds": t.refunds, "notified": t.notified,
             "params": t.params, "paid_at": simclock.rfc3339(t.paid_at) if t.paid else None,
             "expire_at": simclock.rfc3339(t.expire_at)} for t in sim.alibooks.trades.values()]
