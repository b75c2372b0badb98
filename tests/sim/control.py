"""The control API /sim/: what a person, WeChat's client or fate does. Loopback only, no
signature, JSON in and out; 400 {"error"} for a wrong call.

    GET  /sim/ping                                      {"ok":true}
    POST /sim/users          {"nickname"?,"user"?,"phone"?,"blocked"?}   creates or gets
    POST /sim/login-code     {"user"}                   {"code"} as wx.login gives it
    POST /sim/phone-code     {"user"}                   {"code"} as the phone button gives it
    POST /sim/scan           {"url","user","agree"?}    {"location"}: a person scans the QR page at
                             that address and agrees, or not: where its browser goes
    POST /sim/subscribe      {"user","template_id","count"?}    the user accepts messages
    POST /sim/pay            see pay()
    POST /sim/alipay/buyer   {"user"?}                  {"buyer_id","buyer_open_id",…} of a user
    POST /sim/alipay/scan    {"code_url","user"?}       scanned, not paid: now the trade exists
    POST /sim/alipay/finish  {"out_trade_no"}           no refund any more: TRADE_FINISHED
    POST /sim/refunds/decide {"out_refund_no","status"} final word for a PROCESSING refund
    POST /sim/refunds/by-hand {"out_trade_no","refund_fen","at"?}  {"out_refund_no"}: people in the
                             channel's console; Alipay tells of it
    POST /sim/age            {"seconds"}: all payments and refunds so far were so much earlier
    POST /sim/bills          {"bill_date","drop"?,"amounts"?,"add"?,"only"?,"files"?}
                             bills that differ from the books, see billedits.py
    POST /sim/notify/resend  {"out_trade_no"|"out_refund_no","raw"?}   {"status"}: its answer
    POST /sim/faults         {"name","times"?,…} a fault, {"name","value"} a setting (faults.py)
    POST /sim/certificates   {"step":"publish"|"switch"|"retire"}      rotation
    POST /sim/tokens/kill    {}                         every access_token becomes invalid
    POST /sim/clock          {"advance_s"}              lives of codes, tickets, orders, bills
    POST /sim/reset          {"keep_books"?}
    GET  /sim/faults         what is armed, and the settings
    GET  /sim/users /sim/trades (Alipay's) /sim/orders /sim/refunds /sim/notifies /sim/messages /sim/requests
                             /sim/sms
                             {"items":[…]}; a query like ?out_trade_no=… picks
"""
import time

import billedits
import alicontrol
import faults
import simclock
import wxcrypto
import wxpay
import wxrefund
import wxweb
from answers import Answer, ControlError, Request, plain

PAY_PARAMETERS = ("timeStamp", "nonceStr", "package", "signType", "paySign")


def _user(sim, body: dict):
    user = sim.books.users.get(body.get("user", ""))
    if user is None:
        raise ControlError("no such user")
    return user


def users(sim, body: dict) -> dict:
    """By user, by nickname, or a new one; phone and blocked are changed when given."""
    with sim.lock:
        if "user" in body:
            user = _user(sim, body)
        else:
            nickname = body.get("nickname", "")
            user = sim.books.user_by("nickname", nickname) or sim.books.add_user(nickname)
        if "phone" in body or "blocked" in body:
            user.phone = body.get("phone", user.phone)
            user.blocked = body.get("blocked", user.blocked)
            sim.books.save(user)
        return dict(vars(user))


def login_code(sim, body: dict) -> dict:
    with sim.lock:
        return {"code": sim.codes.issue("login", _user(sim, body).user)}


def phone_code(sim, body: dict) -> dict:
    with sim.lock:
        return {"code": sim.codes.issue("phone", _user(sim, body).user)}


def scan(sim, body: dict) -> dict:
    with sim.lock:
        user = _user(sim, body).user
        return {"location": wxweb.scanned(sim, body.get("url", ""), user, body.get("agree", True))}


def subscribe(sim, body: dict) -> dict:
    with sim.lock:
        openid = _user(sim, body).openid
        sim.messages.accept(openid, body.get("template_id", ""), body.get("count", 1))
        return {"ok": True}


def _check_pay_parameters(sim, body: dict) -> str:
    """What WeChat's client refuses before it shows the payment (page 4012365339)."""
    for name in PAY_PARAMETERS:
        if name not in body:
            return f"调用支付JSAPI缺少参数：{name}"
        if not isinstance(body[name], str):
            return f"parameter.{name} should be String"
    if body["signType"] != "RSA" or not body["timeStamp"].isdecimal():
        return "支付验证签名失败"
    if not 1 <= len(body["nonceStr"]) <= 32 or not body["package"].startswith("prepay_id="):
        return "支付验证签名失败"
    text = wxcrypto.paysign_text(sim.config.appid, body["timeStamp"], body["nonceStr"],
                                 body["package"])
    if not wxcrypto.verify(sim.config.merchant_key, text, body["paySign"]):
        return "支付验证签名失败"
    return ""


def _find_order(sim, body: dict) -> tuple:
    """(order, ticket, refusal): by the JSAPI package, the scanned code_url, or directly."""
    if "out_trade_no" in body:
        return sim.books.order(body["out_trade_no"]), "", ""
    if "code_url" in body:
        ticket, refusal = body["code_url"], ""
    else:
        refusal = _check_pay_parameters(sim, body)
        ticket = str(body.get("package", "")).removeprefix("prepay_id=")
        if body.get("prepay_id", ticket) != ticket:
            refusal = refusal or "prepay_id与package不一致"
    return sim.books.order_of_ticket(ticket), ticket, refusal


def _payer(sim, body: dict, order) -> tuple[str, str]:
    """(openid, refusal): a JSAPI order is paid by its own user only."""
    openid = wxpay.order_user(sim, order)
    if "user" not in body:
        return openid, ""
    mine = _user(sim, body).openid
    if order.product == "JSAPI" and mine != openid:
        return mine, "支付用户与下单用户不一致"
    return mine, ""


def _result(name: str, refusal: str = "", **more) -> dict:
    text = {"ok": "ok", "cancel": "fail cancel"}.get(name, f"fail {refusal}")
    return {"result": name, "errMsg": f"requestPayment:{text}", **more}


def _await_close(sim, order) -> None:
    """The race that the close wins: the user's payment hangs until the order is closed."""
    fault = sim.faults.take("close_wins_pay", out_trade_no=order.out_trade_no)
    until = time.monotonic() + (fault.params.get("ms", 2000) / 1000 if fault else 0)
    while time.monotonic() < until and order.state != "CLOSED":
        time.sleep(0.01)


def pay(sim, body: dict) -> dict:
    """The user taps 支付. One of
    {"package","timeStamp","nonceStr","signType","paySign"}  the mini-program's five (and
    "prepay_id"), verified as WeChat's client does; {"code_url"} a scanned Native code;
    {"out_trade_no"} no questions asked; {"tradeNO"} inside Alipay's app. Besides: "user", "mode" ok|cancel|fail, "wait" until
    the first notify was delivered, "success_time" to date the payment back, "late": the bank's
    word comes after the order was closed, "coupon_fen": so much of it by a coupon (WeChat Pay)."""
    mode = body.get("mode", "ok")
    if mode not in ("ok", "cancel", "fail"):
        raise ControlError("mode must be ok, cancel or fail")
    if alicontrol.concerns(sim, body):
        return alicontrol.pay(sim, body, mode)
    with sim.lock:
        order, ticket, refusal = _find_order(sim, body)
        if refusal or order is None:
            return _result("fail", refusal or "无效的支付凭证")
        openid, refusal = _payer(sim, body, order)
    if refusal or mode == "fail":
        return _result("fail", refusal or "支付失败，银行拒绝")
    if mode == "cancel":
        return _result("cancel")
    _await_close(sim, order)
    with sim.lock:
        refusal = wxpay.payable(sim, order, ticket)
        if refusal and not (body.get("late") and order.state == "CLOSED"):
            return _result("fail", refusal)
        dated, coupon = body.get("success_time"), body.get("coupon_fen", 0)
        if type(coupon) is not int or not 0 <= coupon < order.total:
            raise ControlError("coupon_fen must be a number from 0 to less than the order's sum")
        order.coupon = coupon
        wxpay.pay(sim, order, openid, simclock.parse_rfc3339(dated) if dated else 0)
        notify = wxpay.pay_notify(sim, order)
    sim.notifier.announce(notify, wait=body.get("wait", False))
    return _result("ok", transaction_id=order.transaction_id)


def decide_refund(sim, body: dict) -> dict:
    refund = sim.books.refunds.get(body.get("out_refund_no", ""))
    if refund is None or body.get("status") not in wxrefund.SUMMARY:
        raise ControlError("no such refund, or a status other than SUCCESS, ABNORMAL, CLOSED")
    wxrefund.decide(sim, refund, body["status"])
    return {"status": refund.status}


def refund_by_hand(sim, body: dict) -> dict:
    with sim.lock:
        at = simclock.parse_rfc3339(body["at"]) if "at" in body else sim.clock.now()
        if alicontrol.concerns(sim, body):
            return alicontrol.refund_by_hand(sim, body, at)
        order = sim.books.order(body.get("out_trade_no", ""))
        if order is None or not order.paid:
            raise ControlError("no such order, or not paid")
        return {"out_refund_no": wxrefund.by_hand(sim, order, body["refund_fen"], at)}


def resend(sim, body: dict) -> dict:
    """The latest notify about this order or refund."""
    wanted = (body.get("out_trade_no"), body.get("out_refund_no"))
    if alicontrol.concerns(sim, body):
        return alicontrol.resend(sim, body)
    for notify in reversed(list(sim.notifier.log)):
        facts = notify.facts
        if (facts["out_trade_no"], facts["out_refund_no"]) == wanted or \
                facts["out_refund_no"] == wanted[1] is not None:
            return {"status": sim.notifier.resend(notify, body.get("raw", False))}
    raise ControlError("no notify about that yet")


def set_fault(sim, body: dict) -> dict:
    name = body.get("name")
    if name in faults.SETTINGS:
        sim.faults.set(name, body.get("value"))
    elif name in faults.FAULTS:
        params = {key: value for key, value in body.items() if key not in ("name", "times")}
        sim.faults.arm(name, body.get("times", 1), params)
    else:
        raise ControlError(f"no fault or setting {name!r}")
    return sim.faults.show()


def rotate(sim, body: dict) -> dict:
    if body.get("step") not in ("publish", "switch", "retire"):
        raise ControlError("step must be publish, switch or retire")
    with sim.lock:
        return {"serials": sim.keys.rotate(body["step"])}


def kill_tokens(sim, body: dict) -> dict:
    with sim.lock:
        sim.tokens.kill_all()
    return {"ok": True}


def advance(sim, body: dict) -> dict:
    sim.clock.advance(float(body.get("advance_s", 0)))
    return {"now": simclock.rfc3339(sim.clock.now())}


def age(sim, body: dict) -> dict:
    with sim.lock:
        back = float(body["seconds"])
        sim.books.age(back)
        sim.alibooks.age(back)
    return {"ok": True}


def reset(sim, body: dict) -> dict:
    sim.reset(body.get("keep_books", False))
    return {"ok": True}


def orders(sim, query: dict) -> list:
    found = [{**wxpay.transaction(sim, order), "product": order.product,
              "created_at": simclock.rfc3339(order.created_at),
              "expire_at": simclock.rfc3339(order.expire_at), "tickets": list(order.tickets),
              "notified": order.notified, "shipments": order.shipments}
             for order in sim.books.orders.values()]
    return _only(found, query)


def refunds(sim, query: dict) -> list:
    found = [wxrefund.shown(sim, refund) for refund in sim.books.refunds.values()]
    return _only(found, query)


def _only(rows: list, query: dict) -> list:
    """?out_trade_no=… and the like pick rows."""
    return [row for row in rows if all(str(row.get(k)) == v for k, v in query.items())]


POSTS = {  # path: (function, members it knows; None: it checks itself)
    "/sim/users": (users, ("nickname", "user", "phone", "blocked")),
    "/sim/login-code": (login_code, ("user",)),
    "/sim/phone-code": (phone_code, ("user",)),
    "/sim/scan": (scan, ("url", "user", "agree")),
    "/sim/subscribe": (subscribe, ("user", "template_id", "count")),
    "/sim/pay": (pay, PAY_PARAMETERS + ("prepay_id", "code_url", "tradeNO", "out_trade_no", "user", "mode",
                                        "wait", "success_time", "late", "coupon_fen")),
    "/sim/alipay/buyer": (alicontrol.buyer, ("user",)),
    "/sim/alipay/scan": (alicontrol.scan, ("code_url", "user")),
    "/sim/alipay/finish": (alicontrol.finish, ("out_trade_no",)),
    "/sim/refunds/decide": (decide_refund, ("out_refund_no", "status")),
    "/sim/refunds/by-hand": (refund_by_hand, ("out_trade_no", "refund_fen", "at")),
    "/sim/bills": (billedits.edit, ("bill_date", "drop", "amounts", "add", "only", "files")),
    "/sim/notify/resend": (resend, ("out_trade_no", "out_refund_no", "raw")),
    "/sim/faults": (set_fault, None),
    "/sim/certificates": (rotate, ("step",)),
    "/sim/tokens/kill": (kill_tokens, ()),
    "/sim/clock": (advance, ("advance_s",)),
    "/sim/age": (age, ("seconds",)),
    "/sim/reset": (reset, ("keep_books",)),
}
LISTS = {
    "/sim/users": lambda sim, query: [dict(vars(u)) for u in sim.books.users.values()],
    "/sim/orders": orders,
    "/sim/refunds": refunds,
    "/sim/notifies": lambda sim, query: _only(
        [n.show() for n in (*sim.notifier.log, *sim.alinotifier.log)], query),
    "/sim/trades": lambda sim, query: _only(alicontrol.trades(sim), query),
    "/sim/sms": lambda sim, query: _only(sim.texts.sent, query),
    "/sim/messages": lambda sim, query: list(sim.messages.sent),
    "/sim/requests": lambda sim, query: _only(list(sim.requests), query),
}


def _post(sim, req: Request) -> Answer:
    function, members = POSTS[req.path]
    body = req.json() if req.body else {}
    unknown = set(body) - set(members if members is not None else body)
    if unknown:
        raise ControlError(f"unknown member {', '.join(sorted(unknown))}")
    return plain(function(sim, body))


def handle(sim, req: Request) -> Answer:
    if req.client not in ("127.0.0.1", "::1"):
        return plain({"error": "loopback only"}, 403)
    try:
        if req.method == "POST" and req.path in POSTS:
            return _post(sim, req)
        if req.method == "GET" and req.path in LISTS:
            with sim.lock:
                return plain({"items": LISTS[req.path](sim, req.query)})
        if req.target == "/sim/faults":
            return plain(sim.faults.show())
        if req.target == "/sim/ping":
            return plain({"ok": True})
    except (ControlError, faults.FaultError, ValueError) as wrong:
        return plain({"error": str(wrong)}, 400)
    return plain({"error": "not found"}, 404)
