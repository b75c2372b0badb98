"""A venue that staff have set up through the API, and what they do with its documents."""
import threading
import uuid
from datetime import datetime, timedelta, timezone
from itertools import count

import house as houses
from house import ok
from slots import Slot, at

WEEK = range(1, 8)
DAYTIME = [{"weekday": d, "opens": "08:00", "closes": "22:00"} for d in WEEK]
ROOT = "/api/v1/staff"


def rule(hour_fen: int, opens: str = "00:00", closes: str = "30:00", **more) -> dict:
    return {"sport_id": None, "court_id": None, "day_kind": None, "weekdays": None,
            "from_day": None, "to_day": None, "opens": opens, "closes": closes,
            "hour_fen": hour_fen, **more}


def venue_body(**more) -> dict:
    return {"name": "测试馆", "address": "某路 1 号", "phone": "0571-1", "window_days": 7,
            "timezone": "Asia/Shanghai", "checkin_early_minutes": 60, "ends_on": None,
            "phone_required": False, "longest_minutes": 240, **more}


def refusal(answer, status: int, code: str, field: str | None = None):
    """The error's detail, after its status, code and field."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    error = answer.json()["error"]
    assert (error["code"], error.get("field")) == (code, field), answer.text
    return error.get("detail")


ONLY_IN_ANSWERS = ("id", "version", "sport_id", "code", "courts", "court_id", "court_name",
                   "created_at", "day", "outside")


def body_of(answer: dict) -> dict:
    """What a save takes of what was read."""
    if "slot_minutes" in answer:
        return {"slot_minutes": answer["slot_minutes"]}
    return {k: v for k, v in answer.items() if k not in ONLY_IN_ANSWERS}


class Files:
    """Documents with versions, as one desk sees them."""

    def __init__(self, client):
        self.client = client

    def read(self, path: str) -> tuple:
        """(document, ETag)"""
        answer = self.client.get(f"{ROOT}/{path}")
        return ok(answer), answer.headers["ETag"]

    def try_write(self, path: str, body: dict, etag: str | None = None):
        etag = etag or self.read(path)[1]
        return self.client.call("PUT", f"{ROOT}/{path}", json=body, headers={"If-Match": etag})

    def write(self, path: str, body: dict) -> dict:
        return ok(self.try_write(path, body))

    def change(self, path: str, **changes) -> dict:
        return ok(self.try_change(path, **changes))

    def try_change(self, path: str, **changes):
        """The same document with some members changed."""
        now, etag = self.read(path)
        return self.try_write(path, {**body_of(now), **changes}, etag)

    def try_add(self, path: str, body: dict, **more):
        return self.client.post(f"{ROOT}/{path}", body, **more)

    def add(self, path: str, body: dict) -> dict:
        return ok(self.try_add(path, body), 201)

    def try_drop(self, path: str, etag: str | None = None):
        etag = etag or self.read(path)[1]
        return self.client.call("DELETE", f"{ROOT}/{path}", headers={"If-Match": etag})

    def drop(self, path: str):
        answer = self.try_drop(path)
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.content else None


class Place(Files):
    """08:00 to 22:00 each day, 40 yuan an hour, one badminton court on one unit."""
    names = count(1)

    def __init__(self, client):
        super().__init__(client)
        self.id = self.add("venues", venue_body())["id"]
        self.write(f"{self.at}/prices", {"rules": [rule(4000)]})
        self.write(f"{self.at}/hours", {"hours": DAYTIME})
        self.add(f"{self.at}/sports", {"sport_id": 1, "slot_minutes": 60})
        self.unit = self.add(f"{self.at}/units", {"name": "一"})["id"]
        self.court = self.new_court(self.unit)

    @property
    def at(self) -> str:
        return f"venues/{self.id}"

    def new_court(self, *units: int, **more) -> int:
        return self.add(f"{self.at}/courts", {
            "sport_id": 1, "name": f"{next(self.names)} 号场", "units": units, **more})["id"]

    def slot(self, on: str, minute: int, court: int | None = None) -> Slot:
        return Slot(self.id, on, court or self.court, at(on, minute), at(on, minute + 60))

    def grid(self, on: str) -> dict:
        """As it is now: what guests see may be a second old."""
        return ok(self.client.get(f"/api/v1/venues/{self.id}/availability", sport="badminton",
                                  date=on))

    def close(self, db):
        """Nobody sees it any more."""
        db.run("UPDATE venue SET closed_at = now() WHERE id = %s", self.id)


class Elsewhere(Place):
    """It is this hour there: a zone east of Greenwich by whole hours, whose names count west."""

    def __init__(self, client, hour: int):
        super().__init__(client)
        now = datetime.now(timezone.utc)
        east = (hour - now.hour + 12) % 24 - 12
        self.offset = timedelta(hours=east)
        self.today = (now + self.offset).date()
        self.yesterday = str(self.today - timedelta(days=1))
        self.change(self.at, timezone=f"Etc/GMT{-east:+d}" if east else "Etc/GMT")
        self.change(f"{self.at}/sports/1", slot_minutes=30)

    def open(self, opens: str, closes: str):
        self.write(f"{self.at}/hours", {"hours": [
            {"weekday": d, "opens": opens, "closes": closes} for d in range(1, 8)]})

    def at_minute(self, on: str, minute: int) -> datetime:
        return datetime.fromisoformat(on).replace(tzinfo=timezone(self.offset)) + timedelta(
            minutes=minute)

    def try_grid(self, on: str):
        return self.client.get(f"/api/v1/venues/{self.id}/availability", sport="badminton", date=on)

    def slot_of(self, on: str, minute: int) -> Slot:
        start = self.at_minute(on, minute)
        return Slot(self.id, on, self.court, start.isoformat(),
                    (start + timedelta(minutes=30)).isoformat())


def all_at_once(client, requests: list) -> list:
    """The answers to (method, path, body, ETag), sent at the same moment over connections of
    their own."""
    answers, barrier = [None] * len(requests), threading.Barrier(len(requests), timeout=60)

    def send(i, method, path, body, etag):
        own = houses.Client(client.house, client.token)
        own.get("/api/v1/me")  # connected
        barrier.wait()
        answers[i] = own.call(method, f"{ROOT}/{path}", json=body, headers={
            "If-Match": etag, "Idempotency-Key": str(uuid.uuid4())})
    threads = [threading.Thread(target=send, args=(i, *r)) for i, r in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
