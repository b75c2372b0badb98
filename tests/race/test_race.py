"""Sixteen processes fight for the same courts; afterwards the books are read."""
import json
import multiprocessing
import time
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest

import invariants
import jose
import players
import venue
from slots import now

PROCESSES, PEOPLE_EACH, RACE_S = 16, 6, 20
DESKS, CODES = 8, 20
fork = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def race(house, tmp_path_factory):
    """Everything that anybody was told during the race."""
    venue.build(house.db)
    folder, began = tmp_path_factory.mktemp("race"), time.monotonic() + 1
    tokens = [[house.customer().token for _ in range(PEOPLE_EACH)] for _ in range(PROCESSES)]
    crowd = [fork.Process(target=players.play, args=(
        house.run, n, tokens[n], folder / f"{n}.jsonl", began, RACE_S)) for n in range(PROCESSES)]
    finish(crowd)
    told = [json.loads(line) for diary in folder.iterdir() for line in diary.open()]
    print("\n", Counter((t["what"], t["status"]) for t in told))
    invariants.drain(house)
    return told


def finish(processes: list):
    for process in processes:
        process.start()
    for process in processes:
        process.join(RACE_S + 120)
    assert [p.exitcode for p in processes] == [0] * len(processes)


def last_words(race: list, what: str) -> dict:
    """key -> the last answer to it; the earlier ones left the outcome open."""
    return {t["key"]: t for t in race if t["what"] == what}


def account(told: dict) -> int:
    return int(jose.read(told["token"])[1]["sub"])


def test_everybody_was_answered(race):
    """Nobody saw an error of ours; the race was one."""
    statuses = Counter(t["status"] for t in race)
    assert set(statuses) <= {201, 409, 503}, statuses
    assert statuses[503] <= len(race) / 100, statuses
    assert statuses[201] > 200 and statuses[409] > 200, statuses


@pytest.mark.parametrize("name", invariants.NAMED)
def test_afterwards(house, race, name):
    assert house.db.rows(invariants.NAMED[name])[:5] == []


def test_every_promise_is_kept(house, race):
    """Who was told 201 has exactly this order."""
    for told in last_words(race, "order").values():
        if told["status"] != 201:
            continue
        order = json.loads(told["body"])
        rows = house.db.rows(
            "SELECT i.court_id, lower(i.during) FROM orders o JOIN order_item i"
            " ON i.order_id = o.id WHERE o.id = %s AND o.no = %s AND o.account_id = %s",
            order["id"], order["no"], account(told))
        assert sorted(rows) == sorted((court, datetime.fromisoformat(start))
                                      for court, start in told["slots"])


def test_who_was_refused_has_nothing(house, race):
    refused = {t["key"] for t in last_words(race, "order").values() if t["status"] == 409}
    kept = {key for key, in house.db.rows("SELECT key FROM idempotency")}
    assert refused and not refused & kept


def test_every_refusal_was_true(house, race):
    """A period that was called taken is; a person who was told «enough» has enough."""
    taken = set(house.db.rows("SELECT unit_id, at FROM occupancy"))
    held = dict(((who, str(on)), periods) for who, on, periods in house.db.rows(
        "SELECT account_id, play_date, periods FROM booking_day"))
    for told in race:
        if told["what"] != "order" or told["status"] != 409:
            continue
        code = json.loads(told["body"])["error"]["code"]
        if code == "slot_taken":
            assert any((unit, datetime.fromisoformat(start)) in taken
                       for court, start in told["slots"] for unit in venue.UNITS[court])
        else:
            assert code == "quota_exceeded"
            assert held[account(told), told["date"]] + len(told["slots"]) > 3


def test_the_same_key_at_the_same_time_got_the_same_answer(race):
    answers = defaultdict(list)
    for told in race:
        if told["status"] != 503:
            answers[told["key"], told["what"]].append(told)
    doubles = [pair for pair in answers.values() if len(pair) > 1]
    assert len(doubles) > 50
    for one, other in (pair[:2] for pair in doubles):
        assert one["status"] == other["status"]
        if one["status"] == 201:
            assert one["body"] == other["body"]


def test_wechats_books_say_the_same(house, race):
    ids = [json.loads(t["body"])["id"] for t in last_words(race, "order").values()
           if t["status"] == 201]
    assert invariants.books_differ(house, ids) == {}
    assert house.db.value("SELECT count(*) FROM orders WHERE state = 'paid' AND id = ANY(%s)",
                          ids) > 100


def codes_due(house) -> list:
    """Of orders of the race whose time is near enough to be let in."""
    limit = now() + timedelta(hours=24)
    return [code for code, in house.db.rows(
        "SELECT c.short_code FROM checkin_code c JOIN orders o ON o.id = c.order_id"
        " WHERE o.venue_id = %s AND NOT EXISTS (SELECT 1 FROM order_item i WHERE"
        " i.order_id = o.id AND (i.state <> 'booked' OR lower(i.during) >= %s)) LIMIT %s",
        venue.ID, limit, CODES)]


def test_of_eight_desks_exactly_one_lets_each_customer_in(house, race):
    house.db.run("INSERT INTO account_role VALUES (2, 'operator', %s) ON CONFLICT DO NOTHING",
                 venue.ID)
    token = house.log_in_staff("desk1").json()["access_token"]
    codes, start, answers = codes_due(house), fork.Barrier(DESKS), fork.Queue()
    assert len(codes) == CODES
    desks = [fork.Process(target=players.check_in, args=(house.run, token, codes, start, answers))
             for _ in range(DESKS)]
    for desk in desks:
        desk.start()
    said = [answers.get(timeout=120) for _ in range(DESKS * CODES)]
    for desk in desks:
        desk.join(60)
    for code in codes:
        statuses = sorted(status for each, status, _ in said if each == code)
        assert statuses == [201] + [409] * (DESKS - 1)
    assert invariants.broken(house.db) == {}
