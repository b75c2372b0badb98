"""Venues, sports, courts, units and blocks as staff keep them: every document has a version, and
what orders depend on stays."""
from threading import Thread

import pytest

from house import ok, refused
from place import (DAYTIME, ROOT, Files, Place, all_at_once, body_of, refusal, rule,
                   venue_body)
from slots import at, day

NOWHERE = 999_999_999


@pytest.fixture(scope="module")
def place(house, admin):
    made = Place(admin)
    yield made
    made.close(house.db)


@pytest.fixture
def fresh(house, admin):
    made = Place(admin)
    yield made
    made.close(house.db)


@pytest.fixture
def own(desk1):
    return Files(desk1)


def test_a_venue_that_staff_set_up_sells(house, place, customer):
    grid = place.grid(day(1))
    assert [c["id"] for c in grid["courts"]] == [place.court]
    assert {cell["price_fen"] for cell in grid["courts"][0]["cells"]} == {4000}
    assert len(grid["slots"]) == 14
    assert customer.paid_order(place.slot(day(1), 600))["amount_fen"] == 4000


class TestVersions:
    DOCUMENTS = ("", "/hours", "/prices", "/refund-rule", "/sports/1", "/courts/{court}",
                 "/units/{unit}")

    def path(self, place, document):
        return place.at + document.format(court=place.court, unit=place.unit)

    @pytest.mark.parametrize("document", DOCUMENTS)
    def test_a_save_needs_the_version_that_was_read(self, fresh, document):
        path = self.path(fresh, document)
        now, etag = fresh.read(path)
        answer = fresh.try_change(path)
        assert answer.status_code == 200 and answer.headers["ETag"] == f'"{int(etag[1:-1]) + 1}"'
        assert fresh.read(path)[1] == answer.headers["ETag"]
        refused(fresh.try_write(path, body_of(now), etag), 412, "version_changed")
        for other in ('"0"', 'W/"1"', '"8", "9"', '"x"', etag):
            refused(fresh.try_write(path, body_of(now), other), 412, "version_changed")
        for bad in ("1", "x", f'{etag} "9"', "*, *", '"1'):
            refused(fresh.try_write(path, body_of(now), bad), 400, "bad_request", "If-Match")
        missing = fresh.client.call("PUT", f"{ROOT}/{path}", json=body_of(now))
        refused(missing, 428, "version_missing")

    @pytest.mark.parametrize("document", DOCUMENTS)
    def test_a_list_names_it_among_others_and_a_star_whichever_it_is(self, fresh, document):
        """RFC 9110, 13.1.1"""
        path = self.path(fresh, document)
        now, etag = fresh.read(path)
        version = int(etag[1:-1])
        for n, match in enumerate((f'"900", {etag}', f'{etag} , "{version + 1}"', "*"), 1):
            answer = fresh.try_write(path, body_of(now), match)
            assert answer.status_code == 200, answer.text
            assert answer.headers["ETag"] == fresh.read(path)[1] == f'"{version + n}"'

    @pytest.mark.parametrize("document", DOCUMENTS)
    def test_who_has_it_already_is_told_so_without_it(self, fresh, document):
        path = self.path(fresh, document)
        now, etag = fresh.read(path)
        url = f"{ROOT}/{path}"
        for known in (etag, f"W/{etag}", f'"900", {etag}', "*"):
            answer = fresh.client.call("GET", url, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["ETag"] == etag and "Content-Type" not in answer.headers
        for other in ('"900"', "nonsense", etag[:-1]):
            answer = fresh.client.call("GET", url, headers={"If-None-Match": other})
            assert ok(answer) == now

    def test_a_removal_takes_a_list_or_a_star(self, fresh):
        for n, match in enumerate(('"1", "2"', "*")):
            unit = fresh.add(f"{fresh.at}/units", {"name": f"去{n}"})
            path = f"{fresh.at}/units/{unit['id']}"
            assert fresh.try_drop(path, match).status_code == 204
            refused(fresh.try_drop(path, "*"), 404, "not_found")

    @pytest.mark.parametrize("document", DOCUMENTS)
    def test_of_eight_desks_at_once_one_saves(self, fresh, document):
        path = self.path(fresh, document)
        now, etag = fresh.read(path)
        changes = [self.changed(document, body_of(now), n) for n in range(8)]
        answers = all_at_once(fresh.client, [("PUT", path, c, etag) for c in changes])
        assert sorted(a.status_code for a in answers) == [200] + [412] * 7
        winner = changes[[a.status_code for a in answers].index(200)]
        after, version = fresh.read(path)
        assert body_of(after) == winner
        assert version == f'"{int(etag[1:-1]) + 1}"'

    def changed(self, document: str, body: dict, n: int) -> dict:
        if document == "/hours":
            return {"hours": [{**line, "opens": f"{n:02}:00"} for line in body["hours"]]}
        if document == "/prices":
            return {"rules": [rule(4000 + 2 * n), *[rule(100, "00:00", "01:00")] * n]}
        if document == "/refund-rule":
            return {"tiers": [{"hours": 10 + n, "percent": n, "fee_fen": 0}]}
        if document == "/sports/1":
            return {"slot_minutes": 30 * (n + 1)}
        return {**body, "name": f"第 {n} 个"}

    def test_what_was_removed_cannot_be_removed_again(self, fresh):
        unit = fresh.add(f"{fresh.at}/units", {"name": "二"})
        path = f"{fresh.at}/units/{unit['id']}"
        answers = all_at_once(fresh.client, [("DELETE", path, None, '"1"')] * 6)
        assert sorted(a.status_code for a in answers) == [204] + [404] * 5
        assert fresh.client.get(f"{ROOT}/{path}").status_code == 404


class TestAdding:
    @pytest.mark.parametrize("what, body", [
        ("units", {"name": "又"}), ("courts", {"sport_id": 1, "name": "又", "units": []}),
        ("exceptions", {"day": day(9), "hours": [], "reason": "检修"}),
        ("sports", {"sport_id": 2, "slot_minutes": 60})])
    def test_a_repeat_gets_the_headers_of_the_first_too(self, fresh, what, body):
        one, again = (fresh.try_add(f"{fresh.at}/{what}", body, key=f"{what}-{fresh.id}")
                      for _ in range(2))
        own = {"X-Request-Id", "Idempotent-Replay", "Date", "RateLimit", "RateLimit-Policy"}
        heads = [{k: v for k, v in a.headers.items() if k not in own} for a in (one, again)]
        assert one.content == again.content and heads[0] == heads[1]
        assert one.headers["ETag"] == '"1"' and "Idempotent-Replay" in again.headers

    def test_a_repeat_adds_nothing(self, fresh):
        path, body = f"{fresh.at}/units", {"name": "又一"}
        one, again = (fresh.try_add(path, body, key="unit-" + str(fresh.id)) for _ in range(2))
        assert ok(one, 201) == ok(again, 201) and "Idempotent-Replay" in again.headers
        assert len(ok(fresh.client.get(f"{ROOT}/{path}"))["items"]) == 2

    def test_names_are_given_once(self, fresh):
        refusal(fresh.try_add(f"{fresh.at}/units", {"name": "一"}), 409, "name_taken", "name")
        court = fresh.read(f"{fresh.at}/courts/{fresh.court}")[0]
        again = {"sport_id": 1, "name": court["name"], "units": []}
        refusal(fresh.try_add(f"{fresh.at}/courts", again), 409, "name_taken", "name")
        refusal(fresh.try_add(f"{fresh.at}/sports", {"sport_id": 1, "slot_minutes": 30}), 409,
                "name_taken", "sport_id")
        refusal(fresh.try_add("sports", {"code": "tennis", "name": "网球"}), 409, "name_taken",
                "code")
        other = fresh.add(f"{fresh.at}/units", {"name": "二"})["id"]
        refusal(fresh.try_change(f"{fresh.at}/units/{other}", name="一"), 409, "name_taken",
                "name")

    @pytest.mark.parametrize("name", ["Ａ场", "a场", " A场", "A场\u3000", "\uff41场", "A\u573a"])
    def test_names_that_look_alike_are_one(self, fresh, name):
        court = {"sport_id": 1, "name": "A场", "units": []}
        at_units, at_courts = f"{fresh.at}/units", f"{fresh.at}/courts"
        fresh.add(at_units, {"name": "A场"})
        fresh.add(at_courts, court)
        refusal(fresh.try_add(at_units, {"name": name}), 409, "name_taken", "name")
        refusal(fresh.try_add(at_courts, {**court, "name": name}), 409, "name_taken", "name")
        for path, more in ((at_units, {}), (at_courts, {"sport_id": 1, "units": []})):
            other = fresh.add(path, {"name": "A 场", **more})  # a blank inside makes another name
            assert fresh.read(f"{path}/{other['id']}")[0]["name"] == "A 场"
            refusal(fresh.try_add(path, {"name": "a\u3000 场", **more}), 409, "name_taken", "name")
            refusal(fresh.try_change(f"{path}/{other['id']}", name=name), 409, "name_taken", "name")
            ok(fresh.try_change(f"{path}/{other['id']}", name="ａ  场"))  # its own name

    @pytest.mark.parametrize("hidden", ["\u200b", "\u200d", "\u034f", "\u17b4", "\U000e0041"])
    def test_a_name_hides_nothing(self, fresh, hidden):
        for name in (f"A{hidden}场", f"A场{hidden}", f"{hidden}A场"):
            refusal(fresh.try_add(f"{fresh.at}/units", {"name": name}), 422, "bad_field", "name")

    def test_a_name_is_stored_without_blanks_around_it_and_composed(self, fresh):
        made = fresh.add(f"{fresh.at}/units", {"name": "\u3000Cafe\u0301 \u00a0"})
        assert fresh.read(f"{fresh.at}/units/{made['id']}")[0]["name"] == "Caf\u00e9"

    def test_of_names_alike_given_at_once_one_is_taken(self, fresh):
        names = ["B场", "Ｂ场", "b场", " B场", "ｂ场", "b场\u3000"]
        for what, more in (("units", {}), ("courts", {"sport_id": 1, "units": []})):
            answers = all_at_once(fresh.client, [
                ("POST", f"{fresh.at}/{what}", {"name": name, **more}, None) for name in names])
            assert sorted(a.status_code for a in answers) == [201] + [409] * 5
            assert {a.json()["error"]["code"] for a in answers if a.status_code == 409} == \
                {"name_taken"}

    def test_lists_page_by_cursor(self, fresh):
        made = [fresh.add(f"{fresh.at}/units", {"name": f"第 {n}"})["id"] for n in range(5)]
        seen, cursor = [], None
        while cursor is not None or not seen:
            page = ok(fresh.client.get(f"{ROOT}/{fresh.at}/units", limit=2, cursor=cursor))
            seen += [u["id"] for u in page["items"]]
            cursor = page["next_cursor"]
        assert sorted([fresh.unit, *made]) == seen


BAD_VENUES = [({"name": ""}, "name"), ({"name": None}, "name"),
              ({"timezone": "Mars/Olympus"}, "timezone"),
              ({"timezone": "UTC+8"}, "timezone"), ({"timezone": "Asia/Kathmandu"}, "timezone"),
              ({"timezone": "Australia/Eucla"}, "timezone"),
              ({"timezone": "Pacific/Chatham"}, "timezone"), ({"window_days": 401}, "window_days"),
              ({"window_days": -1}, "window_days"), ({"ends_on": "2026-02-30"}, "ends_on"),
              ({"checkin_early_minutes": 1441}, "checkin_early_minutes"),
              ({"longest_minutes": 0}, "longest_minutes"),
              ({"longest_minutes": 1830}, "longest_minutes"),
              ({"longest_minutes": 100}, "longest_minutes")]


@pytest.mark.parametrize("change, field", BAD_VENUES)
def test_a_bad_venue_names_its_field(place, change, field):
    now = place.read(place.at)
    refusal(place.try_add("venues", venue_body(**change)), 422, "bad_field", field)
    refusal(place.try_change(place.at, **change), 422, "bad_field", field)
    assert place.read(place.at) == now


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "Australia/Lord_Howe",
                                  "America/St_Johns", "Europe/Berlin", "America/New_York"])
def test_a_venue_sells_in_every_zone_of_half_hours(fresh, customer, zone):
    fresh.change(fresh.at, timezone=zone)
    slot = fresh.grid(day(2))["slots"][0]
    own = fresh.slot(day(2), 0)._replace(start=slot["start"], end=slot["end"])
    assert customer.order(own)["amount_fen"] == 4000


@pytest.mark.parametrize("change, status, code, field", [
    ({"name": ""}, 422, "bad_field", "name"),
    ({"sport_id": NOWHERE}, 422, "sport_not_found", "sport_id"),
    ({"sport_id": 2}, 422, "sport_not_found", "sport_id"),
    ({"units": [NOWHERE]}, 422, "bad_field", "units[0]"),
    ({"units": [1]}, 422, "bad_field", "units[0]"),  # of venue 1
    ({"position": -1}, 422, "bad_field", "position")])
def test_a_bad_court_names_its_field(place, change, status, code, field):
    body = {"sport_id": 1, "name": "新", "units": [], **change}
    refusal(place.try_add(f"{place.at}/courts", body), status, code, field)
    twice = {**body, "sport_id": 1, "name": "新", "position": 0, "units": [place.unit] * 2}
    refusal(place.try_add(f"{place.at}/courts", twice), 422, "bad_field", "units[1]")


@pytest.mark.parametrize("body, code, field", [
    ({"sport_id": 2, "slot_minutes": 45}, "bad_field", "slot_minutes"),
    ({"sport_id": 2, "slot_minutes": 510}, "bad_field", "slot_minutes"),
    ({"sport_id": NOWHERE, "slot_minutes": 60}, "sport_not_found", "sport_id")])
def test_a_bad_offer_names_its_field(place, body, code, field):
    refusal(place.try_add(f"{place.at}/sports", body), 422, code, field)


def test_a_court_without_units_is_not_for_sale(house, fresh):
    bare = fresh.new_court()
    courts = fresh.grid(day(1))["courts"]
    assert [c["id"] for c in courts] == [fresh.court]
    other = fresh.add(f"{fresh.at}/units", {"name": "二"})["id"]
    fresh.change(f"{fresh.at}/courts/{bare}", units=[other])
    assert {c["id"] for c in fresh.grid(day(2))["courts"]} == {fresh.court, bare}


class TestWhatOrdersDependOn:
    @pytest.fixture
    def sold(self, fresh, customer):
        return customer.paid_order(fresh.slot(day(3), 600))

    def names(self, order) -> dict:
        return {"total": 1, "orders": [{"id": order["id"], "no": order["no"],
                                        "date": order["date"]}]}

    def test_it_stays(self, fresh, sold):
        court, unit = f"{fresh.at}/courts/{fresh.court}", f"{fresh.at}/units/{fresh.unit}"
        assert refusal(fresh.try_drop(court), 409, "in_use") == self.names(sold)
        assert refusal(fresh.try_drop(unit), 409, "in_use") == {
            "courts": [fresh.court], "held": True}
        refusal(fresh.try_drop(f"{fresh.at}/sports/1"), 409, "in_use")
        assert refusal(fresh.try_drop(fresh.at), 409, "in_use") == self.names(sold)
        refusal(fresh.try_drop("sports/1"), 409, "in_use")
        for path in (court, unit, f"{fresh.at}/sports/1", fresh.at):
            fresh.read(path)

    def test_also_when_it_was_given_up(self, fresh, sold, customer):
        customer.cancel(sold)
        path = f"{fresh.at}/courts/{fresh.court}"
        assert refusal(fresh.try_drop(path), 409, "in_use") == self.names(sold)

    def test_its_units_stay_while_it_is_ahead(self, fresh, sold, customer):
        other = fresh.add(f"{fresh.at}/units", {"name": "二"})["id"]
        path = f"{fresh.at}/courts/{fresh.court}"
        for units in ([], [other], [fresh.unit, other]):
            assert refusal(fresh.try_change(path, units=units), 409, "in_use",
                           "units") == self.names(sold)
        fresh.change(path, units=[fresh.unit], name="换个名字")
        customer.cancel(sold)
        assert fresh.change(path, units=[other])["units"] == [other]

    def test_its_zone_stays_while_it_is_ahead(self, fresh, sold, customer):
        assert refusal(fresh.try_change(fresh.at, timezone="Asia/Tokyo"), 409, "in_use",
                       "timezone") == self.names(sold)
        customer.cancel(sold)
        assert fresh.change(fresh.at, timezone="Asia/Tokyo")["timezone"] == "Asia/Tokyo"

    @pytest.mark.parametrize("what", ["court", "venue"])
    def test_it_ends_on_a_date(self, fresh, sold, what, customer):
        path = f"{fresh.at}/courts/{fresh.court}" if what == "court" else fresh.at
        for on in (day(0), day(3)):
            assert refusal(fresh.try_change(path, ends_on=on), 409, "in_use",
                           "ends_on") == self.names(sold)
        assert fresh.change(path, ends_on=day(4))["ends_on"] == day(4)
        grid = f"/api/v1/venues/{fresh.id}/availability"
        ok(customer.get(grid, sport="badminton", date=day(3)))
        after = customer.get(grid, sport="badminton", date=day(4))
        refusal(after, 422, *(("sport_not_found", "sport") if what == "court" else
                              ("date_outside_window", "date")))
        late = customer.try_order(fresh.slot(day(4), 600))
        refusal(late, 422, *(("court_not_found", "periods[0]") if what == "court" else
                             ("date_outside_window", "date")))
        customer.cancel(sold)
        fresh.change(path, ends_on=day(0))
        if what == "venue":
            assert customer.get(f"/api/v1/venues/{fresh.id}").status_code == 404
        fresh.change(path, ends_on=None)
        ok(customer.get(grid, sport="badminton", date=day(5)))

    def test_what_nobody_used_goes(self, house, admin):
        place = Place(admin)
        refusal(place.try_drop(place.at), 409, "in_use")
        refusal(place.try_drop(f"{place.at}/sports/1"), 409, "in_use")
        for path in (f"/courts/{place.court}", f"/units/{place.unit}", "/sports/1", ""):
            place.drop(place.at + path)
        assert place.client.get(f"{ROOT}/{place.at}").status_code == 404
        left = sum(house.db.value(f"SELECT count(*) FROM {t} WHERE venue_id = %s", place.id)
                   for t in ("opening", "price_rule", "venue_sport", "court", "unit"))
        assert left == 0

    def test_a_court_with_a_price_of_its_own_stays(self, fresh):
        path = f"{fresh.at}/courts/{fresh.court}"
        fresh.write(f"{fresh.at}/prices", {"rules": [rule(100), rule(200, court_id=fresh.court)]})
        assert refusal(fresh.try_drop(path), 409, "in_use") == {"prices": 1, "blocks": 0}


class TestBlocks:
    def body(self, place, on, opens, closes, **more):
        return {"court_id": place.court, "start": at(on, opens), "end": at(on, closes),
                "reason": "换地胶", **more}

    def test_nothing_is_sold_where_one_is(self, house, fresh, customer):
        block = fresh.add(f"{fresh.at}/blocks", self.body(fresh, day(2), 600, 720))
        cells = fresh.grid(day(2))["courts"][0]["cells"]
        assert [c["state"] for c in cells[1:5]] == ["free", "closed", "closed", "free"]
        refused(customer.try_order(fresh.slot(day(2), 600)), 409, "slot_taken", "periods[0]")
        path = f"{fresh.at}/blocks/{block['id']}"
        moved = fresh.change(path, start=at(day(2), 780), end=at(day(2), 840))
        assert moved["start"] == at(day(2), 780) and moved["reason"] == "换地胶"
        customer.order(fresh.slot(day(2), 600))
        refused(customer.try_order(fresh.slot(day(2), 780)), 409, "slot_taken", "periods[0]")
        fresh.drop(path)
        customer.order(fresh.slot(day(2), 780))
        assert not house.db.value("SELECT count(*) FROM occupancy WHERE block_id = %s", block["id"])

    def test_it_is_refused_over_what_is_sold(self, house, fresh, customer):
        order = customer.order(fresh.slot(day(2), 660))
        add = f"{fresh.at}/blocks"
        refusal_of = {"total": 1, "blocks": [],
                      "orders": [{"id": order["id"], "no": order["no"], "date": day(2)}]}
        over = self.body(fresh, day(2), 600, 720)
        assert refusal(fresh.try_add(add, over), 409, "in_use") == refusal_of
        beside = fresh.add(add, self.body(fresh, day(2), 720, 780))
        path = f"{add}/{beside['id']}"
        assert refusal(fresh.try_change(path, start=at(day(2), 690)), 409, "in_use") == refusal_of
        clash = refusal(fresh.try_add(add, self.body(fresh, day(2), 750, 810)), 409, "in_use")
        assert clash == {"total": 1, "orders": [], "blocks": [beside["id"]]}
        held = house.db.rows("SELECT at FROM occupancy WHERE block_id = %s", beside["id"])
        assert len(held) == 2
        refusal(fresh.try_change(f"{fresh.at}/courts/{fresh.court}", units=[]), 409, "in_use",
                "units")

    def test_of_orders_and_a_block_at_once_one_side_wins(self, house, fresh):
        for n in range(6):
            slot = fresh.slot(day(3), 540 + 60 * n)
            block = self.body(fresh, day(3), 540 + 60 * n, 600 + 60 * n)
            guest = house.customer()
            got = {}
            ordering = Thread(target=lambda: got.update(order=guest.try_order(slot)))
            ordering.start()
            got["block"] = fresh.try_add(f"{fresh.at}/blocks", block)
            ordering.join()
            assert sorted(a.status_code for a in got.values()) == [201, 409], \
                [a.text for a in got.values()]

    @pytest.mark.parametrize("change, code, field", [
        ({"start": at(day(2), 615)}, "bad_field", "start"),
        ({"end": at(day(2), 600)}, "bad_field", "end"),
        ({"end": at(day(2), 615)}, "bad_field", "end"),
        ({"end": at(day(400), 600)}, "bad_field", "end"),
        ({"court_id": 1}, "court_not_found", "court_id"),  # of venue 1
        ({"reason": ""}, "bad_field", "reason")])
    def test_a_bad_one_names_its_field(self, place, change, code, field):
        body = self.body(place, day(2), 600, 720, **change)
        refusal(place.try_add(f"{place.at}/blocks", body), 422, code, field)

    def test_the_list_is_of_what_is_ahead(self, fresh):
        past = fresh.add(f"{fresh.at}/blocks", self.body(fresh, day(-3), 600, 720))
        ahead = fresh.add(f"{fresh.at}/blocks", self.body(fresh, day(3), 600, 720))
        path = f"{ROOT}/{fresh.at}/blocks"
        assert [b["id"] for b in ok(fresh.client.get(path))["items"]] == [ahead["id"]]
        all_of_them = ok(fresh.client.get(path, **{"from": day(-4)}))["items"]
        assert {b["id"] for b in all_of_them} == {past["id"], ahead["id"]}


class TestRights:
    def test_an_operator_keeps_the_own_venue_only(self, own):
        assert [v["id"] for v in ok(own.client.get(f"{ROOT}/venues"))["items"]] == [1]
        own.read("venues/1")
        for path in ("", "/hours", "/prices", "/refund-rule", "/sports/1", "/courts/21",
                     "/units/21", "/exceptions/20270101", "/blocks/1", "/courts", "/units",
                     "/sports", "/exceptions", "/blocks"):
            assert own.client.get(f"{ROOT}/venues/2{path}").status_code == 404, path
        assert own.client.get(f"{ROOT}/venues/1/courts/21").status_code == 404

    def test_an_operator_changes_nothing_elsewhere(self, own):
        for path, body in (("", venue_body()), ("/hours", {"hours": DAYTIME}),
                           ("/prices", {"rules": [rule(4000)]}), ("/refund-rule", {"tiers": []}),
                           ("/sports/1", {"slot_minutes": 60}), ("/units/21", {"name": "x"}),
                           ("/courts/21", {"name": "x", "units": []})):
            refused(own.try_write(f"venues/2{path}", body, '"1"'), 404, "not_found")
        for path in ("/sports/1", "/courts/21", "/units/21"):
            refused(own.try_drop(f"venues/2{path}", '"1"'), 404, "not_found")
        for path, body in (("units", {"name": "x"}),
                           ("sports", {"sport_id": 4, "slot_minutes": 60}),
                           ("courts", {"sport_id": 1, "name": "x", "units": []}),
                           ("exceptions", {"day": day(2), "hours": []}),
                           ("blocks", {"court_id": 21, "start": at(day(2), 600),
                                       "end": at(day(2), 660), "reason": "x"})):
            refused(own.try_add(f"venues/2/{path}", body), 404, "not_found")

    def test_the_platforms_own_is_for_admins(self, own):
        for path, body in (("venues", venue_body()), ("sports", {"code": "golf", "name": "x"}),
                           ("calendar", {"day": day(9), "kind": "holiday", "name": "x"})):
            refused(own.try_add(path, body), 403, "forbidden")
        refused(own.try_drop("venues/1", '"1"'), 403, "forbidden")
        refused(own.try_write("sports/1", {"name": "x"}, '"1"'), 403, "forbidden")
        assert own.read("sports/1")[0]["code"] == "badminton"


def test_a_sport_comes_and_goes(admin):
    files = Files(admin)
    bad = files.try_add("sports", {"code": "Golf", "name": "高尔夫"})
    refusal(bad, 422, "bad_field", "code")
    sport = files.add("sports", {"code": "test_golf", "name": "高尔夫"})
    path = f"sports/{sport['id']}"
    assert files.change(path, name="高球")["name"] == "高球"
    files.drop(path)
    assert admin.get(f"{ROOT}/{path}").status_code == 404
