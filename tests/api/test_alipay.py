"""Alipay, the second channel behind the same routes: what it tells is believed if it is signed, and
acts once."""
import base64
import time
import uuid
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from house import Client, ok, refused, wait_for
from test_reconcile import run

PREPAY = {"channel", "id", "out_trade_no", "method", "amount_fen", "expires_at", "pay_params",
          "code_url"}


def try_pay(customer, order, method="native", key=None, **more):
    return customer.post(f"/api/v1/orders/{order['id']}/payments",
                         {"channel": "alipay", "method": method, **more},
                         key or str(uuid.uuid4()))


def prepay(customer, order, method="native", **more) -> dict:
    return ok(try_pay(customer, order, method, **more), 201)


def trade(house, payment) -> dict:
    return house.sim.items("trades", out_trade_no=payment["out_trade_no"])[0]


def buyer(house) -> dict:
    return house.sim.post("alipay/buyer")


def outcomes(house, payment) -> list:
    return house.db.rows("SELECT channel, outcome, repeats FROM notify_log"
                         " WHERE out_trade_no = %s ORDER BY received_at",
                         payment["out_trade_no"])


def is_paid_once(house, order) -> bool:
    return house.db.rows(
        "SELECT o.state, (SELECT count(*) FROM payment_attempt a WHERE a.order_id = o.id"
        " AND a.state = 'paid'), (SELECT count(*) FROM message m WHERE m.subject_id = o.id"
        " AND m.kind = 'order.paid') FROM orders o WHERE o.id = %s",
        order["id"]) == [("paid", 1, 1)]


def answers(house, payment) -> list:
    """What we said to the deliveries: status and body."""
    return [(a["status"], a["body"]) for a in house.sim.attempts(payment["out_trade_no"])]


def china(seconds: float = 0) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600 + seconds))


class Post:
    """Somebody who holds Alipay's private key, and whose forms are genuine, whatever they say."""

    def __init__(self, house):
        self.house, self.client = house, Client(house)
        self.key = serialization.load_pem_private_key(
            house.run.joinpath("sim/alipay-private.pem").read_bytes(), None)

    def told(self, payment, **changes) -> dict:
        told = {"notify_id": uuid.uuid4().hex, "notify_type": "trade_status_sync",
                "notify_time": china(), "app_id": self.house.setting("ZX_ALIPAY_APPID"),
                "seller_id": self.house.setting("ZX_ALIPAY_SELLER_ID"), "charset": "utf-8",
                "version": "1.0", "out_trade_no": payment["out_trade_no"],
                "trade_no": time.strftime("%Y%m%d") + uuid.uuid4().hex[:20],
                "trade_status": "TRADE_SUCCESS", "gmt_payment": china(-1),
                "total_amount": f"{payment['amount_fen'] // 100}.{payment['amount_fen'] % 100:02d}",
                "buyer_id": "2088102534368455", "subject": "羽毛球", **changes}
        return {k: v for k, v in told.items() if v is not None}

    def signed(self, told: dict, key=None) -> dict:
        text = "&".join(f"{k}={told[k]}" for k in sorted(told) if told[k])
        sign = (key or self.key).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {**told, "sign_type": "RSA2", "sign": base64.b64encode(sign).decode()}

    def send(self, form, content_type="application/x-www-form-urlencoded; charset=utf-8"):
        body = form if isinstance(form, (bytes, str)) else urlencode(form)
        return self.client.call("POST", "/notify/alipay", data=body,
                                headers={"Content-Type": content_type})


@pytest.fixture(scope="module")
def post(house):
    return Post(house)


@pytest.fixture
def order(slots, customer):
    return customer.order(slots.one())


@pytest.fixture
def payment(customer, order):
    return prepay(customer, order)


def accepted(answer):
    """`success`, seven characters and nothing else."""
    assert (answer.status_code, answer.content) == (200, b"success"), answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")


# --- beginning to pay ---

def test_a_code_on_the_screen_is_scanned_and_paid(house, customer, order, sim):
    payment = prepay(customer, order)
    assert set(payment) == PREPAY and payment["pay_params"] is None
    assert payment["code_url"].startswith("https://qr.alipay.com/")
    assert (payment["channel"], payment["amount_fen"]) == ("alipay", order["amount_fen"])
    asked = trade(house, payment)
    assert (asked["product"], asked["total_fen"]) == ("precreate", order["amount_fen"])
    assert asked["expire_at"][:19] == order["expires_at"][:19] and not asked["exists"]
    assert sim.pay(payment, wait=True)["result"] == "ok"
    assert answers(house, payment) == [(200, "success")]
    assert is_paid_once(house, order)
    assert outcomes(house, payment) == [("alipay", "paid", 0)]
    assert customer.code(order)["state"] == "active"


def test_inside_alipays_app_its_buyer_pays(house, customer, order, sim):
    who = buyer(house)
    payment = prepay(customer, order, "jsapi", payer=who["buyer_open_id"])
    assert set(payment["pay_params"]) == {"tradeNO"} and payment["code_url"] is None
    assert trade(house, payment)["state"] == "WAIT_BUYER_PAY"
    result = sim.pay(payment, wait=True)
    assert result["transaction_id"] == payment["pay_params"]["tradeNO"]
    assert is_paid_once(house, order)
    assert house.db.rows("SELECT channel, method, transaction_id, payer FROM payment_attempt"
                         " WHERE order_id = %s", order["id"]) == \
        [("alipay", "jsapi", result["transaction_id"], who["buyer_open_id"])]


def test_a_ticket_is_its_payers_own(house, customer, order):
    one, other = buyer(house)["buyer_open_id"], buyer(house)["buyer_open_id"]
    first = prepay(customer, order, "jsapi", payer=one)
    assert prepay(customer, order, "jsapi", payer=one)["out_trade_no"] == first["out_trade_no"]
    theirs = prepay(customer, order, "jsapi", payer=other)
    assert theirs["out_trade_no"] != first["out_trade_no"]
    assert theirs["pay_params"] != first["pay_params"]
    assert prepay(customer, order, "jsapi", payer=other)["out_trade_no"] == theirs["out_trade_no"]


def test_the_same_key_gets_the_same_bytes(house, customer, order):
    first, again = (try_pay(customer, order, key="alipay") for _ in range(2))
    assert (first.status_code, first.content) == (201, again.content)
    assert len(trade(house, first.json())["codes"]) == 1


def test_both_channels_at_once_are_two_attempts_and_one_payment(house, customer, order, sim):
    one, other = prepay(customer, order), customer.prepay(order, "native")
    assert (one["out_trade_no"], other["out_trade_no"]) == (order["no"] + "A01",
                                                            order["no"] + "A02")
    sim.pay(one, wait=True)
    sim.pay(other, wait=True, late=True)  # the other was closed at once
    assert is_paid_once(house, order)
    assert house.db.rows("SELECT channel, state FROM payment_attempt WHERE order_id = %s"
                         " ORDER BY out_trade_no", order["id"]) == [("alipay", "paid"),
                                                                    ("wechat", "surplus")]


def test_a_buyer_whom_alipay_does_not_know_is_refused(customer, order):
    refused(try_pay(customer, order, "jsapi", payer="0" * 40), 502, "channel_refused")


TROUBLE = [("answer_lost", {}, 503, "channel_unknown"),
           ("http_500_before", {}, 503, "channel_unknown"),
           ("http_500_after", {}, 503, "channel_unknown"),
           ("answer_bad_signature", {}, 503, "channel_unknown"),
           ("answer_missing_signature", {}, 503, "channel_unknown"),
           ("alipay_error", {"sub_code": "ACQ.SYSTEM_ERROR"}, 503, "channel_unknown"),
           ("alipay_error", {"code": "20000", "sub_code": "isp.unknow-error"}, 503,
            "channel_unknown"),
           ("429", {}, 503, "upstream_down")]


@pytest.mark.parametrize("fault, more, status, code", TROUBLE)
def test_trouble_at_alipay_is_told_and_the_next_try_goes_on(customer, order, sim, fault, more,
                                                           status, code):
    sim.fault(fault, times=9, path="alipay.trade.precreate", **more)
    refused(try_pay(customer, order, key="first"), status, code)
    sim.quiet()
    payment = ok(try_pay(customer, order, key="first"), 201)
    assert payment["out_trade_no"] == order["no"] + "A01"
    assert sim.pay(payment, wait=True)["result"] == "ok"
    assert customer.see(order)["state"] == "paid"


def test_one_lost_answer_is_asked_for_again_at_once(customer, order, sim):
    sim.fault("answer_lost", path="alipay.trade.precreate")
    assert prepay(customer, order)["code_url"]


def test_without_a_notify_the_customers_return_finds_the_payment(house, customer, order, payment,
                                                               sim):
    sim.fault("notify_never", out_trade_no=payment["out_trade_no"])
    sim.pay(payment, wait=True)
    answer = customer.post(f"/api/v1/orders/{order['id']}/payments/check", None, key=None)
    assert ok(answer)["state"] == "paid" and is_paid_once(house, order)


# --- notifies ---

@pytest.mark.parametrize("fault", ["notify_bad_signature", "notify_missing_signature",
                                   "notify_stale", "notify_future", "notify_tampered",
                                   "notify_field_twice"])
def test_a_notify_that_proves_nothing_pays_nothing_and_a_genuine_one_does(
        house, customer, order, payment, sim, fault):
    number = payment["out_trade_no"]
    sim.fault("notify_scale", value=10)  # no second delivery meanwhile
    sim.fault(fault, out_trade_no=number)
    before = house.picture()
    assert sim.pay(payment, wait=True)["result"] == "ok"
    assert [status for status, _ in answers(house, payment)] == [401]
    assert house.picture() == before and customer.see(order)["state"] == "pending"
    assert sim.post("notify/resend", out_trade_no=number) == {"status": 200}
    assert is_paid_once(house, order)


@pytest.mark.parametrize("fault, word", [
    ("notify_wrong_amount", "wrong_amount"), ("notify_wrong_mchid", "wrong_merchant"),
    ("notify_wrong_appid", "wrong_merchant")])
def test_a_genuine_notify_that_says_something_wrong_is_kept(house, customer, order, payment, sim,
                                                           fault, word):
    sim.fault(fault, out_trade_no=payment["out_trade_no"])
    sim.pay(payment, wait=True)
    assert answers(house, payment) == [(200, "success")]
    assert outcomes(house, payment) == [("alipay", word, 0)]
    assert customer.see(order)["state"] == "pending"


def test_fifty_replays_at_once_change_nothing_more(house, order, payment, sim):
    sim.fault("notify_replay", out_trade_no=payment["out_trade_no"], n=50)
    sim.pay(payment, wait=True)
    said = wait_for(lambda: len(found := answers(house, payment)) == 51 and found)
    assert set(said) == {(200, "success")}
    assert is_paid_once(house, order) and outcomes(house, payment) == [("alipay", "paid", 50)]


def test_two_deliveries_at_once_are_one_payment(house, order, payment, sim):
    sim.fault("notify_twice_at_once", out_trade_no=payment["out_trade_no"])
    sim.pay(payment, wait=True)
    wait_for(lambda: len(answers(house, payment)) == 2)
    assert is_paid_once(house, order) and outcomes(house, payment) == [("alipay", "paid", 1)]


def test_money_may_arrive_before_the_answer_to_the_prepay(house, customer, order, sim):
    sim.fault("notify_before_prepay_answer", out_trade_no=order["no"] + "A01")
    try_pay(customer, order)
    assert is_paid_once(house, order)


def test_a_finished_trade_is_paid_too(house, order, payment, post):
    accepted(post.send(post.signed(post.told(payment, trade_status="TRADE_FINISHED"))))
    assert is_paid_once(house, order)


def test_a_refund_told_as_the_same_trade_is_no_second_payment(house, order, payment, post):
    told = post.told(payment)
    accepted(post.send(post.signed(told)))
    for status in ("TRADE_SUCCESS", "TRADE_CLOSED"):
        again = {**told, "notify_id": uuid.uuid4().hex, "trade_status": status,
                 "refund_fee": "1.00", "gmt_refund": china() + ".143", "out_biz_no": "R1"}
        accepted(post.send(post.signed(again)))
    assert is_paid_once(house, order)
    assert [o for _, o, _ in outcomes(house, payment)] == ["paid", "repeat", "repeat"]


BELIEVED = {"not_yet_paid": ({"trade_status": "WAIT_BUYER_PAY", "gmt_payment": None},
                             "not_success"),
            "closed": ({"trade_status": "TRADE_CLOSED", "gmt_payment": None}, "not_success"),
            "foreign_money": ({"trans_currency": "USD"}, "wrong_amount"),
            "one_fen_less": ({"total_amount": "0.01"}, "wrong_amount"),
            "another_kind": ({"notify_type": "open_app_auth_notify"}, "other")}


@pytest.mark.parametrize("changes, word", BELIEVED.values(), ids=BELIEVED.keys())
def test_genuine_notices_that_pay_nothing_are_kept_once(house, customer, order, payment, post,
                                                       changes, word):
    form = post.signed(post.told(payment, **changes))
    for _ in range(2):
        accepted(post.send(form))
    assert house.db.rows("SELECT outcome, repeats FROM notify_log WHERE notice_id = %s",
                         form["notify_id"]) == [(word, 1)]
    assert customer.see(order)["state"] == "pending"


def forged(change):
    """A genuine form, changed behind its signature."""
    return lambda post, form: change(dict(form))


def without(form, name):
    del form[name]
    return form


FORGED = {
    "another_sum": forged(lambda f: {**f, "total_amount": "0.01"}),
    "another_order": forged(lambda f: {**f, "out_trade_no": f["out_trade_no"][:-1] + "9"}),
    "a_member_more": forged(lambda f: {**f, "passback_params": "x"}),
    "a_member_less": forged(lambda f: without(f, "buyer_id")),
    "no_signature": forged(lambda f: without(f, "sign")),
    "an_empty_signature": forged(lambda f: {**f, "sign": ""}),
    "a_signature_of_stars": forged(lambda f: {**f, "sign": "*" * 344}),
    "the_old_algorithm": forged(lambda f: {**f, "sign_type": "RSA"}),
    "no_algorithm": forged(lambda f: without(f, "sign_type")),
    "a_member_twice": forged(lambda f: urlencode(f) + "&total_amount=0.01"),
    "a_member_twice_the_same": forged(lambda f: urlencode(f) + "&version=1.0"),
    "a_bad_escape": forged(lambda f: urlencode(f) + "&a=%zz"),
    "a_zero_byte": forged(lambda f: urlencode(f) + "&a=%00"),
    "no_form": forged(lambda f: b"{}"),
    "nothing_of_ours": forged(lambda f: "a=1"),
    "our_own_key": lambda post, form: post.signed(
        {k: v for k, v in form.items() if not k.startswith("sign")},
        serialization.load_pem_private_key(post.house.secret("alipay-key.pem"), None)),
}


@pytest.mark.parametrize("write", FORGED.values(), ids=FORGED.keys())
def test_a_forged_form_changes_nothing(house, order, payment, post, write):
    form = write(post, post.signed(post.told(payment)))
    before = house.picture()
    refused(post.send(form), 401, "notify_refused")
    assert house.picture() == before


def test_a_form_of_more_than_64_kb_is_too_large(post, unchanged):
    refused(post.send("a=" + "1" * 70000), 413, "too_large")


def test_reading_the_mailbox_is_not_possible(house):
    refused(house.guest.get("/notify/alipay"), 405, "method_not_allowed")


# --- ends ---

def refunds(house, order) -> list:
    return house.db.rows("SELECT cause, amount_fen, state FROM refund WHERE order_id = %s"
                         " ORDER BY id", order["id"])


def test_money_for_an_order_that_was_given_up_goes_back(house, customer, order, payment, sim):
    sim.post("alipay/scan", code_url=payment["code_url"])
    ok(customer.post(f"/api/v1/orders/{order['id']}/cancellation", {}))
    wait_for(lambda: house.db.value("SELECT state FROM orders WHERE id = %s",
                                    order["id"]) == "cancelled")
    assert trade(house, payment)["closed"]
    sim.post("pay", out_trade_no=payment["out_trade_no"], late=True, wait=True)
    wait_for(lambda: refunds(house, order) == [("late", order["amount_fen"], "succeeded")])
    assert trade(house, payment)["refunded_fen"] == order["amount_fen"]


@pytest.mark.parametrize("fault, more", [
    ("answer_lost", {}), ("http_500_after", {}), ("answer_bad_signature", {}),
    ("answer_missing_signature", {}), ("alipay_error", {"sub_code": "ACQ.SYSTEM_ERROR"}),
    ("429", {}), ("refund_not_enough", {})])
def test_a_refund_whose_answer_is_lost_is_paid_once(house, customer, order, payment, sim, fault,
                                                   more):
    where = {} if fault == "refund_not_enough" else {"path": "alipay.trade.refund&"}
    sim.fault(fault, **where, **more)
    customer.pay(order, "native")
    sim.pay(payment, wait=True)
    price = order["amount_fen"]
    wait_for(lambda: refunds(house, order) == [("surplus", price, "succeeded")])
    assert [r["fen"] for r in trade(house, payment)["refunds"].values()] == [price]
    assert trade(house, payment)["closed"] and is_paid_once(house, order)
    assert house.db.rows("SELECT gap_fen FROM ledger_day WHERE channel = 'alipay'"
                         " AND gap_fen <> 0") == []


def test_a_refund_that_leaves_open_whether_it_is_done_is_asked_about(house, customer, order,
                                                                   payment, sim):
    sim.fault("alipay_fund_change", value="N")
    customer.pay(order, "native")
    sim.pay(payment, wait=True)
    wait_for(lambda: refunds(house, order) == [("surplus", order["amount_fen"], "succeeded")])
    assert len(trade(house, payment)["refunds"]) == 1


def test_what_alipay_refuses_to_give_back_is_for_people(house, customer, order, payment, sim):
    sim.fault("alipay_error", sub_code="ACQ.REASON_TRADE_BEEN_FREEZEN",
              path="alipay.trade.refund&")
    customer.pay(order, "native")
    sim.pay(payment, wait=True)
    wait_for(lambda: refunds(house, order) == [("surplus", order["amount_fen"], "stuck")])
    assert house.db.rows("SELECT trouble FROM refund WHERE order_id = %s", order["id"]) == \
        [("ACQ.REASON_TRADE_BEEN_FREEZEN",)]


def test_what_expires_is_closed_at_alipay_once_it_was_scanned(house, customer, order, payment,
                                                            sim):
    sim.post("alipay/scan", code_url=payment["code_url"])
    house.db.all_at_once(("UPDATE orders SET expires_at = now() WHERE id = %s", order["id"]))
    wait_for(lambda: house.db.value("SELECT state FROM orders WHERE id = %s",
                                    order["id"]) == "expired")
    assert trade(house, payment)["closed"]
    assert sim.pay(payment)["result"] == "fail"


def test_a_payment_that_wins_against_the_closing_counts(house, customer, order, payment, sim):
    sim.fault("pay_wins_close", out_trade_no=payment["out_trade_no"])
    house.db.all_at_once(("UPDATE orders SET expires_at = now() WHERE id = %s", order["id"]))
    wait_for(lambda: is_paid_once(house, order))


# --- the bill ---

def past_day(days: int) -> str:
    return china(-86400 * days)[:10]


def test_a_days_bill_agrees_with_what_was_paid(house, order, payment, sim):
    day = past_day(89)
    sim.pay(payment, wait=True, success_time=f"{day}T10:00:00+08:00")
    code, said, log = run(house, "--channel", "alipay", "--date", day)
    assert code == 0, log
    yuan = f"{order['amount_fen'] // 100}.{order['amount_fen'] % 100:02d}"
    assert f"1 payments {yuan}, 0 refunds 0.00" in said
    assert "only ours 0, only theirs 0, amount 0, state 0" in said


def test_a_payment_that_was_never_told_is_found_in_the_bill(house, order, payment, sim):
    day = past_day(88)
    sim.fault("notify_never", out_trade_no=payment["out_trade_no"])
    sim.pay(payment, success_time=f"{day}T10:00:00+08:00")
    code, said, log = run(house, "--channel", "alipay", "--date", day)
    assert (code, is_paid_once(house, order)) == (0, True), said + log


def test_a_spoiled_bill_is_fetched_again_another_time(house, payment, sim):
    day = past_day(87)
    sim.pay(payment, wait=True, success_time=f"{day}T10:00:00+08:00")
    sim.fault("bill_wrong_hash", times=3, bill_date=day)  # the job tries so often
    code, _, log = run(house, "--channel", "alipay", "--date", day)
    assert code == 75 and "the bill of" in log
    assert run(house, "--channel", "alipay", "--date", day)[0] == 0
