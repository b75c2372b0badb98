"""Who of the staff changed what: each change leaves its entry, nothing takes one away, and they are
found by all that they say."""
import json
import uuid
from datetime import datetime, timedelta

import psycopg2
import pytest

import staffing
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
    refused(answer, 409, "refund_too_much", detail={"left_fen": order["amount_fen"]})
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


def test_an_undone_check_in(house, desk1, slots, customer):
    order = customer.paid_order(*slots.soon(1))
    done = ok(desk1.check_in(customer.code(order)["qr_text"]), 201)
    answer = desk1.try_undo(order, done["checked_in_at"])
    ok(answer)
    told = {entity: rest for entity, *rest in entries(house, answer)}
    assert told["checkin"][1] == "delete" and told["checkin"][2]["method"] == "scan"
    assert told["checkin_undone"][3]["reason"] == "扫错了"
    assert told["checkin_undone"][4:] == told["checkin"][4:] == [2, 1]
    assert told["order_item"][2:4] == [{"state": "used"}, {"state": "booked"}]


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
    staff.run("SELECT set_config('zx.permission', 'member', true), set_config('zx.venues', '*', true)")
    yield staff
    staff.run("ROLLBACK")
    staff.close()


def last(db) -> tuple:
    return db.run("SELECT entity, entity_id, action, before, after, venue_id FROM audit_log"
                  " WHERE operation_id = 'op-1' ORDER BY id DESC LIMIT 1")[0]


def test_times_are_written_as_everywhere_in_answers(at_work, place):
    at_work.run("UPDATE account SET disabled_at = '2026-11-23 07:00:53.25Z' WHERE id = %s",
                place["account"])
    assert last(at_work)[4] == {"disabled_at": "2026-11-23T15:00:53.25+08:00"}
    at_work.run("UPDATE court_block SET during = '[2026-11-23 16:00Z,2026-11-23 17:00Z)'"
                " WHERE id = %(block)s", place)
    assert last(at_work)[4] == {
        "during": '["2026-11-24 00:00:00+08","2026-11-24 01:00:00+08")'}
    assert at_work.run("SHOW timezone") != [("Asia/Shanghai",)]  # that of others stays


def test_why_a_customer_was_disabled_stays_out_and_why_a_colleague_was_is_told(at_work, place):
    for who, told in (("account", "***"), ("staff", "常来闹事")):
        at_work.run("UPDATE account SET disabled_at = now(), disabled_reason = '常来闹事'"
                    " WHERE id = %s", place[who])
        assert last(at_work)[4]["disabled_reason"] == told
        at_work.run("UPDATE account SET disabled_at = NULL, disabled_reason = NULL WHERE id = %s",
                    place[who])
        assert last(at_work)[3]["disabled_reason"] == told
    assert at_work.run("SELECT count(*) FROM audit_log WHERE entity_id = %s AND"
                       " audit_log::text LIKE '%%闹事%%'", str(place["account"])) == [(0,)]


def test_who_a_customer_is_stays_out(at_work, place):
    at_work.run("UPDATE account SET phone = '13800001234', nickname = '新名' WHERE id = %s",
                place["account"])
    assert last(at_work) == ("account", str(place["account"]), "update", {
        "nickname": "***", "phone": f"139****{place['phone'][-4:]}"}, {
        "nickname": "***", "phone": "138****1234"}, None)  # by who works everywhere


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
    assert {e["actor_username"] for e in found} == {"desk2"}
    assert refund["entity_id"] == str(story["two"].json()["id"])
    assert (refund["action"], refund["before"]) == ("insert", None)
    assert refund["after"]["amount_fen"] == 100
    assert [e["id"] for e in found] == sorted((e["id"] for e in found), reverse=True)


@pytest.mark.parametrize("asked, fits", [
    ({"actor": 3}, lambda e: e["actor_id"] == 3),
    ({"venue": 2}, lambda e: e["venue_id"] == 2),
    ({"actor_username": "desk2"}, lambda e: e["actor_username"] == "desk2"),
    ({"after": "part_refunded"}, lambda e: (
        "part_refunded" in (e["after"] or {}).values())),
    ({"after": "灯坏了", "actor": 2}, lambda e: (e["actor_id"], (e["after"] or {}).get("reason"))
     == (2, "灯坏了")),
    ({"before": "refunded_fen"}, lambda e: "refunded_fen" in (e["before"] or {})),
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


@pytest.fixture(scope="module")
def renamed(admin) -> list:
    """A sport's names, one after the other, which nothing else has."""
    names = [f"查{uuid.uuid4().hex}"[:20] for _ in range(6)]
    answer = admin.post("/api/v1/staff/sports", {"code": uuid.uuid4().hex.translate(
        str.maketrans("0123456789", "ghijklmnop"))[:16], "name": names[0]})
    path = f"/api/v1/staff/sports/{ok(answer, 201)['id']}"
    for name in names[1:]:
        answer = admin.call("PUT", path, json={"name": name},
                            headers={"If-Match": answer.headers["ETag"]})
        ok(answer)
    yield names
    admin.call("DELETE", path, headers={"If-Match": answer.headers["ETag"]})


def test_a_value_is_found_on_its_side_and_only_whole(admin, renamed):
    second = renamed[1]
    became, = search(admin, after=second)
    was, = search(admin, before=second)
    assert (became["before"]["name"], became["after"]["name"]) == tuple(renamed[:2])
    assert (was["before"]["name"], was["after"]["name"]) == tuple(renamed[1:3])
    assert search(admin, before=second, after=renamed[2]) == [was]
    assert search(admin, before=second, after=second) == []
    assert search(admin, after=second[:-1]) == search(admin, after=second.upper()) == []
    assert search(admin, after=second, before="name", entity="sport", actor=1) == [became]
    assert search(admin, after=second, entity="court") == []
    assert [e["action"] for e in search(admin, after=renamed[0])] == ["insert"]
    assert len(search(admin, after=renamed[0], before="name")) == 0


def test_pages_of_what_was_found_by_a_column(admin, renamed):
    asked = {"before": "name", "entity": "sport"}
    whole, seen, cursor = search(admin, **asked)[:5], [], None
    assert [e["after"]["name"] for e in whole] == renamed[:0:-1]
    while len(seen) < 5:
        page = ok(admin.get(PATH, limit=2, cursor=cursor, **asked))
        seen, cursor = seen + page["items"], page["next_cursor"]
    assert seen[:5] == whole


@pytest.mark.parametrize("side, words", [
    ({"hour_fen": 2000}, {"hour_fen", "2000"}),
    ({"tiers": [{"hours": 24, "deep": {"on": True}}, {"hours": 2}]},
     {"tiers", "hours", "24", "2", "deep", "on", "true"}),
    ({"days": [1, [2]], "none": None, "": ""}, {"days", "1", "2", "none", ""}),
    ({"note": "长" * 150}, {"note", "长" * 100}), ({}, set()), (None, set()),
])
def test_words_are_columns_and_values_at_any_depth(house, side, words):
    told, = house.db.rows("SELECT audit_words(%s::jsonb, NULL), audit_words('{\"x\": 1}', %s::jsonb)",
                          *[None if side is None else json.dumps(side)] * 2)
    assert sorted(told[0]) == sorted("-" + w for w in words)
    assert sorted(told[1]) == sorted(["-x", "-1", *("+" + w for w in words)])


def test_a_ban_that_somebody_of_two_venues_lifts_is_of_no_venue(house, slots, admin):
    """By his only one it would be found."""
    for venues in ([1], [1, 2]):
        customer, desk = house.customer(), house.customer()
        customer.order(slots.one())
        member = staffing.employ(house, desk)
        for more in venues[1:]:
            house.db.run("INSERT INTO account_role VALUES (%s, 'manager', %s)", member["id"], more)
        ban = house.db.value("INSERT INTO ban (id, account_id, until, reason, venue_ids)"
                             " VALUES (nextval('id_block') * 256, %s, now() + interval '1 day',"
                             " 'x', '{1}')"
                             " RETURNING id", customer.account_id)
        ok(staffing.at_work(house, member).post(f"/api/v1/staff/bans/{ban}/lift",
                                                {"reason": "本人已说明"}))
        entry, = search(admin, entity="ban", entity_id=str(ban))
        assert entry["venue_id"] == (1 if venues == [1] else None)


def test_a_new_name_is_shown_and_the_username_stays(house, admin):
    member = staffing.member_with_password(house, admin, roles=staffing.ADMIN, name="旧名")
    made = staffing.try_add(staffing.log_in(house, member, staffing.BETTER))
    asked = {"operation": made.headers["X-Request-Id"], "entity": "staff_login"}
    entry, = search(admin, **asked)
    assert (entry["actor"], entry["actor_username"]) == ("旧名", member["username"])
    ok(staffing.put(admin, staffing.see(admin, member), "", {"name": "新名"}))
    assert search(admin, **asked) == [{**entry, "actor": "新名"}]


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


def test_it_wants_a_permission_of_its_own(front):
    refused(front.get(PATH), 403, "forbidden")


@pytest.mark.parametrize("query, field", [
    ({"actor": 0}, "actor"), ({"venue": "x"}, "venue"), ({"action": "truncate"}, "action"),
    ({"from": "2026-01-01"}, "from"), ({"operation": "short"}, "operation"),
    ({"entity": ""}, "entity"), ({"limit": 101}, "limit"), ({"before": ""}, "before"),
    ({"after": "x" * 101}, "after"), ({"actor_username": "x" * 33}, "actor_username")])
def test_a_wrong_question_is_refused(admin, query, field):
    refused(admin.get(PATH, **query), 422, "bad_field", field)
