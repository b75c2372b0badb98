"""Hours and prices as staff write them: no open half hour without a price, and every price can be
explained."""
import json
from datetime import date, timedelta

import psycopg2
import pytest

from house import ok, refused
from place import DAYTIME, ROOT, Files, Place, all_at_once, refusal, rule
from slots import at, day, now

# Far from the demo's own calendar, and a Monday.
MONDAY = now().date() + timedelta(days=105 - now().weekday())
SUNDAY = MONDAY - timedelta(days=1)


def number(on) -> int:
    return int(str(on).replace("-", ""))


@pytest.fixture
def place(house, admin):
    made = Place(admin)
    yield made
    made.close(house.db)


@pytest.fixture
def calendar(house, admin):
    """A function that makes a day special; afterwards it is ordinary again."""
    files, made = Files(admin), []

    def add(on, kind: str, **more):
        made.append(number(on))
        return files.try_add("calendar", {"day": str(on), "kind": kind, "name": "特别的一天",
                                          **more})
    yield add
    for day_number in made:
        house.db.run("DELETE FROM opening_exception WHERE day = %s", str(date(
            day_number // 10000, day_number // 100 % 100, day_number % 100)))
        if admin.get(f"{ROOT}/calendar/{day_number}").status_code == 200:
            files.drop(f"calendar/{day_number}")


def week(**differing) -> list:
    """DAYTIME with other hours of some weekdays: d3="09:00-12:00"."""
    other = {int(name[1:]): hours.split("-") for name, hours in differing.items()}
    return [{"weekday": line["weekday"],
             **dict(zip(("opens", "closes"), other.get(
                 line["weekday"], (line["opens"], line["closes"]))))} for line in DAYTIME]


class TestHoles:
    """Whatever is saved, what is left open without a price is named, and nothing is stored."""

    def hole(self, place, **more) -> dict:
        return {"venue_id": place.id, "court_id": place.court,
                "court": place.read(f"{place.at}/courts/{place.court}")[0]["name"],
                "sport": "羽毛球", "weekday": 1, "date": None, "day_kind": "normal",
                "day_name": None, "from": "08:00", "to": "22:00", **more}

    @pytest.mark.parametrize("rules, hole", [
        ([], {}),
        ([rule(4000, "08:30")], {"to": "08:30"}),
        ([rule(4000, closes="12:00"), rule(4000, "13:00")], {"from": "12:00", "to": "13:00"}),
        ([rule(4000, weekdays=[1, 2, 3, 4, 5])], {"weekday": 6}),
        ([rule(4000, weekdays=[7]), rule(100, "00:00", "21:30")],
         {"from": "21:30"}),
        ([rule(4000, day_kind="holiday")], {}),
        ([rule(4000, from_day="2026-01-01", to_day="2099-01-01")], {}),
        ([rule(4000, sport_id=3)], {})])
    def test_in_prices(self, place, rules, hole):
        place.add(f"{place.at}/sports", {"sport_id": 3, "slot_minutes": 60})
        before = place.read(f"{place.at}/prices")
        answer = place.try_write(f"{place.at}/prices", {"rules": rules})
        assert refusal(answer, 422, "price_hole", "rules") == self.hole(place, **hole)
        assert place.read(f"{place.at}/prices") == before

    def test_in_hours(self, place):
        place.write(f"{place.at}/prices", {"rules": [rule(4000, closes="24:00")]})
        before = place.read(f"{place.at}/hours")
        late = week(d5="20:00-25:30")
        answer = place.try_write(f"{place.at}/hours", {"hours": late})
        assert refusal(answer, 422, "price_hole", "hours") == self.hole(
            place, weekday=5, **{"from": "24:00", "to": "25:30"})
        assert place.read(f"{place.at}/hours") == before

    def test_in_an_exception(self, place):
        place.write(f"{place.at}/prices", {"rules": [rule(4000, "08:00", "22:00")]})
        body = {"day": str(MONDAY), "reason": "比赛", "hours": [
            {"opens": "07:00", "closes": "12:00"}]}
        answer = place.try_add(f"{place.at}/exceptions", body)
        found = self.hole(place, date=str(MONDAY), **{"from": "07:00", "to": "08:00"})
        assert refusal(answer, 422, "price_hole", "hours") == found
        assert ok(place.client.get(f"{ROOT}/{place.at}/exceptions"))["items"] == []
        dated = rule(6000, "07:00", "08:00", from_day=str(MONDAY), to_day=str(MONDAY))
        place.write(f"{place.at}/prices", {"rules": [rule(4000, "08:00", "22:00"), dated]})
        place.add(f"{place.at}/exceptions", body)
        path = f"{place.at}/exceptions/{number(MONDAY)}"
        before = place.read(path)
        answer = place.try_write(path, {"hours": [{"opens": "06:00", "closes": "07:00"}]})
        assert refusal(answer, 422, "price_hole", "hours")["from"] == "06:00"
        assert place.read(path) == before
        answer = place.try_write(f"{place.at}/prices", {"rules": [rule(4000, "08:00", "22:00")]})
        assert refusal(answer, 422, "price_hole", "rules") == found
        place.drop(path)
        place.write(f"{place.at}/prices", {"rules": [rule(4000, "08:00", "22:00")]})

    def test_in_a_sport_and_its_courts(self, place):
        """First the sport, then its prices, then its courts; and back the same way."""
        prices, sport = f"{place.at}/prices", f"{place.at}/sports/3"
        only, both = [rule(4000, sport_id=1)], [rule(4000, sport_id=1), rule(9000, sport_id=3)]
        place.write(prices, {"rules": only})
        refusal(place.try_write(prices, {"rules": both}), 422, "sport_not_found",
                "rules[1].sport_id")
        place.add(f"{place.at}/sports", {"sport_id": 3, "slot_minutes": 60})
        court = {"sport_id": 3, "name": "网", "units": []}
        assert refusal(place.try_add(f"{place.at}/courts", court), 422, "price_hole",
                       "sport_id")["sport"] == "网球"
        place.write(prices, {"rules": both})
        made = place.add(f"{place.at}/courts", court)["id"]
        again = place.try_write(prices, {"rules": only})
        assert refusal(again, 422, "price_hole", "rules")["sport"] == "网球"
        place.drop(f"{place.at}/courts/{made}")
        refusal(place.try_drop(sport), 409, "in_use")
        place.write(prices, {"rules": only})
        place.drop(sport)

    def test_no_way_around_prices_what_is_not_offered(self, house, place):
        with pytest.raises(psycopg2.errors.ForeignKeyViolation, match="price_rule_offer_fk"):
            house.db.run("INSERT INTO price_rule (id, venue_id, sport_id, hour_fen)"
                         " VALUES (nextval('id_block') * 256, %s, 3, 4000)", place.id)

    def test_in_a_new_court_and_one_that_is_for_sale_again(self, place):
        own = rule(5000, court_id=place.court)
        place.write(f"{place.at}/prices", {"rules": [own]})
        answer = place.try_add(f"{place.at}/courts", {"sport_id": 1, "name": "新", "units": []})
        assert refusal(answer, 422, "price_hole", "sport_id")["court"] == "新"
        path = f"{place.at}/courts/{place.court}"
        place.change(path, ends_on=day(0))
        place.write(f"{place.at}/prices", {"rules": []})  # nothing is for sale
        assert refusal(place.try_change(path, ends_on=None), 422, "price_hole",
                       "ends_on") == self.hole(place)
        assert place.read(path)[0]["ends_on"] == day(0)

    def test_in_the_calendar(self, place, calendar):
        """A Sunday with hours and a price of its own becomes a working Monday."""
        weekend = rule(6000, "06:00", "08:00", weekdays=[7])
        place.write(f"{place.at}/prices", {"rules": [rule(4000, "08:00", "22:00"), weekend]})
        place.add(f"{place.at}/exceptions", {"day": str(SUNDAY), "hours": [
            {"opens": "06:00", "closes": "12:00"}]})
        answer = calendar(SUNDAY, "makeup", as_weekday=1)
        assert refusal(answer, 422, "price_hole", "as_weekday") == self.hole(
            place, date=str(SUNDAY), weekday=1, day_kind="makeup", day_name="特别的一天",
            **{"from": "06:00", "to": "08:00"})
        assert place.client.get(f"{ROOT}/calendar/{number(SUNDAY)}").status_code == 404
        ok(calendar(SUNDAY, "holiday"), 201)
        path = f"calendar/{number(SUNDAY)}"
        worked = {"kind": "makeup", "name": "上班", "as_weekday": 1}
        refusal(place.try_write(path, worked), 422, "price_hole", "as_weekday")
        assert place.read(path)[0]["kind"] == "holiday"

    @pytest.mark.parametrize("what", ["hours", "exceptions"])
    def test_two_desks_cannot_make_one_together(self, place, what):
        """One opens the evening, the other takes the evening's price away."""
        hours, prices = f"{place.at}/{what}", f"{place.at}/prices"
        day_only = {"rules": [rule(4000, "08:00", "22:00")]}
        both = {"rules": [*day_only["rules"], rule(9000, "22:00", "24:00")]}
        evening = {"day": str(MONDAY), "hours": [{"opens": "22:00", "closes": "24:00"}]}
        for _ in range(12):
            place.write(prices, both)
            opening = ("PUT", hours, {"hours": week(d1="08:00-24:00")}, place.read(hours)[1]) \
                if what == "hours" else ("POST", hours, evening, "")
            answers = all_at_once(place.client, [
                opening, ("PUT", prices, day_only, place.read(prices)[1])])
            assert sorted(a.status_code for a in answers)[1] == 422, [a.text for a in answers]
            lost = next(a for a in answers if a.status_code == 422)
            assert lost.json()["error"]["detail"]["from"] == "22:00"
            if answers[0].status_code == 201:
                place.drop(f"{hours}/{number(MONDAY)}")
            if answers[0].status_code == 200:
                place.write(hours, {"hours": DAYTIME})


BAD_HOURS = [
    ({"weekday": 8}, "hours[0].weekday"), ({"weekday": 0}, "hours[0].weekday"),
    ({"opens": "08:15"}, "hours[0].opens"), ({"opens": "24:00"}, "hours[0].opens"),
    ({"closes": "08:00"}, "hours[0].closes"), ({"closes": "07:30"}, "hours[0].closes"),
    ({"closes": "30:30"}, "hours[0].closes"), ({"closes": "8:000"}, "hours[0].closes"),
    ({"closes": "22:60"}, "hours[0].closes"), ({"closes": 1320}, "hours[0].closes"),
    ({"weekday": 2}, "hours[1]"), ({"weekday": 7, "opens": "20:00", "closes": "32:00"},
                                  "hours[0].closes")]


def code_of(field: str) -> str:
    """A whole line is named when it overlaps another."""
    return "hours_overlap" if field == "hours[1]" else "bad_field"


@pytest.mark.parametrize("change, field", BAD_HOURS)
def test_bad_hours_name_their_field(place, change, field):
    before = place.read(f"{place.at}/hours")
    bad = {"hours": [{**DAYTIME[0], **change}, *DAYTIME[1:]]}
    refusal(place.try_write(f"{place.at}/hours", bad), 422, code_of(field), field)
    assert place.read(f"{place.at}/hours") == before


def test_a_night_must_not_reach_into_the_next_days_hours(place):
    for hours, field in ((week(d7="20:00-25:30", d1="00:00-02:00"), "hours[6]"),
                         (week(d3="20:00-25:30", d4="01:00-02:00"), "hours[3]")):
        refusal(place.try_write(f"{place.at}/hours", {"hours": hours}), 422, "hours_overlap",
                field)
    place.write(f"{place.at}/hours", {"hours": week(d3="20:00-25:30", d4="01:30-02:00")})


BAD_RULES = [
    ({"hour_fen": 3001}, "bad_field", "hour_fen"), ({"hour_fen": 10000002}, "bad_field", "hour_fen"),
    ({"hour_fen": 1}, "bad_field", "hour_fen"), ({"hour_fen": -2}, "bad_field", "hour_fen"),
    ({"opens": "08:10"}, "bad_field", "opens"), ({"closes": "00:00"}, "bad_field", "closes"),
    ({"closes": "30:30"}, "bad_field", "closes"),
    ({"weekdays": [8]}, "bad_field", "weekdays[0]"), ({"weekdays": []}, "bad_field", "weekdays"),
    ({"day_kind": "normal"}, "bad_field", "day_kind"),
    ({"from_day": "2027-01-02"}, "bad_field", "to_day"),
    ({"to_day": "2027-01-02"}, "bad_field", "to_day"),
    ({"from_day": "2027-01-02", "to_day": "2027-01-01"}, "bad_field", "to_day"),
    ({"from_day": "2027-02-30", "to_day": "2027-03-01"}, "bad_field", "from_day"),
    ({"sport_id": 999_999}, "sport_not_found", "sport_id"),
    ({"sport_id": 3}, "sport_not_found", "sport_id"),  # of the platform, not of the venue
    ({"court_id": 1}, "court_not_found", "court_id"),  # of venue 1
    ({"court_id": 999_999}, "court_not_found", "court_id")]


@pytest.mark.parametrize("change, code, field", BAD_RULES)
def test_a_bad_line_names_its_field(place, change, code, field):
    before = place.read(f"{place.at}/prices")
    bad = {"rules": [rule(4000), {**rule(5000), **change}]}
    refusal(place.try_write(f"{place.at}/prices", bad), 422, code, f"rules[1].{field}")
    assert place.read(f"{place.at}/prices") == before


def test_a_line_for_a_court_of_another_sport_would_never_match(place):
    place.add(f"{place.at}/sports", {"sport_id": 3, "slot_minutes": 60})
    bad = {"rules": [rule(4000), rule(5000, court_id=place.court, sport_id=3)]}
    refusal(place.try_write(f"{place.at}/prices", bad), 422, "bad_field", "rules[1].sport_id")


def test_a_list_is_kept_as_it_was_written(place):
    rules = [rule(4000), rule(8000, "18:00", "22:00", weekdays=[5, 6, 7]),
             rule(9000, day_kind="holiday", sport_id=1),
             rule(6000, court_id=place.court, from_day="2027-01-01", to_day="2027-01-03"),
             rule(5000, day_kind="makeup", opens="23:30", closes="25:30")]
    for wanted in (rules, rules[::-1], rules[:2], [rule(100), *rules], rules[1:] + [rule(4000)]):
        place.write(f"{place.at}/prices", {"rules": wanted})
        assert place.read(f"{place.at}/prices")[0]["rules"] == wanted


def test_of_equal_lines_the_later_wins(house, place):
    place.write(f"{place.at}/prices", {"rules": [rule(4000), rule(6000)]})
    assert place.grid(day(1))["courts"][0]["cells"][0]["price_fen"] == 6000
    place.write(f"{place.at}/prices", {"rules": [rule(6000), rule(4000)]})
    assert place.grid(day(2))["courts"][0]["cells"][0]["price_fen"] == 4000


def test_an_unchanged_line_is_not_written_again(house, place):
    rules = [rule(1000 + 2 * n) for n in range(20)]
    place.write(f"{place.at}/prices", {"rules": rules})
    ids = "SELECT id, xmin::text, hour_fen FROM price_rule WHERE venue_id = %s ORDER BY position"
    before = house.db.rows(ids, place.id)
    rules[7]["hour_fen"] = 9998
    place.write(f"{place.at}/prices", {"rules": rules})
    after = house.db.rows(ids, place.id)
    assert [n for n in range(20) if before[n] != after[n]] == [7]
    assert [row[0] for row in before] == [row[0] for row in after]


class TestExplaining:
    def why(self, place, on, time: str, **more):
        return ok(place.client.get(f"{ROOT}/{place.at}/prices/explanation", **{
            "court_id": place.court, "date": str(on), "time": time, **more}))

    def test_every_line_that_matches_says_what_decided(self, place, calendar):
        here = {"from_day": str(MONDAY), "to_day": str(MONDAY)}
        place.write(f"{place.at}/prices", {"rules": [
            rule(100), rule(200, "17:00", "20:00"), rule(300, weekdays=[1]), rule(400, sport_id=1),
            rule(500, court_id=place.court), rule(600, day_kind="holiday"),
            rule(700, **here), rule(702, **here), rule(800, weekdays=[2]),
            rule(900, day_kind="makeup"), rule(1000, "08:00", "18:00", **here)]})
        ok(calendar(MONDAY, "holiday"), 201)
        said = self.why(place, MONDAY, "18:30")
        assert [(r["line"], r["hour_fen"], r["wins"], r["lost_by"]) for r in said["rules"]] == [
            (8, 702, True, None), (7, 700, False, "line"), (6, 600, False, "dated"),
            (5, 500, False, "dated"), (4, 400, False, "dated"), (3, 300, False, "dated"),
            (2, 200, False, "dated"), (1, 100, False, "dated")]
        assert {k: said[k] for k in ("price_fen", "priced", "open", "weekday", "date_weekday",
                                     "day_kind", "day_name", "court_id", "sport")} == {
            "price_fen": 351, "priced": True, "open": True, "weekday": 1, "date_weekday": 1,
            "day_kind": "holiday", "day_name": "特别的一天", "court_id": place.court,
            "sport": "羽毛球"}
        assert self.why(place, MONDAY, "17:30")["price_fen"] == 500

    @pytest.mark.parametrize("better, rank", [
        ({"weekdays": [1]}, "weekday"), ({"sport_id": 1}, "sport"), ({"court_id": None}, "court"),
        ({"opens": "08:00"}, "hours")])
    def test_each_rank_by_itself(self, place, better, rank):
        if rank == "court":
            better = {"court_id": place.court}
        place.write(f"{place.at}/prices", {"rules": [rule(5000, **better), rule(4000)]})
        said = self.why(place, MONDAY, "10:00")
        assert [(r["line"], r["lost_by"]) for r in said["rules"]] == [(1, None), (2, rank)]

    def test_a_working_sunday_is_read_as_what_it_stands_for(self, place, calendar):
        place.write(f"{place.at}/prices", {"rules": [
            rule(4000), rule(5000, weekdays=[1]), rule(6000, weekdays=[7])]})
        ok(calendar(SUNDAY, "makeup", as_weekday=1), 201)
        said = self.why(place, SUNDAY, "10:00")
        assert (said["weekday"], said["date_weekday"], said["day_kind"]) == (1, 7, "makeup")
        assert [r["line"] for r in said["rules"]] == [2, 1]

    def test_hours_that_are_closed_are_told(self, place):
        assert self.why(place, MONDAY, "07:30")["open"] is False
        place.add(f"{place.at}/exceptions", {"day": str(MONDAY), "hours": []})
        assert self.why(place, MONDAY, "10:00")["open"] is False

    def test_it_says_what_a_guest_is_asked_for(self, house, place):
        place.write(f"{place.at}/prices", {"rules": [
            rule(4000), rule(8000, "18:00", "22:00"), rule(9000, weekdays=[6, 7]),
            rule(2000, court_id=place.court, weekdays=[3])]})
        for offset in range(1, 8):
            grid = place.grid(day(offset))
            for slot, cell in zip(grid["slots"], grid["courts"][0]["cells"]):
                time = slot["start"][11:16]
                half = self.why(place, day(offset), time)["price_fen"]
                assert 2 * half == cell["price_fen"], slot

    @pytest.mark.parametrize("change, status, code, field", [
        ({"time": "08:10"}, 422, "bad_field", "time"),
        ({"time": "30:00"}, 422, "bad_field", "time"),
        ({"court_id": 1}, 404, "not_found", "court_id"), ({"date": "x"}, 422, "bad_field", "date")])
    def test_a_bad_question(self, place, change, status, code, field):
        asked = {"court_id": place.court, "date": str(MONDAY), "time": "08:00", **change}
        refused(place.client.get(f"{ROOT}/{place.at}/prices/explanation", **asked), status, code,
                field)


class TestExceptions:
    def test_a_date_differs(self, house, place):
        path = f"{place.at}/exceptions"
        added = place.add(path, {"day": day(3), "reason": "包场", "hours": [
            {"opens": "18:00", "closes": "25:30"}, {"opens": "08:00", "closes": "12:00"}]})
        assert added["exception"]["hours"] == [{"opens": "08:00", "closes": "12:00"},
                                               {"opens": "18:00", "closes": "25:30"}]
        grid = place.grid(day(3))
        assert len(grid["slots"]) == 4 + 7 and grid["slots"][-1]["end"] == at(day(3), 1500)
        one = f"{path}/{number(day(3))}"
        refusal(place.try_add(path, {"day": day(3), "hours": []}), 409, "name_taken", "day")
        place.write(one, {"hours": []})
        assert place.grid(day(3))["open"] is False
        place.drop(one)
        assert place.client.get(f"{ROOT}/{one}").status_code == 404

    def test_the_list_goes_by_date(self, place):
        path = f"{place.at}/exceptions"
        for offset in (9, 5, 7):
            place.add(path, {"day": day(offset), "hours": []})
        first = ok(place.client.get(f"{ROOT}/{path}", limit=2))
        rest = ok(place.client.get(f"{ROOT}/{path}", limit=2, cursor=first["next_cursor"]))
        assert [e["day"] for e in first["items"] + rest["items"]] == [day(5), day(7), day(9)]
        later = ok(place.client.get(f"{ROOT}/{path}", **{"from": day(6)}))["items"]
        assert [e["day"] for e in later] == [day(7), day(9)]

    @pytest.mark.parametrize("hours, field", [
        ([{"opens": "08:00", "closes": "12:00"}, {"opens": "11:30", "closes": "13:00"}],
         "hours[1]"),
        ([{"opens": "08:00", "closes": "08:00"}], "hours[0].closes"),
        ([{"opens": "08:01", "closes": "09:00"}], "hours[0].opens")])
    def test_bad_hours_name_their_field(self, place, hours, field):
        answer = place.try_add(f"{place.at}/exceptions", {"day": day(3), "hours": hours})
        refusal(answer, 422, code_of(field), field)

    @pytest.mark.parametrize("number", [20260230, 1, 20261301, 99991231])
    def test_a_number_that_is_no_date(self, place, number):
        refused(place.client.get(f"{ROOT}/{place.at}/exceptions/{number}"), 404, "not_found")


@pytest.mark.parametrize("body, field", [
    ({"kind": "makeup"}, "as_weekday"), ({"kind": "holiday", "as_weekday": 1}, "as_weekday"),
    ({"kind": "makeup", "as_weekday": 6}, "as_weekday"), ({"kind": "party"}, "kind")])
def test_a_bad_calendar_day_names_its_field(admin, body, field):
    answer = Files(admin).try_add("calendar", {"day": str(MONDAY), "name": "x", **body})
    refusal(answer, 422, "bad_field", field)


@pytest.mark.parametrize("tiers, field", [
    ([(24, 100, 0), (24, 50, 0)], "tiers[1].hours"), ([(2, 50, 0), (24, 100, 0)], "tiers[1].hours"),
    ([(24, 101, 0)], "tiers[0].percent"), ([(24, 100, -1)], "tiers[0].fee_fen"),
    ([(8761, 1, 0)], "tiers[0].hours")])
def test_a_bad_refund_rule_names_its_field(place, tiers, field):
    body = {"tiers": [dict(zip(("hours", "percent", "fee_fen"), t)) for t in tiers]}
    before = place.read(f"{place.at}/refund-rule")
    refusal(place.try_write(f"{place.at}/refund-rule", body), 422, "bad_field", field)
    assert place.read(f"{place.at}/refund-rule") == before


RISING = [
    ([(24, 50, 0), (2, 100, 0)], "tiers[1].percent"), ([(24, 0, 0), (2, 1, 0)], "tiers[1].percent"),
    ([(48, 100, 0), (24, 50, 0), (2, 51, 0)], "tiers[2].percent"),
    ([(24, 100, 500), (2, 50, 0)], "tiers[1].fee_fen"),
    ([(24, 100, 2), (2, 100, 1)], "tiers[1].fee_fen")]
FALLING = [
    [], [(0, 100, 0)], [(24, 100, 0), (2, 50, 0)], [(24, 100, 500), (2, 100, 500)],
    [(24, 100, 500), (2, 50, 500), (0, 0, 0)], [(48, 100, 0), (12, 80, 200)]]


def tiers_of(lines: list) -> list:
    return [dict(zip(("hours", "percent", "fee_fen"), line)) for line in lines]


@pytest.mark.parametrize("lines, field", RISING)
def test_who_cancels_later_gets_no_more(house, place, lines, field):
    before = place.read(f"{place.at}/refund-rule")
    answer = place.try_write(f"{place.at}/refund-rule", {"tiers": tiers_of(lines)})
    refusal(answer, 422, "tiers_rise", field)
    assert place.read(f"{place.at}/refund-rule") == before
    with pytest.raises(psycopg2.errors.CheckViolation, match="a later cancellation"):
        house.db.run("UPDATE venue SET refund_tiers = %s WHERE id = %s",
                     json.dumps(tiers_of(lines)), place.id)


@pytest.mark.parametrize("lines", FALLING)
def test_what_falls_when_time_grows_shorter_is_taken(place, lines):
    saved = place.write(f"{place.at}/refund-rule", {"tiers": tiers_of(lines)})
    assert saved["tiers"] == tiers_of(lines)


def test_a_rule_of_before_lets_its_venue_be_edited(house, place):
    """What stands otherwise stays until it is written anew."""
    house.db.all_at_once(
        ("ALTER TABLE venue DISABLE TRIGGER venue_refund_tiers_fall",),
        ("UPDATE venue SET refund_tiers = %s WHERE id = %s",
         json.dumps(tiers_of(RISING[0][0])), place.id),
        ("ALTER TABLE venue ENABLE TRIGGER venue_refund_tiers_fall",))
    place.change(place.at, name="新名")
    place.write(f"{place.at}/refund-rule", {"tiers": []})
