"""Sixteen processes fight for the same courts; afterwards the books are read."""
import json
import time
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest

import invariants
import jose
import players
from house import Staff, order_body
from players import at_once, fork
from slots import now
from venue import Hall

PROCESSES, PEOPLE_EACH, RACE_S = 16, 6, 20
DESKS, CODES = 8, 20


@pytest.fixture(scope="module")
def hall(house):
    hall = Hall.build(house.db, singles=4)
    yield hall
    hall.close(house.db)


@pytest.fixture(scope="module")
def race(house, hall, tmp_path_factory):
    """Everything that anybody was told during the race."""
    folder = tmp_path_factory.mktemp("race")
    tokens = [[house.customer().token for _ in range(PEOPLE_EACH)] for _ in range(PROCESSES)]
    began = time.monotonic() + 0.5
    crowd = [fork.Process(target=players.play, args=(
        began, RACE_S, house.run, hall, n, tokens[n], folder / f"{n}.jsonl"))
        for n in range(PROCESSES)]
    finish(crowd)
    told = [json.loads(line) for diary in folder.iterdir() for line in diary.open()]
    print("\n", Counter((t["what"], t["status"]) for t in told))
    invariants.drain(house)
    return told


def finish(processes: list, started: bool = False):
    for process in processes:
        if not started:
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
    assert statuses[201] > 100 and statuses[409] > 100, statuses


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


def test_every_refusal_was_true(house, hall, race):
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
                       for court, start in told["slots"] for unit in hall.units[court])
        else:
            assert code == "quota_exceeded"
            assert held[account(told), told["date"]] + len(told["slots"]) > 3


def test_the_same_key_at_the_same_time_got_the_same_answer(race):
    answers = defaultdict(list)
    for told in race:
        if told["status"] != 503:
            answers[told["key"], told["what"]].append(told)
    doubles = [pair for pair in answers.values() if len(pair) > 1]
    assert len(doubles) > 20
    for one, other in (pair[:2] for pair in doubles):
        assert one["status"] == other["status"]
        if one["status"] == 201:
            assert one["body"] == other["body"]


def test_wechats_books_say_the_same(house, race):
    ids = [json.loads(t["body"])["id"] for t in last_words(race, "order").values()
           if t["status"] == 201]
    assert invariants.books_differ(house, ids) == {}
    assert house.db.value("SELECT count(*) FROM orders WHERE state = 'paid' AND id = ANY(%s)",
                          ids) > 50


def codes_due(house, hall) -> list:
    """Of orders of the race whose time is near enough to be let in."""
    limit = now() + timedelta(hours=24)
    return [code for code, in house.db.rows(
        "SELECT c.short_code FROM checkin_code c JOIN orders o ON o.id = c.order_id"
        " WHERE o.venue_id = %s AND NOT EXISTS (SELECT 1 FROM order_item i WHERE"
        " i.order_id = o.id AND (i.state <> 'booked' OR lower(i.during) >= %s)) LIMIT %s",
        hall.id, limit, CODES)]


def test_of_eight_desks_exactly_one_lets_each_customer_in(house, hall, race):
    house.db.run("INSERT INTO account_role VALUES (2, 'manager', %s) ON CONFLICT DO NOTHING",
                 hall.id)
    token, codes = Staff(house, "desk1").token, codes_due(house, hall)
    assert len(codes) == CODES
    for code in codes:
        said = at_once(house.run, [(token, "/api/v1/staff/checkins", {"code": code},
                                    f"{code}-{n}") for n in range(DESKS)])
        assert sorted(status for status, _ in said) == [201] + [409] * (DESKS - 1)


def test_one_key_sent_sixteen_times_at_once_makes_one_order(house, hall):
    for n in range(5):
        customer, body = house.customer(), order_body(hall.spare())
        said = at_once(house.run, [(customer.token, "/api/v1/orders", body, f"same-{n}")] * 16)
        assert {status for status, _ in said} == {201} and len({text for _, text in said}) == 1


def test_one_person_asking_sixty_four_times_at_once_gets_three(house, hall):
    customer = house.customer()
    on = hall.hours()[-1][0]
    slots = [hall.slot(hall.singles[n % 4], on, 60 * (10 + n // 4 % 12)) for n in range(64)]
    before = house.db.value("SELECT count(*) FROM occupancy")
    said = at_once(house.run, [(customer.token, "/api/v1/orders", order_body(slot), f"each-{n}")
                               for n, slot in enumerate(slots)])
    granted = [status for status, _ in said].count(201)
    assert granted <= 3 and house.db.value(
        "SELECT count(*) FROM occupancy") - before == granted * 2
    assert granted == 3 or "slot_taken" in str(said)  # the race may have had them before


def test_one_court_wanted_by_sixteen_people_at_once_is_sold_once(house, hall):
    people = [house.customer() for _ in range(16)]
    for _ in range(5):
        slot = hall.spare()
        wishes = [slot._replace(court=hall.floor[n % 3]) for n in range(16)]
        said = at_once(house.run, [(p.token, "/api/v1/orders", order_body(s), "one")
                                   for p, s in zip(people, wishes)])
        people = [house.customer() for _ in range(16)]
        sold = [s.court for s, (status, _) in zip(wishes, said) if status == 201]
        assert sold in ([hall.floor[0]], *[[a] for a in hall.floor[1:]]) or \
            sorted(sold) == list(hall.floor[1:])


def test_at_the_end_the_books_are_right(house, race):
    invariants.drain(house)
    assert invariants.broken(house.db) == {}
