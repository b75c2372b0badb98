"""What is open past midnight belongs to the date before: however hours are put together, from the
week, from exceptions and from 调休 days, no hour is on sale under two dates."""
from collections import Counter
from datetime import timedelta

import pytest

from house import ok
from place import ROOT, Place, all_at_once, refusal, rule
from slots import day
from test_staff_venues_prices import MONDAY, calendar, number, week  # noqa: F401

# Weeks away from other tests' dates: d(0) is a Wednesday.
WEDNESDAY = MONDAY + timedelta(days=30)
SUNDAY = WEDNESDAY + timedelta(days=4)


def d(offset: int) -> str:
    return str(WEDNESDAY + timedelta(days=offset))


def hours(*spans: str) -> list:
    return [dict(zip(("opens", "closes"), span.split("-"))) for span in spans]


@pytest.fixture
def place(house, admin):
    made = Place(admin)
    made.change(made.at, window_days=400)
    yield made
    made.close(house.db)


@pytest.fixture
def exceptions(place):
    return f"{place.at}/exceptions"


def add(place, on: str, *spans: str):
    return place.try_add(f"{place.at}/exceptions", {"day": on, "hours": hours(*spans)})


def put(place, on: str, *spans: str):
    return place.try_write(f"{place.at}/exceptions/{number(on)}", {"hours": hours(*spans)})


def drop(place, on: str):
    return place.try_drop(f"{place.at}/exceptions/{number(on)}")


def set_week(place, **differing):
    return place.try_write(f"{place.at}/hours", {"hours": week(**differing)})


def half_hours(place, dates) -> Counter:
    """How often each of them is on sale."""
    place.change(f"{place.at}/sports/1", slot_minutes=30)
    return Counter(slot["start"] for on in dates for slot in place.grid(str(on))["slots"])


def sold_once(place, around=WEDNESDAY):
    found = half_hours(place, [around + timedelta(days=n) for n in range(-2, 3)])
    assert found and set(found.values()) == {1}, [s for s, n in found.items() if n > 1]


def overlap(answer, place, on: str, span: str, field: str | None = "hours[0]"):
    """The refusal names what the date and the one before would both sell."""
    begins, ends = span.split("-")
    assert refusal(answer, 422, "hours_overlap", field) == {
        "venue_id": place.id, "date": on, "from": begins, "to": ends}


def documents(place) -> list:
    return [place.read(f"{place.at}/hours"), place.client.get(
        f"{ROOT}/{place.at}/exceptions").json()]


class TestAnException:
    def test_by_night_does_not_meet_the_weeks_morning(self, place):
        ok(set_week(place, d4="00:00-24:00"))
        before = documents(place)
        overlap(add(place, d(0), "08:00-28:00"), place, d(1), "00:00-04:00")
        overlap(add(place, d(0), "08:00-12:00", "20:00-24:30"), place, d(1), "00:00-00:30",
                "hours[1]")
        assert documents(place) == before
        ok(add(place, d(0), "00:00-24:00"), 201)
        sold_once(place)

    def test_by_morning_does_not_meet_the_weeks_night(self, place):
        ok(set_week(place, d2="08:00-26:00"))
        before = documents(place)
        overlap(add(place, d(0), "20:00-22:00", "01:00-10:00"), place, d(0), "01:00-02:00",
                "hours[1]")
        overlap(add(place, d(0), "01:00-01:30"), place, d(0), "01:00-01:30")
        assert documents(place) == before
        ok(add(place, d(0), "02:00-10:00"), 201)
        sold_once(place)

    @pytest.mark.parametrize("first, second", [
        ((0, "18:00-27:00"), (1, "02:00-10:00")), ((1, "02:00-10:00"), (0, "18:00-27:00"))])
    def test_does_not_meet_another(self, place, first, second):
        ok(add(place, d(first[0]), first[1]), 201)
        before = documents(place)
        overlap(add(place, d(second[0]), second[1]), place, d(1), "02:00-03:00")
        assert documents(place) == before
        sold_once(place)

    def test_is_saved_by_the_same_rule(self, place):
        ok(set_week(place, d2="08:00-26:00", d4="03:00-22:00"))
        ok(add(place, d(0), "08:00-22:00"), 201)
        before = documents(place)
        overlap(put(place, d(0), "01:30-22:00"), place, d(0), "01:30-02:00")
        overlap(put(place, d(0), "08:00-27:30"), place, d(1), "03:00-03:30")
        assert documents(place) == before
        ok(put(place, d(0), "02:00-27:00"))
        sold_once(place)

    def test_is_not_removed_from_over_a_night_or_a_morning(self, place):
        ok(set_week(place, d3="02:00-26:00"))
        ok(add(place, d(0)), 201)
        ok(add(place, d(1), "01:00-10:00"), 201)
        ok(add(place, d(-1), "18:00-28:00"), 201)
        before = documents(place)
        overlap(drop(place, d(0)), place, d(0), "02:00-04:00", None)
        ok(put(place, d(-1), "18:00-24:00"))
        overlap(drop(place, d(0)), place, d(1), "01:00-02:00", None)
        ok(put(place, d(-1), "18:00-28:00"))
        assert documents(place)[0] == before[0]
        assert [(e["day"], e["hours"]) for e in documents(place)[1]["items"]] == [
            (e["day"], e["hours"]) for e in before[1]["items"]]
        sold_once(place)
        ok(drop(place, d(1)))
        ok(drop(place, d(-1)))
        ok(drop(place, d(0)))
        sold_once(place)

    def test_that_closes_lets_the_night_before_be(self, place):
        ok(add(place, d(1)), 201)
        ok(add(place, d(0), "08:00-30:00"), 201)
        ok(add(place, d(2), "00:00-05:00"), 201)
        sold_once(place)

    def test_is_not_refused_for_what_is_wrong_on_other_dates(self, house, place):
        """Such as was stored before there was this rule; it can be mended date by date."""
        for on, opens, closes in ((d(0), 480, 1680), (d(1), 0, 600), (d(4), 480, 1680),
                                  (d(5), 0, 600)):
            house.db.run("INSERT INTO opening_exception (venue_id, day) VALUES (%s, %s)",
                         place.id, on)
            house.db.run("INSERT INTO opening_exception_hours VALUES (%s, %s, %s, %s)",
                         place.id, on, opens, closes)
        ok(add(place, d(10), "08:00-28:00"), 201)
        ok(set_week(place, d1="09:00-22:00"))
        overlap(put(place, d(0), "08:00-27:00"), place, d(1), "00:00-03:00")
        ok(put(place, d(0), "08:00-24:00"))
        ok(drop(place, d(4)))
        sold_once(place)

    def test_of_the_past_is_in_nobodys_way(self, place):
        ok(add(place, day(-4), "08:00-30:00"), 201)
        ok(add(place, day(-3), "00:00-08:00"), 201)
        ok(set_week(place, d1="09:00-22:00"))

    def test_of_yesterday_reaches_into_today(self, place):
        ok(add(place, day(-1), "08:00-30:00"), 201)
        overlap(add(place, day(0), "00:00-08:00"), place, day(0), "00:00-06:00")


class TestTheWeek:
    def test_by_night_does_not_meet_an_exceptions_morning(self, place):
        ok(add(place, d(0), "00:30-10:00"), 201)
        before = documents(place)
        overlap(set_week(place, d2="08:00-25:00"), place, d(0), "00:30-01:00", "hours[1]")
        assert documents(place) == before
        ok(set_week(place, d2="08:00-24:30"))
        sold_once(place)

    def test_by_morning_does_not_meet_an_exceptions_night(self, place):
        ok(add(place, d(0), "08:00-28:00"), 201)
        before = documents(place)
        overlap(set_week(place, d4="00:00-24:00"), place, d(1), "00:00-04:00", "hours[3]")
        assert documents(place) == before
        ok(set_week(place, d4="04:00-24:00"))
        sold_once(place)

    def test_does_not_meet_itself_around_a_day_of_another_weekday(self, place, calendar):
        ok(calendar(SUNDAY, "makeup", as_weekday=5), 201)
        overlap(set_week(place, d5="18:00-26:00", d1="01:00-22:00"), place,
                str(SUNDAY + timedelta(days=1)), "01:00-02:00", "hours[0]")
        overlap(set_week(place, d5="01:00-22:00", d6="18:00-26:00"), place, str(SUNDAY),
                "01:00-02:00", "hours[4]")
        ok(set_week(place, d5="18:00-26:00", d7="02:00-22:00"))
        sold_once(place, SUNDAY)


class TestADayOfAnotherWeekday:
    def test_by_night_does_not_meet_the_next_morning(self, place, calendar):
        ok(set_week(place, d5="18:00-27:00", d1="01:00-22:00"))
        monday = str(SUNDAY + timedelta(days=1))
        overlap(calendar(SUNDAY, "makeup", as_weekday=5), place, monday, "01:00-03:00",
                "as_weekday")
        assert place.client.get(f"{ROOT}/calendar/{number(SUNDAY)}").status_code == 404
        ok(calendar(SUNDAY, "holiday"), 201)
        path = f"calendar/{number(SUNDAY)}"
        worked = {"kind": "makeup", "name": "上班", "as_weekday": 5}
        overlap(place.try_write(path, worked), place, monday, "01:00-03:00", "as_weekday")
        assert place.read(path)[0]["kind"] == "holiday"
        place.write(path, {**worked, "as_weekday": 4})
        sold_once(place, SUNDAY)

    def test_by_morning_does_not_meet_the_night_before(self, place, calendar):
        ok(set_week(place, d6="18:00-27:00", d2="01:00-22:00"))
        overlap(calendar(SUNDAY, "makeup", as_weekday=2), place, str(SUNDAY), "01:00-03:00",
                "as_weekday")
        sold_once(place, SUNDAY)

    def test_an_ordinary_one_again_does_not_meet_an_exception(self, place, calendar):
        ok(set_week(place, d7="18:00-27:00"))
        ok(calendar(SUNDAY, "makeup", as_weekday=2), 201)
        monday = str(SUNDAY + timedelta(days=1))
        ok(add(place, monday, "01:00-10:00"), 201)
        overlap(place.try_drop(f"calendar/{number(SUNDAY)}"), place, monday, "01:00-03:00", None)
        ok(place.client.get(f"{ROOT}/calendar/{number(SUNDAY)}"))
        sold_once(place, SUNDAY)
        ok(drop(place, monday))

    def test_a_venue_that_is_gone_is_in_nobodys_way(self, house, admin, calendar):
        gone = Place(admin)
        ok(set_week(gone, d5="18:00-27:00", d1="01:00-22:00"))
        gone.close(house.db)
        ok(calendar(SUNDAY, "makeup", as_weekday=5), 201)


class TestTwoDesksAtOnce:
    ROUNDS = 8

    def test_cannot_do_it_with_two_exceptions(self, place, exceptions):
        for n in range(0, 3 * self.ROUNDS, 3):
            answers = all_at_once(place.client, [
                ("POST", exceptions, {"day": d(n), "hours": hours("08:00-28:00")}, ""),
                ("POST", exceptions, {"day": d(n + 1), "hours": hours("00:00-10:00")}, "")])
            assert sorted(a.status_code for a in answers) == [201, 422], [a.text for a in answers]
            sold_once(place, WEDNESDAY + timedelta(days=n))

    def test_cannot_do_it_with_an_exception_and_the_week(self, place, exceptions):
        path, early = f"{place.at}/hours", {"hours": week(d4="00:00-22:00")}
        for _ in range(self.ROUNDS):
            answers = all_at_once(place.client, [
                ("POST", exceptions, {"day": d(0), "hours": hours("08:00-28:00")}, ""),
                ("PUT", path, early, place.read(path)[1])])
            assert sorted(a.status_code for a in answers)[1] == 422, [a.text for a in answers]
            sold_once(place)
            if answers[0].status_code == 201:
                ok(drop(place, d(0)))
            else:
                ok(set_week(place))

    def test_cannot_do_it_with_an_exception_and_the_calendar(self, place, exceptions, calendar):
        ok(set_week(place, d5="18:00-27:00"))
        monday = str(SUNDAY + timedelta(days=1))
        worked = {"day": str(SUNDAY), "kind": "makeup", "name": "上班", "as_weekday": 5}
        ok(calendar(SUNDAY, "holiday"), 201)  # it is tidied away, whoever wins
        place.drop(f"calendar/{number(SUNDAY)}")
        for _ in range(self.ROUNDS):
            answers = all_at_once(place.client, [
                ("POST", exceptions, {"day": monday, "hours": hours("00:00-10:00")}, ""),
                ("POST", "calendar", worked, "")])
            assert sorted(a.status_code for a in answers) == [201, 422], [a.text for a in answers]
            sold_once(place, SUNDAY)
            if answers[0].status_code == 201:
                ok(drop(place, monday))
            else:
                place.drop(f"calendar/{number(SUNDAY)}")


def test_a_night_is_sold_under_its_own_date_and_price(place, customer):
    """What the finder saw: one hour of one floor, at the prices of two dates."""
    ok(set_week(place, d4="00:00-24:00"))
    dated = rule(20000, from_day=d(1), to_day=d(1))
    place.write(f"{place.at}/prices", {"rules": [rule(2000), dated]})
    refusal(add(place, d(0), "08:00-28:00"), 422, "hours_overlap", "hours[0]")
    assert customer.try_order(place.slot(d(0), 1500)).status_code == 422
    assert customer.order(place.slot(d(1), 60))["amount_fen"] == 20000
