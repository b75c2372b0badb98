"""The grid of courts and times: every cell against the tables and the rules."""
import json

import pytest

from grid import DayRules
from house import ok, refused, wait_for
from slots import at, day

HALVES = {"whole": 31, "A": 32, "B": 33}  # 一馆 of venue 2


@pytest.fixture(scope="module")
def reader(house):
    """Signed in, so that no cache stands between."""
    return house.customer()


def look(reader, venue: int, sport: str, on: str) -> dict:
    grid = ok(reader.get(f"/api/v1/venues/{venue}/availability", sport=sport, date=on))
    grid.pop("last_night")  # of a venue whose night still runs: test_last_night.py
    return grid


def cells(grid: dict, minute: int) -> dict:
    """State of each court at a time of the day."""
    index = [s["start"] for s in grid["slots"]].index(at(grid["date"], minute))
    return {c["id"]: c["cells"][index]["state"] for c in grid["courts"]}


def agree(house, reader, venue: int, sport: str, on: str) -> dict:
    """A slot may turn into the past between the two looks: look again then."""
    for _ in range(2):
        grid = look(reader, venue, sport, on)
        if grid == DayRules(house.db, venue, sport, on).expected():
            break
    assert grid == DayRules(house.db, venue, sport, on).expected()
    return grid


@pytest.mark.parametrize("venue, sport", [
    (1, "badminton"), (2, "badminton"), (2, "basketball"), (3, "tennis")])
@pytest.mark.parametrize("offset", range(8))
def test_every_cell_is_as_the_rules_say(house, reader, venue, sport, offset):
    grid = agree(house, reader, venue, sport, day(offset))
    assert grid["slots"] and grid["courts"]


def test_a_holiday_has_its_name_and_its_price(house, reader):
    on, name = house.db.rows("SELECT day::text, name FROM calendar_day WHERE kind = 'holiday'"
                             " AND day BETWEEN %s AND %s ORDER BY day", day(1), day(7))[0]
    grid = agree(house, reader, 1, "badminton", on)
    assert (grid["day_kind"], grid["day_name"]) == ("holiday", name)
    assert {c["price_fen"] for court in grid["courts"] for c in court["cells"]} == {12000}


def test_a_makeup_sunday_is_a_monday(house, reader):
    on = str(house.db.value("SELECT day FROM calendar_day WHERE kind = 'makeup'"
                            " AND day BETWEEN %s AND %s ORDER BY day", day(1), day(14)))
    grid = agree(house, reader, 2, "badminton", on)
    assert (grid["day_kind"], grid["day_name"]) == ("makeup", "调休上班")
    assert grid["slots"][-1]["end"] == at(on, 1320)


def test_hours_after_midnight_belong_to_the_evening_before(house, reader):
    friday = next(day(n) for n in range(1, 14) if DayRules(
        house.db, 2, "badminton", day(n)).weekday == 5)
    grid = agree(house, reader, 2, "badminton", friday)
    assert grid["slots"][-1] == {"start": at(friday, 1440), "end": at(friday, 1500)}
    assert grid["slots"][-1]["start"][:10] > friday  # half past one: the last half hour is not sold


def test_a_court_under_repair_is_closed(house, reader):
    grid = agree(house, reader, 3, "tennis", day(2))
    states = {c["id"]: {cell["state"] for cell in c["cells"]} for c in grid["courts"]}
    assert states[44] == {"closed"} and "closed" not in states[41]


@pytest.fixture
def exception_day(house):
    def set_hours(on: str, *hours):
        house.db.run("INSERT INTO opening_exception VALUES (3, %s, '测试')", on)
        for opens, closes in hours:
            house.db.run("INSERT INTO opening_exception_hours VALUES (3, %s, %s, %s)", on, opens,
                         closes)
    yield set_hours
    house.db.run("DELETE FROM opening_exception WHERE venue_id = 3")


def test_an_exception_replaces_the_days_hours(house, reader, exception_day):
    exception_day(day(5), (570, 720), (840, 960))
    grid = agree(house, reader, 3, "tennis", day(5))
    assert [s["start"][11:16] for s in grid["slots"]] == ["09:30", "10:30", "14:00", "15:00"]


def test_an_exception_without_hours_closes_the_day(house, reader, exception_day):
    exception_day(day(5))
    grid = agree(house, reader, 3, "tennis", day(5))
    assert (grid["open"], grid["slots"]) == (False, [])
    assert all(court["cells"] == [] for court in grid["courts"])


def test_slots_of_half_an_hour_and_hours_without_a_price(house, reader, bare_venue):
    grid = agree(house, reader, bare_venue.id, "table_tennis", day(1))
    assert grid["slot_minutes"] == 30
    by_start = {s["start"][11:16]: c for s, c in zip(grid["slots"], grid["courts"][0]["cells"])}
    assert by_start["10:00"] == {"state": "free", "price_fen": 1501, "mine": None}
    assert by_start["12:00"] == {"state": "closed", "price_fen": None, "mine": None}


def test_a_closed_court_is_not_shown(house, reader, bare_venue):
    house.db.run("UPDATE court SET closed_at = now() WHERE id = %s", bare_venue.spare_court)
    grid = agree(house, reader, bare_venue.id, "table_tennis", day(1))
    assert [c["id"] for c in grid["courts"]] == [bare_venue.court]


def test_a_court_without_floor_is_not_for_sale(house, reader, bare_venue):
    house.db.run("DELETE FROM court_unit WHERE court_id = %s", bare_venue.spare_court)
    grid = look(reader, bare_venue.id, "table_tennis", day(1))
    assert [c["id"] for c in grid["courts"]] == [bare_venue.court]


@pytest.mark.parametrize("sold, gone, left", [
    ("A", ("A", "whole"), ("B",)),
    ("B", ("B", "whole"), ("A",)),
    ("whole", ("A", "B", "whole"), ()),
])
def test_half_a_court_takes_the_whole_and_the_other_way_round(
        house, slots, reader, customer, sold, gone, left):
    slot = slots.one(venue=2, sport="basketball", only=lambda s: s.court == HALVES[sold] and all(
        c == "free" for c in cells(look(reader, 2, "basketball", s.date), minute_of(s)).values()))
    customer.order(slot)
    states = cells(agree(house, reader, 2, "basketball", slot.date), minute_of(slot))
    assert all(states[HALVES[name]] == "taken" for name in gone)
    assert all(states[HALVES[name]] == "free" for name in left)
    for name in gone:
        rival = slot._replace(court=HALVES[name])
        refused(house.customer().try_order(rival), 409, "slot_taken", "periods[0]")
    for name in left:
        house.customer().order(slot._replace(court=HALVES[name]))


def minute_of(slot) -> int:
    return int(slot.start[11:13]) * 60 + int(slot.start[14:16])


def test_an_order_is_seen_at_once_by_who_is_signed_in_and_soon_by_guests(
        house, slots, reader, customer):
    slot = slots.one()
    customer.order(slot)
    assert cells(look(reader, 1, "badminton", slot.date), minute_of(slot))[slot.court] == "taken"
    wait_for(lambda: cells(look(house.guest, 1, "badminton", slot.date),
                           minute_of(slot))[slot.court] == "taken", 15)


def test_guests_learn_nothing_of_people(house, slots, customer):
    order = customer.paid_order(slots.one())
    answer = house.guest.get("/api/v1/venues/1/availability", sport="badminton",
                             date=order["date"])
    for court in ok(answer)["courts"]:
        assert set(court) == {"id", "name", "cells"}
        assert all(set(cell) == {"state", "price_fen", "mine"} for cell in court["cells"])
        assert {cell["mine"] for cell in court["cells"]} == {None}
    for secret in (order["no"], str(order["id"]), str(customer.account_id), customer.token,
                   customer.user["openid"], customer.user["nickname"]):
        assert secret not in answer.text


@pytest.mark.parametrize("path, query, status, code, field", [
    ("/9/availability", {"sport": "badminton", "date": day(1)}, 404, "venue_not_found", None),
    ("/1/availability", {"sport": "tennis", "date": day(1)}, 422, "sport_not_found", "sport"),
    ("/1/availability", {"sport": "curling", "date": day(1)}, 422, "sport_not_found", "sport"),
    ("/1/availability", {"sport": "badminton", "date": "2199-12-31"}, 422,
     "date_outside_window", "date"),
    ("/1/availability", {"sport": "badminton"}, 422, "bad_field", "date"),
    ("/1/availability", {"date": day(1)}, 422, "bad_field", "sport"),
    ("/1/availability", {"sport": "b", "date": day(1)}, 422, "bad_field", "sport"),
    ("/1/availability", {"sport": "x" * 33, "date": day(1)}, 422, "bad_field", "sport"),
    ("/1/availability", {"sport": "badminton", "date": "2026-02-30"}, 422, "bad_field", "date"),
    ("/1/availability", {"sport": "badminton", "date": "2026-1-1"}, 422, "bad_field", "date"),
    ("/1/availability", {"sport": "badminton", "date": "tomorrow"}, 422, "bad_field", "date"),
    ("/1/availability", {"sport": "badminton", "date": ""}, 422, "bad_field", "date"),
    ("/1/availability", {"sport": "badminton", "date": day(1), "x": "1"}, 400, "unknown_field",
     "x"),
    ("/1/availability", {"sport": ["badminton", "tennis"], "date": day(1)}, 422, "bad_field",
     "sport"),
])
def test_a_wrong_question_is_refused(house, path, query, status, code, field):
    refused(house.guest.get(f"/api/v1/venues{path}", **query), status, code, field)


def test_both_ends_of_the_window_are_inside_and_what_is_next_to_them_is_not(house, reader):
    for venue, last in ((1, 7), (2, 14), (3, 7)):
        sport = {3: "tennis"}.get(venue, "badminton")
        assert look(reader, venue, sport, day(0)) and look(reader, venue, sport, day(last))
        for outside in (-1, last + 1):
            refused(house.guest.get(f"/api/v1/venues/{venue}/availability", sport=sport,
                                    date=day(outside)), 422, "date_outside_window", "date")


def test_a_closed_venue_is_gone(house, reader, bare_venue):
    house.db.run("UPDATE venue SET closed_at = now() WHERE id = %s", bare_venue.id)
    answer = reader.get(f"/api/v1/venues/{bare_venue.id}/availability", sport="table_tennis",
                        date=day(1))
    refused(answer, 404, "venue_not_found")
    assert json.loads(answer.text)["error"]["message"] == "没有这个球馆"
