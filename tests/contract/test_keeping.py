"""Staff keep a venue's documents, and are refused for what can be wrong with them: conftest.py
checks every answer."""
import uuid
from datetime import date

import pytest

from calls import NO_VENUE, clerk
from house import ok
from place import DAYTIME, ROOT, Place, refusal, rule, venue_body
from slots import at, day

FAR = "2099-03-0"  # Sunday the first
TENNIS = 3


@pytest.fixture(scope="module")
def place(house):
    made = Place(clerk(house))
    yield made
    made.close(house.db)


def added_twice(place, path: str, body: dict, other: dict) -> dict:
    """The same key again: the same answer; for another body: refused."""
    key = str(uuid.uuid4())
    made = ok(place.try_add(path, body, key=key), 201)
    assert ok(place.try_add(path, body, key=key), 201) == made
    refusal(place.try_add(path, other, key=key), 422, "idempotency_key_reused")
    return made


def read(place, *paths):
    for path in paths:
        assert ok(place.client.get(f"{ROOT}/{path}")) is not None


def test_everything_is_read(place):
    at_it = place.at
    read(place, "venues", at_it, f"{at_it}/hours", f"{at_it}/prices", f"{at_it}/refund-rule",
         f"{at_it}/exceptions", f"{at_it}/sports", f"{at_it}/sports/1", f"{at_it}/courts",
         f"{at_it}/courts/{place.court}", f"{at_it}/units", f"{at_it}/units/{place.unit}",
         f"{at_it}/blocks", "sports", "sports/1", "calendar",
         f"{at_it}/prices/explanation?court_id={place.court}&date={day(1)}&time=08:00")


def test_a_venue_and_its_courts(place, customer):
    path = added_twice(place, "venues", venue_body(), venue_body(name="x"))["id"]
    place.change(f"venues/{path}", name="改名")
    place.drop(f"venues/{path}")
    place.change(place.at, phone=None)
    customer.order(place.slot(day(1), 600))
    refusal(place.try_change(place.at, ends_on=day(0)), 409, "in_use", "ends_on")
    refusal(place.try_drop(place.at), 409, "in_use")
    courts, body = f"{place.at}/courts", {"sport_id": 1, "name": "又一块", "units": []}
    court = added_twice(place, courts, body, {**body, "name": "x"})
    refusal(place.try_add(courts, body), 409, "name_taken", "name")
    refusal(place.try_add(courts, {**body, "sport_id": 2}), 422, "sport_not_found", "sport_id")
    first = f"{courts}/{place.court}"
    refusal(place.try_change(first, name="又一块"), 409, "name_taken", "name")
    refusal(place.try_change(first, units=[]), 409, "in_use", "units")
    refusal(place.try_drop(first), 409, "in_use")
    place.change(first, position=3)
    place.drop(f"{courts}/{court['id']}")


def test_units(place):
    path = f"{place.at}/units"
    unit = added_twice(place, path, {"name": "甲"}, {"name": "乙"})
    refusal(place.try_add(path, {"name": "甲"}), 409, "name_taken", "name")
    refusal(place.try_change(f"{path}/{place.unit}", name="甲"), 409, "name_taken", "name")
    place.change(f"{path}/{unit['id']}", name="丙")
    refusal(place.try_drop(f"{path}/{place.unit}"), 409, "in_use")
    place.drop(f"{path}/{unit['id']}")


def test_what_it_offers(place):
    path, body = f"{place.at}/sports", {"sport_id": TENNIS, "slot_minutes": 60}
    added_twice(place, path, body, {**body, "slot_minutes": 30})
    refusal(place.try_add(path, body), 409, "name_taken", "sport_id")
    refusal(place.try_add(path, {**body, "sport_id": NO_VENUE}), 422, "sport_not_found", "sport_id")
    place.change(f"{path}/{TENNIS}", slot_minutes=90)
    refusal(place.try_drop(f"{path}/1"), 409, "in_use")
    place.drop(f"{path}/{TENNIS}")


def test_blocks(place, customer):
    path = f"{place.at}/blocks"
    body = {"court_id": place.court, "reason": "修",
            "start": at(day(2), 600), "end": at(day(2), 660)}
    block = added_twice(place, path, body, {**body, "reason": "x"})
    one = f"{path}/{block['id']}"
    read(place, path, one)
    refusal(place.try_add(path, body), 409, "in_use")
    refusal(place.try_add(path, {**body, "court_id": 1}), 422, "court_not_found", "court_id")
    customer.order(place.slot(day(2), 720))
    refusal(place.try_change(one, end=at(day(2), 780)), 409, "in_use")
    place.change(one, reason="还在修")
    place.drop(one)


def test_prices_and_hours(place):
    prices, hours, days = (f"{place.at}/{name}" for name in ("prices", "hours", "exceptions"))
    narrow = {"rules": [rule(4000, "08:00", "22:00")]}
    place.write(prices, narrow)
    for change, code, field in (({"sport_id": NO_VENUE}, "sport_not_found", "rules[0].sport_id"),
                                ({"court_id": NO_VENUE}, "court_not_found", "rules[0].court_id")):
        refusal(place.try_write(prices, {"rules": [rule(4000, **change)]}), 422, code, field)
    refusal(place.try_write(prices, {"rules": []}), 422, "price_hole", "rules")
    early = [{"weekday": 1, "opens": "07:00", "closes": "08:00"}]
    refusal(place.try_write(hours, {"hours": early}), 422, "price_hole", "hours")
    assert place.write(hours, {"hours": []})["outside"]
    place.write(hours, {"hours": DAYTIME})
    body = {"day": FAR + "2", "reason": "比赛", "hours": [{"opens": "09:00", "closes": "10:00"}]}
    added_twice(place, days, body, {**body, "reason": None})
    early = {"hours": [{"opens": "07:00", "closes": "08:00"}]}
    refusal(place.try_add(days, {"day": FAR + "3", **early}), 422, "price_hole", "hours")
    refusal(place.try_add(days, body), 409, "name_taken", "day")
    one = f"{days}/20990302"
    read(place, days, one)
    refusal(place.try_write(one, early), 422, "price_hole", "hours")
    place.write(one, {"hours": []})
    place.drop(one)
    tier = {"hours": 2, "percent": 50, "fee_fen": 0}
    place.write(f"{place.at}/refund-rule", {"tiers": [tier]})
    refusal(place.try_write(f"{place.at}/refund-rule", {"tiers": [
        tier, {**tier, "hours": 1, "percent": 60}]}), 422, "tiers_rise", "tiers[1].percent")
    place.write(prices, {"rules": [rule(4000)]})


def test_nights(house, place):
    """A night of the second of March, 2099, a Monday, would reach into the third."""
    hours, days, calendar = f"{place.at}/hours", f"{place.at}/exceptions", "calendar"
    night, morning = ({"hours": [dict(zip(("opens", "closes"), span))]} for span in (
        ("20:00", "25:00"), ("00:00", "10:00")))
    at_night = {"hours": [{**DAYTIME[0], "closes": "25:00"}, *DAYTIME[1:]]}
    house.db.run("DELETE FROM calendar_day WHERE day = %s", FAR + "2")
    place.add(days, {"day": FAR + "3", **morning})
    first = "hours[0]"
    refusal(place.try_add(days, {"day": FAR + "2", **night}), 422, "hours_overlap", first)
    place.add(days, {"day": FAR + "2", "hours": []})
    refusal(place.try_write(f"{days}/20990302", night), 422, "hours_overlap", first)
    place.write(f"{days}/20990303", {"hours": []})
    place.write(hours, at_night)
    place.write(f"{days}/20990303", morning)
    refusal(place.try_drop(f"{days}/20990302"), 422, "hours_overlap")
    worked = {"kind": "makeup", "name": "上班", "as_weekday": 2}
    place.add(calendar, {"day": FAR + "2", **worked})
    place.drop(f"{days}/20990302")
    one = f"{calendar}/20990302"
    refusal(place.try_write(one, {**worked, "as_weekday": 1}), 422, "hours_overlap", "as_weekday")
    refusal(place.try_drop(one), 422, "hours_overlap")
    place.write(hours, {"hours": DAYTIME})
    place.drop(one)
    refusal(place.try_write(hours, at_night), 422, "hours_overlap", first)
    place.write(hours, {"hours": [DAYTIME[0], {**DAYTIME[1], "closes": "25:00"}, *DAYTIME[2:]]})
    refusal(place.try_add(calendar, {"day": FAR + "2", **worked}), 422, "hours_overlap",
            "as_weekday")
    place.write(hours, {"hours": DAYTIME})
    place.drop(f"{days}/20990303")


def test_a_court_that_is_for_sale_again_needs_prices(place):
    path = f"{place.at}/courts"
    sport = {"sport_id": TENNIS, "slot_minutes": 60}
    tennis = {"sport_id": TENNIS, "name": "网", "units": []}
    place.add(f"{place.at}/sports", sport)
    court = place.add(path, {**tennis, "ends_on": day(0)})["id"]
    place.write(f"{place.at}/prices", {"rules": [rule(4000, sport_id=1)]})
    refusal(place.try_change(f"{path}/{court}", ends_on=None), 422, "price_hole", "ends_on")
    refusal(place.try_add(path, {**tennis, "name": "另一块"}), 422, "price_hole", "sport_id")
    place.write(f"{place.at}/prices", {"rules": [rule(4000)]})


def test_the_platforms_sports(place):
    code = "test_" + uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:20]
    body = {"code": code, "name": "新运动"}
    sport = added_twice(place, "sports", body, {**body, "name": "x"})
    path = f"sports/{sport['id']}"
    refusal(place.try_add("sports", body), 409, "name_taken", "code")
    place.change(path, name="改名")
    refusal(place.try_drop("sports/1"), 409, "in_use")
    place.drop(path)


def test_the_calendar(house, place):
    """A Sunday with hours and a price of its own is worked as a Monday."""
    path, sunday = "calendar", {"day": FAR + "1", "kind": "holiday", "name": "远处的一天"}
    worked = {"kind": "makeup", "name": "上班", "as_weekday": 1}
    house.db.run("DELETE FROM calendar_day WHERE day = %s", sunday["day"])
    added_twice(place, path, sunday, {**sunday, "name": "x"})
    refusal(place.try_add(path, sunday), 409, "name_taken", "day")
    one = f"{path}/20990301"
    read(place, path, one)
    place.change(one, name="改名")
    day_hours = rule(4000, "08:00", "22:00")
    place.write(f"{place.at}/prices", {"rules": [day_hours, rule(6000, weekdays=[7])]})
    exception = f"{place.at}/exceptions/20990301"
    place.add(f"{place.at}/exceptions", {"day": sunday["day"], "hours": [
        {"opens": "06:00", "closes": "12:00"}]})
    refusal(place.try_write(one, worked), 422, "price_hole", "as_weekday")
    place.drop(one)
    refusal(place.try_add(path, {"day": sunday["day"], **worked}), 422, "price_hole", "as_weekday")
    ok(place.try_add(path, sunday), 201)
    place.write(f"{place.at}/prices", {"rules": [day_hours, rule(6000, day_kind="holiday")]})
    refusal(place.try_drop(one), 422, "price_hole")
    place.drop(exception)
    place.drop(one)


def test_closing_what_is_sold(house, customer):
    """A Monday that is closed, of a venue of its own; 300 days ahead nobody else is."""
    place = Place(clerk(house))
    place.change(place.at, window_days=400)
    on = next(d for d in map(day, range(300, 307)) if date.fromisoformat(d).isoweekday() == 2)
    place.write(f"{place.at}/hours", {"hours": DAYTIME[1:]})
    order = customer.order(place.slot(on, 600))
    ask, it = {"sold": "ask"}, order["items"][0]
    blocks, days, calendar = f"{place.at}/blocks", f"{place.at}/exceptions", "calendar"
    worked = {"kind": "makeup", "name": "上班", "as_weekday": 1, **ask}
    house.db.run("DELETE FROM calendar_day WHERE day = %s", on)

    def asked(answer):
        listed = refusal(answer, 409, "sold_outside")["outside"]  # the calendar is all venues'
        assert it["id"] in [o["item_id"] for o in listed]
    asked(place.try_write(f"{place.at}/hours", {"hours": [], **ask}))
    asked(place.try_add(days, {"day": on, "hours": [], **ask}))
    asked(place.try_add(calendar, {"day": on, **worked}))
    place.add(calendar, {"day": on, "kind": "holiday", "name": "远处的一天"})
    one = f"{calendar}/{on.replace('-', '')}"
    asked(place.try_write(one, worked))
    place.drop(one)
    asked(place.try_change(place.at, ends_on=on, **ask))
    asked(place.try_change(f"{place.at}/courts/{place.court}", ends_on=on, **ask))
    asked(place.try_add(blocks, {"court_id": place.court, "start": it["start"], "end": it["end"],
                                 "reason": "修", **ask}))
    block = place.add(blocks, {"court_id": place.court, "start": at(on, 660), "end": at(on, 720),
                               "reason": "修"})
    asked(place.try_change(f"{blocks}/{block['id']}", start=it["start"], **ask))
    place.add(days, {"day": on, "hours": [{"opens": "08:00", "closes": "22:00"}]})
    day_off = f"{days}/{on.replace('-', '')}"
    asked(place.try_write(day_off, {"hours": [], **ask}))
    place.write(day_off, {"hours": []})
    outside = f"{place.at}/outside"
    read(place, outside)
    refusal(place.try_add(outside, {"sold": "keep", "items": [NO_VENUE]}), 404, "not_found", "items")
    key = str(uuid.uuid4())
    for _ in range(2):
        assert ok(place.try_add(outside, {"sold": "keep"}, key=key))["outside"]
    refusal(place.try_add(outside, {"sold": "refund_all"}, key=key), 422, "idempotency_key_reused")
    place.close(house.db)
