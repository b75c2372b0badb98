"""Who of the staff changed what: each change leaves its entry, nothing takes one away, and they are
found by all that they say."""
import uuid
from datetime import datetime, timedelta

import psycopg2
import pytest

from belongings import Belongings
from database import Database
from house import Client, ok, refused
from slots import CHINA

PATH = "/api/v1/staff/audit"
# Staff write these as a consequence of what the log has, or only to note that they asked.
NOT_LOGGED = {
    "message": "tells others of a change", "idempotency": "the answer, for a repeat",
    "checkin_try": "is a log itself", "occupancy": "follows from items and blocks",
    "booking_day": "counts items", "payment_attempt": "sums up refunds",
}


def entries(house, answer) -> list:
    """Of this request, in their order."""
    return house.db.rows(
        "SELECT entity, entity_id, action, before, after, actor_id, venue_id FROM audit_log"
        " WHERE operation_id = %s ORDER BY id", answer.headers["X-Request-Id"])


def count(house) -> int:
    return house.db.value("SELECT count(*) FROM audit_log")


def test_a_refund_tells_who_where_and_what(house, desk2, slots, customer):
    order = customer.paid_order(*slots.take(1, venue=2))
    answer = desk2.try_refund(order, 100, release=order["items"])
    refund = ok(answer, 201)
    told = {entity: rest for entity, *rest in entries(house, answer)}
    assert set(told) == {"refund", "orders", "order_item"}
    assert all(rest[4:] == [3, 2] for rest in told.values())  # desk2, of venue 2
    name, action, before, after = told["refund"][:4]
    assert (name, action, before) == (str(refund["id"]), "insert", None)
    assert after["amount_fen"] == 100 and after["reason"] == "灯坏了" and "request" not in after
    item, = order["items"]
    assert told["order_item"][:3] == [str(item["id"]), "update", {
        "state": "booked", "refund_id": None, "released_at": None}]
    assert told["order_item"][3]["state"] == "released"
    assert house.db.value(  # of an order that was changed twice, each time
        "SELECT count(*) FROM audit_log WHERE entity = 'orders' AND entity_id = %s",
        str(order["id"])) == 2


def test_a_refused_action_leaves_none(house, desk2, slots, customer):
    order = customer.paid_order(slots.one(venue=2))
    answer = desk2.try_refund(order, order["amount_fen"] + 1)
    refused(answer, 409, "refund_too_much")
    assert entries(house, answer) == []


def test_a_repeat_leaves_no_second_one(house, desk2, slots, customer):
    order, key = customer.paid_order(slots.one(venue=2)), str(uuid.uuid4())
    first, again = (desk2.try_refund(order, 100, key=key) for _ in range(2))
    assert entries(house, first) and entries(house, again) == []


def test_a_check_in(house, desk1, slots, customer):
    order = customer.paid_order(*slots.soon(1))
    answer = desk1.check_in(customer.code(order)["qr_text"])
    item, = ok(answer, 201)["items"]
    told = {entity: rest for entity, *rest in entries(house, answer)}
    assert told["checkin"][0] == told["order_item"][0] == str(item["id"])
    assert told["checkin"][3]["method"] == "scan" and told["checkin"][4:] == [2, 1]
    assert told["order_item"][2:4] == [{"state": "booked"}, {"state": "used"}]


def test_customers_and_jobs_are_not_staff(house, slots, customer):
    before = count(house)
    order = customer.paid_order(*slots.take(2, venue=2))
    customer.code(order)
    customer.cancel(order, order["items"][:1])
    customer.cancel(customer.order(slots.one()))
    house.settle()
    assert count(house) == before


@pytest.fixture(scope="module")
def place(house):
    """A venue, and its front desk."""
    made = Belongings(house.db)
    made.desk = Client(house, ok(house.log_in_staff(made["username"]))["access_token"])
    yield made
    made.remove()


def test_a_password_leaves_an_entry_and_not_itself(house, place):
    old = (house.run / "demo-password").read_text()
    answer = place.desk.post("/api/v1/staff/me/password",
                             {"password": old, "new_password": "k7fqxm2ta9we"}, key=None)
    assert answer.status_code == 204, answer.text
    mine = [e for e in entries(house, answer) if e[0] == "staff_login"]
    assert [e[1] for e in mine] == [str(place["staff"])]
    assert mine[0][3]["password_hash"] == mine[0][4]["password_hash"] == "***"
    assert house.db.value("SELECT count(*) FROM audit_log WHERE coalesce(before::text, '')"
                          " || coalesce(after::text, '') ~ '[$]y[$]|argon2'") == 0


@pytest.fixture
def at_work(house, place):
    """Statements of the desk, without a program; undone."""
    staff = Database(house.run, "postgres")
    staff.run("BEGIN")
    staff.run("SET LOCAL SESSION AUTHORIZATION zx_staff")
    session = house.db.value("SELECT id FROM session WHERE account_id = %s AND ended_at IS NULL",
                             place["staff"])
    staff.run("SELECT staff_enter(%s, %s, 'venue', 'op-1')", session, place["staff"])
    staff.run("RESET SESSION AUTHORIZATION")  # as if all were granted
    yield staff
    staff.run("ROLLBACK")
    staff.close()


def last(db) -> tuple:
    return db.run("SELECT entity, entity_id, action, before, after, venue_id FROM audit_log"
                  " WHERE operation_id = 'op-1' ORDER BY id DESC LIMIT 1")[0]


def test_who_a_customer_is_stays_out(at_work, place):
    at_work.run("UPDATE account SET phone = '13800001234', nickname = '新名' WHERE id = %s",
                place["account"])
    assert last(at_work) == ("account", str(place["account"]), "update", {
        "nickname": "***", "phone": f"139****{place['phone'][-4:]}"}, {
        "nickname": "***", "phone": "138****1234"}, place["venue"])


def test_a_colleagues_name_is_told(at_work, place):
    at_work.run("UPDATE account SET nickname = '新名' WHERE id = %s", place["staff"])
    assert last(at_work)[4] == {"nickname": "新名"}


def test_a_document_is_kept_whole_and_what_did_not_change_is_not(at_work, place):
    tiers = '[{"hours": 1, "percent": 50, "fee_fen": 0}]'
    at_work.run("UPDATE venue SET refund_tiers = %s WHERE id = %s", tiers, place["venue"])
    *_, before, after, venue = last(at_work)
    assert before == {"refund_tiers": [{"hours": 24, "percent": 100, "fee_fen": 0}]}
    assert after == {"refund_tiers": [{"hours": 1, "percent": 50, "fee_fen": 0}]}
    assert venue == place["venue"]


def test_a_key_of_several_columns_is_one_name(at_work, place):
    at_work.run("DELETE FROM opening WHERE venue_id = %s", place["venue"])
    assert last(at_work) == ("opening", f"{place['venue']}/1/480", "delete", {
        "venue_id": place["venue"], "weekday": 1, "opens": 480, "closes": 1320}, None,
        place["venue"])


def test_the_same_again_is_no_change(at_work, place):
    at_work.run("UPDATE venue SET name = name")
    assert at_work.run("SELECT 1 FROM audit_log WHERE operation_id = 'op-1'") == []


def test_every_table_that_staff_write_is_watched(house):
    writable = {name for name, in house.db.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND (has_any_column_privilege('zx_staff', oid, 'INSERT, UPDATE')"
        "  OR has_table_privilege('zx_staff', oid, 'DELETE'))")}
    watched = {name for name, in house.db.rows(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit'"
        " AND tgtype & 29 = 29 AND tgenabled = 'O'")}  # each row, all three events
    assert writable - watched == set(NOT_LOGGED)


# -- append-only -------------------------------------------------------------------------------

WAYS = ["UPDATE audit_log SET action = 'insert'", "UPDATE audit_log SET actor_id = 1 WHERE false",
        "DELETE FROM audit_log", "DELETE FROM audit_log WHERE id = 1", "TRUNCATE audit_log",
        "TRUNCATE audit_log RESTART IDENTITY CASCADE",
        "WITH gone AS (DELETE FROM audit_log RETURNING 1) SELECT * FROM gone",
        "MERGE INTO audit_log a USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
        "MERGE INTO audit_log a USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE"
        " SET actor_id = 1",
        "INSERT INTO audit_log (actor_id, entity, entity_id, action, after, operation_id)"
        " SELECT 1, 'x', '1', 'insert', '{}', 'x' ON CONFLICT (id) DO UPDATE SET actor_id = 1"]
MORE = ["INSERT INTO audit_log (actor_id, entity, entity_id, action, after, operation_id)"
        " VALUES (1, 'x', '1', 'insert', '{}', 'x')", "COPY audit_log FROM stdin",
        "ALTER TABLE audit_log DISABLE TRIGGER ALL", "DROP TRIGGER audit_log_stays ON audit_log",
        "SET session_replication_role = replica", "DROP TABLE audit_log",
        "ALTER TABLE audit_log ALTER action TYPE text USING 'x'"]


@pytest.mark.parametrize("role", ["zx", "zx_staff", "zx_owner"])
def test_an_entry_stays_as_it_is(house, at_work, role):
    """For the programs' roles there is no way at all; the owner is stopped by a trigger."""
    at_work.run("UPDATE account SET nickname = '甲' WHERE id = 1")
    before = at_work.run("SELECT * FROM audit_log ORDER BY id")
    for way in WAYS + (MORE if role != "zx_owner" else []):
        at_work.run("SAVEPOINT way")
        at_work.run(f"SET LOCAL SESSION AUTHORIZATION {role}")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            at_work.run(way)
        at_work.run("ROLLBACK TO way")
        at_work.run("RESET SESSION AUTHORIZATION")
        assert at_work.run("SELECT * FROM audit_log ORDER BY id") == before, way


# -- the search --------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def story(house, desk1, desk2, slots) -> dict:
    """What two desks did, each by one request: name -> the entries' request."""
    customer = house.customer()
    one, two = customer.paid_order(slots.one()), customer.paid_order(slots.one(venue=2))
    return {"one": desk1.try_refund(one, 100), "two": desk2.try_refund(two, 100),
            "orders": (one, two)}


def search(admin, **asked) -> list:
    return ok(admin.get(PATH, **asked))["items"]


def operation(story, name: str) -> str:
    return story[name].headers["X-Request-Id"]


def test_a_request_is_found_with_all_that_it_did(house, admin, story):
    found = search(admin, operation=operation(story, "two"))
    assert {e["entity"] for e in found} == {"refund", "orders"}
    refund, = (e for e in found if e["entity"] == "refund")
    assert (refund["actor_id"], refund["actor"], refund["venue_id"]) == (3, "江畔前台", 2)
    assert refund["entity_id"] == str(story["two"].json()["id"])
    assert (refund["action"], refund["before"]) == ("insert", None)
    assert refund["after"]["amount_fen"] == 100
    assert [e["id"] for e in found] == sorted((e["id"] for e in found), reverse=True)


@pytest.mark.parametrize("asked, fits", [
    ({"actor": 3}, lambda e: e["actor_id"] == 3),
    ({"venue": 2}, lambda e: e["venue_id"] == 2),
    ({"entity": "refund"}, lambda e: e["entity"] == "refund"),
    ({"action": "insert"}, lambda e: e["action"] == "insert"),
    ({"actor": 3, "entity": "orders", "action": "update"}, lambda e: (
        e["actor_id"], e["entity"], e["action"]) == (3, "orders", "update")),
])
def test_it_is_found_by_what_it_says_and_nothing_else_is(admin, story, asked, fits):
    found = search(admin, limit=100, **asked)
    assert found and all(fits(e) for e in found)
    both = search(admin, limit=100, operation=operation(story, "two"))
    assert {e["id"] for e in both if fits(e)} <= {e["id"] for e in found}


def test_one_thing_has_its_history(admin, desk2, story):
    order = story["orders"][1]
    name = {"entity": "orders", "entity_id": str(order["id"])}
    before = len(search(admin, **name))
    desk2.refund(order, 50)
    newest, *rest = search(admin, **name)
    assert len(rest) == before and newest["before"]["refunded_fen"] == 100
    assert newest["after"]["refunded_fen"] == 150
    assert search(admin, entity="refund", entity_id=str(order["id"])) == []


def test_from_is_in_it_and_to_is_not(admin, story):
    entry, *_ = search(admin, operation=operation(story, "two"))
    moment = datetime.fromisoformat(entry["at"]).astimezone(CHINA)
    tick = timedelta(microseconds=1000)
    name = {"operation": operation(story, "two")}
    assert search(admin, **name, **{"from": moment.isoformat()})
    assert search(admin, **name, **{"from": (moment + tick).isoformat()}) == []
    assert search(admin, **name, to=moment.isoformat()) == []
    assert search(admin, **name, to=(moment + tick).isoformat())


@pytest.mark.parametrize("asked", [{}, {"actor": 3}, {"venue": 2}, {"entity": "orders"},
                                   {"action": "update"}, {"entity": "refund", "venue": 2}])
def test_pages_put_together_are_the_whole_once(house, admin, story, asked):
    seen, cursor = [], None
    while cursor is not None or not seen:
        page = ok(admin.get(PATH, limit=3, cursor=cursor, **asked))
        seen += [e["id"] for e in page["items"]]
        cursor = page["next_cursor"] if len(seen) < 30 else None
    column = {"actor": "actor_id", "venue": "venue_id"}
    where = " AND ".join(f"{column.get(k, k)} = %({k})s" for k in asked) or "true"
    want = house.db.rows(f"SELECT id FROM audit_log WHERE {where} ORDER BY at DESC, id DESC"
                         " LIMIT %(n)s", {**asked, "n": len(seen)})
    assert seen == [n for n, in want]


def test_it_wants_a_permission_of_its_own(desk1):
    refused(desk1.get(PATH), 403, "forbidden")


@pytest.mark.parametrize("query, field", [
    ({"actor": 0}, "actor"), ({"venue": "x"}, "venue"), ({"action": "truncate"}, "action"),
    ({"from": "2026-01-01"}, "from"), ({"operation": "short"}, "operation"),
    ({"entity": ""}, "entity"), ({"limit": 101}, "limit")])
def test_a_wrong_question_is_refused(admin, query, field):
    refused(admin.get(PATH, **query), 422, "bad_field", field)
