"""WeChat is told of orders that were used, or the venue's money stays where it is."""
import pytest

from house import ok, wait_for


@pytest.fixture
def order(slots, customer):
    """Paid, and its time is near."""
    return customer.paid_order(*slots.soon(1))


def row(house, order: dict):
    """(state, tries, trouble) of the report, or None."""
    rows = house.db.rows("SELECT state, tries, trouble FROM shipping WHERE order_id = %s",
                         order["id"])
    return rows[0] if rows else None


def sent(house, order: dict) -> list:
    """What WeChat has been told of this order."""
    return house.sim.order(order["no"] + "A01")["shipments"]


def in_state(house, order: dict, state: str):
    return wait_for(lambda: (found := row(house, order)) and found[0] == state and found)


def hurry(house, order: dict):
    """Its next try is due now."""
    house.db.run("WITH s AS (UPDATE shipping SET run_at = now() WHERE order_id = %s RETURNING 1)"
                 " SELECT pg_notify('zx_settle', '') FROM s", order["id"])


def check_in(customer, desk, order: dict):
    return ok(desk.check_in(customer.code(order)["qr_text"]), 201)


def test_a_used_order_is_reported_as_picked_up(house, customer, desk1, order):
    assert row(house, order) is None and sent(house, order) == []
    check_in(customer, desk1, order)
    assert in_state(house, order, "sent") == ("sent", 1, None)
    assert sent(house, order) == [{
        "logistics_type": 4, "delivery_mode": 1,
        "shipping_list": [{"item_desc": f"星河羽毛球馆 场地预订 {order['date']}"}]}]


def test_an_order_used_in_pieces_is_reported_once(house, slots, customer, desk1):
    order = customer.paid_order(*slots.soon(2))
    later = order["items"][1]["id"]

    def move(days):
        house.db.all_at_once(
            ("UPDATE occupancy SET at = at + %s * interval '1 day' WHERE item_id = %s", days,
             later),
            ("UPDATE order_item SET during = tstzrange(lower(during) + %s * interval '1 day',"
             " upper(during) + %s * interval '1 day') WHERE id = %s", days, days, later))
    move(30)
    check_in(customer, desk1, order)
    in_state(house, order, "sent")
    move(-30)
    check_in(customer, desk1, order)
    assert house.db.value("SELECT count(*) FROM message WHERE kind = 'order.used'"
                          " AND subject_id = %s", order["id"]) == 1
    house.settle()
    assert len(sent(house, order)) == 1


def test_a_token_that_wechat_has_forgotten_is_renewed(house, slots, customer, desk1, order, sim):
    check_in(customer, desk1, order)
    in_state(house, order, "sent")
    sim.post("tokens/kill")
    second = customer.paid_order(*slots.soon(1))
    check_in(customer, desk1, second)
    assert in_state(house, second, "sent") == ("sent", 1, None)
    assert len(sent(house, second)) == 1


def test_a_busy_wechat_is_told_later(house, customer, desk1, order, sim):
    sim.fault("wx_errcode", errcode=-1, path="upload_shipping_info", times=2)
    check_in(customer, desk1, order)
    for tries in (1, 2):
        wait_for(lambda: row(house, order) and row(house, order)[2] is not None
                 and row(house, order)[1] == tries)
        assert row(house, order)[0] == "waiting" and sent(house, order) == []
        hurry(house, order)
    in_state(house, order, "sent")
    assert len(sent(house, order)) == 1


def test_a_report_whose_answer_was_lost_is_not_made_twice(house, slots, customer, desk1, order,
                                                          sim):
    other = customer.paid_order(*slots.soon(1))
    check_in(customer, desk1, other)
    in_state(house, other, "sent")  # so that the token is one that WeChat knows
    sim.fault("answer_lost", path="upload_shipping_info")
    check_in(customer, desk1, order)
    wait_for(lambda: (found := row(house, order)) and found[2] == "no answer")
    assert len(sent(house, order)) == 1
    hurry(house, order)
    state, tries, trouble = in_state(house, order, "sent")
    assert tries == 2 and trouble.startswith("10060023")
    assert len(sent(house, order)) == 1


def test_what_wechat_refuses_for_good_becomes_work(house, customer, desk1, order, sim):
    sim.fault("wx_errcode", errcode=10060004, path="upload_shipping_info")
    check_in(customer, desk1, order)
    in_state(house, order, "stuck")
    work = house.db.rows("SELECT kind, venue_id, order_id, detail ->> 'transaction_id'"
                         " FROM work_item WHERE order_id = %s AND done_at IS NULL", order["id"])
    transaction = house.sim.order(order["no"] + "A01")["transaction_id"]
    assert work == [("shipping_stuck", 1, order["id"], transaction)]


def test_what_was_paid_elsewhere_is_not_reported(house, slots, customer, desk1):
    """A QR code on another screen: WeChat knows no such order of the mini-program."""
    order = customer.order(*slots.soon(1))
    customer.pay(order, "native")
    check_in(customer, desk1, customer.see(order))
    wait_for(lambda: house.db.value(
        "SELECT count(*) FROM message m JOIN message_done d ON d.message_id = m.id"
        " WHERE m.kind = 'order.used' AND m.subject_id = %s", order["id"]))
    assert row(house, order) is None


def test_no_log_names_a_token(house, sim):
    tokens = [line for line in house.log("settle").splitlines() if "access_token" in line]
    assert tokens == []
