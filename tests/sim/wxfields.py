"""The fields of WeChat Pay's request bodies as tables, and the refusals of page 4012791856 and
4012791869 for what doesn't fit: lengths count bytes, unknown members are refused."""
import re
from dataclasses import dataclass, field

from answers import PayError, Request

_TRADE_NO = re.compile(r"[0-9A-Za-z_\-|*]+")
_REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]+")
_URL = re.compile(r"https://[^/?#\s@]+(/[^?#\s]*)?")


@dataclass(frozen=True)
class Text:
    label: str
    high: int
    required: bool = False
    low: int = 1
    pattern: re.Pattern | None = None


@dataclass(frozen=True)
class Number:
    label: str
    low: int = 0
    required: bool = False


@dataclass(frozen=True)
class Flag:
    label: str
    required: bool = False


@dataclass(frozen=True)
class Object:
    label: str
    fields: dict = field(default_factory=dict)
    required: bool = False


@dataclass(frozen=True)
class ListOf:
    label: str
    element: Object
    required: bool = False


GOODS = Object("单品", {
    "merchant_goods_id": Text("商户侧商品编码", 32, required=True),
    "wechatpay_goods_id": Text("微信支付商品编码", 32),
    "goods_name": Text("商品名称", 256),
    "quantity": Number("商品数量", 1, required=True),
    "unit_price": Number("商品单价", required=True)})
STORE = Object("商户门店信息", {
    "id": Text("门店编号", 32, required=True), "name": Text("门店名称", 256),
    "area_code": Text("地区编码", 32), "address": Text("详细地址", 512)})

NATIVE = {
    "appid": Text("公众号ID", 32, required=True),
    "mchid": Text("直连商户号", 32, required=True),
    "description": Text("商品描述", 127, required=True),
    "out_trade_no": Text("商户订单号", 32, True, 6, _TRADE_NO),
    "time_expire": Text("交易结束时间", 64),
    "attach": Text("附加数据", 128, low=0),
    "notify_url": Text("通知地址", 255, True, 1, _URL),
    "goods_tag": Text("订单优惠标记", 32),
    "support_fapiao": Flag("电子发票入口开放标识"),
    "amount": Object("订单金额", {
        "total": Number("总金额", 1, required=True),
        "currency": Text("货币类型", 16, pattern=re.compile("CNY"))}, required=True),
    "detail": Object("优惠功能", {
        "cost_price": Number("订单原价"), "invoice_id": Text("商品小票ID", 32),
        "goods_detail": ListOf("单品列表", GOODS)}),
    "scene_info": Object("场景信息", {
        "payer_client_ip": Text("用户终端IP", 45, required=True),
        "device_id": Text("商户端设备号", 32), "store_info": STORE}),
    "settle_info": Object("结算信息", {"profit_sharing": Flag("是否指定分账")}),
}
JSAPI = {**NATIVE, "payer": Object("支付者", {"openid": Text("用户标识", 128, required=True)},
                                   required=True)}
CLOSE = {"mchid": Text("直连商户号", 32, required=True)}
REFUND = {
    "transaction_id": Text("微信支付订单号", 32),
    "out_trade_no": Text("商户订单号", 32, False, 6, _TRADE_NO),
    "out_refund_no": Text("商户退款单号", 64, True, 1, _REFUND_NO),
    "reason": Text("退款原因", 80),
    "notify_url": Text("退款结果回调url", 256, False, 1, _URL),
    "funds_account": Text("退款资金来源", 32, pattern=re.compile("AVAILABLE|UNSETTLED")),
    "amount": Object("金额信息", {
        "refund": Number("退款金额", 1, required=True),
        "total": Number("原订单金额", 1, required=True),
        "currency": Text("退款币种", 16, True, 1, re.compile("CNY")),
        "from": ListOf("退款出资账户及金额", Object("出资账户", {
            "account": Text("出资账户类型", 32, True, 1, re.compile("AVAILABLE|UNAVAILABLE")),
            "amount": Number("出资金额", 1, required=True)}))}, required=True),
    "goods_detail": ListOf("退款商品", Object("退款商品", {
        "merchant_goods_id": Text("商户侧商品编码", 32, required=True),
        "wechatpay_goods_id": Text("微信支付商品编码", 32),
        "goods_name": Text("商品名称", 256),
        "unit_price": Number("商品单价", required=True),
        "refund_amount": Number("商品退款金额", required=True),
        "refund_quantity": Number("商品退货数量", 1, required=True)})),
}
ABNORMAL = {
    "out_refund_no": Text("商户退款单号", 64, True, 1, _REFUND_NO),
    "type": Text("异常退款处理方式", 32, True, 1, re.compile("USER_BANK_CARD|MERCHANT_BANK_CARD")),
    "bank_type": Text("开户银行", 16),
    "bank_account": Text("收款银行卡号", 1024),
    "real_name": Text("收款用户姓名", 1024),
}
ECHO = {
    "notify_url": Text("商户回调地址", 255, False, 1, _URL),
    "echo_message": Text("回显信息", 1024, required=True),
    "encrypted_echo_message": Text("加密测试字段", 1024),
}


def refusal(message: str, where: str, value, issue: str, location: str = "body") -> PayError:
    """400 PARAM_ERROR with the detail that real answers carry."""
    at = where.removeprefix(f"/{location}")
    return PayError(400, "PARAM_ERROR", message,
                    {"field": at, "value": value, "issue": issue, "location": location})


def _kind_refusal(rule, where: str, value, wanted: str) -> PayError:
    return refusal(f"无法将 JSON 输入源“{where}”映射到目标字段“{rule.label}”中，此字段需要{wanted}",
                   where, value, "type")


def check_text(rule: Text, value, where: str, location: str = "body") -> None:
    if not isinstance(value, str):
        raise _kind_refusal(rule, where, value, "一个 string 类型的 Json 值")
    size = len(value.encode())
    head = f"输入源“{where}”映射到值字段“{rule.label}”字符串规则校验失败，"
    if size > rule.high:
        raise refusal(f"{head}字节数 {size}，大于最大值 {rule.high}", where, size, "length",
                      location)
    if size < rule.low:
        raise refusal(f"{head}字节数 {size}，小于最小值 {rule.low}", where, size, "length",
                      location)
    if rule.pattern and not rule.pattern.fullmatch(value):
        raise refusal(f"{head}格式不符合要求", where, value, "pattern", location)


def _check_number(rule: Number, value, where: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        raise _kind_refusal(rule, where, value, "一个合法的 64 位有符号整数")
    if value < rule.low:
        raise refusal(f"输入源“{where}”映射到数值字段“{rule.label}”规则校验失败，"
                      f"值低于最小值 {rule.low}", where, value, "minimum")


def _check_object(rule: Object, value, where: str) -> None:
    if not isinstance(value, dict):
        raise _kind_refusal(rule, where, None, "一个 object 类型的 Json 值")
    for name in value:
        if name not in rule.fields:
            raise refusal("参数中含有非法的额外参数", f"{where}/{name}", None, "unknown")
    for name, part in rule.fields.items():
        if name in value:
            _check(part, value[name], f"{where}/{name}")
        elif part.required:
            raise refusal(f"输入源“{where}/{name}”映射到字段“{part.label}”必填性规则校验失败，"
                          "此字段为必填项", f"{where}/{name}", None, "required")


def _check(rule, value, where: str) -> None:
    if isinstance(rule, Text):
        check_text(rule, value, where)
    elif isinstance(rule, Number):
        _check_number(rule, value, where)
    elif isinstance(rule, Object):
        _check_object(rule, value, where)
    elif isinstance(rule, Flag):
        if not isinstance(value, bool):
            raise _kind_refusal(rule, where, value, "一个 bool 类型的 Json 值")
    else:
        if not isinstance(value, list):
            raise _kind_refusal(rule, where, None, "一个 array 类型的 Json 值")
        for number, element in enumerate(value):
            _check(rule.element, element, f"{where}/{number}")


def parse(req: Request, fields: dict) -> dict:
    """The checked body; PayError 400 otherwise."""
    if req.header("Content-Type").partition(";")[0].strip().lower() != "application/json":
        raise PayError(400, "INVALID_REQUEST", "Http头Content-Type不正确，应为application/json")
    try:
        body = req.json()
    except ValueError:
        raise PayError(400, "PARAM_ERROR", "请求体不是合法的 JSON") from None
    _check_object(Object("请求体", fields), body, "/body")
    return body


def check_trade_no(value: str) -> None:
    """The order number in a path."""
    check_text(Text("商户订单号", 32, low=6), value, "/uri_template/out_trade_no", "uri_template")
