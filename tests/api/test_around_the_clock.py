"""A venue that never closes: a period may run on from one business day into the next, as one item,
and each half hour costs what it costs on its own day."""
import threading
from datetime import date

import psycopg2
import pytest

from database import Database
from house import ok, refused, wait_for
from money import held, refunds, states
from place import Place, refusal, rule
from slots import Slot, at, day
from test_closing import outside
from test_settle import expire, pay_late

ON, AFTER = 3, 4  # days ahead
ALL_DAY = [{"weekday": d, "opens": "00:00", "closes": "24:00"} for d in range(1, 8)]


@pytest.fixture
def place(house, admin):
    made = Place(admin)
    dear = date.fromisoformat(day(AFTER)).isoweekday()
    made.write(f"{made.at}/hours", {"hours": ALL_DAY})
    made.write(f"{made.at}/prices", {"rules": [
        rule(4000), rule(6000, weekdays=[dear]), rule(8000, "00:30", "01:00", weekdays=[dear])]})
    yield made
    made.close(house.db)


def around(place, begins: int = 1380, ends: int = 1500, on: int = ON) -> Slot:
    """23:00 to 01:00, unless said otherwise."""
    return Slot(place.id, day(on), place.court, at(day(on), begins), at(day(on), ends))


def exception(place, on: int, *spans: str, **more):
    return place.try_add(f"{place.at}/exceptions", {"day": day(on), **more, "hours": [
        dict(zip(("opens", "closes"), span.split("-"))) for span in spans]})


def test_it_is_one_item_and_each_step_has_its_own_price(house, place, customer):
    order = customer.paid_order(around(place))
    assert len(order["items"]) == 1 and order["date"] == day(ON)
    assert order["amount_fen"] == 2000 + 2000 + 3000 + 4000
    assert held(house, order) == 4
    for on, minute in ((ON, 1380), (AFTER, 0)):
        grid = place.grid(day(on))
        taken = [s["start"] for s, c in zip(grid["slots"], grid["courts"][0]["cells"])
                 if c["state"] == "taken"]
        assert taken == [at(day(on), minute)]
    refused(customer.try_order(around(place, 0, 60, AFTER)), 409, "slot_taken", "periods[0]",
            {"mine": order["id"]})
    customer.cancel(order)
    assert held(house, order) == 0


def test_the_price_is_that_of_the_kind_of_day(house, place, customer):
    house.db.run("DELETE FROM calendar_day WHERE day = %s", day(AFTER))
    place.write(f"{place.at}/prices", {"rules": [
        rule(4000), rule(10000, from_day=day(AFTER), to_day=day(AFTER)),
        rule(200, from_day=day(ON + 3), to_day=day(ON + 3))]})
    assert customer.order(around(place))["amount_fen"] == 4000 + 10000


@pytest.mark.parametrize("on, spans", [
    (AFTER, []), (AFTER, ["00:30-24:00"]), (AFTER, ["00:00-00:30"]), (ON, ["00:00-23:30"]),
    (ON, ["00:00-23:00"])])
def test_only_where_both_days_are_open(place, customer, on, spans):
    ok(exception(place, on, *spans), 201)
    refused(customer.try_order(around(place)), 422, "period_closed", "periods[0]")


def test_it_belongs_to_the_day_on_which_it_begins(place, customer):
    slot = around(place)._replace(date=day(AFTER))
    refused(customer.try_order(slot), 422, "period_closed", "periods[0]")


def test_nights_that_touch_a_morning_run_on(place, customer):
    place.write(f"{place.at}/hours", {"hours": [
        {"weekday": d, "opens": "02:00", "closes": "26:00"} for d in range(1, 8)]})
    assert customer.order(around(place, 1500, 1620))["amount_fen"] == 4000 + 6000


def test_whole_slots_of_both_days(place, customer):
    ok(exception(place, ON, "00:30-24:00"), 201)
    refused(customer.try_order(around(place, 1410, 1530)), 422, "period_unaligned", "periods[0]")
    place.write(f"{place.at}/sports/1", {"slot_minutes": 30})
    customer.order(around(place, 1410, 1530))


def test_both_days_are_inside_the_window(place, customer):
    place.change(place.at, window_days=ON)
    refused(customer.try_order(around(place)), 422, "date_outside_window", "periods[0]")
    customer.order(around(place, 1260, 1320))
    place.change(place.at, window_days=AFTER)
    customer.order(around(place))


def test_a_court_that_ends_between_is_not_sold_beyond(place, customer):
    place.change(f"{place.at}/courts/{place.court}", ends_on=day(AFTER))
    refused(customer.try_order(around(place)), 422, "court_not_found", "periods[0]")
    customer.order(around(place, 1380, 1440))


def test_a_venue_that_ends_between_is_not_sold_beyond(place, customer):
    place.change(place.at, ends_on=day(AFTER))
    refused(customer.try_order(around(place)), 422, "date_outside_window", "periods[0]")


def test_an_order_that_meets_the_end_of_its_court_is_refused(house, place, customer):
    """It read the second day when the court had no end yet, and waits for the desk that sets one."""
    desk = Database(house.run, "zx_owner")
    desk.run("BEGIN")
    desk.run("SELECT 1 FROM court WHERE id = %s FOR UPDATE", place.court)
    answers = []
    order = threading.Thread(target=lambda: answers.append(customer.try_order(around(place))))
    order.start()
    wait_for(lambda: house.db.value("SELECT count(*) FROM pg_locks WHERE NOT granted"))
    desk.run("UPDATE court SET ends_on = %s WHERE id = %s", day(AFTER), place.court)
    desk.run("COMMIT")
    order.join()
    desk.close()
    refused(answers[0], 422, "court_not_found")
    assert house.db.value("SELECT count(*) FROM order_item WHERE court_id = %s", place.court) == 0


class TestClosing:
    @pytest.fixture
    def sold(self, place, customer):
        return customer.paid_order(around(place))

    @pytest.mark.parametrize("on", [ON, AFTER])
    def test_either_day_lists_it(self, house, place, sold, on):
        listed = refusal(exception(place, on, sold="ask"), 409, "sold_outside")["outside"]
        assert [o["order_id"] for o in listed] == [sold["id"]]
        ok(exception(place, on, sold="refund_all", reason="停电"), 201)
        wait_for(lambda: states(house, sold)[0] == "cancelled")
        assert [r[:2] for r in refunds(house, sold)] == [("venue", sold["amount_fen"])]

    def test_hours_around_it_do_not(self, place, sold):
        ok(exception(place, ON, "12:00-24:00"), 201)
        ok(exception(place, AFTER, "00:00-01:00"), 201)
        assert outside(place) == []
        path = f"{place.at}/exceptions/{day(AFTER).replace('-', '')}"
        place.write(path, {"hours": [{"opens": "00:00", "closes": "00:30"}]})
        assert [o[1] for o in outside(place)] == [None]
        place.write(path, {"hours": [{"opens": "00:00", "closes": "02:00"}]})
        assert outside(place) == []

    def test_its_court_and_venue_do_not_end_on_the_second_day(self, place, sold):
        court = f"{place.at}/courts/{place.court}"
        for path in (court, place.at):
            found = refusal(place.try_change(path, ends_on=day(AFTER)), 409, "in_use", "ends_on")
            assert [o["id"] for o in found["orders"]] == [sold["id"]]
            place.change(path, ends_on=day(AFTER + 1))
            place.change(path, ends_on=None)
        answer = place.try_change(court, ends_on=day(AFTER), sold="ask")
        assert refusal(answer, 409, "sold_outside")["outside"][0]["order_id"] == sold["id"]


def test_late_money_brings_it_back(house, place, customer, sim):
    order = customer.order(around(place))
    payment = customer.prepay(order)
    expire(house, order)
    pay_late(sim, payment)
    wait_for(lambda: customer.see(order)["state"] == "paid")
    assert held(house, order) == 4


def test_late_money_does_not_if_the_second_day_is_closed(house, place, customer, sim):
    order = customer.order(around(place))
    payment = customer.prepay(order)
    expire(house, order)
    ok(exception(place, AFTER), 201)
    pay_late(sim, payment)
    wait_for(lambda: [r[0] for r in refunds(house, order)] == ["late"])
    assert customer.see(order)["state"] == "expired"


def test_late_money_does_not_if_the_court_ends_on_the_second_day(house, place, customer):
    """Not even past all checks: the database itself refuses."""
    order = customer.order(around(place))
    expire(house, order)
    place.change(f"{place.at}/courts/{place.court}", ends_on=day(AFTER))
    with pytest.raises(psycopg2.errors.CheckViolation, match="not for sale on that date"):
        house.db.run("UPDATE order_item SET state = 'booked', released_at = NULL"
                     " WHERE order_id = %s", order["id"])


def test_two_orders_meet_at_midnight(house, place):
    """One runs on, the other begins at midnight: one of them has the court."""
    people, slots = [house.customer() for _ in range(2)], [around(place), around(place, 0, 60, AFTER)]
    for person in people:
        person.get("/api/v1/me")
    answers, barrier = [None, None], threading.Barrier(2, timeout=60)

    def one(i):
        barrier.wait()
        answers[i] = people[i].try_order(slots[i])
    threads = [threading.Thread(target=one, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(a.status_code for a in answers) == [201, 409]
