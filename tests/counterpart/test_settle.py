"""WeChat Pay as another project understands it judges what the daemon asks of it: closing,
queries, refunds; and writes to us how refunds end."""
import json

import pytest

from house import ok, wait_for
from test_counterpart import FORGED, is_paid_as


def test_an_order_that_nobody_pays_is_closed_at_wechat_pay(house, wechat, customer, order,
                                                           payment):
    house.db.run("UPDATE orders SET expires_at = now() WHERE id = %s", order["id"])
    wait_for(lambda: customer.see(order)["state"] == "expired")
    closed = wechat.asked(payment["out_trade_no"], "POST", "/close")
    assert closed == [({"mchid": house.setting("ZX_WXPAY_MCHID")}, 204)]


def test_money_that_no_letter_tells_of_is_found_by_asking(house, wechat, customer, order, payment):
    told = wechat.pay(payment["out_trade_no"])
    checked = ok(customer.call("POST", f"/api/v1/orders/{order['id']}/payments/check"))
    assert checked["state"] == "paid" and is_paid_as(house, order, told)
    query = f"/out-trade-no/{payment['out_trade_no']}?mchid={house.setting('ZX_WXPAY_MCHID')}"
    assert wechat.asked(payment["out_trade_no"], "GET", query) == [(None, 200)]


@pytest.fixture
def refund(house, wechat, customer, order, payment):
    """An order paid twice, so that the second sum goes back; WeChat Pay works on it."""
    other = customer.prepay(order, "native")
    numbers = (payment["out_trade_no"], other["out_trade_no"])
    for number in numbers:  # before we hear of the first, and close the second
        wechat.pay(number)
    for number in numbers:
        assert wechat.notify(number)["status"] == 204
    wait_for(lambda: state(house, order) == "accepted")
    return Refund(house, order, other)


class Refund:
    def __init__(self, house, order, payment):
        self.house, self.payment = house, payment
        self.number = house.db.value("SELECT out_refund_no FROM refund WHERE order_id = %s",
                                     order["id"])

    @property
    def row(self) -> tuple:
        return self.house.db.rows("SELECT state, amount_fen, channel_no FROM refund"
                                  " WHERE out_refund_no = %s", self.number)[0]

    def ask_soon(self):
        self.house.db.run("UPDATE refund SET run_at = now() WHERE out_refund_no = %s", self.number)


def state(house, order) -> str:
    return house.db.value("SELECT max(state) FROM refund WHERE order_id = %s", order["id"])


def test_a_refund_is_asked_for_as_wechat_pay_wants_it(house, wechat, refund):
    (body, status), = wechat.asked(refund.number, "POST", "/v3/refund/domestic/refunds")
    total = refund.payment["amount_fen"]
    assert status == 200 and body["out_trade_no"] == refund.payment["out_trade_no"]
    assert body["amount"] == {"refund": total, "total": total, "currency": "CNY"}
    assert body["notify_url"] == f"{house.url}/notify/wechat/refund"


def test_a_letter_tells_that_the_money_is_back_and_again_changes_nothing(house, wechat, refund):
    told = wechat.tell("refund", number=refund.number, state="SUCCESS")
    for way in ("good", "again", "good"):
        assert wechat.notify(refund.number, way)["status"] == 204
    assert refund.row == ("succeeded", told["amount"]["refund"], told["refund_id"])
    assert house.db.rows("SELECT outcome, repeats FROM notify_log WHERE event = 'REFUND.SUCCESS'"
                         " AND out_trade_no = %s",
                         refund.payment["out_trade_no"]) == [("refund", 2)]
    assert house.db.rows("SELECT * FROM ledger_day WHERE gap_fen <> 0") == []


@pytest.mark.parametrize("way", FORGED)
def test_a_letter_about_a_refund_that_proves_nothing_is_refused(wechat, refund, way):
    wechat.tell("refund", number=refund.number, state="SUCCESS")
    answer = wechat.notify(refund.number, way)
    assert answer["status"] == 401
    assert json.loads(answer["body"])["error"]["code"] == "notify_refused"
    assert refund.row[0] == "accepted"
    assert wechat.notify(refund.number)["status"] == 204
    assert refund.row[0] == "succeeded"


def test_a_refund_of_which_no_letter_tells_is_asked_about(wechat, refund):
    wechat.tell("refund", number=refund.number, state="SUCCESS")
    refund.ask_soon()
    wait_for(lambda: refund.row[0] == "succeeded")
    assert wechat.asked(refund.number, "GET", f"/refunds/{refund.number}") == [(None, 200)]


@pytest.mark.parametrize("word", ["CLOSED", "ABNORMAL"])
def test_a_refund_that_could_not_be_made_is_left_to_people(house, wechat, refund, word):
    wechat.tell("refund", number=refund.number, state=word)
    assert wechat.notify(refund.number)["status"] == 204
    assert refund.row[0] == "stuck"
    work = house.db.value("SELECT w.detail FROM work_item w JOIN refund r ON r.id = w.refund_id"
                          " WHERE r.out_refund_no = %s AND w.kind = 'refund_stuck'", refund.number)
    assert work["trouble"] == word
