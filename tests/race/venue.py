"""Halls of their own for races and faults: open all day, one price, single courts and a floor that
is sold whole or in halves."""
from datetime import timedelta

from slots import Slot, at, day, now

PRICE = 4000


class Hall:
    def __init__(self, number: int, singles: int):
        self.id, self.spared = number, 0
        self.singles = tuple(number + n for n in range(1, singles + 1))
        self.floor = whole, half_a, half_b = tuple(number + n for n in (91, 92, 93))
        self.units = {**{court: {court} for court in self.singles},
                      whole: {half_a, half_b}, half_a: {half_a}, half_b: {half_b}}

    @classmethod
    def build(cls, db, singles: int):
        """A new one, so that the tests can be run again. Its numbers are a block of the sequence
        that the programs take theirs from: nobody else has them."""
        hall = cls(db.value("SELECT nextval('id_block') * 256"), singles)
        db.all_at_once(*hall._statements())
        return hall

    def close(self, db):
        """Nobody sees it any more."""
        db.rows("UPDATE venue SET closed_at = now() WHERE id = %s", self.id)

    def _statements(self) -> list:
        here, units = self.id, sorted(set().union(*self.units.values()))
        return [
            (f"INSERT INTO venue (id, name, checkin_early_minutes, phone_required)"
             f" VALUES ({here}, '竞赛馆', 1440, false)",),
            (f"INSERT INTO venue_sport VALUES ({here}, 1, 60)",),
            (f"INSERT INTO opening SELECT {here}, d, 0, 1440 FROM generate_series(1, 7) d",),
            (f"INSERT INTO price_rule (id, venue_id, hour_fen) VALUES ({here}, {here}, {PRICE})",),
            *[(f"INSERT INTO court (id, venue_id, sport_id, name) VALUES ({c}, {here}, 1, '{c}')",)
              for c in self.units],
            *[(f"INSERT INTO unit VALUES ({u}, {here}, '{u}')",) for u in units],
            *[(f"INSERT INTO court_unit VALUES ({c}, {u}, {here})",)
              for c in self.units for u in self.units[c]]]

    def slot(self, court: int, on: str, minute: int) -> Slot:
        return Slot(self.id, on, court, at(on, minute), at(on, minute + 60), PRICE)

    def spare(self) -> Slot:
        """A slot of the whole floor that nobody else is given: the last hours first."""
        self.spared += 1
        return self.slot(self.floor[0], *self.hours()[-self.spared])

    def hours(self) -> list:
        """Every (date, minute) of the window that has not begun, the nearest first."""
        some = self.singles[0]
        return [(day(n), minute) for n in range(8) for minute in range(0, 1440, 60)
                if self.slot(some, day(n), minute).starts > now() + timedelta(minutes=10)]
