"""Alipay's own SDK judges our requests to its gateway, and letters that it would take are sent
to us."""
import pytest

from conftest import ask_later
from house import ok, refused, wait_for
from test_counterpart import booked, outcome

BUYER = "074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5"
FORGED = ["eight_days_old", "tampered", "bad_signature", "no_signature",
          "another_kind_of_signature", "one_name_twice", "not_a_form"]


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


@pytest.fixture(params=["native", "jsapi"])
def payment(request, house, channels, customer, order):
    return begin(house, customer, order, request.param)


@pytest.fixture
def scanned(house, channels, customer, order):
    return begin(house, customer, order, "native")


def begin(house, customer, order, method: str) -> dict:
    body = {"channel": "alipay", "method": method}
    if method == "jsapi":
        body["payer"] = BUYER
    payment = ok(customer.post(f"/api/v1/orders/{order['id']}/payments", body), 201)
    ask_later(house, order)
    return payment


def is_paid_as(house, order, told) -> bool:
    total = order["amount_fen"]
    return booked(house, order) == ("paid", total, "paid", total, told["trade_no"],
                                    told["buyer_open_id"], 1)


def tell(channels, payment, way: str = "good") -> tuple:
    answer = channels.tell("alipay-notify", number=payment["out_trade_no"], way=way)
    return answer["status"], answer["body"]


def test_an_order_is_asked_for_as_alipay_wants_it_and_paid(house, channels, order, payment):
    method = {"native": "precreate", "jsapi": "create"}[payment["method"]]
    (asked, status), = channels.asked(payment["out_trade_no"], "POST", f"alipay.trade.{method}")
    assert status == 200 and asked["total_amount"] == yuan(order["amount_fen"])
    assert (asked.get("buyer_open_id") == BUYER) == (method == "create")
    ticket = payment["code_url"] or payment["pay_params"]["tradeNO"]
    told = channels.tell("alipay-pay", number=payment["out_trade_no"])
    assert ticket.startswith("https://qr.alipay.com/") or ticket == told["trade_no"]
    assert tell(channels, payment) == (200, "success")
    assert is_paid_as(house, order, told)


@pytest.mark.parametrize("way", FORGED)
def test_a_letter_that_proves_nothing_pays_nothing_and_a_genuine_one_does(
        house, channels, order, scanned, way):
    told = channels.tell("alipay-pay", number=scanned["out_trade_no"])
    status, body = tell(channels, scanned, way)
    assert status == 401 and "notify_refused" in body
    assert booked(house, order)[:3] == ("pending", 0, "prepaid") and outcome(house, scanned) == []
    assert tell(channels, scanned) == (200, "success")
    assert is_paid_as(house, order, told)


def test_a_letter_that_comes_again_changes_nothing_more(house, channels, order, scanned):
    told = channels.tell("alipay-pay", number=scanned["out_trade_no"])
    answers = {tell(channels, scanned, way) for way in ("good", "again", "again", "good")}
    assert answers == {(200, "success")}
    assert is_paid_as(house, order, told) and outcome(house, scanned) == [("paid", 3)]


def test_money_that_no_letter_tells_of_is_found_by_asking(house, channels, customer, order,
                                                          payment):
    told = channels.tell("alipay-pay", number=payment["out_trade_no"])
    checked = ok(customer.call("POST", f"/api/v1/orders/{order['id']}/payments/check"))
    assert checked["state"] == "paid" and is_paid_as(house, order, told)
    assert channels.asked(payment["out_trade_no"], "POST", "alipay.trade.query") == [
        ({"out_trade_no": payment["out_trade_no"]}, 200)]


def test_an_order_that_nobody_pays_is_closed_at_alipay(house, channels, customer, order):
    payment = begin(house, customer, order, "jsapi")
    house.db.run("UPDATE orders SET expires_at = now() WHERE id = %s", order["id"])
    wait_for(lambda: customer.see(order)["state"] == "expired")
    assert channels.asked(payment["out_trade_no"], "POST", "alipay.trade.close") == [
        ({"out_trade_no": payment["out_trade_no"]}, 200)]


def test_a_sum_too_much_is_given_back_at_once(house, channels, customer, order, scanned):
    other = begin(house, customer, order, "jsapi")
    for each in (scanned, other):  # before we hear of the first, and close the second
        channels.tell("alipay-pay", number=each["out_trade_no"])
    for each in (scanned, other):
        assert tell(channels, each) == (200, "success")

    def done():
        rows = house.db.rows("SELECT out_refund_no, amount_fen FROM refund WHERE order_id = %s"
                             " AND state = 'succeeded'", order["id"])
        return rows and rows[0]
    number, fen = wait_for(done)
    (asked, status), = channels.asked(number, "POST", "alipay.trade.refund")
    assert status == 200 and asked["refund_amount"] == yuan(fen) == yuan(order["amount_fen"])
    assert asked["out_trade_no"] == other["out_trade_no"]


def test_with_a_wrong_app_of_ours_nobody_can_pay(house, partner, customer, order):
    with house.configured("pool-pay", ZX_ALIPAY_APPID="2021000000000000"):
        refused(customer.post(f"/api/v1/orders/{order['id']}/payments",
                              {"channel": "alipay", "method": "native"}), 502, "channel_refused")
    assert "app_id 2021000000000000 is not ours" in {r["trouble"] for r in partner.requests()}
