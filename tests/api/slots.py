"""Times on courts that no other test uses."""
import time
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

CHINA = timezone(timedelta(hours=8))
SOON = timedelta(hours=23)  # venue 1 lets people in 24 hours early
FARTHEST = {1: 6, 2: 13}  # days ahead, within each venue's window


class Slot(NamedTuple):
    venue: int
    date: str
    court: int
    start: str
    end: str
    price: int = 0

    @property
    def starts(self) -> datetime:
        return datetime.fromisoformat(self.start)


def now() -> datetime:
    return datetime.now(CHINA)


def day(offset: int) -> str:
    """The play date that many days from today."""
    return str(now().date() + timedelta(days=offset))


def at(on: str, minute: int) -> str:
    """Minute of a play day as the API writes it; past 1440 it is the next morning."""
    midnight = datetime.combine(date.fromisoformat(on), datetime.min.time(), CHINA)
    return (midnight + timedelta(minutes=minute)).isoformat()


def wait_out_midnight():
    """Returns with two minutes of today left, of which no test needs more."""
    left = datetime.combine(now().date() + timedelta(days=1), datetime.min.time(), CHINA) - now()
    if left < timedelta(minutes=2):
        time.sleep(left.total_seconds() + 1)


class Slots:
    """Hands out free cells of the grids, each once."""

    def __init__(self, house):
        self.reader, self.given = house.customer(), set()  # guests may see the last second's grid

    def free(self, venue: int, sport: str, on: str) -> list:
        answer = self.reader.get(f"/api/v1/venues/{venue}/availability", sport=sport, date=on)
        assert answer.status_code == 200, answer.text
        grid = answer.json()
        return [Slot(venue, on, court["id"], slot["start"], slot["end"], cell["price_fen"])
                for court in grid["courts"]
                for slot, cell in zip(grid["slots"], court["cells"]) if cell["state"] == "free"]

    def take(self, count: int = 1, venue: int = 1, sport: str = "badminton", on: str = "",
             only=lambda slot: True):
        """`count` slots of one day; the farthest days first, so that those nearby are left."""
        days = [on] if on else [day(n) for n in range(FARTHEST.get(venue, 6), 1, -1)]
        for each in days:
            fresh = [s for s in self.free(venue, sport, each) if self._unused(s) and only(s)]
            if len(fresh) >= count:
                return self._give(fresh[:count])
        raise AssertionError(f"no {count} free slots left at venue {venue}")

    def in_a_row(self, count: int, venue: int = 1, sport: str = "badminton") -> list:
        """Slots of one court, one behind the other."""
        for each in (day(n) for n in range(6, 1, -1)):
            free = [s for s in self.free(venue, sport, each) if self._unused(s)]
            for i in range(len(free) - count + 1):
                row = free[i:i + count]
                if all(a.court == b.court and a.end == b.start for a, b in zip(row, row[1:])):
                    return self._give(row)
        raise AssertionError(f"no {count} free slots in a row left at venue {venue}")

    def one(self, **where) -> Slot:
        return self.take(1, **where)[0]

    def soon(self, count: int = 1) -> list:
        """At venue 1, of one day, and near enough to be checked in now."""
        for each in (day(0), day(1)):
            near = [s for s in self.free(1, "badminton", each)
                    if self._unused(s) and timedelta(minutes=10) < s.starts - now() < SOON]
            if len(near) >= count:
                return self._give(near[:count])
        raise AssertionError("no slots left that can be checked in now")

    def _unused(self, slot: Slot) -> bool:
        return (slot.court, slot.start) not in self.given

    def _give(self, chosen: list) -> list:
        self.given.update((s.court, s.start) for s in chosen)
        return chosen
