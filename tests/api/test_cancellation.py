"""Giving up an order or a part of it: what it brings is shown before, comes back once, and
frees the courts once."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from house import Client, Customer, ok, refused, wait_for
from money import all_back, begin, counted, held, move, refunds, states, told, wrongs
from slots import day


@pytest.fixture
def paid(slots, customer):
    """Two periods of venue 2, far ahead."""
    return customer.paid_order(*slots.take(2, venue=2))


def far(order) -> bool:
    return all(item["state"] == "booked" for item in order["items"])


def test_the_quote_shows_what_comes_back(customer, paid):
    quote = customer.quote(paid)
    assert quote == {
        "order_id": paid["id"], "state": "paid",
        "items": [{"id": i["id"], "price_fen": i["price_fen"], "fee_fen": 0,
                   "refund_fen": i["price_fen"]} for i in paid["items"]],
        "price_fen": paid["amount_fen"], "fee_fen": 0, "refund_fen": paid["amount_fen"]}
    assert far(customer.see(paid))  # asking changes nothing


def test_a_quote_of_single_periods(customer, paid):
    one = paid["items"][1]
    quote = customer.quote(paid, [one])
    assert [i["id"] for i in quote["items"]] == [one["id"]]
    assert quote["refund_fen"] == one["price_fen"]
    assert customer.quote(paid, [one, one]) == quote  # named twice is named


# Each venue has its own rule: tests/demo/demo.sql.
@pytest.mark.parametrize("venue, sport, hours, percent, fee", [
    (1, "badminton", 25, 100, 0), (1, "badminton", 23, 50, 0), (1, "badminton", 3, 50, 0),
    (1, "badminton", 1, 0, 0),
    (2, "badminton", 49, 100, 0), (2, "badminton", 47, 80, 200), (2, "badminton", 13, 80, 200),
    (2, "badminton", 11, 0, 0),
    (3, "tennis", 25, 100, 0), (3, "tennis", 23, 0, 0)])
def test_near_and_far_bring_different_sums(house, slots, customer, venue, sport, hours, percent,
                                           fee):
    order = customer.paid_order(slots.one(venue=venue, sport=sport))
    move(house, order, hours + 0.5)
    want = max(order["amount_fen"] * percent // 100 - fee, 0)
    quote = customer.quote(order)
    assert (quote["refund_fen"], quote["fee_fen"]) == (want, order["amount_fen"] - want)
    assert order["refund_tiers"] == house.db.value(
        "SELECT refund_tiers FROM venue WHERE id = %s", venue)
    assert customer.cancel(order)["refunded_fen"] == want


def test_a_whole_paid_order_is_given_up(house, customer, paid, slots):
    after = customer.cancel(paid)
    assert (after["state"], after["pay_state"]) == ("cancelled", "refunded")
    assert after["refunded_fen"] == paid["amount_fen"]
    assert [(i["state"], i["refund_fen"]) for i in after["items"]] == [
        ("released", i["price_fen"]) for i in paid["items"]]
    assert held(house, paid) == counted(house, paid) == 0
    assert all_back(house, paid) == [("cancel", paid["amount_fen"], "succeeded")]
    assert [(r["amount_fen"], r["cause"], r["state"]) for r in customer.see(paid)["refunds"]] == [
        (paid["amount_fen"], "cancel", "succeeded")]
    assert told(house, paid, "refund.created") == 1 and told(house, paid, "order.ended") == 0
    assert not wrongs(house, paid)
    again = house.customer()
    again.have_phone()
    body = {"venue_id": paid["venue_id"], "date": paid["date"], "periods": [
        {"court_id": i["court_id"], "start": i["start"], "end": i["end"]} for i in paid["items"]]}
    ok(again.post("/api/v1/orders", body), 201)  # somebody else may have them


def message(house, customer, kind: str) -> str:
    house.settle()
    entry, = (e for e in ok(customer.get("/api/v1/messages"))["items"] if e["kind"] == kind)
    return entry["body"]


def test_a_message_names_only_what_was_given_up(house, customer, paid):
    one, other = paid["items"]
    customer.cancel(paid, [other])
    all_back(house, paid)
    for kind in ("refund.created", "refund.done"):
        told = message(house, customer, kind)
        assert other["court_name"] in told and other["start"][11:16] in told
        assert told.count("–") == 1
    assert message(house, customer, "order.paid").count("–") in (1, 2)  # what it had, or has


def test_who_gets_nothing_back_is_told_so(house, slots, customer):
    order = customer.paid_order(*slots.take(2))
    move(house, order, 1.5)
    one, other = customer.see(order)["items"]
    customer.cancel(order, [one])
    assert told(house, order, "order.cancelled") == 1 and not refunds(house, order)
    body = message(house, customer, "order.cancelled")
    assert "没有退款" in body and body.count("–") == 1 and one["start"][11:16] in body
    customer.cancel(order, [other])


def test_the_channel_is_asked_for_exactly_that_sum(house, customer, paid, sim):
    customer.cancel(paid, paid["items"][:1])
    all_back(house, paid)
    number = house.db.value("SELECT out_trade_no FROM payment_attempt WHERE order_id = %s",
                            paid["id"])
    assert [r["amount"]["refund"] for r in sim.items("refunds", out_trade_no=number)] == [
        paid["items"][0]["price_fen"]]


def test_periods_go_one_by_one(house, customer, paid):
    one, other = paid["items"]
    after = customer.cancel(paid, [one])
    assert (after["state"], after["pay_state"]) == ("paid", "part_refunded")
    assert [i["state"] for i in after["items"]] == ["released", "booked"]
    assert counted(house, paid) == 1 and held(house, paid) > 0
    refused(customer.try_cancel(paid, [one], refund_fen=0), 409, "item_cancelled")
    assert [i["id"] for i in customer.quote(paid)["items"]] == [other["id"]]
    after = customer.cancel(paid)
    assert (after["state"], after["pay_state"]) == ("cancelled", "refunded")
    assert len(all_back(house, paid)) == 2 and not wrongs(house, paid)
    refused(customer.try_quote(paid), 409, "order_cancelled")
    refused(customer.try_cancel(paid, refund_fen=0), 409, "order_cancelled")


def test_another_sum_than_was_shown_is_not_taken(customer, paid):
    whole = paid["amount_fen"]
    for sum_fen in (0, 1, whole - 1, whole + 1, 2**53 - 1):
        refused(customer.try_cancel(paid, refund_fen=sum_fen), 409, "quote_changed")
    refused(customer.try_cancel(paid), 422, "bad_field", "refund_fen")
    assert far(customer.see(paid))


def test_who_waits_into_the_next_tier_is_asked_again(house, slots, customer):
    order = customer.paid_order(slots.one())
    move(house, order, 24.6)
    shown = customer.quote(order)["refund_fen"]
    move(house, order, 23)
    refused(customer.try_cancel(order, refund_fen=shown), 409, "quote_changed")
    assert customer.cancel(order)["refunded_fen"] == order["amount_fen"] // 2
    assert customer.see(order)["pay_state"] == "part_refunded" and not wrongs(house, order)


def test_giving_up_for_nothing_frees_the_court_and_moves_no_money(house, slots, customer):
    order = customer.paid_order(slots.one())
    move(house, order, 1)
    after = customer.cancel(order)
    assert (after["state"], after["pay_state"], after["refunded_fen"]) == ("cancelled", "paid", 0)
    assert not refunds(house, order) and held(house, order) == 0
    assert told(house, order, "refund.created") == told(house, order, "order.ended") == 0


def test_what_has_begun_stays(house, customer, paid):
    one, other = paid["items"]
    begin(house, one)
    for ask in (customer.try_quote(paid, [one]), customer.try_cancel(paid, [one], refund_fen=0),
                customer.try_cancel(paid, [other, one], refund_fen=0)):
        refused(ask, 409, "cancel_too_late")
    assert [i["id"] for i in customer.quote(paid)["items"]] == [other["id"]]
    begin(house, other)
    refused(customer.try_quote(paid), 409, "cancel_too_late")


def test_what_was_used_stays(house, slots, customer, desk1):
    order = customer.paid_order(*slots.soon(2))
    ok(desk1.check_in(customer.code(order)["qr_text"]), 201)
    refused(customer.try_quote(order), 409, "order_state")
    refused(customer.try_cancel(order, order["items"][:1], refund_fen=0), 409, "order_state")
    assert customer.see(order)["state"] == "paid"


def test_staffs_earlier_refund_is_not_paid_twice(house, customer, paid, desk2):
    desk2.refund(paid, paid["amount_fen"] - 100)
    quote = customer.quote(paid)
    assert quote["refund_fen"] == 100 and quote["fee_fen"] == 0
    assert customer.cancel(paid)["refunded_fen"] == paid["amount_fen"]
    assert len(all_back(house, paid)) == 2 and not wrongs(house, paid)


class TestUnpaid:
    def test_what_no_channel_has_heard_of_is_cancelled_at_once(self, house, slots, customer):
        order = customer.order(*slots.take(2))
        assert customer.quote(order)["refund_fen"] == 0
        after = ok(customer.try_cancel(order))
        assert (after["state"], after["pay_state"]) == ("cancelled", "unpaid")
        assert held(house, order) == counted(house, order) == 0
        assert told(house, order, "order.ended") == 1
        assert not house.db.rows("SELECT 1 FROM violation WHERE order_id = %s", order["id"])
        refused(customer.try_pay(order), 409, "order_cancelled")

    def test_the_channel_is_closed_first(self, house, slots, customer, sim):
        order = customer.order(slots.one())
        payment = customer.prepay(order)
        assert ok(customer.try_cancel(order, refund_fen=0))["state"] in ("closing", "cancelled")
        wait_for(lambda: customer.see(order)["state"] == "cancelled")
        assert sim.order(payment["out_trade_no"])["trade_state"] == "CLOSED"
        assert held(house, order) == 0 and told(house, order, "order.ended") == 1

    def test_while_it_closes_it_can_not_be_given_up_again(self, house, slots, customer, sim):
        order = customer.order(slots.one())
        customer.prepay(order)
        sim.fault("http_500_before", times=100000, path="/v3/pay/transactions")
        assert ok(customer.try_cancel(order))["state"] == "closing"
        refused(customer.try_cancel(order), 409, "order_state")
        refused(customer.try_quote(order), 409, "order_state")
        sim.quiet()
        house.db.run("UPDATE payment_attempt SET close_at = NULL WHERE order_id = %s", order["id"])
        wait_for(lambda: customer.see(order)["state"] == "cancelled")

    def test_it_goes_as_a_whole(self, slots, customer):
        order = customer.order(*slots.take(2))
        refused(customer.try_cancel(order, order["items"][:1]), 409, "order_unpaid")
        refused(customer.try_quote(order, order["items"][:1]), 409, "order_unpaid")
        refused(customer.try_cancel(order, refund_fen=1), 409, "quote_changed")
        assert ok(customer.try_cancel(order, order["items"]))["state"] == "cancelled"

    def test_an_expired_one_says_so(self, house, slots, customer):
        order = customer.order(slots.one())
        house.db.run("UPDATE orders SET expires_at = now() WHERE id = %s", order["id"])
        wait_for(lambda: customer.see(order)["state"] == "expired")
        refused(customer.try_cancel(order), 409, "order_expired")


def test_anothers_order_is_not_there(house, customer, paid, desk1):
    for other in (house.customer(), desk1):
        path = f"/api/v1/orders/{paid['id']}/cancellation"
        refused(other.get(path), 404, "not_found")
        refused(other.post(path, {"refund_fen": paid["amount_fen"]}), 404, "not_found")
    refused(house.guest.get(path), 401, "unauthenticated")
    assert far(customer.see(paid))


def test_an_item_of_another_order_is_none_of_this(house, slots, customer, paid):
    strange = house.customer().order(slots.one())["items"][0]
    for items in ([strange], [paid["items"][0], strange]):
        refused(customer.try_quote(paid, items), 404, "not_found", "items")
        refused(customer.try_cancel(paid, items, refund_fen=0), 404, "not_found", "items")


@pytest.mark.parametrize("text", ["", ",", "1,", ",1", "1,,2", "a", "1.0", "-1", "01", "0", "1 ",
                                  "9" * 16, ",".join(["1"] * 61)])
def test_a_list_of_items_has_one_form(customer, paid, text):
    refused(customer.get(f"/api/v1/orders/{paid['id']}/cancellation", items=text), 422,
            "bad_field", "items")


def test_the_same_key_gives_up_once_and_answers_the_same(house, customer, paid):
    body = {"refund_fen": paid["amount_fen"]}
    first, again = (customer.try_cancel(paid, key="give-up", **body) for _ in range(2))
    assert first.status_code == 200 and first.content == again.content
    assert again.headers["Idempotent-Replay"] == "true"
    assert len(refunds(house, paid)) == 1


def at_once(house, person, bodies: list, path: str) -> list:
    """Each body posted by a connection of its own, all at one moment."""
    clients = [Client(house, person.token) for _ in bodies]
    with ThreadPoolExecutor(len(bodies)) as pool:
        asked = [pool.submit(c.post, path, body) for c, body in zip(clients, bodies)]
    return [a.result() for a in asked]


def test_whole_and_single_at_once_free_a_court_once_and_pay_it_once(house, slots):
    for _ in range(6):
        customer = house.customer()
        order = customer.paid_order(*slots.take(2))
        one, other = order["items"]
        bodies = [{"refund_fen": order["amount_fen"]},
                  {"items": [one["id"]], "refund_fen": one["price_fen"]},
                  {"items": [other["id"]], "refund_fen": other["price_fen"]},
                  {"items": [one["id"], other["id"]], "refund_fen": order["amount_fen"]}] * 2
        said = at_once(house, customer, bodies, f"/api/v1/orders/{order['id']}/cancellation")
        assert {a.status_code for a in said} <= {200, 409} and 200 in [a.status_code for a in said]
        assert states(house, order)[1] in ("refunded", "part_refunded")
        assert not wrongs(house, order)
        assert sum(r[1] for r in refunds(house, order)) == states(house, order)[2]
        left = sum(i["state"] == "booked" for i in customer.see(order)["items"])
        assert counted(house, order) == left


def test_giving_up_and_paying_at_once_leave_no_money_lost(house, slots, sim):
    """Either it is paid, or it is cancelled and the money goes back."""
    for _ in range(4):
        customer = house.customer()
        order = customer.order(slots.one())
        payment = customer.prepay(order)
        with ThreadPoolExecutor(2) as pool:
            tap = pool.submit(sim.pay, payment, wait=True)
            gone = pool.submit(Customer.try_cancel, customer, order)
        if tap.result()["result"] != "ok":
            continue
        assert gone.result().status_code in (200, 409, 422), gone.result().text
        wait_for(lambda: states(house, order)[0] in ("paid", "cancelled"))
        if states(house, order)[0] == "cancelled":
            wait_for(lambda: refunds(house, order) == [("late", order["amount_fen"],
                                                        "succeeded")])
        else:
            assert refunds(house, order) == []


def test_a_released_period_is_not_let_in(house, slots, customer, desk1):
    order = customer.paid_order(*slots.soon(2))
    code = customer.code(order)
    one, other = order["items"]
    customer.cancel(order, [one])
    done = ok(desk1.check_in(code["qr_text"]), 201)
    assert [i["id"] for i in done["items"]] == [other["id"]]
    assert customer.see(order)["items"][0]["checked_in_at"] is None


def test_a_cancelled_order_is_not_let_in(house, slots, customer, desk1, desk2):
    order = customer.paid_order(*slots.soon(1))
    code = customer.code(order)
    customer.cancel(order)
    for text in (code["qr_text"], code["short_code"], order["no"]):
        refused(desk1.check_in(text), 409, "order_cancelled")
        if text == order["no"]:
            refused(desk2.check_in(text), 404, "code_unknown")
        else:
            refused(desk2.check_in(text), 403, "wrong_venue")
    refused(customer.try_code(order), 409, "order_cancelled")
    assert house.db.rows("SELECT DISTINCT result FROM checkin_try WHERE order_id = %s"
                         " AND staff_id = 2", order["id"]) == [("order_cancelled",)]


def test_a_paid_order_without_any_period_left_is_not_let_in(house, slots, customer, desk1):
    """As it would be left by a program that freed periods and forgot the order."""
    order = customer.paid_order(*slots.soon(1))
    code = customer.code(order)
    house.db.run("UPDATE order_item SET state = 'released', released_at = now()"
                 " WHERE order_id = %s", order["id"])
    house.db.run("DELETE FROM occupancy WHERE item_id = %s", order["items"][0]["id"])
    refused(desk1.check_in(code["qr_text"]), 409, "order_cancelled")


def test_the_day_can_be_booked_again_after_giving_up(slots, customer):
    there = {"venue": 2, "on": day(8)}
    order = customer.paid_order(*slots.take(3, **there))
    refused(customer.try_order(slots.one(**there)), 409, "quota_exceeded")
    customer.cancel(order, order["items"][:1])
    customer.order(slots.one(**there))
