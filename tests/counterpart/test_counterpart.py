"""WeChat Pay as another project understands it judges our requests and writes to us."""
import json
import time

import pytest

import wxcrypto
from conftest import CALLERS
from house import refused

CERTIFICATES_ONLY = {"ZX_WXPAY_PUBKEY_ID": "", "ZX_WXPAY_PUBKEY_FILE": ""}
FORGED = ["stale", "future", "bad_signature", "probe", "stranger", "wrong_serial",
          "swapped_serial", "tampered", "wrong_key", "bad_aad", "no_headers", "not_json",
          "old_xml"]


def outcome(house, payment) -> list:
    return house.db.rows("SELECT outcome, repeats FROM notify_log WHERE out_trade_no = %s",
                         payment["out_trade_no"])


def booked(house, order) -> tuple:
    """What the books say about an order's money."""
    return house.db.rows(
        "SELECT o.state, o.paid_fen, a.state, a.amount_fen, a.transaction_id, a.payer,"
        " (SELECT count(*) FROM message m WHERE m.subject_id = o.id AND m.kind = 'order.paid')"
        " FROM orders o JOIN payment_attempt a ON a.order_id = o.id WHERE o.id = %s",
        order["id"])[0]


def is_untold(house, order, payment) -> bool:
    return booked(house, order)[:3] == ("pending", 0, "prepaid") and outcome(house, payment) == []


def is_paid_as(house, order, told) -> bool:
    total = told["amount"]["total"]
    return booked(house, order) == ("paid", total, "paid", total, told["transaction_id"],
                                    told["payer"]["openid"], 1)


def test_a_mini_program_order_is_asked_for_as_wechat_pay_wants_it(
        house, wechat, customer, order, payment):
    request, = wechat.about(payment["out_trade_no"])
    assert (request["method"], request["target"]) == ("POST", "/v3/pay/transactions/jsapi")
    assert request["serial"] == house.setting("ZX_WXPAY_PUBKEY_ID")
    asked = json.loads(request["sent"])
    assert asked["amount"] == {"total": order["amount_fen"], "currency": "CNY"}
    assert asked["payer"] == {"openid": customer.user["openid"]}
    assert asked["notify_url"] == f"{house.url}/notify/wechat"
    told = wechat.pay(payment["out_trade_no"])
    assert wechat.notify(payment["out_trade_no"])["status"] == 204
    assert told["payer"] == {"openid": customer.user["openid"]}
    assert is_paid_as(house, order, told)


def test_a_code_to_scan_is_asked_for_and_paid_by_somebody_else(house, wechat, customer, order):
    payment = customer.prepay(order, "native")
    assert payment["code_url"].startswith("weixin://wxpay/bizpayurl?pr=")
    request, = wechat.about(payment["out_trade_no"])
    assert request["target"] == "/v3/pay/transactions/native"
    told = wechat.pay(payment["out_trade_no"])
    assert told["trade_type"] == "NATIVE" and told["payer"]["openid"] != customer.user["openid"]
    assert wechat.notify(payment["out_trade_no"])["status"] == 204
    assert is_paid_as(house, order, told)


def test_the_parameters_of_request_payment_are_signed_for_our_appid(wechat, payment):
    params = payment["pay_params"]
    assert wechat.fits(params)
    for name in ("timeStamp", "nonceStr", "package"):
        assert not wechat.fits({**params, name: params[name][:-1] + "0"}) \
            or params[name].endswith("0")
    assert not wechat.fits({**params, "signType": "MD5"})


@pytest.mark.parametrize("way", FORGED)
def test_a_letter_that_proves_nothing_pays_nothing_and_a_genuine_one_does(
        house, wechat, order, payment, way):
    told = wechat.pay(payment["out_trade_no"])
    answer = wechat.notify(payment["out_trade_no"], way)
    assert answer["status"] == 401
    assert json.loads(answer["body"])["error"]["code"] == "notify_refused"
    assert is_untold(house, order, payment)
    assert wechat.notify(payment["out_trade_no"])["status"] == 204
    assert is_paid_as(house, order, told)


def test_a_letter_of_five_minutes_ago_is_believed(house, wechat, order, payment):
    told = wechat.pay(payment["out_trade_no"])
    assert wechat.notify(payment["out_trade_no"], "late_but_in_time")["status"] == 204
    assert is_paid_as(house, order, told)


def test_a_letter_that_comes_again_changes_nothing_more(house, wechat, order, payment):
    told = wechat.pay(payment["out_trade_no"])
    answers = [wechat.notify(payment["out_trade_no"], way)
               for way in ("good", "again", "again", "good")]
    assert [(a["status"], a["body"]) for a in answers] == [(204, "")] * 4
    assert len({a["id"] for a in answers}) == 1
    assert is_paid_as(house, order, told) and outcome(house, payment) == [("paid", 3)]


def test_in_the_days_of_a_switch_a_certificates_letter_is_believed(house, wechat, order, payment):
    told = wechat.pay(payment["out_trade_no"])
    assert wechat.notify(payment["out_trade_no"], signer="certificate")["status"] == 204
    assert is_paid_as(house, order, told)
    assert any(r["target"] == "/v3/certificates" for r in wechat.requests())


@pytest.fixture(scope="class")
def certificates_only(house, partner):
    with house.configured(*CALLERS, **CERTIFICATES_ONLY):
        yield


@pytest.mark.usefixtures("certificates_only")
class TestWithCertificatesOnly:
    def test_answers_and_letters_of_the_certificate_are_believed(
            self, house, wechat, order, payment):
        request, = wechat.about(payment["out_trade_no"])
        assert request["serial"] == "" and wechat.fits(payment["pay_params"])
        told = wechat.pay(payment["out_trade_no"])
        assert wechat.notify(payment["out_trade_no"], signer="certificate")["status"] == 204
        assert is_paid_as(house, order, told)

    @pytest.mark.parametrize("way", ["good", *FORGED])
    def test_nothing_else_is(self, house, wechat, order, payment, way):
        wechat.pay(payment["out_trade_no"])
        signer = "pubkey" if way == "good" else "certificate"
        assert wechat.notify(payment["out_trade_no"], way, signer)["status"] == 401
        assert is_untold(house, order, payment)


def test_with_a_wrong_serial_of_ours_nobody_can_pay(house, partner, customer, order):
    with house.configured("pool-pay", ZX_WXPAY_SERIAL="5" * 40):
        refused(customer.try_pay(order), 502, "channel_refused")
    troubles = {(r["status"], r["trouble"]) for r in partner.requests()}
    assert (401, f"serial {'5' * 40} is not the merchant certificate's") in troubles
    assert partner.fits(customer.prepay(order)["pay_params"])


class Merchant:
    """Signs like our programs, but in Python, and may do it wrongly."""

    def __init__(self, house, partner):
        self.house, self.partner = house, partner
        self.key = wxcrypto.private_key(house.secret("wxpay-key.pem"))

    def ask(self, method="GET", target="/v3/certificates", body="", sent=None, headers=(), **told):
        fields = {"mchid": self.house.setting("ZX_WXPAY_MCHID"),
                  "serial_no": self.house.setting("ZX_WXPAY_SERIAL"),
                  "timestamp": str(int(time.time())), "nonce_str": wxcrypto.random_text(32)}
        target += f"?test={wxcrypto.random_text(12)}"  # to be found among what was asked
        fields.update((k, v) for k, v in told.items() if k != "signature")
        text = wxcrypto.request_text(method, target, fields["timestamp"], fields["nonce_str"],
                                     body.encode())
        fields["signature"] = told.get("signature") or wxcrypto.sign(self.key, text)
        listed = ",".join(f'{name}="{value}"' for name, value in fields.items())
        answer = self.partner.web.request(
            method, self.partner.url + target, data=(body if sent is None else sent).encode(),
            headers={"Authorization": f"{wxcrypto.SCHEME} {listed}", "Accept": "application/json",
                     "Content-Type": "application/json", **dict(headers)})
        seen, = (r for r in self.partner.requests() if r["target"] == target)
        return answer.status_code, seen["trouble"]


BAD_REQUESTS = {
    "another_body": ({"method": "POST", "target": "/v3/pay/transactions/jsapi",
                      "body": '{"amount":1}', "sent": '{"amount":2}'}, "signature"),
    "another_merchant": ({"mchid": "1900000001"}, "mchid"),
    "another_serial": ({"serial_no": "5" * 40}, "serial"),
    "six_minutes_ago": ({"timestamp": str(int(time.time()) - 360)}, "timestamp"),
    "in_six_minutes": ({"timestamp": str(int(time.time()) + 960)}, "timestamp"),
    "a_short_nonce": ({"nonce_str": "a"}, "nonce"),
    "a_sixth_field": ({"more": "x"}, "five fields"),
    "a_signature_with_a_blank": ({"signature": "AAAA BBBB"}, "signature"),
    "no_json_accepted": ({"headers": [("Accept", "text/html")]}, "JSON"),
}


@pytest.fixture(scope="module")
def merchant(house, partner):
    return Merchant(house, partner)


@pytest.mark.parametrize("told, trouble", BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_the_counterpart_refuses_what_is_not_rightly_signed(merchant, told, trouble):
    status, why = merchant.ask(**told)
    assert status == 401 and trouble in why


def test_the_counterpart_takes_a_right_request_once(merchant):
    nonce = wxcrypto.random_text(32)
    assert merchant.ask(nonce_str=nonce) == (200, "")
    assert merchant.ask(nonce_str=nonce) == (401, "the nonce was there before")


def test_the_counterpart_refuses_members_that_wechat_pay_does_not_know(merchant):
    status, _ = merchant.ask("POST", "/v3/pay/transactions/native", '{"total": 1}')
    assert status == 400
