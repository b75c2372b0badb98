"""A desk changes hours, dates, slots and courts while customers order there: nobody gets an hour
outside of those in force unless the desk was told of it, and no hour without its floor."""
import json
import time

import pytest

import invariants
import players
from house import Staff
from place import DAYTIME, Place
from players import fork
from slots import day
from test_race import finish

PROCESSES, RACE_S, ROUNDS_MIN = 8, 25, 15
DAY = 2  # days ahead
LATE = range(1200, 1320, 60)  # the hours that come and go
OUTSIDE = """
	SELECT i.id FROM orders o JOIN order_item i ON i.order_id = o.id
	WHERE o.venue_id = %s AND i.state <> 'released'
	AND (lower(i.during) AT TIME ZONE 'Asia/Shanghai')::time >= time '20:00'"""
WITHOUT_FLOOR = """
	SELECT i.id FROM order_item i WHERE i.venue_id = %s AND i.state <> 'released'
	AND NOT EXISTS (SELECT 1 FROM occupancy c WHERE c.item_id = i.id)"""


class Buyer(players.Player):
    """Orders whatever is there in the evening, and gives it up again."""

    def buy(self, began: float, slots: list):
        while time.monotonic() - began < RACE_S:
            person, slot = self.random.choice(self.people), self.random.choice(slots)
            answer = person.try_order(slot)
            self.note("order", person, answer, slot=slot.start)
            if answer.status_code == 201:
                time.sleep(self.random.random() / 10)
                person.cancel(answer.json())
        self.diary.close()


def buy(began: float, slots: list, run, number: int, people: list, diary):
    buyer = Buyer(run, None, number, [], diary)
    buyer.people = people
    buyer.buy(began, slots)


@pytest.fixture(scope="module")
def place(house):
    made = Place(Staff(house, "admin"))
    for name in "二三四":
        made.new_court(made.add(f"{made.at}/units", {"name": name})["id"])
    yield made
    made.close(house.db)


@pytest.fixture(scope="module")
def courts(house, place):
    return [c for c, in house.db.rows("SELECT id FROM court WHERE venue_id = %s", place.id)]


def earlier():
    return [{**line, "closes": "20:00"} for line in DAYTIME]


def close_earlier(place) -> dict:
    return place.write(f"{place.at}/hours", {"hours": earlier()})


def open_again(place):
    place.write(f"{place.at}/hours", {"hours": DAYTIME})


def close_the_day(place) -> dict:
    return place.add(f"{place.at}/exceptions", {"day": day(DAY), "hours": [
        {"opens": "08:00", "closes": "20:00"}]})


def open_the_day(place):
    place.drop(f"{place.at}/exceptions/{day(DAY).replace('-', '')}")


CHANGES = [(close_earlier, open_again), (close_the_day, open_the_day)]


def take_the_floor(place, court: int) -> bool:
    """Of a court that nobody has: that is told by the answer."""
    answer = place.try_change(f"{place.at}/courts/{court}", units=[])
    assert answer.status_code in (200, 409), answer.text
    return answer.status_code == 200


def play_the_desk(house, place, courts, began: float) -> dict:
    """What was not told, and how often what was done."""
    found = {"rounds": 0, "told": 0, "untold": [], "floors": 0, "without": []}
    units = {c: place.read(f"{place.at}/courts/{c}")[0]["units"] for c in courts}
    while time.monotonic() - began < RACE_S:
        close, reopen = CHANGES[found["rounds"] % 2]
        told = {o["item_id"] for o in close(place)["outside"]}
        time.sleep(0.1)  # what was under way is over
        found["untold"] += sorted({i for i, in house.db.rows(OUTSIDE, place.id)} - told)
        reopen(place)
        court = courts[found["rounds"] % len(courts)]
        if take_the_floor(place, court):
            time.sleep(0.1)
            found["without"] += house.db.rows(WITHOUT_FLOOR, place.id)
            found["floors"] += 1
            place.change(f"{place.at}/courts/{court}", units=units[court])
        found["rounds"] += 1
        found["told"] += len(told)
    return found


@pytest.fixture(scope="module")
def race(house, place, courts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    slots = [place.slot(day(DAY), minute, court) for minute in LATE for court in courts]
    people = [[house.customer() for _ in range(4)] for _ in range(PROCESSES)]
    began = time.monotonic() + 0.5
    crowd = [fork.Process(target=buy, args=(began, slots, house.run, n, people[n],
                                            folder / f"{n}.jsonl")) for n in range(PROCESSES)]
    for process in crowd:
        process.start()
    found = play_the_desk(house, place, courts, began)
    finish(crowd, started=True)
    found["answers"] = [json.loads(line) for file in folder.iterdir() for line in file.open()]
    print({k: v if isinstance(v, int) else len(v) for k, v in found.items()})
    return found


def test_the_race_was_one(race):
    codes = {json.loads(a["body"]).get("error", {}).get("code", "ok") for a in race["answers"]}
    assert race["rounds"] >= ROUNDS_MIN and race["told"] > 0 and race["floors"] > 0
    assert {"ok", "period_closed", "slot_taken"} <= codes
    assert codes <= {"ok", "period_closed", "slot_taken", "court_not_found", "quota_exceeded"}


def test_no_order_is_made_outside_of_the_hours_unless_the_desk_is_told(race):
    assert race["untold"] == []


def test_no_court_is_sold_without_its_floor(race):
    assert race["without"] == []


def test_the_books_are_right_afterwards(house, race):
    assert invariants.broken(house.db, drained=False) == {}
