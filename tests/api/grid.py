"""What a day's grid has to be, worked out from the tables by the rules of product.md, without a
line of the house's own code."""
from datetime import date, datetime, timedelta

from slots import CHINA, at

STEP = 30


class DayRules:
    """One venue, one sport, one date."""

    def __init__(self, db, venue: int, sport: str, on: str):
        self.db, self.venue, self.sport, self.on = db, venue, sport, on
        self.kind, self.name, as_weekday = (db.rows(
            "SELECT kind, name, as_weekday FROM calendar_day WHERE day = %s", on)
            or [(None, None, None)])[0]
        self.weekday = as_weekday or date.fromisoformat(on).isoweekday()
        self.sport_id, self.slot = db.rows(
            "SELECT s.id, slot_minutes FROM venue_sport vs JOIN sport s ON s.id = sport_id"
            " WHERE venue_id = %s AND code = %s", venue, sport)[0]
        self.prices = [dict(zip(("id", "sport", "court", "kind", "weekdays", "dated", "opens",
                                 "closes", "fen"), row)) for row in db.rows(
            "SELECT id, sport_id, court_id, day_kind, weekdays, from_day, opens, closes, hour_fen"
            " FROM price_rule WHERE venue_id = %s"
            " AND (from_day IS NULL OR %s::date BETWEEN from_day AND to_day)", venue, on)]

    def openings(self) -> list:
        if self.db.rows("SELECT 1 FROM opening_exception WHERE venue_id = %s AND day = %s",
                        self.venue, self.on):
            return self.db.rows("SELECT opens, closes FROM opening_exception_hours"
                                " WHERE venue_id = %s AND day = %s ORDER BY 1",
                                self.venue, self.on)
        return self.db.rows("SELECT opens, closes FROM opening WHERE venue_id = %s"
                            " AND weekday = %s ORDER BY 1", self.venue, self.weekday)

    def starts(self) -> list:
        return [minute for opens, closes in self.openings()
                for minute in range(opens, closes - self.slot + 1, self.slot)]

    def step_price(self, court: int, minute: int):
        """Dated before kind of day before court before sport before weekday before the narrower
        hours before the newer rule."""
        fits = [p for p in self.prices
                if p["sport"] in (None, self.sport_id) and p["court"] in (None, court)
                and p["kind"] in (None, self.kind) and p["opens"] <= minute < p["closes"]
                and (p["weekdays"] is None or p["weekdays"] >> (self.weekday - 1) & 1)]
        best = max(fits, default=None, key=lambda p: (
            p["dated"] is not None, p["kind"] is not None, p["court"] is not None,
            p["sport"] is not None, p["weekdays"] is not None, p["opens"] - p["closes"], p["id"]))
        return best and best["fen"] // 2

    def price(self, court: int, start: int):
        steps = [self.step_price(court, m) for m in range(start, start + self.slot, STEP)]
        return None if None in steps else sum(steps)

    def held(self, by: str) -> set:
        """(court, moment) of every half hour in which an item or a block holds a unit of it."""
        return set(self.db.rows(
            "SELECT cu.court_id, o.at FROM occupancy o JOIN court_unit cu ON cu.unit_id = o.unit_id"
            f" WHERE cu.venue_id = %s AND o.{by} IS NOT NULL", self.venue))

    def courts(self) -> list:
        return self.db.rows(
            "SELECT id, name FROM court WHERE venue_id = %s AND sport_id = %s"
            " AND closed_at IS NULL ORDER BY position, id", self.venue, self.sport_id)

    def expected(self) -> dict:
        starts, sold, blocked = self.starts(), self.held("item_id"), self.held("block_id")
        return {
            "venue_id": self.venue, "sport": self.sport, "date": self.on,
            "slot_minutes": self.slot, "day_kind": self.kind or "normal", "day_name": self.name,
            "business_day": None,
            "open": bool(self.openings()),
            "slots": [{"start": at(self.on, m), "end": at(self.on, m + self.slot)}
                      for m in starts],
            "courts": [{"id": court, "name": name,
                        "cells": [self._cell(court, m, sold, blocked) for m in starts]}
                       for court, name in self.courts()]}

    def _cell(self, court: int, start: int, sold: set, blocked: set) -> dict:
        begin = datetime.fromisoformat(at(self.on, start))
        steps = {(court, begin + timedelta(minutes=m)) for m in range(0, self.slot, STEP)}
        price = self.price(court, start)
        state = "past" if begin <= datetime.now(CHINA) else \
            "closed" if price is None or steps & blocked else \
            "taken" if steps & sold else "free"
        return {"state": state, "price_fen": price, "mine": None}
