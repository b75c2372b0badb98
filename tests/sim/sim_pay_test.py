"""WeChat Pay: the user's payment, keys and certificates, faults around answers."""
import subprocess
import sys
import time

import pytest
import requests

import merchant_client
from merchant_client import JSAPI, NATIVE, in_seconds, told

CERTIFICATES = "/v3/certificates"


# --- payment ---

def test_wechats_client_checks_the_five_parameters(shop):
    five = shop.pay_parameters(shop.prepay("ZX0001A01"))
    for changes in ({"paySign": five["paySign"][:-8] + "AAAAAA=="}, {"signType": "MD5"},
                    {"timeStamp": int(five["timeStamp"])}, {"nonceStr": "other"},
                    {"package": "prepay_id=wxother"}):
        assert shop.sim("pay", {**five, **changes})["result"] == "fail"
    assert shop.sim("pay", {"package": five["package"]})["result"] == "fail"
    assert shop.sim("pay", {**five, "user": shop.user("小红")["user"]})["result"] == "fail"
    assert shop.sim("pay", {**five, "mode": "cancel"})["errMsg"] == "requestPayment:fail cancel"
    assert shop.sim("pay", {**five, "mode": "fail"})["result"] == "fail"
    assert shop.query("ZX0001A01")["trade_state"] == "NOTPAY"
    paid = shop.sim("pay", {**five, "wait": True})
    assert paid["errMsg"] == "requestPayment:ok"
    assert shop.sim("pay", five)["result"] == "fail"
    order = shop.good("GET", f"/v3/pay/transactions/id/{paid['transaction_id']}?mchid="
                             f"{shop.world.mchid}")
    assert order["trade_state"] == "SUCCESS" and order["trade_type"] == "JSAPI"
    assert order["payer"]["openid"] == shop.user()["openid"]


def test_native_is_scanned(shop):
    url = shop.good("POST", NATIVE, shop.order("ZX0001A01", payer=None))["code_url"]
    assert url.startswith("weixin://wxpay/bizpayurl?pr=")
    user = shop.user("小红")
    paid = shop.sim("pay", {"code_url": url, "user": user["user"], "wait": True})
    assert paid["result"] == "ok"
    order = shop.query("ZX0001A01")
    assert order["trade_type"] == "NATIVE" and order["payer"]["openid"] == user["openid"]


def test_time_ends_tickets_and_payment_but_not_the_state(shop):
    five = shop.pay_parameters(shop.prepay("ZX0001A01"))
    expiring = shop.pay_parameters(shop.prepay("ZX0002A01", time_expire=in_seconds(-100)))
    assert shop.sim("clock", {"advance_s": 59})
    shop.sim("clock", {"advance_s": 2})
    assert "过期" in shop.sim("pay", expiring)["errMsg"]
    assert shop.query("ZX0002A01")["trade_state"] == "NOTPAY"
    again = shop.call("POST", JSAPI, shop.order("ZX0002A01", time_expire=in_seconds(-100)))
    assert told(again)[:2] == (400, "ORDER_CLOSED")
    shop.sim("clock", {"advance_s": 7200})
    assert "2小时" in shop.sim("pay", five)["errMsg"]
    fresh = shop.pay_parameters(shop.prepay("ZX0001A01"))
    assert shop.sim("pay", {**fresh, "wait": True})["result"] == "ok"
    shop.sim("clock", {"advance_s": 7 * 86400})
    assert shop.query("ZX0002A01")["trade_state"] == "CLOSED"


# --- keys ---

def test_the_requests_serial_chooses_the_answers_key(shop):
    for asked, serial in ((shop.world.pubkey_id, shop.world.pubkey_id),
                          (shop.world.platform_serial, shop.world.platform_serial),
                          (None, shop.world.platform_serial)):
        answer = shop.call("GET", CERTIFICATES, headers={"Wechatpay-Serial": asked})
        assert answer.headers["Wechatpay-Serial"] == serial
        assert merchant_client.is_signed(shop.world, answer.headers, answer.content)
    shop.fault("key_mode", value="cert")
    answer = shop.call("GET", CERTIFICATES)
    assert answer.headers["Wechatpay-Serial"] == shop.world.platform_serial
    shop.fault("key_mode", value="pubkey")
    assert told(shop.call("GET", CERTIFICATES))[:2] == (404, "RESOURCE_NOT_EXISTS")


def certificates(shop) -> list:
    data = shop.call("GET", CERTIFICATES).json()["data"]
    for entry in data:
        pem = merchant_client.unsealed(entry["encrypt_certificate"])
        assert pem.startswith(b"-----BEGIN CERTIFICATE-----")
        assert entry["effective_time"] < entry["expire_time"]
    return [entry["serial_no"] for entry in data]


def test_certificates_decrypt_and_rotate(shop):
    old = shop.world.platform_serial
    assert certificates(shop) == [old]
    new = shop.sim("certificates", {"step": "publish"})["serials"][1]
    signer = lambda: shop.call("GET", CERTIFICATES, headers={"Wechatpay-Serial": old}).headers[
        "Wechatpay-Serial"]
    assert certificates(shop) == [old, new] and signer() == old
    shop.sim("certificates", {"step": "switch"})
    assert certificates(shop) == [old, new] and signer() == new
    shop.sim("certificates", {"step": "retire"})
    assert certificates(shop) == [new]


def test_echo(shop):
    path = "/v3/security/echo"
    assert shop.good("POST", path, {"echo_message": "你好"}) == {"echo_message": "你好"}
    wrong = shop.call("POST", path, {"echo_message": "x", "encrypted_echo_message": "AAAA"})
    assert told(wrong)[:2] == (400, "PARAM_ERROR")


# --- faults around answers ---

@pytest.mark.parametrize("fault, stored", [
    ("http_500_before", False), ("http_500_after", True), ("429", False)])
def test_a_broken_answer_says_nothing_about_the_deed(shop, fault, stored):
    shop.fault(fault, path=JSAPI)
    answer = shop.call("POST", JSAPI, shop.order("ZX0001A01"))
    assert told(answer)[0] == (429 if fault == "429" else 500)
    assert len(shop.sim("orders")) == stored
    shop.prepay("ZX0001A01")


def test_a_lost_answer_and_a_slow_one(shop):
    body = shop.order("ZX0001A01")
    shop.fault("answer_lost", method="POST", path="/v3/pay")
    with pytest.raises(requests.ConnectionError):
        shop.call("POST", JSAPI, body)
    assert shop.query("ZX0001A01")["trade_state"] == "NOTPAY"
    shop.fault("slow", ms=300, path="/close")
    began = time.monotonic()
    shop.close("ZX0001A01")
    assert time.monotonic() - began > 0.3


@pytest.mark.parametrize("fault", ["answer_bad_signature", "answer_missing_signature",
                                   "answer_signtest", "answer_stale", "answer_unknown_serial"])
def test_spoiled_answers_do_not_verify(shop, fault):
    body = shop.order("ZX0001A01")
    shop.fault(fault)
    answer = shop.call("POST", JSAPI, body)
    assert answer.status_code == 200
    assert not merchant_client.is_signed(shop.world, answer.headers, answer.content)
    probe = answer.headers.get("Wechatpay-Signature", "").startswith("WECHATPAY/SIGNTEST/")
    assert probe == (fault == "answer_signtest")
    shop.prepay("ZX0001A01")


def test_the_payment_wins_the_close(shop):
    shop.prepay("ZX0001A01")
    shop.fault("pay_wins_close", out_trade_no="ZX0001A01")
    assert told(shop.close("ZX0001A01"))[:2] == (400, "ORDER_PAID")
    assert shop.query("ZX0001A01")["trade_state"] == "SUCCESS"
    assert shop.sink.open(shop.sink.wait(1)[0])["out_trade_no"] == "ZX0001A01"


def test_the_close_wins_the_payment(shop, world):
    shop.prepay("ZX0001A01")
    shop.fault("close_wins_pay", ms=3000)
    url = f"{shop.base}/sim/pay"
    tap = subprocess.Popen(
        [sys.executable, "-c", "import requests,sys;print(requests.post(sys.argv[1],verify="
         "sys.argv[2],json={'out_trade_no':'ZX0001A01'}).json()['result'])",
         url, str(world.folder / "ca.pem")], stdout=subprocess.PIPE, text=True)
    while shop.sim("faults")["armed"]:
        time.sleep(0.02)
    assert shop.close("ZX0001A01").status_code == 204
    assert tap.communicate()[0].strip() == "fail"
    assert shop.sink.letters == []
