"""What the house is for: find a court, pay, be let in. Once."""
from unittest.mock import ANY

from house import ok, refused


def test_a_customer_orders_pays_and_is_let_in_once(house, slots, customer, desk1, sim):
    first, second = slots.soon(2)
    order = customer.order(first, second, note="靠窗的场地")
    assert (order["state"], order["pay_state"]) == ("pending", "unpaid")
    assert order["note"] == "靠窗的场地"
    assert order["amount_fen"] == first.price + second.price
    assert [item["state"] for item in order["items"]] == ["held", "held"]

    payment = customer.prepay(order)
    assert payment["out_trade_no"] == order["no"] + "A01"
    assert payment["amount_fen"] == order["amount_fen"]
    paid = sim.pay(payment, user=customer.user["user"], wait=True)
    assert paid["result"] == "ok"

    order = customer.see(order)
    assert (order["state"], order["pay_state"]) == ("paid", "paid") and order["paid_at"]
    assert [item["state"] for item in order["items"]] == ["booked", "booked"]
    assert sim.order(payment["out_trade_no"])["trade_state"] == "SUCCESS"

    code = customer.code(order)
    assert code["state"] == "active"
    done = ok(desk1.check_in(code["qr_text"]), 201)
    assert done["order_no"] == order["no"]
    assert done["venue"] == {"id": 1, "name": "星河羽毛球馆"}
    assert [item["start"] for item in done["items"]] == [first.start, second.start]

    refused(desk1.check_in(code["short_code"]), 409, "already_checked_in", detail=ANY)
    order = customer.see(order)
    assert [item["state"] for item in order["items"]] == ["used", "used"]
    assert all(item["checked_in_at"] == done["checked_in_at"] for item in order["items"])
    assert customer.code(order)["state"] == "used"
    tries = house.db.rows("SELECT method, result FROM checkin_try WHERE order_id = %s"
                          " ORDER BY at", order["id"])
    assert tries == [("scan", "ok"), ("typed", "already_checked_in")]


def test_money_and_books_agree_with_wechats(house, slots, customer):
    order = customer.paid_order(slots.one())
    paid = house.sim.order(order["no"] + "A01")
    row = house.db.rows(
        "SELECT a.state, a.amount_fen, a.transaction_id, a.payer, o.paid_fen, o.paid_at = a.paid_at"
        " FROM payment_attempt a JOIN orders o ON o.id = a.order_id WHERE o.id = %s", order["id"])
    assert row == [("paid", paid["amount"]["total"], paid["transaction_id"],
                    paid["payer"]["openid"], order["amount_fen"], True)]
