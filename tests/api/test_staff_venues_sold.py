"""What was sold stays sold as it was, whatever staff change afterwards; and they are told what now
lies outside of the opening hours."""
import threading
from contextlib import contextmanager

import psycopg2
import pytest

from database import Database
from house import ok, refused, wait_for
from money import refunds
from place import DAYTIME, Place, refusal, rule
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
    """What staff may change while something is sold, and is kept."""
    place.write(f"{place.at}/refund-rule", {"tiers": [{"hours": 0, "percent": 10, "fee_fen": 0}]})
    place.write(f"{place.at}/prices", {"rules": [rule(9000)]})
    place.write(f"{place.at}/hours", {"sold": "keep", "hours": [
        {**h, "closes": "20:00"} for h in DAYTIME]})
    place.add(f"{place.at}/exceptions", {"day": day(3), "sold": "keep", "hours": [
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


def test_a_block_is_not_moved_to_a_court_without_floor(place):
    yesterday = place.slot(day(-1), 600)
    blocks = f"{place.at}/blocks"
    block = place.add(blocks, {"court_id": place.court, "start": yesterday.start,
                               "end": yesterday.end, "reason": "检修"})
    place.change(f"{place.at}/courts/{place.court}", units=[])
    later = place.slot(day(3), 600)
    refused(place.try_write(f"{blocks}/{block['id']}", {
        "start": later.start, "end": later.end, "reason": "检修"}), 422, "bad_field", "court_id")
    place.drop(f"{blocks}/{block['id']}")


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


class TestLateMoneyAndADeskAtOnce:
    """Whoever comes second sees what the first has done: the court is never sold twice, nor after
    its end."""

    @pytest.fixture
    def late(self, place, house, customer):
        order = customer.order(place.slot(day(3), 900))
        order["payment"] = customer.prepay(order)
        expire(house, order)
        return order

    @pytest.fixture
    def other(self, house):
        """A connection that holds what a transaction in the middle of its work would."""
        connection = Database(house.run, "zx_owner")
        connection.run("BEGIN")
        yield connection
        connection.close()

    def waiting(self, house, count: int):
        wait_for(lambda: house.db.value("SELECT count(*) FROM pg_locks WHERE NOT granted") >= count)

    @pytest.mark.parametrize("change", [
        "UPDATE court SET ends_on = %(day)s WHERE id = %(court)s",
        "UPDATE court SET closed_at = now() WHERE id = %(court)s",
        "UPDATE venue SET ends_on = %(day)s WHERE id = %(venue)s"])
    def test_the_desk_is_first(self, house, place, late, sim, other, change):
        table, its = ("venue", place.id) if "venue" in change else ("court", place.court)
        other.run(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", its)
        money = threading.Thread(target=pay_late, args=(sim, late["payment"]))
        money.start()
        self.waiting(house, 1)
        other.run(change, {"day": day(3), "court": place.court, "venue": place.id})
        other.run("COMMIT")
        money.join()
        wait_for(lambda: refunds(house, late) == [("late", late["amount_fen"], "succeeded")])
        assert house.db.value("SELECT state FROM orders WHERE id = %s", late["id"]) == "expired"

    @pytest.mark.parametrize("change", ["ends_on", "units"])
    def test_the_money_is_first(self, house, place, late, sim, other, change):
        spare = place.add(f"{place.at}/units", {"name": "二"})["id"]
        changes = {"ends_on": day(3)} if change == "ends_on" else {"units": [spare]}
        other.run("SELECT 1 FROM booking_day b JOIN orders o ON o.account_id = b.account_id"
                  " AND o.play_date = b.play_date WHERE o.id = %s FOR UPDATE OF b", late["id"])
        money = threading.Thread(target=pay_late, args=(sim, late["payment"]))
        money.start()
        self.waiting(house, 1)
        answers = []
        desk = threading.Thread(target=lambda: answers.append(place.try_change(
            f"{place.at}/courts/{place.court}", **changes)))
        desk.start()
        self.waiting(house, 2)
        other.run("COMMIT")
        money.join(), desk.join()
        refusal(answers[0], 409, "in_use", change)
        assert house.db.value("SELECT state FROM orders WHERE id = %s", late["id"]) == "paid"
        assert house.db.rows("SELECT DISTINCT x.unit_id FROM occupancy x JOIN order_item i"
                             " ON i.id = x.item_id WHERE i.order_id = %s", late["id"]) == [
            (place.unit,)]

    def test_no_way_around_brings_it_back(self, house, place, late):
        house.db.run("UPDATE court SET ends_on = %s WHERE id = %s", day(3), place.court)
        with pytest.raises(psycopg2.errors.CheckViolation, match="not for sale on that date"):
            house.db.run("UPDATE order_item SET state = 'booked', released_at = NULL"
                         " WHERE order_id = %s", late["id"])


@contextmanager
def moved(house, order):
    """Its play date is moved to and fro, as `play` says; in the end it is where it was."""
    (on, at), = house.db.rows("SELECT o.play_date, i.during::text FROM orders o JOIN order_item i"
                              " ON i.order_id = o.id WHERE o.id = %s", order["id"])

    def play(on: str, during: str, *values):
        house.db.all_at_once(
            (f"UPDATE orders SET play_date = {on} WHERE id = {order['id']}", *values[:1]),
            (f"UPDATE order_item SET during = {during} WHERE order_id = {order['id']}",
             *values[1:]))
    yield lambda days_ago, ends: play(f"current_date - {days_ago}",
                                      f"tstzrange({ends} - interval '1 hour', {ends})")
    play("%s", "%s", on, at)


def test_what_goes_on_since_yesterday_is_not_over(house, place, customer):
    """Hours that pass midnight, in a zone far in the west."""
    place.write(f"{place.at}/refund-rule", {"tiers": [{"hours": 0, "percent": 100, "fee_fen": 0}]})
    order = customer.paid_order(place.slot(day(3), 900))
    spare = place.add(f"{place.at}/units", {"name": "二"})["id"]
    court = f"{place.at}/courts/{place.court}"
    with moved(house, order) as play:
        play(2, "now() + interval '1 minute'")
        refusal(place.try_change(court, units=[spare]), 409, "in_use", "units")
        refusal(place.try_change(place.at, timezone="Asia/Tokyo"), 409, "in_use", "timezone")
        play(2, "now()")
        place.change(place.at, timezone="Asia/Tokyo")
        place.change(court, units=[spare])
        refusal(place.try_drop(court), 409, "in_use")  # it was sold once
    customer.cancel(order)


def test_no_play_day_of_four_days_ago_goes_on_anywhere(house):
    """So what is older need not be looked at, whatever zone the connection has."""
    for zone in ("Etc/GMT+12", "UTC", "Pacific/Kiritimati"):
        house.db.run(f"SET timezone = '{zone}'")
        try:
            assert house.db.rows(
                "SELECT name FROM pg_timezone_names WHERE now() <"
                " (current_date - 4 + interval '54 hours') AT TIME ZONE name") == []
        finally:
            house.db.run("RESET timezone")
