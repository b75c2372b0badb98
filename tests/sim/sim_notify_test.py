"""Notifies: form, retries, and every way in which they can be spoiled, lost or doubled."""
import json
import time

import pytest

import merchant_client


def notifies(shop) -> list:
    return shop.sim("notifies")


def settled(shop, count: int = 1) -> list:
    """The log once `count` notifies are delivered."""
    until = time.monotonic() + 60
    while sum(n["delivered"] for n in notifies(shop)) < count and time.monotonic() < until:
        time.sleep(0.02)
    return notifies(shop)


def test_a_payment_is_notified_signed_and_encrypted(shop, sink):
    paid = shop.paid("ZX0001A01", attach="附加")
    headers, body = sink.wait(1)[0]
    envelope = json.loads(body)
    assert envelope["event_type"] == "TRANSACTION.SUCCESS"
    assert envelope["resource_type"] == "encrypt-resource" and envelope["summary"] == "支付成功"
    assert envelope["resource"]["algorithm"] == "AEAD_AES_256_GCM"
    assert len(envelope["id"]) <= 36 and headers["Content-Type"] == "application/json"
    assert headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
    order = sink.open((headers, body))
    assert order == shop.query("ZX0001A01")
    assert order["transaction_id"] == paid["transaction_id"]
    assert order["trade_state"] == "SUCCESS"
    assert order["amount"] == {"total": 12000, "payer_total": 12000, "currency": "CNY",
                               "payer_currency": "CNY"}
    assert notifies(shop)[0]["attempts"][0]["status"] == 204


def test_only_200_and_204_count_as_received(shop, sink):
    sink.answers = [401, 500, 202, 200]
    shop.paid("ZX0001A01")
    letters = sink.wait(4)
    log = settled(shop)[0]
    assert [a["status"] for a in log["attempts"]] == [401, 500, 202, 200] and log["delivered"]
    bodies = {body for _, body in letters}
    nonces = {headers["Wechatpay-Nonce"] for headers, _ in letters}
    assert len(bodies) == 1 and len(nonces) == 4  # the same notify, signed afresh


def test_retries_follow_the_table(shop, sink, server, monkeypatch):
    shop.fault("notify_scale", value=0.01)
    sink.answers = [500, 500, 500]
    pauses, after = [], server.simulator.scheduler.after
    monkeypatch.setattr(server.simulator.scheduler, "after",
                        lambda pause, job: (pauses.append(pause), after(pause, job)))
    began = time.monotonic()
    shop.paid("ZX0001A01")
    sink.wait(4)
    assert pauses == pytest.approx([0.15, 0.15, 0.3]) and time.monotonic() - began > 0.55


def test_an_endpoint_that_is_down_is_tried_again(shop, sink):
    shop.paid("ZX0001A01", notify_url="https://localhost:1/notify")
    attempt = notifies(shop)[0]["attempts"][0]
    assert attempt["status"] == 0 and "refused" in attempt["error"]


@pytest.mark.parametrize("fault", [
    "notify_bad_signature", "notify_missing_signature", "notify_signtest",
    "notify_unknown_serial", "notify_tampered", "notify_stale", "notify_future",
    "notify_v2_xml"])
def test_spoiled_signatures(shop, sink, fault):
    sink.answers = [401]
    shop.prepay("ZX0001A01")
    shop.fault(fault, out_trade_no="ZX0001A01")
    shop.sim("pay", {"out_trade_no": "ZX0001A01", "wait": True})
    bad, good = sink.wait(2)
    assert not merchant_client.is_signed(shop.world, *bad)
    assert sink.open(good)["out_trade_no"] == "ZX0001A01"
    assert notifies(shop)[0]["attempts"][0]["fault"] == fault


@pytest.mark.parametrize("fault", ["notify_wrong_key", "notify_bad_aad", "notify_not_json"])
def test_signed_but_unreadable(shop, sink, fault):
    shop.prepay("ZX0001A01")
    shop.fault(fault)
    shop.sim("pay", {"out_trade_no": "ZX0001A01", "wait": True})
    letter = sink.wait(1)[0]
    assert merchant_client.is_signed(shop.world, *letter)
    with pytest.raises(Exception):
        sink.open(letter)


@pytest.mark.parametrize("fault, params, look, value", [
    ("notify_wrong_amount", {}, lambda r: r["amount"]["total"], 12001),
    ("notify_wrong_amount", {"total": 1}, lambda r: r["amount"]["total"], 1),
    ("notify_wrong_mchid", {}, lambda r: r["mchid"], "1900000110"),
    ("notify_wrong_appid", {}, lambda r: r["appid"], "wx0000000000000000")])
def test_well_formed_but_wrong(shop, sink, fault, params, look, value):
    shop.prepay("ZX0001A01")
    shop.fault(fault, **params)
    shop.sim("pay", {"out_trade_no": "ZX0001A01", "wait": True})
    assert look(sink.open(sink.wait(1)[0])) == value
    assert shop.query("ZX0001A01")["amount"]["total"] == 12000


def test_replays_are_byte_identical(shop, sink):
    shop.prepay("ZX0001A01")
    shop.fault("notify_replay", n=3)
    shop.sim("pay", {"out_trade_no": "ZX0001A01", "wait": True})
    letters = sink.wait(4)
    assert len({(headers["Wechatpay-Nonce"], body) for headers, body in letters}) == 1


def test_resend_fresh_or_raw(shop, sink):
    shop.paid("ZX0001A01")
    for raw in (False, True):
        again = shop.sim("notify/resend", {"out_trade_no": "ZX0001A01", "raw": raw})
        assert again == {"status": 204}
    first, fresh, raw = sink.wait(3)
    assert fresh[1] == first[1] and fresh[0]["Wechatpay-Nonce"] != first[0]["Wechatpay-Nonce"]
    assert raw[1] == fresh[1]
    assert raw[0]["Wechatpay-Signature"] == fresh[0]["Wechatpay-Signature"]


def test_twice_at_once_and_never(shop, sink):
    shop.prepay("ZX0001A01")
    shop.fault("notify_twice_at_once")
    shop.sim("pay", {"out_trade_no": "ZX0001A01", "wait": True})
    assert len({json.loads(body)["id"] for _, body in sink.wait(2)}) == 1
    sink.clear()
    shop.prepay("ZX0002A01")
    shop.fault("notify_never")
    shop.sim("pay", {"out_trade_no": "ZX0002A01", "wait": True})
    time.sleep(0.1)
    assert sink.letters == [] and notifies(shop)[1]["fate"] == "never"
    assert shop.query("ZX0002A01")["trade_state"] == "SUCCESS"


def test_the_notify_overtakes_the_prepay_answer(shop, sink):
    body = shop.order("ZX0001A01")
    shop.fault("notify_before_prepay_answer")
    shop.good("POST", "/v3/pay/transactions/jsapi", body)
    assert sink.open(sink.letters[0])["out_trade_no"] == "ZX0001A01"


def test_out_of_order(shop, sink):
    shop.prepay("ZX0001A01")
    shop.fault("notify_out_of_order", event="transaction")
    shop.sim("pay", {"out_trade_no": "ZX0001A01", "wait": True})
    shop.refund("ZX0001A01", "R1", 12000)
    refund, payment = (sink.open(letter) for letter in sink.wait(2))
    assert refund["refund_status"] == "SUCCESS" and payment["trade_state"] == "SUCCESS"


@pytest.mark.parametrize("setting, serials", [
    ("auto", {"pub"}), ("pubkey", {"pub"}), ("cert", {"cert"}), ("mixed", {"pub", "cert"})])
def test_which_key_signs_notifies(shop, sink, setting, serials):
    shop.fault("notify_key", value=setting)
    shop.paid("ZX0001A01")
    shop.paid("ZX0002A01")
    names = {shop.world.pubkey_id: "pub", shop.world.platform_serial: "cert"}
    assert {names[headers["Wechatpay-Serial"]] for headers, _ in sink.wait(2)} == serials


def test_a_merchant_with_certificates_only_gets_notifies_by_a_certificate(shop, sink):
    """The official SDKs name no key in their requests then."""
    shop.call("GET", "/v3/certificates", headers={"Wechatpay-Serial": None})
    shop.prepay("ZX0001A01")
    shop.call("GET", "/v3/certificates", headers={"Wechatpay-Serial": None})
    shop.sim("pay", {"out_trade_no": "ZX0001A01", "wait": True})
    (headers, _), = sink.wait(1)
    assert headers["Wechatpay-Serial"] == shop.world.platform_serial


def test_a_reset_forgets_what_was_under_way(shop, sink):
    sink.answers = [500] * 9
    shop.paid("ZX0001A01")
    shop.sim("reset", {})
    sink.clear()
    time.sleep(0.4)
    assert sink.letters == [] and shop.sim("orders") == []
