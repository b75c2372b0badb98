"""Notifies of WeChat Pay: only what is genuine is believed, and what is believed acts once."""
import json
import threading

import pytest

from house import refused, wait_for
from mail import Post, key

UNBELIEVED = ["notify_bad_signature", "notify_missing_signature", "notify_signtest",
              "notify_stale", "notify_future", "notify_unknown_serial", "notify_tampered",
              "notify_wrong_key", "notify_bad_aad", "notify_not_json", "notify_v2_xml"]
WRONG = {"notify_wrong_amount": "wrong_amount", "notify_wrong_mchid": "wrong_merchant",
         "notify_wrong_appid": "wrong_merchant"}


@pytest.fixture
def order(slots, customer):
    return customer.order(slots.one())


@pytest.fixture
def payment(customer, order):
    return customer.prepay(order)


@pytest.fixture(scope="module")
def post(house):
    return Post(house)


def outcome(house, payment) -> list:
    return house.db.rows("SELECT outcome, repeats FROM notify_log WHERE out_trade_no = %s",
                         payment["out_trade_no"])


def is_paid_once(house, order) -> bool:
    return house.db.rows(
        "SELECT o.state, (SELECT count(*) FROM payment_attempt a WHERE a.order_id = o.id"
        " AND a.state = 'paid'), (SELECT count(*) FROM message m WHERE m.subject_id = o.id"
        " AND m.kind = 'order.paid') FROM orders o WHERE o.id = %s",
        order["id"]) == [("paid", 1, 1)]


def alarms(house, number: str) -> list:
    lines = (json.loads(line) for line in house.log("pool-notify").splitlines() if number in line)
    return [line for line in lines if line["event"] == "notice_alarm"]


@pytest.mark.parametrize("fault", UNBELIEVED)
def test_a_notify_that_proves_nothing_pays_nothing_and_a_genuine_one_does(
        house, customer, order, payment, sim, fault):
    sim.fault("notify_scale", value=10)  # no second delivery meanwhile
    sim.fault(fault, out_trade_no=payment["out_trade_no"])
    before = house.picture()
    assert sim.pay(payment, wait=True)["result"] == "ok"
    assert [a["status"] for a in sim.attempts(payment["out_trade_no"])] == [401]
    assert house.picture() == before and customer.see(order)["state"] == "pending"
    assert sim.post("notify/resend", out_trade_no=payment["out_trade_no"]) == {"status": 204}
    assert is_paid_once(house, order)


@pytest.mark.parametrize("fault", WRONG)
def test_a_genuine_notify_that_says_something_wrong_is_kept_with_an_alarm(
        house, customer, order, payment, sim, fault):
    sim.fault(fault, out_trade_no=payment["out_trade_no"])
    sim.pay(payment, wait=True)
    assert [a["status"] for a in sim.attempts(payment["out_trade_no"])] == [204]
    assert outcome(house, payment) == [(WRONG[fault], 0)]
    assert len(alarms(house, payment["out_trade_no"])) == 1
    assert customer.see(order)["state"] == "pending"


@pytest.mark.parametrize("total", [0, 1, 10 ** 9])
def test_another_sum_pays_nothing(house, customer, order, payment, sim, total):
    sim.fault("notify_scale", value=10)
    sim.fault("notify_wrong_amount", out_trade_no=payment["out_trade_no"], total=total)
    sim.pay(payment, wait=True)
    assert customer.see(order)["state"] == "pending"


def test_without_a_notify_nothing_is_paid(customer, order, payment, sim):
    sim.fault("notify_never", out_trade_no=payment["out_trade_no"])
    assert sim.pay(payment, wait=True)["result"] == "ok"
    assert sim.attempts(payment["out_trade_no"]) == []
    assert customer.see(order)["state"] == "pending"


def test_two_deliveries_at_once_are_one_payment(house, order, payment, sim):
    sim.fault("notify_twice_at_once", out_trade_no=payment["out_trade_no"])
    sim.pay(payment, wait=True)
    statuses = wait_for(lambda: len(found := sim.attempts(payment["out_trade_no"])) == 2 and found)
    assert [a["status"] for a in statuses] == [204, 204]
    assert is_paid_once(house, order) and outcome(house, payment) == [("paid", 1)]


def test_fifty_replays_at_once_change_nothing_more(house, order, payment, sim):
    sim.fault("notify_replay", out_trade_no=payment["out_trade_no"], n=50)
    sim.pay(payment, wait=True)
    tries = wait_for(lambda: len(found := sim.attempts(payment["out_trade_no"])) == 51 and found)
    assert {a["status"] for a in tries} == {204}
    assert is_paid_once(house, order) and outcome(house, payment) == [("paid", 50)]


def test_fifty_notices_about_one_payment_are_one_payment(house, order, payment, post):
    """Each with an id of its own, so that only the order itself can tell."""
    told = post.payment(payment["out_trade_no"], order["amount_fen"])
    bodies, statuses = [post.envelope(told) for _ in range(50)], []

    def deliver(part):
        mine = Post(house)
        statuses.extend(mine.send(body).status_code for body in part)
    threads = [threading.Thread(target=deliver, args=(bodies[n::10],)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [204] * 50 and is_paid_once(house, order)
    assert sorted(o for o, _ in outcome(house, payment)) == ["paid"] + ["repeat"] * 49


def test_notifies_in_the_wrong_order_pay_both(house, slots, customer, order, payment, sim):
    other = customer.order(slots.one())
    second = customer.prepay(other)
    sim.fault("notify_out_of_order", out_trade_no=payment["out_trade_no"])
    sim.pay(payment, wait=True)
    sim.pay(second, wait=True)
    wait_for(lambda: is_paid_once(house, order))
    assert is_paid_once(house, other)


def test_an_order_that_is_closing_is_still_paid(house, order, payment, sim):
    house.db.run("UPDATE orders SET state = 'closing', closing_to = 'expired', closing_at = now(),"
                 " run_at = now() + interval '1 day' WHERE id = %s", order["id"])
    sim.pay(payment, wait=True)
    assert is_paid_once(house, order)


def changes(**members):
    return lambda post, told: post.envelope({k: v for k, v in {**told, **members}.items()
                                             if v is not None})


BELIEVED = {  # genuine letters: what becomes of them
    "another_currency": (changes(amount={"total": 4000, "currency": "USD"}), "wrong_amount"),
    "not_yet_paid": (changes(trade_state="NOTPAY"), "not_success"),
    "closed": (changes(trade_state="CLOSED", transaction_id=None), "not_success"),
    "another_merchant": (changes(mchid="1"), "wrong_merchant"),
    "another_app": (changes(appid="wx1"), "wrong_merchant"),
    "a_number_of_nobody": (changes(out_trade_no="20260101000000000000A01"), "unknown_number"),
    "a_refund": (lambda post, told: post.envelope(told, "REFUND.SUCCESS"), "other"),
    "an_unknown_event": (lambda post, told: post.envelope(told, "COUPON.USE"), "other"),
}


@pytest.mark.parametrize("write, word", BELIEVED.values(), ids=BELIEVED.keys())
def test_genuine_notices_that_pay_nothing_are_kept_once_with_an_alarm(
        house, customer, order, payment, post, write, word):
    body = write(post, post.payment(payment["out_trade_no"], order["amount_fen"]))
    for _ in range(2):
        assert post.send(body).status_code == 204
    notice = json.loads(body)["id"]
    assert house.db.rows("SELECT outcome, repeats FROM notify_log WHERE notice_id = %s",
                         notice) == [(word, 1)]
    assert len(alarms(house, notice)) >= 1
    assert customer.see(order)["state"] == "pending"


def test_the_alarm_of_an_unknown_refund_names_its_number(house, post):
    number = f"2026010100000000000{post.digits(6)}A01R01"
    body = post.envelope({
        "mchid": house.setting("ZX_WXPAY_MCHID"), "out_trade_no": number[:-3],
        "out_refund_no": number, "refund_id": "50300907252026112300000001",
        "transaction_id": "4200000000000000000000000001", "refund_status": "SUCCESS",
        "success_time": "2026-11-23T10:00:00+08:00", "user_received_account": "x",
        "amount": {"total": 100, "refund": 100, "payer_total": 100, "payer_refund": 100}},
        "REFUND.SUCCESS", box={"original_type": "refund"})
    assert post.client.call("POST", "/notify/wechat/refund", data=body,
                            headers=post.headers(body)).status_code == 204
    alarm, = wait_for(lambda: alarms(house, number))
    assert alarm["msg"].startswith("refund_unknown:") and alarm["msg"].endswith(number)


@pytest.mark.parametrize("lacks", ["payer", "currency"])
def test_what_is_optional_may_be_left_out(house, order, payment, post, lacks):
    notice = post.payment(payment["out_trade_no"], order["amount_fen"])
    if lacks == "payer":
        notice["payer"] = None
    else:
        del notice["amount"]["currency"]
    assert post.tell(notice).status_code == 204
    assert is_paid_once(house, order)


def test_another_payment_on_the_same_number_is_work_for_people(house, order, payment, post):
    first, other = (post.payment(payment["out_trade_no"], order["amount_fen"]) for _ in range(2))
    other["transaction_id"] = first["transaction_id"][:-1] + "X"
    for told in (first, other, other, first):
        assert post.tell(told).status_code == 204
    assert is_paid_once(house, order)
    assert house.db.rows("SELECT kind, detail->>'outcome', detail->>'transaction_id' FROM work_item"
                         " WHERE order_id = %s", order["id"]) == [
        ("strange_payment", "paid_twice", other["transaction_id"])]


def test_paid_and_then_partly_given_back_stays_paid(house, order, payment, post):
    """As the first news it is another matter: test_returned.py."""
    told = post.payment(payment["out_trade_no"], order["amount_fen"])
    for state in ("SUCCESS", "REFUND"):
        assert post.tell({**told, "trade_state": state}).status_code == 204
    assert is_paid_once(house, order)
    assert sorted(outcome(house, payment)) == [("paid", 0), ("repeat", 0)]


DISBELIEVED = {
    "no_number": changes(out_trade_no=None), "no_state": changes(trade_state=None),
    "no_transaction": changes(transaction_id=None), "no_time": changes(success_time=None),
    "no_amount": changes(amount=None), "no_total": changes(amount={"currency": "CNY"}),
    "a_total_of_zero": changes(amount={"total": 0, "currency": "CNY"}),
    "a_negative_total": changes(amount={"total": -4000, "currency": "CNY"}),
    "a_total_with_a_fraction": changes(amount={"total": 4000.5, "currency": "CNY"}),
    "a_total_that_is_a_text": changes(amount={"total": "4000", "currency": "CNY"}),
    "a_time_of_no_calendar": changes(success_time="2026-02-30T00:00:00+08:00"),
    "no_json_inside": lambda post, told: post.envelope(b"SUCCESS"),
    "nothing_inside": lambda post, told: post.envelope(b""),
    "two_totals": lambda post, told: post.envelope(
        json.dumps(told).replace('"total"', '"total": 1, "total"').encode()),
    "no_id": lambda post, told: post.envelope(told, id=None),
    "an_id_of_100_letters": lambda post, told: post.envelope(told, id="E" * 100),
    "no_event": lambda post, told: post.envelope(told, event_type=None),
    "no_resource": lambda post, told: post.envelope(told, resource=None),
    "another_cipher": lambda post, told: post.envelope(told, box={"algorithm": "NONE"}),
    "a_short_nonce": lambda post, told: post.envelope(told, box={"nonce": "a"}),
    "no_base64": lambda post, told: post.envelope(told, box={"ciphertext": "*" * 40}),
    "a_cipher_shorter_than_its_tag": lambda post, told: post.envelope(
        told, box={"ciphertext": "AAAA"}),
    "a_list": lambda post, told: b"[" + post.envelope(told) + b"]",
    "deep_nesting": lambda post, told: b'{"a":' * 40 + b"1" + b"}" * 40,
}


@pytest.mark.parametrize("write", DISBELIEVED.values(), ids=DISBELIEVED.keys())
def test_a_signed_letter_that_cannot_be_read_is_refused(house, order, payment, post, write):
    body = write(post, post.payment(payment["out_trade_no"], order["amount_fen"]))
    before = house.picture()
    refused(post.send(body), 401, "notify_refused")
    assert house.picture() == before


FORGED = {
    "270_seconds_ago": (204, lambda p, b: p.headers(b, age_s=270)),
    "305_seconds_ago": (401, lambda p, b: p.headers(b, age_s=305)),
    "330_seconds_ahead": (401, lambda p, b: p.headers(b, age_s=-330)),
    "another_stamp": (401, lambda p, b: p.headers(b, Wechatpay_Timestamp="1")),
    "a_stamp_of_letters": (401, lambda p, b: p.headers(b, Wechatpay_Timestamp="now")),
    "a_stamp_of_30_digits": (401, lambda p, b: p.headers(b, Wechatpay_Timestamp="1" * 30)),
    "another_nonce": (401, lambda p, b: p.headers(b, Wechatpay_Nonce="x")),
    "no_stamp": (401, lambda p, b: p.headers(b, Wechatpay_Timestamp=None)),
    "no_nonce": (401, lambda p, b: p.headers(b, Wechatpay_Nonce=None)),
    "no_signature": (401, lambda p, b: p.headers(b, Wechatpay_Signature=None)),
    "no_serial": (401, lambda p, b: p.headers(b, Wechatpay_Serial=None)),
    "an_empty_signature": (401, lambda p, b: p.headers(b, Wechatpay_Signature="")),
    "a_signature_of_stars": (401, lambda p, b: p.headers(b, Wechatpay_Signature="*" * 344)),
    "the_serial_of_another_key": (401, lambda p, b: p.headers(b, Wechatpay_Serial="PUB_KEY_ID_1")),
    "a_serial_of_3_KB": (401, lambda p, b: p.headers(b, Wechatpay_Serial="F" * 3000)),
    "our_own_key": (401, lambda p, b: p.headers(
        b, signer=key(p.house.run / "secrets/wxpay-key.pem"))),
    "the_platforms_key_under_the_public_keys_name": (401, lambda p, b: p.headers(
        b, signer=key(p.house.run / "sim/platform-key.pem"))),
}


@pytest.mark.parametrize("status, write", FORGED.values(), ids=FORGED.keys())
def test_only_a_fresh_signature_of_wechats_is_believed(house, order, payment, post, status,
                                                       write):
    body = post.envelope(post.payment(payment["out_trade_no"], order["amount_fen"]))
    assert post.send(body, write(post, body)).status_code == status
    assert is_paid_once(house, order) == (status == 204)


def test_a_letter_of_more_than_64_kb_is_too_large(post, unchanged):
    refused(post.send(b" " * 70000), 413, "too_large")


def test_reading_the_mailbox_is_not_possible(house):
    answer = house.guest.get("/notify/wechat")
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


def test_the_code_comes_after_the_money(customer, order, payment, sim):
    sim.pay(payment, wait=True)
    assert customer.code(order)["state"] == "active"
