"""Every route of staff, by the programs' own tables: whom it lets in, and that nobody reaches
another venue's things through it. A new route is walked by itself; a new kind of id in a path, a
query or a body fails here until it is said what it names."""
import json
import os
import subprocess
import uuid
from pathlib import Path

import pytest

from belongings import Belongings
from house import Client, Staff, ok, refused
from slots import at, day

OPEN = ("guest", "public", "anybody", "user")  # the permissions that are none
# What an id in a path, a query or a body names: the key in Belongings.
IDS = {"venue": "venue", "order": "order", "refund": "refund", "item": "item", "ban": "ban",
       "violation": "violation", "account": "account", "court": "court", "unit": "unit",
       "sport": "sport", "block": "block", "day": "day_number", "cursor": "order", "actor": "staff",
       "venue_id": "venue", "court_id": "court", "units": "unit", "release": "booked", "items": "booked",
       "sport_id": "sport", "number": "number", "phone": "phone", "entity_id": "court"}
THERE = {"/staff/members/": {"account": "staff"}, "/staff/checkins": {"code": "short"}}
# Whole numbers that name nothing.
COUNTS = {"limit", "window_days", "longest_minutes", "checkin_early_minutes", "position", "slot_minutes", "weekday",
          "weekdays", "as_weekday", "hours", "percent"}
# The same for all venues: everybody may read them.
CATALOG = ("/api/v1/staff/sports/{sport}", "/api/v1/staff/calendar/{day}")
FROM_CATALOG = ("body", "sport_id")
OWN = "/api/v1/staff/me"  # about oneself
WORDS = {"opens": "10:00", "closes": "12:00", "time": "10:00", "timezone": "Asia/Shanghai",
         "username": "walker", "amount_fen": 10**9, "phone": "13900000000", "number": "1" * 22, "role": "operator",
         "roles": "operator", "start": at(day(9), 600), "end": at(day(9), 660),
         "from": at(day(0), 0), "to": at(day(1), 0), "new_password": "k7fqxm2ta9we",
         "day_kind": "holiday", "kind": None, "state": "x" * 43}
NEVER = 999_999  # a version, or an id, that nothing has


def read_routes() -> list:
    if not os.environ.get("ZX_TEST_RUN"):
        return []
    programs = Path(os.environ["ZX_TEST_RUN"]) / "app/libexec/zhixing"
    told = [subprocess.run([program, "--routes"], capture_output=True, text=True, check=True,
                           env={"PATH": "/usr/bin:/bin"}).stdout
            for program in sorted(programs.glob("*.fcgi"))]
    return [r for text in told for r in json.loads(text) if r["permission"] not in OPEN]


ROUTES = read_routes()
each_route = pytest.mark.parametrize(
    "route", ROUTES, ids=[f"{r['method']}_{r['path'].removeprefix('/api/v1/staff/')}" for r in ROUTES])


def places_of(route: dict) -> list:
    """Where the route takes an id: ("path", "order"), ("body", "court_id"), …"""
    path = [("path", part.partition("}")[0]) for part in route["path"].split("{")[1:]]
    told = path + ids_among("query", route["query"]) + ids_among("body", route["body"])
    return [(where, name) for where, name in told if key_of(route, name)]


def key_of(route: dict, name: str) -> str | None:
    for part, words in THERE.items():
        if part in route["path"] and name in words:
            return words[name]
    return IDS.get(name)


def ids_among(where: str, fields: list | None) -> list:
    found = []
    for field in fields or []:
        inner = field.get("of") or []
        if [f["name"] for f in inner] == [None]:
            inner = [{**inner[0], "name": field["name"]}]
        found += ids_among(where, inner)
        if field["kind"] != "date":
            found.append((where, field["name"]))
    return list(dict.fromkeys(found))


def numbers_among(fields: list | None) -> set:
    """The names of all whole numbers."""
    found = set()
    for field in fields or []:
        if field["kind"] == "integer":
            found.add(field["name"])
        bare = [{**f, "name": f["name"] or field["name"]} for f in field.get("of") or []]
        found |= numbers_among(bare)
    return found


class Request:
    """One that is right in its form, with given things in some places and others elsewhere."""

    def __init__(self, route: dict, theirs: dict, ours: dict, foreign: set):
        self.route, self.theirs, self.ours, self.foreign = route, theirs, ours, foreign

    def named(self, where: str, name: str):
        things = self.theirs if (where, name) in self.foreign else self.ours
        return things[key_of(self.route, name)]

    @property
    def path(self) -> str:
        return self.route["path"].format(**{
            name: self.named("path", name) for where, name in places_of(self.route)
            if where == "path"})  # of a day the number YYYYMMDD

    def value(self, where: str, field: dict):
        name, kind = field["name"], field["kind"]
        if (where, name) in places_of(self.route) and kind != "array":
            return self.named(where, name)
        if kind == "array":
            return self.element(where, field)
        if field["one_of"]:
            return field["one_of"].partition("|")[0]
        return {"integer": max(field["min"], 1), "fen": max(field["min"], 2), "boolean": True,
                "date": day(9), "date-time": at(day(9), 600),
                "string": "x" * max(field["min"], 1), **WORDS}[name if name in WORDS else kind]

    def element(self, where: str, field: dict) -> list:
        inner = field["of"]
        if [f["name"] for f in inner] == [None]:
            return [self.value(where, {**inner[0], "name": field["name"]})]
        return [{f["name"]: self.value(where, f) for f in inner if self.wanted(where, f)}]

    def wanted(self, where: str, field: dict) -> bool:
        """What is optional is only said if it is the point."""
        return not field["optional"] or (where, field["name"]) in self.foreign

    def send(self, client):
        def said(where, fields):
            return {f["name"]: self.value(where, f) for f in fields or [] if self.wanted(where, f)}
        headers = {"If-Match": f'"{NEVER}"'} if self.route["if_match"] else {}
        if self.route["idempotent"]:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        body = {"json": said("body", self.route["body"])} if self.route["body"] is not None else {}
        return client.call(self.route["method"], self.path, headers=headers,
                           params=said("query", self.route["query"]), **body)


def nothing(places: list) -> dict:
    """Ids of things that are not there."""
    return {**dict.fromkeys(IDS.values(), NEVER), "day_number": int(day(99).replace("-", "")), "number": "9" * 22,
            "phone": "13000000000", "short": "0" * 10, "places": places}


def harmless(route: dict) -> Request:
    return Request(route, {}, nothing(places_of(route)), set())


# -- who is let in -----------------------------------------------------------------------------

# What routes make that need no id, and what names it.
MADE = {"venue": "id", "sport": "id", "calendar_day": "day", "account": "id",
        "staff_login": "account_id", "account_role": "account_id"}


class Roles:
    """A member of staff, and a role of his own whose permissions are given and taken."""

    def __init__(self, db):
        self.db, self.id = db, db.value("SELECT nextval('id_block') * 256")
        self.role = f"walker{self.id}"
        db.run("INSERT INTO role (code, name) VALUES (%s, '走查')", self.role)
        db.run("INSERT INTO account (id, nickname) VALUES (%s, '走查')", self.id)
        db.run("INSERT INTO staff_login (account_id, username, password_hash) SELECT %s, %s,"
               " password_hash FROM staff_login WHERE account_id = 1", self.id, f"w{self.id}")
        db.run("INSERT INTO account_role VALUES (%s, %s, NULL)", self.id, self.role)

    def hold(self, *permissions):
        self.db.all_at_once(
            ("DELETE FROM role_permission WHERE role = %s", self.role),
            ("INSERT INTO role_permission SELECT %s, unnest(%s)", self.role, list(permissions)))

    def sign_in(self, house) -> Client:
        return Client(house, ok(house.log_in_staff(f"w{self.id}"))["access_token"])

    def remove(self):
        """With all that it was let make."""
        made = self.db.rows("SELECT entity, entity_id FROM audit_log WHERE actor_id = %s"
                            " AND action = 'insert' ORDER BY id DESC", self.id)
        self.db.all_at_once(
            *[(f"DELETE FROM {entity} WHERE {MADE[entity]}::text = %s", name)
              for entity, name in made],
            ("DELETE FROM account_role WHERE account_id = %s", self.id),
            ("DELETE FROM role_permission WHERE role = %s", self.role),
            ("DELETE FROM role WHERE code = %s", self.role))


@pytest.fixture
def walker(house):
    roles = Roles(house.db)
    yield roles
    roles.remove()


PERMISSIONS = sorted({route["permission"] for route in ROUTES})


@each_route
def test_without_a_login(house, route):
    refused(harmless(route).send(house.guest), 401, "unauthenticated")


@pytest.fixture(scope="module")
def a_customer(house):
    return house.customer()


@each_route
def test_a_customer_may_not(a_customer, route):
    answer = harmless(route).send(a_customer)
    refused(answer, 403, "forbidden")
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="zhixing", error="insufficient_scope"')


def test_a_permission_opens_its_own_routes_and_no_others(house, walker):
    client = walker.sign_in(house)
    for held in PERMISSIONS:
        walker.hold(held)
        for route in ROUTES:
            if route["path"].startswith(f"{OWN}/"):
                continue  # changes himself; below
            answer = harmless(route).send(client)
            if route["permission"] == held:
                assert answer.status_code not in (401, 403), (held, route["path"], answer.text)
            else:
                refused(answer, 403, "forbidden")


def test_what_is_about_oneself_wants_its_permission_too(house, walker):
    client = walker.sign_in(house)
    for route in ROUTES:
        if route["path"].startswith(OWN):
            walker.hold(*set(PERMISSIONS) - {route["permission"]})
            refused(harmless(route).send(client), 403, "forbidden")


def test_a_role_taken_away_is_gone_at_once(house, walker):
    walker.hold(*PERMISSIONS)
    client = walker.sign_in(house)
    ok(client.get(OWN))
    house.db.run("DELETE FROM account_role WHERE account_id = %s", walker.id)
    for route in ROUTES:
        refused(harmless(route).send(client), 403, "forbidden")


def test_who_has_to_choose_a_password_may_do_nothing_else(house, walker):
    walker.hold(*PERMISSIONS)
    client = walker.sign_in(house)
    house.db.run("UPDATE staff_login SET must_change = true WHERE account_id = %s", walker.id)
    for route in ROUTES:
        if route["permission"] != "staff.password":
            refused(harmless(route).send(client), 403, "password_change_required")


def test_a_disabled_member_of_staff_is_out_at_once(house, walker):
    walker.hold(*PERMISSIONS)
    client = walker.sign_in(house)
    house.db.run("UPDATE account SET disabled_at = now() WHERE id = %s", walker.id)
    for route in ROUTES:
        refused(harmless(route).send(client), 401, "session_ended")


# -- whose things he reaches -------------------------------------------------------------------

@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r['method']}_{r['path'][14:]}")
def test_each_number_is_known_to_name_something_or_nothing(route):
    names = {name for where, name in places_of(route) if where == "path"}
    names |= numbers_among(route["query"]) | numbers_among(route["body"])
    assert names <= set(IDS) | COUNTS, "say what this names, in IDS or COUNTS"


@pytest.fixture(scope="module")
def everything(house):
    """Front desks may do all that anybody may, at their venues."""
    before = house.db.rows("SELECT permission FROM role_permission WHERE role = 'manager'")
    house.db.run("INSERT INTO role_permission SELECT 'manager', unnest(%s)"
                 " ON CONFLICT DO NOTHING", PERMISSIONS)
    yield
    house.db.run("DELETE FROM role_permission WHERE role = 'manager' AND permission <> ALL (%s)",
                 [p for p, in before])


class Walk:
    """Every route, asked by somebody of one venue with ids of another in one place and in all."""

    def __init__(self, house):
        self.ours, self.theirs = Belongings(house.db, 30), Belongings(house.db, 40)
        self.us, self.them = (
            Client(house, ok(house.log_in_staff(b["username"]))["access_token"])
            for b in (self.ours, self.theirs))
        before = house.picture()
        self.answers = [(route, places, self.request(route, places).send(self.us))
                        for route in ROUTES for places in foreign_places(route)]
        after = house.picture()
        self.logged = {a for a, in house.db.rows("SELECT action FROM audit_log WHERE actor_id = %s",
                                                 self.ours["staff"])}
        self.changed = {t for t in after if before[t] != after[t]}

    def request(self, route: dict, foreign) -> Request:
        return Request(route, self.theirs, self.ours, set(foreign))


def foreign_places(route: dict) -> list:
    """Each place alone, and all of them; the catalog is nobody's."""
    places = [p for p in places_of(route)
              if route["path"] not in CATALOG and p != FROM_CATALOG]
    return list(dict.fromkeys([*((p,) for p in places), tuple(places)])) if places else []


@pytest.fixture(scope="module")
def walk(house, everything):
    made = Walk(house)
    yield made
    made.ours.remove()
    made.theirs.remove()


def test_the_walk_leads_everywhere(walk):
    asked = {(r["method"], r["path"]) for r, *_ in walk.answers}
    rest = [r for r in ROUTES if (r["method"], r["path"]) not in asked]
    assert all(r["path"] in CATALOG or set(places_of(r)) <= {FROM_CATALOG} for r in rest)
    assert len(walk.answers) > 50


def test_another_venues_things_are_not_there(walk):
    for route, places, answer in walk.answers:
        told = f"{route['method']} {route['path']} with their {places}: {answer.text}"
        if {where for where, _ in places} & {"path"} or ("body", "code") in places:
            assert answer.status_code in (403, 404), told
        elif "body" in {where for where, _ in places}:
            assert 400 <= answer.status_code < 500, told


def test_no_answer_tells_of_another_venue(walk):
    for route, places, answer in walk.answers:
        for name in ("tag", "number", "short", "phone", "username"):
            assert walk.theirs[name] not in answer.text, (route["path"], places, answer.text)


def test_nothing_was_changed_by_asking(walk):
    assert walk.changed <= {"checkin_try", "session", "audit_log"}
    assert walk.logged == {"search"}


def test_those_of_that_venue_find_them(walk):
    """Else the walk would prove nothing. They go last: what they ask for is done."""
    for route in sorted(ROUTES, key=lambda r: r["method"] == "DELETE"):
        places = [p for p in places_of(route) if p[0] == "path"]
        if places and route["path"] not in CATALOG:
            answer = Request(route, walk.theirs, walk.theirs, set(places)).send(walk.them)
            may = pools_without_rows(route)
            assert answer.status_code not in (401, 404, *(() if may else (403,))), (
                f"{route['method']} {route['path']}: {answer.status_code} {answer.text}")


def pools_without_rows(route: dict) -> bool:
    """Not under row level security, hence only for those who may do it everywhere."""
    return route["pool"] != "staff"
