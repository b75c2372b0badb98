"""Check-ins and their undoing at the same moment: each is done once or not at all, and what was
answered is what the books say."""
import itertools
import json

import invariants
from house import Staff
from players import at_once

ROUNDS, EACH = 10, 3


def ask_for(desk, order, code, at, number: str) -> list:
    """So many check-ins and so many undoings of the same one, of one desk."""
    undo = f"/api/v1/staff/orders/{order['id']}/checkin/undo"
    return [(desk.token, path, body, f"{order['id']}-{number}-{kind}-{n}")
            for n, (kind, path, body) in itertools.product(range(EACH), (
                ("in", "/api/v1/staff/checkins", {"code": code}),
                ("undo", undo, {"checked_in_at": at, "reason": "扫错了"})))]


def test_of_many_at_once_each_is_done_once(house, slots, customer):
    desk = Staff(house, "desk1")
    order = customer.paid_order(*slots.soon(1))
    code, seen = customer.code(order)["qr_text"], set()
    at = desk.check_in(code).json()["checked_in_at"]
    for turn in range(ROUNDS):
        said = at_once(house.run, ask_for(desk, order, code, at, turn))
        done = [status for status, _ in said]
        seen |= set(done)
        assert done.count(200) == 1, said  # undone once
        assert done.count(201) <= 1 and set(done) <= {200, 201, 409}, said
        item, = desk.see(order)["order"]["items"]
        assert item["state"] == ("used" if 201 in done else "booked"), said
        at = item["checked_in_at"] or desk.check_in(code).json()["checked_in_at"]
    assert {200, 201, 409} <= seen
    assert house.db.value("SELECT count(*) FROM checkin_undone WHERE order_id = %s",
                          order["id"]) == ROUNDS
    house.settle()
    assert invariants.broken(house.db, drained=False) == {}


def test_a_refund_and_a_check_in_agree(house, slots):
    """Whoever comes second knows of the first: nobody is let in whose money went back before."""
    desk = Staff(house, "desk1")
    for _ in range(ROUNDS):
        customer = house.customer()
        order = customer.paid_order(*slots.soon(1))
        code = customer.code(order)["qr_text"]
        refund = (desk.token, f"/api/v1/staff/orders/{order['id']}/refunds",
                  {"amount_fen": order["amount_fen"], "reason": "灯坏了"}, f"r-{order['id']}")
        enter = (desk.token, "/api/v1/staff/checkins", {"code": code}, f"c-{order['id']}")
        (back, _), (entered, text) = at_once(house.run, [refund, enter])
        assert back == 201 and entered in (201, 409)
        answer = json.loads(text)
        assert answer["refunded_fen"] == 0 if entered == 201 else (
            answer["error"]["code"] == "order_refunded")
