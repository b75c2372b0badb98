"""WeChat Pay: who is refused and how; prepay, query and close."""
import time

import pytest

import merchant_client
from merchant_client import JSAPI, NATIVE, in_seconds, told

CERTIFICATES = "/v3/certificates"
MALFORMED = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
STALE = "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"


# --- the gate ---

@pytest.mark.parametrize("path, header, message", [
    (CERTIFICATES, "none", MALFORMED),
    (CERTIFICATES, "Bearer abc", "HTTP头Authorization认证类型不正确"),
    ("/v3/pay/transactions/id/1?mchid=1", "none", "签名信息错误，验签失败"),
    ("/v3/pay/transactions/id/1?mchid=1", "Bearer abc", "签名信息错误，验签失败")])
def test_without_authorization(shop, path, header, message):
    header = None if header == "none" else header
    answer = shop.call("GET", path, headers={"Authorization": header})
    assert told(answer) == (401, "SIGN_ERROR", message)
    assert ("Request-ID" in answer.headers) == (path == CERTIFICATES)


@pytest.mark.parametrize("changes, message", [
    ({"signature": "AAAA"}, "签名错误"),
    ({"mchid": "1900000110"}, "签名错误"),
    ({"serial_no": "0" * 40}, "商户证书序列号有误。请使用签名私钥匹配的证书序列号"),
    ({"timestamp": str(int(time.time()) - 310)}, STALE),
    ({"timestamp": str(int(time.time()) + 600)}, STALE),
    ({"timestamp": str(int(time.time()) - 310), "signature": "AAAA"}, STALE),
    ({"timestamp": "now"}, MALFORMED),
    ({"nonce_str": "n" * 33}, MALFORMED)])
def test_authorization_is_checked(shop, changes, message):
    header = shop.header(shop.fields("GET", CERTIFICATES, "", **changes))
    answer = shop.call("GET", CERTIFICATES, authorization=header)
    assert told(answer) == (401, "SIGN_ERROR", message)


SPOILED_HEADERS = {
    "blank behind comma": lambda h: h.replace(",", ", "),
    "two blanks behind scheme": lambda h: h.replace(" ", "  ", 1),
    "comma at the end": lambda h: h + ",",
    "field twice": lambda h: h + ',nonce_str="twice"',
    "foreign field": lambda h: h + ',extra="1"',
    "no quotes": lambda h: h.replace('"', ""),
    "missing fields": lambda h: h.partition(",")[0]}


@pytest.mark.parametrize("how", SPOILED_HEADERS)
def test_authorization_has_one_form(shop, how):
    header = SPOILED_HEADERS[how](shop.header(shop.fields("GET", CERTIFICATES, "")))
    assert told(shop.call("GET", CERTIFICATES, authorization=header)) == (401, "SIGN_ERROR",
                                                                          MALFORMED)


def test_a_clock_four_minutes_off_and_any_order_of_fields_pass(shop):
    fields = shop.fields("GET", CERTIFICATES, "", timestamp=str(int(time.time()) - 240))
    header = shop.header(dict(reversed(fields.items())))
    assert shop.call("GET", CERTIFICATES, authorization=header).status_code == 200


def test_the_query_and_the_body_are_signed(shop):
    header = shop.header(shop.fields("GET", CERTIFICATES, ""))
    assert told(shop.call("GET", CERTIFICATES + "?x=1", authorization=header))[2] == "签名错误"
    header = shop.header(shop.fields("POST", JSAPI, "{}"))
    assert told(shop.call("POST", JSAPI, "{ }", authorization=header))[2] == "签名错误"


def test_missing_agent_unknown_path_wrong_method(shop):
    for header in ("User-Agent", "Accept"):
        answer = shop.call("GET", CERTIFICATES, headers={header: ""})
        assert told(answer) == (400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent")
    for method, path, status in (("GET", JSAPI, 405), ("GET", "/v3/nothing", 404),
                                 ("DELETE", CERTIFICATES, 405)):
        answer = shop.call(method, path, authorization="none")
        assert (answer.status_code, answer.content) == (status, b"")


# --- prepay ---

def test_jsapi_prepay_and_query(shop):
    prepay_id = shop.prepay("ZX0001A01", attach="附加", time_expire=in_seconds(600))
    assert prepay_id.startswith("wx") and len(prepay_id) <= 64
    order = shop.query("ZX0001A01")
    assert order["trade_state"] == "NOTPAY" and order["amount"]["total"] == 12000
    assert order["attach"] == "附加"
    assert not {"transaction_id", "trade_type", "success_time"} & set(order)


BODY = "输入源“/body/"


@pytest.mark.parametrize("changes, message", [
    ({"amount": {"total": 0}}, BODY + "amount/total”映射到数值字段“总金额”规则校验失败，值低于最小值 1"),
    ({"amount": {"total": 1.0}}, "无法将 JSON " + BODY + "amount/total”映射到目标字段“总金额”中，"
                                 "此字段需要一个合法的 64 位有符号整数"),
    ({"amount": {"total": True}}, None), ({"amount": {"total": "100"}}, None),
    ({"amount": {}}, BODY + "amount/total”映射到字段“总金额”必填性规则校验失败，此字段为必填项"),
    ({"amount": {"total": 1, "currency": "USD"}}, None),
    ({"out_trade_no": "ZX001"}, BODY + "out_trade_no”映射到值字段“商户订单号”字符串规则校验失败，"
                                "字节数 5，小于最小值 6"),
    ({"out_trade_no": "Z" * 33}, BODY + "out_trade_no”映射到值字段“商户订单号”字符串规则校验失败，"
                                 "字节数 33，大于最大值 32"),
    ({"out_trade_no": "ZX 0001"}, None), ({"out_trade_no": "单号单号"}, None),
    ({"description": "长" * 43}, BODY + "description”映射到值字段“商品描述”字符串规则校验失败，"
                                 "字节数 129，大于最大值 127"),
    ({"description": 7}, None), ({"description": None}, None), ({"notify_url": None}, None),
    ({"notify_url": "http://localhost/n"}, None),
    ({"notify_url": "https://localhost/n?a=1"}, None),
    ({"notify_url": "https:///n"}, None), ({"time_expire": "2026-01-01 10:00:00"}, None),
    ({"time_expire": in_seconds(8 * 86400)}, None), ({"attach": "长" * 43}, None),
    ({"surprise": 1}, "参数中含有非法的额外参数"),
    ({"payer": {"openid": "x", "extra": 1}}, "参数中含有非法的额外参数"),
    ({"payer": {}}, None), ({"payer": {"openid": "onobody"}}, "无效的openid"),
    ({"mchid": "1900000110"}, "http header中的mchid与post payload中的mchid不匹配")],
    ids=lambda value: "/".join(value) if isinstance(value, dict) else "")
def test_prepay_refuses(shop, changes, message):
    answer = shop.call("POST", JSAPI, shop.order("ZX0001A01", **changes))
    status, code, text = told(answer)
    assert (status, code) == (400, "PARAM_ERROR")
    assert message is None or text == message
    assert shop.sim("orders") == []


def test_prepay_refuses_other_apps_users_and_bodies(shop):
    answer = shop.call("POST", JSAPI, shop.order("ZX0001A01", appid="wx9"))
    assert told(answer)[:2] == (400, "APPID_MCHID_NOT_MATCH")
    openid = shop.user()["web_openid"]
    answer = shop.call("POST", JSAPI, shop.order("ZX0001A01", payer={"openid": openid}))
    assert told(answer)[:2] == (500, "OPENID_MISMATCH")
    for body in ("", "nonsense", "[]", '{"mchid":"1","mchid":"1"}'):
        assert told(shop.call("POST", JSAPI, body))[:2] == (400, "PARAM_ERROR")
    answer = shop.call("POST", JSAPI, "{}", headers={"Content-Type": "text/plain"})
    assert told(answer)[:2] == (400, "INVALID_REQUEST")
    answer = shop.call("POST", NATIVE, shop.order("ZX0001A01"))  # Native has no payer
    assert told(answer)[2] == "参数中含有非法的额外参数"


def test_the_detail_names_the_field(shop):
    answer = shop.call("POST", JSAPI, shop.order("ZX001"))
    assert answer.json()["detail"] == {"field": "/out_trade_no", "value": 5, "issue": "length",
                                       "location": "body"}


def test_the_same_number_again(shop):
    first, second = shop.prepay("ZX0001A01"), shop.prepay("ZX0001A01")
    assert first != second
    changed = shop.order("ZX0001A01", description="别的")
    assert told(shop.call("POST", JSAPI, changed)) == (403, "OUT_TRADE_NO_USED", "商户订单号重复")
    other = shop.order("ZX0001A01", payer=None)
    assert told(shop.call("POST", NATIVE, other))[:2] == (403, "OUT_TRADE_NO_USED")
    shop.fault("reorder_code", value="INVALID_REQUEST")
    assert told(shop.call("POST", JSAPI, changed))[:2] == (400, "INVALID_REQUEST")
    shop.sim("pay", {"out_trade_no": "ZX0001A01", "wait": True})
    assert told(shop.call("POST", JSAPI, shop.order("ZX0001A01")))[2] == "该订单已支付"
    shop.prepay("ZX0002A01")
    assert shop.close("ZX0002A01").status_code == 204
    again = shop.call("POST", JSAPI, shop.order("ZX0002A01"))
    assert told(again) == (400, "ORDER_CLOSED", "该订单已失效")


# --- query and close ---

def test_queries_need_the_right_mchid_and_a_known_order(shop):
    path = "/v3/pay/transactions/out-trade-no/ZX0009A01"
    assert told(shop.call("GET", path))[:2] == (400, "PARAM_ERROR")
    assert told(shop.call("GET", path + "?mchid=1"))[:2] == (400, "PARAM_ERROR")
    path += f"?mchid={shop.world.mchid}"
    assert told(shop.call("GET", path))[:2] == (404, "ORDER_NOT_EXIST")
    path = f"/v3/pay/transactions/id/4200000000?mchid={shop.world.mchid}"
    assert told(shop.call("GET", path))[:2] == (404, "ORDER_NOT_EXIST")


def test_close_is_signed_and_repeatable(shop):
    shop.prepay("ZX0001A01")
    for _ in range(2):
        answer = shop.close("ZX0001A01")
        assert answer.status_code == 204 and answer.content == b""
        assert merchant_client.is_signed(shop.world, answer.headers, b"")
    assert shop.query("ZX0001A01")["trade_state"] == "CLOSED"
    assert told(shop.close("ZX0002A01"))[:2] == (404, "ORDER_NOT_EXIST")
    assert shop.sim("pay", {"out_trade_no": "ZX0001A01"})["result"] == "fail"


def test_a_paid_order_is_not_closed_in_either_spelling(shop):
    shop.paid("ZX0001A01")
    assert told(shop.close("ZX0001A01")) == (400, "ORDER_PAID", "订单已支付，禁止关单")
    shop.fault("order_paid_code", value="ORDERPAID")
    assert told(shop.close("ZX0001A01"))[:2] == (400, "ORDERPAID")


def test_a_young_order_may_be_unclosable(shop):
    shop.fault("close_min_age_s", value=300)
    shop.prepay("ZX0001A01")
    assert told(shop.close("ZX0001A01"))[:2] == (400, "INVALID_REQUEST")
    shop.sim("clock", {"advance_s": 301})
    assert shop.close("ZX0001A01").status_code == 204
