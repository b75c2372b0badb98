"""Subscribe messages (developers.weixin.qq.com: subscribeMessage.send) and the order shipping
duty (order-shipping: upload_shipping_info, is_trade_managed)."""
import re
from collections import Counter

import simclock
from answers import Answer, Request, WxError, plain, wx_body, wx_member

TEMPLATE_ID = re.compile(r"[A-Za-z0-9_-]{43}")
PAGE = re.compile(r"[A-Za-z0-9_./-]+(\?\S*)?")
VALUES = {  # limits of template values, in characters
    "thing": r".{1,20}", "number": r"-?\d{1,32}(\.\d+)?", "letter": r"[A-Za-z]{1,32}",
    "symbol": r".{1,5}", "character_string": r"[!-~]{1,32}", "time": r"[^\n]{1,32}",
    "date": r"[^\n]{1,32}", "amount": r"[¥￥$]?\d{1,10}(\.\d{1,2})?元?",
    "phone_number": r"[0-9+\-#* ]{1,17}", "car_number": r".{1,8}",
    "name": r"[一-鿿]{1,10}|[ -~]{1,20}", "phrase": r"[一-鿿]{1,5}"}


class Messages:
    """Consents: one accepted wx.requestSubscribeMessage is one message."""

    def __init__(self):
        self.reset()

    def reset(self) -> None:
        self.consents: Counter = Counter()
        self.sent: list[dict] = []

    def accept(self, openid: str, template_id: str, count: int) -> None:
        self.consents[openid, template_id] += count


def _check_values(data) -> None:
    """47003 names the field, as the real one does."""
    if not isinstance(data, dict) or not data:
        raise WxError(47003, "argument invalid! data")
    for name, cell in data.items():
        kind = re.fullmatch(r"([a-z_]+?)\d+", name)
        rule = kind and VALUES.get(kind[1])
        value = cell.get("value") if isinstance(cell, dict) else None
        if not rule or not isinstance(value, str) or not re.fullmatch(rule, value):
            raise WxError(47003, f"argument invalid! data.{name}.value invalid")


def send(sim, req: Request) -> Answer:
    sim.tokens.check(req)
    body = wx_body(req)
    user = sim.books.user_by("openid", wx_member(body, "touser", ""))
    template_id = wx_member(body, "template_id", "")
    if user is None:
        raise WxError(40003, "invalid openid")
    if not TEMPLATE_ID.fullmatch(template_id):
        raise WxError(40037, "invalid template_id")
    if not PAGE.fullmatch(wx_member(body, "page", "index")):
        raise WxError(41030, "invalid page")
    _check_values(body.get("data"))
    if sim.messages.consents[user.openid, template_id] < 1:
        raise WxError(43101, "user refuse to accept the msg")
    sim.messages.consents[user.openid, template_id] -= 1
    sim.messages.sent.append(body)
    return plain({"errcode": 0, "errmsg": "ok", "msgid": 1000 + len(sim.messages.sent)})


def _shipped_order(sim, key: dict):
    if key.get("order_number_type") == 1:
        mine = key.get("mchid") == sim.config.mchid
        order = sim.books.order(wx_member(key, "out_trade_no", "")) if mine else None
    elif key.get("order_number_type") == 2:
        order = sim.books.order_of_transaction(wx_member(key, "transaction_id", ""))
    else:
        raise WxError(268485194, "订单单号类型非法")
    if order is None or not order.transaction_id:
        raise WxError(10060001, "支付单不存在")
    return order


def _check_shipping(sim, body: dict, order) -> None:
    if wx_member(body, "payer", {}).get("openid") != order.payer:
        raise WxError(10060031, "该笔支付单不属于 openid 所指定的用户")
    if body.get("logistics_type") not in (1, 2, 3, 4):
        raise WxError(10060005, "物流类型有误")
    if body.get("delivery_mode") not in (1, 2):
        raise WxError(268485224, "发货模式非法")
    if body["delivery_mode"] == 2 and body["logistics_type"] != 1:
        raise WxError(10060006, "非快递发货时不允许分拆发货")
    items = wx_member(body, "shipping_list", []) or [{}]
    described = [wx_member(item, "item_desc", "") for item in items]
    if not all(described):
        raise WxError(10060008, "商品描述 item_desc 字段不能为空")
    if any(len(text) > 120 for text in described):
        raise WxError(10060009, "商品描述 item_desc 字段太长")
    try:
        simclock.parse_rfc3339(wx_member(body, "upload_time", ""))
    except ValueError:
        raise WxError(268485216, "上传时间非法，请按照 RFC 3339 格式填写") from None


def upload_shipping_info(sim, req: Request) -> Answer:
    """Once, and once more as a correction; identical content isn't an update."""
    sim.tokens.check(req)
    body = wx_body(req)
    order = _shipped_order(sim, wx_member(body, "order_key", {}))
    _check_shipping(sim, body, order)
    content = {name: body[name]
               for name in ("logistics_type", "delivery_mode", "shipping_list")}
    if content in order.shipments:
        raise WxError(10060023, "发货信息未更新。支付单信息不变")
    if len(order.shipments) >= 2:
        raise WxError(10060003, "支付单已使用重新发货机会")
    order.shipments.append(content)
    sim.books.save(order)
    return plain({"errcode": 0, "errmsg": "ok"})


def is_trade_managed(sim, req: Request) -> Answer:
    sim.tokens.check(req)
    if wx_body(req).get("appid") != sim.config.appid:
        raise WxError(40097, "invalid args")
    return plain({"errcode": 0, "errmsg": "ok",
                  "is_trade_managed": sim.faults["trade_managed"]})
