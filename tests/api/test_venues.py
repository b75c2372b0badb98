"""What guests may know of the venues."""
import pytest

from house import ok, refused


def all_venues(house) -> list:
    return [venue for venue, in house.db.rows("SELECT id FROM venue WHERE closed_at IS NULL ORDER BY id")]


def test_the_list_has_every_venue_with_its_sports(house):
    page = ok(house.guest.get("/api/v1/venues"))
    assert page["next_cursor"] is None
    assert [v["id"] for v in page["items"]] == all_venues(house)
    river = page["items"][1]
    assert set(river) == {"id", "name", "address", "phone", "sports", "window_days",
                          "phone_required"}
    assert river["sports"] == [
        {"code": "badminton", "name": "羽毛球", "slot_minutes": 60, "courts": 4},
        {"code": "basketball", "name": "篮球", "slot_minutes": 60, "courts": 6}]


def test_pages_join_without_a_gap_or_a_double(house):
    seen, cursor = [], None
    while True:
        query = {"limit": 1, **({"cursor": cursor} if cursor else {})}
        page = ok(house.guest.get("/api/v1/venues", **query))
        seen += [v["id"] for v in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == all_venues(house) and len(seen) >= 3


def test_one_venue_tells_its_hours_beyond_midnight(house):
    venue = ok(house.guest.get("/api/v1/venues/2"))
    assert venue["timezone"] == "Asia/Shanghai" and venue["checkin_early_minutes"] == 60
    assert {h["weekday"]: h["closes"] for h in venue["hours"]} == {
        1: "22:00", 2: "22:00", 3: "22:00", 4: "22:00", 5: "25:30", 6: "25:30", 7: "22:00"}
    assert all(h["opens"] == "08:00" for h in venue["hours"])


@pytest.mark.parametrize("path, status, code", [
    ("/api/v1/venues/9", 404, "venue_not_found"),
    ("/api/v1/venues/0", 404, "not_found"),
    ("/api/v1/venues/-1", 404, "not_found"),
    ("/api/v1/venues/01", 404, "not_found"),
    ("/api/v1/venues/1.0", 404, "not_found"),
    ("/api/v1/venues/one", 404, "not_found"),
    ("/api/v1/venues/9007199254740993", 404, "not_found"),
    ("/api/v1/venues/99999999999999999999", 404, "not_found"),
    ("/api/v1/venues/", 404, "not_found"),
])
def test_no_such_venue(house, path, status, code):
    refused(house.guest.get(path), status, code)


@pytest.mark.parametrize("query, code, field", [
    ({"limit": "0"}, "bad_field", "limit"),
    ({"limit": "-1"}, "bad_field", "limit"),
    ({"limit": "101"}, "bad_field", "limit"),
    ({"limit": "1000000000"}, "bad_field", "limit"),
    ({"limit": "1.5"}, "bad_field", "limit"),
    ({"limit": "1e1"}, "bad_field", "limit"),
    ({"limit": " 1"}, "bad_field", "limit"),
    ({"limit": ""}, "bad_field", "limit"),
    ({"limit": ["1", "1"]}, "bad_field", "limit"),
    ({"cursor": "0"}, "bad_field", "cursor"),
    ({"cursor": "abc"}, "bad_field", "cursor"),
    ({"cursor": "99999999999999999999"}, "bad_field", "cursor"),
    ({"offset": "1"}, "unknown_field", "offset"),
])
def test_a_wrong_page_is_refused(house, query, code, field):
    status = {"bad_field": 422, "unknown_field": 400}[code]
    refused(house.guest.get("/api/v1/venues", **query), status, code, field)
