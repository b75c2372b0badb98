"""Well-formed orders that nobody can have: each refused with its reason, and nothing stored."""
import pytest

from house import order_body, refused
from slots import Slot, at, day

ON = day(2)


def period(court=1, start=at(ON, 600), end=at(ON, 660)) -> dict:
    return {"court_id": court, "start": start, "end": end}


def body(*periods, **changes) -> dict:
    return {"venue_id": 1, "date": ON, "periods": list(periods) or [period()], **changes}


def without(name: str) -> dict:
    return {k: v for k, v in body().items() if k != name}


@pytest.fixture(scope="module")
def villain(house):
    made = house.customer()
    made.have_phone()
    return made


WRONG_FIELDS = [(f"{name} {value!r}"[:40], body(**{name: value}), name) for name, values in {
    "venue_id": (0, -1, 1.5, 2 ** 53, 2 ** 63, 10 ** 400, 1e300, "1", True, None, [1], {"id": 1}),
    "date": ("", "today", "2026-13-01", "2026-02-30", "2026-00-10", "26-11-23", "2026/11/23",
             "2026-11-23 ", "2026-11-23T00:00:00+08:00", "0000-00-00", "1969-12-31", "2200-01-01",
             20261123, None, True, ["2026-11-23"], "٢٠٢٦-١١-٢٣"),
    "note": ("", "球" * 101, 1, True, ["a"], {"a": 1}),
    "periods": ([], [period()] * 61, {}, "periods", 1, None, True),
}.items() for value in values]
WRONG_PERIODS = [(f"{name} {value!r}"[:40], body({**period(), name: value}), f"periods[0].{name}")
                 for name, values in {
    "court_id": (0, -1, 1.5, 2 ** 53, "1", None, [1]),
    "start": ("", "10:00", ON, f"{ON} 10:00:00+08:00", f"{ON}T10:00:00", f"{ON}T10:00+08:00",
              f"{ON}T24:00:00+08:00", f"{ON}T10:60:00+08:00", f"{ON}T10:00:60+08:00",
              f"{ON}T10:00:00+24:00", f"{ON}T10:00:00+0800", f"{ON}T10:00:00 08:00",
              "2026-02-30T10:00:00+08:00", f"{ON}T10:00:00.+08:00", f"{ON}T10:00:00+08:00x",
              "9" * 70, 1764000000, None, True),
    "end": ("", "11:00", None, 1, [at(ON, 660)]),
}.items() for value in values]
MISSING = [(f"no {name}", without(name), name) for name in ("venue_id", "date", "periods")] + \
    [(f"no {name}", body({k: v for k, v in period().items() if k != name}), f"periods[0].{name}")
     for name in ("court_id", "start", "end")] + \
    [(f"a period that is {value!r}", body(value), "periods[0]") for value in (1, "x", None, [])] + \
    [("the second period wrong", body(period(), period(end=1)), "periods[1].end")]
FIELDS = WRONG_FIELDS + WRONG_PERIODS + MISSING


@pytest.mark.parametrize("wrong, field", [f[1:] for f in FIELDS], ids=[f[0] for f in FIELDS])
def test_a_missing_or_wrong_member_is_named(villain, unchanged, wrong, field):
    refused(villain.post("/api/v1/orders", wrong), 422, "bad_field", field)


def one(venue: int, court: int, on: str, start: str, end: str) -> dict:
    return order_body(Slot(venue, on, court, start, end))


def at_1(start: int, end: int, on: str = ON) -> dict:
    """Minutes of a day at venue 1, which never closes."""
    return one(1, 1, on, at(on, start), at(on, end))


def at_3(start: int, end: int, court: int = 41) -> dict:
    return one(3, court, ON, at(ON, start), at(ON, end))


FIRST = "periods[0]"
IMPOSSIBLE = {
    "an_unknown_venue": (body(venue_id=9), 404, "venue_not_found", "venue_id"),
    "an_unknown_court": (body(period(court=999)), 422, "court_not_found", FIRST),
    "a_court_of_another_venue": (body(period(court=21)), 422, "court_not_found", FIRST),
    "the_second_court_unknown": (body(period(), period(court=999)), 422, "court_not_found",
                                 "periods[1]"),
    "in_a_hundred_years": (at_1(600, 660, "2126-01-01"), 422, "date_outside_window", "date"),
    "long_ago": (body(period(start=at("2020-01-01", 600), end=at("2020-01-01", 660))), 422,
                 "period_past", FIRST),
    "the_date_of_another_day": (body(period(), date=day(3)), 422, "period_closed", FIRST),
    "half_past": (at_1(630, 690), 422, "period_unaligned", FIRST),
    "half_a_slot": (at_1(600, 630), 422, "period_unaligned", FIRST),
    "one_and_a_half_slots": (at_1(600, 690), 422, "period_unaligned", FIRST),
    "a_second_late": (one(1, 1, ON, f"{ON}T10:00:01+08:00", f"{ON}T11:00:01+08:00"), 422,
                      "period_unaligned", FIRST),
    "a_microsecond_late": (one(1, 1, ON, f"{ON}T10:00:00.000001+08:00",
                               f"{ON}T11:00:00.000001+08:00"), 422, "period_unaligned", FIRST),
    "no_time_at_all": (at_1(600, 600), 422, "period_unaligned", FIRST),
    "the_end_before_the_start": (at_1(660, 600), 422, "period_unaligned", FIRST),
    "three_days_in_a_row": (at_1(0, 3 * 1440), 422, "period_closed", FIRST),
    "another_zones_ten_o_clock": (one(1, 1, ON, f"{ON}T10:00:00+08:30", f"{ON}T11:00:00+08:30"),
                                  422, "period_unaligned", FIRST),
    "before_opening": (at_3(360, 420), 422, "period_closed", FIRST),
    "after_closing": (at_3(1320, 1380), 422, "period_closed", FIRST),
    "across_the_closing": (at_3(1260, 1380), 422, "period_closed", FIRST),
    "from_before_the_opening": (at_3(360, 480), 422, "period_closed", FIRST),
    "the_same_period_twice": (body(period(), period()), 422, "period_duplicate", "periods[1]"),
    "overlapping_periods": (body(period(end=at(ON, 720)), period(start=at(ON, 660),
                                                                end=at(ON, 720))),
                            422, "period_duplicate", "periods[1]"),
    "the_first_again_at_the_end": (body(period(), period(2), period()), 422, "period_duplicate",
                                   "periods[2]"),
    "60_periods": (body(*[period(1 + n % 8, at(ON, n // 8 * 60), at(ON, n // 8 * 60 + 60))
                          for n in range(60)]), 409, "quota_exceeded", None),
    "a_court_under_repair": (at_3(600, 660, 44), 409, "slot_taken", FIRST),
    "a_floor_and_its_half": ({**body(period(31), period(32)), "venue_id": 2}, 409, "slot_taken",
                             None),
}


@pytest.mark.parametrize("wrong, status, code, field", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_cannot_be_had_is_refused_with_its_reason(villain, unchanged, wrong, status, code,
                                                       field):
    refused(villain.post("/api/v1/orders", wrong), status, code, field)


@pytest.mark.parametrize("offset, start, code, field", [
    (-1, 600, "date_outside_window", "date"), (8, 600, "date_outside_window", "date"),
    (0, 0, "period_past", FIRST)], ids=["yesterday", "behind_the_window", "this_midnight"])
def test_what_is_over_or_too_far_ahead_cannot_be_had(villain, unchanged, offset, start, code,
                                                     field):
    refused(villain.post("/api/v1/orders", at_1(start, start + 60, day(offset))), 422, code, field)


def bare(venue, start: int, end: int, court=None) -> dict:
    return one(venue.id, court or venue.court, day(1), at(day(1), start), at(day(1), end))


@pytest.mark.parametrize("start, end, code", [
    (720, 750, "period_unpriced"), (690, 750, "period_unpriced"), (570, 600, "period_unpriced"),
    (480, 720, "period_unpriced"), (460, 490, "period_closed"), (1300, 1330, "period_closed"),
    (615, 645, "period_unaligned")])
def test_hours_without_a_price_are_not_sold(bare_venue, villain, unchanged, start, end, code):
    refused(villain.post("/api/v1/orders", bare(bare_venue, start, end)), 422, code, FIRST)


@pytest.mark.parametrize("change", [
    "UPDATE court SET closed_at = now() WHERE id = 902",
    "DELETE FROM court_unit WHERE court_id = 902"])
def test_a_court_that_is_closed_or_has_no_floor_is_no_court(house, bare_venue, villain, change):
    house.db.run(change)
    order = bare(bare_venue, 600, 630, bare_venue.spare_court)
    refused(villain.post("/api/v1/orders", order), 422, "court_not_found", FIRST)


def test_a_closed_venue_is_no_venue(house, bare_venue, villain):
    house.db.run("UPDATE venue SET closed_at = now() WHERE id = 900")
    refused(villain.post("/api/v1/orders", bare(bare_venue, 600, 630)), 404, "venue_not_found",
            "venue_id")
