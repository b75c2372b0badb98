"""The hall in which the races are run: open all day, one price, four courts and a floor that is
sold whole or in halves."""
from datetime import timedelta

from slots import Slot, at, day, now

ID = 800
SINGLES = (801, 802, 803, 804)
WHOLE, HALF_A, HALF_B = 811, 812, 813
COURTS = SINGLES + (WHOLE, HALF_A, HALF_B)
UNITS = {**{court: {court} for court in SINGLES},
         WHOLE: {812, 813}, HALF_A: {812}, HALF_B: {813}}
PRICE = 4000


def build(db):
    if db.rows("SELECT 1 FROM venue WHERE id = %s", ID):
        return
    db.all_at_once(
        (f"INSERT INTO venue (id, name, checkin_early_minutes) VALUES ({ID}, '竞赛馆', 1440)",),
        (f"INSERT INTO venue_sport VALUES ({ID}, 1, 60)",),
        (f"INSERT INTO opening SELECT {ID}, d, 0, 1440 FROM generate_series(1, 7) d",),
        (f"INSERT INTO price_rule (id, venue_id, hour_fen) VALUES ({ID}, {ID}, {PRICE})",),
        *[(f"INSERT INTO court (id, venue_id, sport_id, name) VALUES ({c}, {ID}, 1, '{c}')",)
          for c in COURTS],
        *[(f"INSERT INTO unit VALUES ({u}, {ID}, '{u}')",)
          for u in sorted(set().union(*UNITS.values()))],
        *[(f"INSERT INTO court_unit VALUES ({c}, {u}, {ID})",) for c in COURTS for u in UNITS[c]])


def hours() -> list:
    """Every (date, minute) of the window that has not begun, the nearest first."""
    all_hours = [(day(n), minute) for n in range(8) for minute in range(0, 1440, 60)]
    return [(on, minute) for on, minute in all_hours
            if slot(SINGLES[0], on, minute).starts > now() + timedelta(minutes=10)]


def slot(court: int, on: str, minute: int) -> Slot:
    return Slot(ID, on, court, at(on, minute), at(on, minute + 60), PRICE)


def rivals(one: Slot, other: Slot) -> bool:
    return one.start == other.start and bool(UNITS[one.court] & UNITS[other.court])
