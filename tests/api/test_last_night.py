"""A business day counts until its last closing. Venues stand in zones where it is past midnight, or
noon, whenever the tests run."""
from datetime import datetime, timedelta, timezone

import pytest

from house import ok, refused, wait_for
from money import refunds
from place import Elsewhere, refusal
from test_settle import expire, pay_late

NIGHT = 1  # o'clock at the venue: the hours below go on for some more
NOON = 12


@pytest.fixture
def place(house, admin):
    made = Elsewhere(admin, NIGHT)
    made.open("18:00", "30:00")
    yield made
    made.close(house.db)


LATE = 29 * 60 + 30  # 05:30: hours from now


def starts(board: dict) -> list:
    return [datetime.fromisoformat(s["start"]) for s in board["slots"]]


def test_last_nights_grid_is_shown_and_named(place):
    grid = ok(place.try_grid(place.yesterday))
    assert (grid["date"], grid["business_day"]) == (place.yesterday, "昨晚营业日")
    assert grid["last_night"] is None and len(grid["slots"]) == 24
    states = [cell["state"] for cell in grid["courts"][0]["cells"]]
    assert states[0] == "past" and states[-1] == "free"


def test_todays_grid_shows_what_can_still_be_had(place):
    grid = ok(place.try_grid(str(place.today)))
    assert grid["business_day"] is None and len(grid["slots"]) == 24
    night = grid["last_night"]
    assert (night["date"], night["business_day"]) == (place.yesterday, "昨晚营业日")
    assert starts(night) and starts(night)[-1] == place.at_minute(place.yesterday, LATE)
    assert min(starts(night)) > datetime.now(timezone.utc) - timedelta(minutes=1)
    cells = night["courts"][0]["cells"]
    assert len(cells) == len(night["slots"]) and {c["state"] for c in cells} == {"free"}
    assert {c["price_fen"] for c in cells} == {2000}


def test_it_is_booked_under_its_own_date(house, place, customer):
    order = customer.paid_order(place.slot_of(place.yesterday, LATE))
    assert (order["date"], order["state"]) == (place.yesterday, "paid")
    cells = ok(place.try_grid(str(place.today)))["last_night"]["courts"][0]["cells"]
    assert cells[-1]["state"] == "taken"
    wrong = place.slot_of(str(place.today), LATE - 1440)
    refused(customer.try_order(wrong), 422, "period_closed", "periods[0]")
    begun = place.slot_of(place.yesterday, 18 * 60)
    refused(customer.try_order(begun), 422, "period_past", "periods[0]")


def test_the_day_before_is_over(place, customer):
    before = str(place.today - timedelta(days=2))
    refused(place.try_grid(before), 422, "date_outside_window", "date")
    refused(customer.try_order(place.slot_of(before, LATE)), 422, "date_outside_window", "date")


@pytest.mark.parametrize("closes", ["24:30", "24:00", "23:00"])
def test_after_the_last_closing_the_day_is_over(place, customer, closes):
    place.open("18:00", closes)
    refused(place.try_grid(place.yesterday), 422, "date_outside_window", "date")
    assert ok(place.try_grid(str(place.today)))["last_night"] is None
    refused(customer.try_order(place.slot_of(place.yesterday, LATE)), 422,
            "date_outside_window", "date")


def test_what_is_left_is_no_whole_slot(place):
    """The slot from 01:00 has begun, and behind it half an hour is open."""
    place.change(f"{place.at}/sports/1", slot_minutes=60)
    place.open("18:00", "26:30")
    slots = starts(ok(place.try_grid(place.yesterday)))
    assert slots[-1] == place.at_minute(place.yesterday, 25 * 60)
    assert ok(place.try_grid(str(place.today)))["last_night"] is None


def test_a_date_that_differs_decides_by_its_own_hours(place):
    place.open("18:00", "24:00")
    assert ok(place.try_grid(str(place.today)))["last_night"] is None
    place.add(f"{place.at}/exceptions", {"day": place.yesterday, "hours": [
        {"opens": "20:00", "closes": "28:00"}]})
    night = ok(place.try_grid(str(place.today)))["last_night"]
    assert starts(night)[-1] == place.at_minute(place.yesterday, 27 * 60 + 30)
    place.change(f"{place.at}/exceptions/{place.yesterday.replace('-', '')}", hours=[])
    refused(place.try_grid(place.yesterday), 422, "date_outside_window", "date")


def test_what_ends_today_is_open_until_last_night_is_over(place, customer):
    place.change(place.at, ends_on=str(place.today))
    customer.order(place.slot_of(place.yesterday, LATE))
    refused(place.try_grid(str(place.today)), 404, "venue_not_found")
    place.change(place.at, ends_on=None)
    place.change(f"{place.at}/courts/{place.court}", ends_on=str(place.today))
    customer.order(place.slot_of(place.yesterday, LATE - 30))
    place.change(f"{place.at}/courts/{place.court}", ends_on=None)


def test_late_money_takes_last_night_again(house, place, customer, sim):
    order = customer.order(place.slot_of(place.yesterday, LATE))
    payment = customer.prepay(order)
    expire(house, order)
    pay_late(sim, payment)
    wait_for(lambda: customer.see(order)["state"] == "paid")
    assert refunds(house, order) == []


def test_closing_last_night_lists_what_is_sold(house, place, customer):
    order = customer.paid_order(place.slot_of(place.yesterday, LATE))
    answer = place.try_add(f"{place.at}/exceptions", {
        "day": place.yesterday, "hours": [], "sold": "ask"})
    listed = refusal(answer, 409, "sold_outside")["outside"]
    assert [o["order_id"] for o in listed] == [order["id"]]


def test_by_day_there_is_no_last_night(house, admin):
    place = Elsewhere(admin, NOON)
    place.open("18:00", "30:00")
    assert ok(place.try_grid(str(place.today)))["last_night"] is None
    refused(place.try_grid(place.yesterday), 422, "date_outside_window", "date")
    place.close(house.db)
