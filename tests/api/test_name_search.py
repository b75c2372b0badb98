"""A desk's search by a part of a name is held to its place: it reads an index, and holds up nobody."""
import threading

import pytest
from psycopg2 import connect

from house import Client, ok, refused, wait_for

USERS = "/api/v1/staff/users"


@pytest.fixture
def named(house, slots, customer):
    customer.order(slots.one())
    customer.name = f"欧阳小{customer.account_id}"
    ok(customer.call("PUT", "/api/v1/me", json={"nickname": customer.name}))
    return customer


@pytest.mark.parametrize("cut", [slice(0, 2), slice(1, 3), slice(0, 3), slice(2, None), slice(None)])
def test_a_part_of_two_characters_finds(named, desk1, cut):
    found = ok(desk1.get(USERS, name=named.name[cut]))["items"]
    assert named.account_id in [u["id"] for u in found]


def test_what_is_not_there_in_a_row_is_not_found(named, desk1, desk2):
    for part in (named.name[0] + named.name[2], named.name[1] + named.name[0], "%%", "__"):
        assert ok(desk1.get(USERS, name=part))["items"] == []
    assert ok(desk2.get(USERS, name=named.name))["items"] == []


def test_one_character_is_too_few(desk1):
    refused(desk1.get(USERS, name="欧"), 422, "bad_field", "name")


def test_the_search_reads_an_index(house, named):
    """However many customers there are."""
    with connect(house.db.dsn) as db, db.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM account a WHERE left_at IS NULL"
                       " AND name_pairs(a.nickname) @> name_pairs('欧阳')")
        assert "account_name_pairs" in str(cursor.fetchall())


SLOW = ("CREATE OR REPLACE FUNCTION name_pairs(name text) RETURNS text[] LANGUAGE sql IMMUTABLE"
        " PARALLEL SAFE AS $$ SELECT '{}'::text[] FROM pg_sleep(30) $$")


@pytest.fixture
def slow(house, named):
    """As if there were a hundred million customers."""
    own = house.db.value("SELECT pg_get_functiondef('name_pairs'::regproc)")
    house.db.run(SLOW)
    yield
    house.db.run(own)


def test_a_search_ends_after_a_second(named, desk1, slow):
    refused(desk1.get(USERS, name=named.name), 503, "search_slow")


def test_of_each_member_one_search_runs(house, named, front, slow):
    number, said = ok(front.get("/api/v1/staff/me"))["id"], []
    first = threading.Thread(target=lambda: said.append(
        Client(house, front.token).get(USERS, name=named.name)))
    first.start()
    wait_for(lambda: house.db.value(
        "SELECT count(*) FROM pg_locks, hashtextextended('customer search ' || %s, 0) AS key WHERE"
        " locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = key", number),
        pause_s=0.01)
    refused(front.get(USERS, name=named.name), 429, "too_many_requests")
    first.join()
    refused(said[0], 503, "search_slow")


def test_check_in_has_a_pool_of_its_own(house, slots, customer, desk1):
    """Also while nobody of the pool of staff answers."""
    order = customer.paid_order(*slots.soon(1))
    code = customer.code(order)["short_code"]
    house.command("kill", "pool-staff", "--signal", "STOP")
    try:
        ok(desk1.check_in(code), 201)
        assert order["id"] in [o["id"] for o in desk1.search(date=order["date"])]
        assert desk1.see(order)["order"]["items"][0]["state"] == "used"
    finally:
        house.command("kill", "pool-staff", "--signal", "CONT")
