"""Beginning to pay: one attempt, asked for as often as the customer likes."""
import pytest

from house import ok, refused, wait_for

PREPAY = {"channel", "id", "out_trade_no", "method", "amount_fen", "expires_at", "pay_params", "code_url"}


def prepays(house, order: dict) -> int:
    """How often WeChat was asked for this order's money."""
    return len(house.sim.items("orders", out_trade_no=order["no"] + "A01")[0]["tickets"])


def attempts(house, order: dict) -> list:
    return house.db.rows("SELECT out_trade_no, method, state FROM payment_attempt"
                         " WHERE order_id = %s ORDER BY out_trade_no", order["id"])


@pytest.fixture
def order(slots, customer):
    return customer.order(slots.one())


def test_the_mini_program_gets_what_request_payment_wants(customer, order, sim):
    payment = customer.prepay(order)
    assert set(payment) == PREPAY and payment["code_url"] is None
    assert set(payment["pay_params"]) == {"timeStamp", "nonceStr", "package", "signType",
                                          "paySign"}
    assert all(isinstance(value, str) for value in payment["pay_params"].values())
    assert (payment["amount_fen"], payment["expires_at"]) == \
        (order["amount_fen"], order["expires_at"])
    asked = sim.order(payment["out_trade_no"])
    assert (asked["amount"]["total"], asked["product"]) == (order["amount_fen"], "JSAPI")
    assert sim.pay(payment, wait=True)["result"] == "ok"


def test_a_code_on_the_screen_is_paid_by_whoever_scans_it(house, customer, order, sim):
    payment = customer.prepay(order, "native")
    assert payment["pay_params"] is None and payment["code_url"].startswith("weixin://")
    friend = sim.user("请客的朋友")
    sim.post("pay", code_url=payment["code_url"], user=friend["user"], wait=True)
    assert customer.see(order)["state"] == "paid"
    assert house.db.value("SELECT payer FROM payment_attempt WHERE order_id = %s",
                          order["id"]) == friend["openid"]


def test_the_same_key_gets_the_same_bytes_and_asks_wechat_once(house, customer, order):
    first = customer.try_pay(order, key="pay")
    again = customer.try_pay(order, key="pay")
    assert (first.status_code, first.content) == (201, again.content)
    assert again.headers["Idempotent-Replay"] == "true"
    assert prepays(house, order) == 1


def test_another_key_gets_the_open_attempt_without_asking_wechat_again(house, customer, order):
    first, again = customer.prepay(order), customer.prepay(order)
    assert [again[k] for k in ("id", "out_trade_no", "expires_at")] == \
        [first[k] for k in ("id", "out_trade_no", "expires_at")]
    assert again["pay_params"]["package"] == first["pay_params"]["package"]
    assert again["pay_params"]["paySign"] != first["pay_params"]["paySign"]
    assert prepays(house, order) == 1
    assert attempts(house, order) == [(order["no"] + "A01", "jsapi", "prepaid")]


def test_the_two_ways_to_pay_are_two_attempts(house, customer, order):
    one, other = customer.prepay(order, "jsapi"), customer.prepay(order, "native")
    assert (one["out_trade_no"], other["out_trade_no"]) == (order["no"] + "A01",
                                                            order["no"] + "A02")
    assert customer.prepay(order, "native")["code_url"] == other["code_url"]


def test_money_that_comes_twice_is_kept_apart_with_an_alarm(house, customer, order, sim):
    one, other = customer.prepay(order, "jsapi"), customer.prepay(order, "native")
    sim.pay(one, wait=True)
    sim.pay(other, wait=True, late=True)  # the other was closed at once
    assert attempts(house, order) == [(one["out_trade_no"], "jsapi", "paid"),
                                      (other["out_trade_no"], "native", "surplus")]
    assert ("surplus",) in house.db.rows("SELECT outcome FROM notify_log WHERE out_trade_no = %s",
                                         other["out_trade_no"])  # and its notice, if it came second
    number = f"number {other['out_trade_no']}"  # whoever heard of it first
    assert any(number in house.log(name) for name in ("pool-notify", "settle"))
    assert house.db.value("SELECT count(*) FROM message WHERE kind = 'order.paid'"
                          " AND subject_id = %s", order["id"]) == 1


def test_a_paid_order_is_not_paid_again(house, customer, order):
    customer.pay(order)
    for method in ("jsapi", "native"):
        refused(customer.try_pay(order, method), 409, "order_paid")
    assert len(attempts(house, order)) == 1


def test_after_ten_minutes_it_is_too_late(house, customer, order):
    house.db.run("UPDATE orders SET expires_at = now() - interval '1 s' WHERE id = %s",
                 order["id"])
    refused(customer.try_pay(order), 409, "order_expired")
    assert attempts(house, order) == []
    wait_for(lambda: customer.see(order)["state"] == "expired")  # nothing goes on behind us


@pytest.mark.parametrize("state, code", [
    ("expired", "order_expired"), ("cancelled", "order_cancelled"), ("closing", "order_expired")])
def test_only_a_pending_order_can_be_paid(house, customer, order, state, code):
    steps = {"expired": ["closing", "expired"]}.get(state, [state])
    house.db.all_at_once(
        ("UPDATE orders SET closing_to = 'expired', closing_at = now(),"
         " run_at = now() + interval '1 hour', closed_at = now() WHERE id = %s", order["id"]),
        *(("UPDATE orders SET state = %s WHERE id = %s", s, order["id"]) for s in steps))
    refused(customer.try_pay(order), 409, code)
    assert attempts(house, order) == []
    steps = {"closing": ["cancelled"]}.get(state, [])
    house.db.all_at_once(
        ("DELETE FROM occupancy WHERE item_id IN (SELECT id FROM order_item"
         " WHERE order_id = %s)", order["id"]),
        ("UPDATE order_item SET state = 'released', released_at = now() WHERE order_id = %s",
         order["id"]),
        ("UPDATE booking_day SET periods = 0 WHERE account_id = %s", customer.account_id),
        *(("UPDATE orders SET state = %s WHERE id = %s", s, order["id"]) for s in steps))


def test_without_an_openid_there_is_the_code_to_scan(house, customer, order):
    house.db.run("UPDATE wechat_identity SET appid = 'other' WHERE account_id = %s",
                 customer.account_id)
    refused(customer.try_pay(order), 409, "no_openid")
    assert customer.prepay(order, "native")["out_trade_no"] == order["no"] + "A01"


@pytest.mark.parametrize("body, status, code, field", [
    ({"channel": "wechat"}, 422, "bad_field", "method"),
    ({"method": "jsapi"}, 422, "bad_field", "channel"),
    ({"channel": "wechat", "method": "jsapi", "payer": "me"}, 422, "bad_field", "payer"),
    ({"channel": "alipay", "method": "jsapi"}, 422, "bad_field", "payer"),
    ({"channel": "alipay", "method": "native", "payer": "me"}, 422, "bad_field", "payer"),
    ({"channel": "wechat|", "method": "jsapi"}, 422, "bad_field", "channel"),
    ({"channel": "wechat", "method": "app"}, 422, "bad_field", "method"),
    ({"channel": "wechat", "method": "jsapi|native"}, 422, "bad_field", "method"),
    ({"channel": "wechat", "method": "JSAPI"}, 422, "bad_field", "method"),
    ({"channel": "wechat", "method": 1}, 422, "bad_field", "method"),
    ({"channel": "wechat", "method": None}, 422, "bad_field", "method"),
    ({"channel": "wechat", "method": "jsapi", "amount_fen": 1}, 400, "unknown_field",
     "amount_fen"),
    ({"channel": "wechat", "method": "jsapi", "openid": "o"}, 400, "unknown_field", "openid"),
    ([], 400, "bad_json", None),
])
def test_a_wrong_wish_to_pay_stores_nothing(house, customer, order, unchanged, body, status,
                                            code, field):
    refused(customer.post(f"/api/v1/orders/{order['id']}/payments", body), status, code, field)


TROUBLE = [
    ("answer_lost", {}, 503, "channel_unknown"),
    ("http_500_after", {}, 503, "channel_unknown"),
    ("http_500_before", {}, 503, "channel_unknown"),
    ("answer_bad_signature", {}, 503, "channel_unknown"),
    ("answer_missing_signature", {}, 503, "channel_unknown"),
    ("answer_signtest", {}, 503, "channel_unknown"),
    ("answer_stale", {}, 503, "channel_unknown"),
    ("answer_unknown_serial", {}, 503, "channel_unknown"),
    ("429", {}, 503, "upstream_down"),
]


@pytest.mark.parametrize("fault, more, status, code", TROUBLE, ids=[t[0] for t in TROUBLE])
def test_trouble_at_wechat_pay_is_told_and_the_next_try_goes_on(
        house, customer, order, sim, fault, more, status, code):
    sim.fault(fault, times=9, path="/v3/pay/", **more)
    answer = customer.try_pay(order, key="first")
    refused(answer, status, code)
    assert int(answer.headers["Retry-After"]) >= 1
    assert attempts(house, order) == [(order["no"] + "A01", "jsapi", "created")]
    sim.quiet()
    payment = ok(customer.try_pay(order, key="first"), 201)
    assert payment["out_trade_no"] == order["no"] + "A01"
    assert sim.pay(payment, wait=True)["result"] == "ok"
    assert customer.see(order)["state"] == "paid"


def test_one_lost_answer_is_asked_for_again_at_once(customer, order, sim):
    sim.fault("answer_lost", path="/v3/pay/")
    assert customer.prepay(order)["pay_params"]


def test_what_wechat_pay_refuses_is_told_as_refused(house, customer, order, sim):
    house.db.run("UPDATE wechat_identity SET openid = 'o' || openid WHERE account_id = %s",
                 customer.account_id)
    refused(customer.try_pay(order), 502, "channel_refused")
    assert attempts(house, order)[0][2] == "created"


def test_money_may_arrive_before_the_answer_to_the_prepay(house, customer, order, sim):
    sim.fault("notify_before_prepay_answer", out_trade_no=order["no"] + "A01")
    refused(customer.try_pay(order), 409, "order_paid")
    assert customer.see(order)["state"] == "paid"
    assert attempts(house, order) == [(order["no"] + "A01", "jsapi", "paid")]
