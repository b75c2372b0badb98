"""What was sold stays sold as it was, whatever staff change afterwards; and they are told what now
lies outside of the opening hours."""
import threading

import pytest

from database import Database
from house import ok, refused, wait_for
from money import refunds
from place import DAYTIME, Place, rule
from slots import day
from test_settle import expire, pay_late

ROWS = ("SELECT o::text, i::text FROM orders o JOIN order_item i ON i.order_id = o.id"
        " WHERE o.id = %s ORDER BY i.id")


@pytest.fixture
def place(house, admin):
    made = Place(admin)
    yield made
    made.close(house.db)


@pytest.fixture
def sold(place, customer):
    """Two days ahead, for 40 yuan each, at a venue that gives back 80 % a day before."""
    tiers = [{"hours": 24, "percent": 80, "fee_fen": 100}]
    place.write(f"{place.at}/refund-rule", {"tiers": tiers})
    return customer.paid_order(place.slot(day(3), 1200), place.slot(day(3), 600))


def change_everything(place):
    """What staff may change while something is sold."""
    place.write(f"{place.at}/refund-rule", {"tiers": [{"hours": 0, "percent": 10, "fee_fen": 0}]})
    place.write(f"{place.at}/prices", {"rules": [rule(9000)]})
    place.write(f"{place.at}/hours", {"hours": [{**h, "closes": "20:00"} for h in DAYTIME]})
    place.add(f"{place.at}/exceptions", {"day": day(3), "hours": [
        {"opens": "08:00", "closes": "09:00"}]})
    place.write(f"{place.at}/sports/1", {"slot_minutes": 90})
    place.change(f"{place.at}/courts/{place.court}", position=7, ends_on=day(4))
    place.change(place.at, window_days=1, checkin_early_minutes=0, ends_on=day(5))


def test_an_order_is_the_same_byte_for_byte(house, place, sold, customer):
    house.settle()
    path = f"/api/v1/orders/{sold['id']}"
    before, rows = customer.get(path).content, house.db.rows(ROWS, sold["id"])
    change_everything(place)
    assert customer.get(path).content == before
    assert house.db.rows(ROWS, sold["id"]) == rows


def test_it_is_cancelled_by_the_rule_that_it_was_sold_with(place, sold, customer):
    change_everything(place)
    shown = customer.quote(sold)
    assert shown["refund_fen"] == 2 * (4000 * 80 // 100 - 100)
    assert customer.cancel(sold)["refunded_fen"] == shown["refund_fen"]


def test_what_lies_outside_is_told(place, sold):
    late, early = sold["items"]

    def said(answer) -> list:
        return [(o["order_id"], o["item_id"], o["date"], o["start"]) for o in answer["outside"]]

    def those(*items) -> list:
        return [(sold["id"], i["id"], sold["date"], i["start"]) for i in items]
    hours, days = f"{place.at}/hours", f"{place.at}/exceptions"
    assert said(place.write(hours, {"hours": DAYTIME})) == []
    shorter = [{**line, "closes": "20:30"} for line in DAYTIME]
    assert said(place.write(hours, {"hours": shorter})) == those(late)
    assert said(place.write(hours, {"hours": []})) == those(early, late)
    assert said(place.add(days, {"day": day(2), "hours": []})) == []  # another day
    added = place.add(days, {"day": day(3), "hours": [{"opens": "20:00", "closes": "21:00"}]})
    assert said(added) == those(early)
    path = f"{days}/{day(3).replace('-', '')}"
    assert said(place.write(path, {"hours": []})) == those(early, late)
    place.write(hours, {"hours": DAYTIME})
    assert said(place.drop(path)) == []


def test_what_was_given_up_is_not_told(place, sold, customer):
    customer.cancel(sold)
    assert place.write(f"{place.at}/hours", {"hours": []})["outside"] == []


def test_new_orders_go_by_what_is_new(place, sold, house):
    place.write(f"{place.at}/prices", {"rules": [rule(9000)]})
    place.write(f"{place.at}/refund-rule", {"tiers": []})
    other = house.customer()
    order = other.order(place.slot(day(3), 660))
    assert order["amount_fen"] == 9000 and order["refund_tiers"] == []
    assert ok(other.get(f"/api/v1/orders/{order['id']}"))["refund_tiers"] == []


def test_an_order_that_meets_the_end_of_its_court_is_refused(house, place, customer):
    """It read the day when the court had no end yet, and waits for the desk that sets one."""
    slot = place.slot(day(3), 720)
    desk = Database(house.run, "zx_owner")
    desk.run("BEGIN")
    desk.run("SELECT 1 FROM court WHERE id = %s FOR UPDATE", place.court)
    answers = []
    order = threading.Thread(target=lambda: answers.append(customer.try_order(slot)))
    order.start()
    wait_for(lambda: house.db.value("SELECT count(*) FROM pg_locks WHERE NOT granted"))
    desk.run("UPDATE court SET ends_on = %s WHERE id = %s", day(3), place.court)
    desk.run("COMMIT")
    order.join()
    desk.close()
    refused(answers[0], 422, "court_not_found")
    assert house.db.value("SELECT count(*) FROM order_item WHERE court_id = %s", place.court) == 0


def test_late_money_does_not_bring_back_a_court_that_has_ended(house, place, customer, sim):
    order = customer.order(place.slot(day(3), 840))
    payment = customer.prepay(order)
    expire(house, order)
    place.change(f"{place.at}/courts/{place.court}", ends_on=day(3))
    pay_late(sim, payment)
    wait_for(lambda: refunds(house, order) == [("late", order["amount_fen"], "succeeded")])
    assert customer.see(order)["state"] == "expired"
