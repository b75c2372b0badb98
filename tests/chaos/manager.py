"""The venue's manager, who closes days, shortens hours, blocks courts and takes floors away while
customers order there and late money comes, and says what is to become of what was sold."""
import os
import random
import threading
import time

import requests

import house as houses
from diary import Diary, Wish, ask
from slots import at, day

ROOT, DAYS, TRIES = "/api/v1/staff", range(1, 7), 120
CHOICES = (None, "keep", "refund_all", "refund_all")
ALL_DAY = [{"weekday": n, "opens": "00:00", "closes": "24:00"} for n in range(1, 8)]
SHORT = [{"weekday": n, "opens": "06:00", "closes": "21:00"} for n in range(1, 8)]
AWAY = (requests.RequestException, ValueError)


class Manager:
    DEEDS = ("close_a_day", "shorten_hours", "block", "take_the_floor", "choose",
             "move_the_zone")

    def __init__(self, run, hall, token: str, diary: Diary, stop):
        self.house, self.hall, self.diary, self.stop = houses.House(run), hall, diary, stop
        self.client, self.at = houses.Client(self.house), f"{ROOT}/venues/{hall.id}"
        self.client.token, self.token = token, token
        self.random = random.Random()

    def live(self):
        while not self.stop.is_set():
            try:
                getattr(self, self.random.choice(self.DEEDS))()
            except AWAY:
                pass
            time.sleep(self.random.uniform(0.3, 1.2))

    # What goes by a key is in the diary; documents with versions go by If-Match.

    def _post(self, op: str, path: str, body: dict):
        wish = Wish(op, self.token, path, body)
        told = ask(self.diary, self.client, wish)
        while told.kind == "info" and not self.stop.is_set():
            time.sleep(0.3)
            told = ask(self.diary, self.client, wish)
        return told

    def _sold(self) -> dict:
        choice = self.random.choice(CHOICES)
        return {"sold": choice, "sold_reason": "场馆包场"} if choice else {}

    def _change(self, method: str, path: str, body: dict | None = None) -> int:
        """0: nobody knows"""
        answer = self.client.get(path)
        if answer.status_code != 200:
            return answer.status_code if answer.status_code < 500 else 0
        told = self.client.call(method, path, json=body,
                                headers={"If-Match": answer.headers["ETag"]})
        if told.status_code in (400, 401, 403):
            self.diary.write("wrong", what=f"{method} {path}", text=told.text)
        return told.status_code if told.status_code < 500 and told.status_code != 429 else 0

    def _pause(self):
        self.stop.wait(self.random.uniform(0.2, 1.5))

    def close_a_day(self):
        on = day(self.random.choice(DAYS))
        hours = self.random.choice([[], [{"opens": "06:00", "closes": "20:00"}]])
        self._post("close", f"{self.at}/exceptions",
                   {"day": on, "hours": hours, "reason": "场馆包场", **self._sold()})
        self._pause()
        self._change("DELETE", f"{self.at}/exceptions/{on.replace('-', '')}")

    def shorten_hours(self):
        self._change("PUT", f"{self.at}/hours", {"hours": SHORT, **self._sold()})
        self._pause()
        self._change("PUT", f"{self.at}/hours", {"hours": ALL_DAY})

    def block(self):
        court, on = self.random.choice(self.hall.singles), day(self.random.choice(DAYS))
        hour = self.random.randrange(24)
        told = self._post("block", f"{self.at}/blocks", {
            "court_id": court, "start": at(on, 60 * hour), "end": at(on, 60 * hour + 120),
            "reason": "换地胶", **self._sold()})
        self._pause()
        if told.kind == "ok":
            self._change("DELETE", f"{self.at}/blocks/{told.body['id']}")

    def take_the_floor(self):
        """Of a court that nobody has."""
        court = self.random.choice(self.hall.singles)
        if self._floor(court, []) != 409:
            self._pause()
            self._floor(court, sorted(self.hall.units[court]))

    def _floor(self, court: int, units: list) -> int:
        path = f"{self.at}/courts/{court}"
        answer = self.client.get(path)
        if answer.status_code != 200:
            return 0
        body = {k: v for k, v in answer.json().items()
                if k in ("name", "position", "ends_on")}
        told = self.client.call("PUT", path, json={**body, "units": units},
                                headers={"If-Match": answer.headers["ETag"]})
        if told.status_code in (400, 401, 403, 422):
            self.diary.write("wrong", what=f"PUT {path}", text=told.text)
        return told.status_code if told.status_code < 500 else 0

    def move_the_zone(self):
        """Refused while anything is sold there; then it is back after a while."""
        if self._zone("Asia/Tokyo") == 200:
            self._pause()
            self._zone("Asia/Shanghai")

    def _zone(self, name: str) -> int:
        answer = self.client.get(self.at)
        if answer.status_code != 200:
            return 0
        body = {k: v for k, v in answer.json().items() if k not in ("id", "version")}
        told = self.client.call("PUT", self.at, json={**body, "timezone": name},
                                headers={"If-Match": answer.headers["ETag"]})
        if told.status_code in (400, 401, 403, 422):
            self.diary.write("wrong", what=f"PUT {self.at}", text=told.text)
        return told.status_code if told.status_code < 500 else 0

    def choose(self):
        listed = self.client.get(f"{self.at}/outside")
        if listed.status_code == 200 and listed.json()["items"]:
            item = self.random.choice(listed.json()["items"])["item_id"]
            self._post("choose", f"{self.at}/outside", {
                "sold": self.random.choice(CHOICES[1:]), "sold_reason": "场馆包场",
                "items": [item]})

    # When everything is up again.

    def reopen(self):
        """All floors are laid again, all hours open. Undecided is what is outside by a block or a
        day that stays closed."""
        for court in self.hall.singles:
            self._until_done(lambda: self._floor(court, sorted(self.hall.units[court])))
        self._until_done(lambda: self._zone("Asia/Shanghai"))
        self._until_done(lambda: self._change("PUT", f"{self.at}/hours", {"hours": ALL_DAY}))

    @staticmethod
    def _until_done(deed):
        for _ in range(TRIES):
            try:
                if deed() == 200:
                    return
            except AWAY:
                pass
            time.sleep(0.5)
        raise AssertionError("what a manager has changed was not to be changed back")


def live(run, hall, token: str, path, stop):
    os.nice(10)
    Manager(run, hall, token, Diary(path), stop).live()
