"""Customers who order and pay while servers die around them. Each request is written down, asked
again with its key until its outcome is known, and compared with the books at the end."""
import json
import random
import threading
import time
import uuid
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

import invariants
from house import ANSWER_LIMIT_S, Client, order_body, wait_for

THREADS, PEOPLE = 5, 14
PAUSE_S = 0.03
OPEN = {0, 502, 503, 504}  # the outcome is not known, or it was put off


@dataclass
class Answer:
    phase: str
    status: int  # 0: the connection broke
    code: str
    retry_after: str | None
    seconds: float
    text: str = ""
    replayed: bool = False


@dataclass
class Wish:
    """One request that makes something, and everything that was answered to it."""
    person: object
    path: str
    body: dict
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    answers: list = field(default_factory=list)

    @property
    def last(self) -> Answer:
        return self.answers[-1]

    @property
    def granted(self) -> dict | None:
        return json.loads(self.last.text) if self.last.status == 201 else None


class Crowd:
    def __init__(self, house, hall):
        self.house, self.hall = house, hall
        self.keeps_connections, self.pause_s = True, PAUSE_S
        self.people = [house.customer() for _ in range(PEOPLE)]
        self.hours = hall.hours()
        self.wishes, self.looks = [], []
        self.phase, self.stopping = "calm", threading.Event()

    def __enter__(self):
        self.threads = [threading.Thread(target=self._live, daemon=True)
                        for _ in range(THREADS)]
        for thread in self.threads:
            thread.start()
        time.sleep(1)  # of calm
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(ANSWER_LIMIT_S * 2)

    @contextmanager
    def during(self, phase: str):
        self.phase = phase
        yield
        self.phase = f"after {phase}"

    def _live(self):
        while not self.stopping.is_set():
            person = self._own(random.choice(self.people))
            on, minute = random.choice(self.hours)
            slot = self.hall.slot(random.choice(self.hall.singles), on, minute)
            order = self.insist(Wish(person, "/api/v1/orders", order_body(slot)), patient=False)
            if order:
                self._pay(person, order, random.choice(["jsapi", "native"]))
            self.look(person, "/api/v1/orders")
            time.sleep(self.pause_s)

    def _own(self, person):
        """A connection of this thread's own for the person."""
        own = threading.current_thread().__dict__.setdefault("own", {})
        if person.token not in own:
            own[person.token] = Client(self.house, person.token)
            if not self.keeps_connections:
                own[person.token].web.headers["Connection"] = "close"
        return own[person.token]

    def _pay(self, person, order: dict, method: str):
        wish = Wish(person, f"/api/v1/orders/{order['id']}/payments",
                    {"channel": "wechat", "method": method})
        payment = self.insist(wish, patient=False)
        if payment:
            try:
                self.house.sim.pay(payment)
            except (requests.RequestException, AssertionError):
                pass  # the simulator is away: then nobody has paid

    def ask(self, call) -> Answer:
        phase, began = self.phase, time.monotonic()
        try:
            answer = call()
        except requests.RequestException as broken:
            return Answer(phase, 0, type(broken).__name__, None, time.monotonic() - began)
        seconds = time.monotonic() - began
        error = answer.json().get("error", {}) if answer.status_code >= 400 else {}
        return Answer(phase, answer.status_code, error.get("code", ""),
                      answer.headers.get("Retry-After"), seconds, answer.text,
                      "Idempotent-Replay" in answer.headers)

    def insist(self, wish: Wish, patient: bool = True) -> dict | None:
        """Ask until the outcome is known. The impatient gives up when all go home."""
        if not wish.answers:
            self.wishes.append(wish)
        while True:
            wish.answers.append(self.ask(
                lambda: wish.person.post(wish.path, wish.body, wish.key)))
            if wish.last.status not in OPEN or (self.stopping.is_set() and not patient):
                return wish.granted
            if not patient:
                self.look(wish.person, "/api/v1/orders")
            time.sleep(0.2)

    def look(self, person, path: str):
        self.looks.append(self.ask(lambda: person.get(path)))

    @property
    def answers(self) -> list:
        return [a for wish in self.wishes for a in wish.answers] + self.looks

    def statuses(self, *phases: str) -> Counter:
        """(status, code) -> how often."""
        return Counter((a.status, a.code) for a in self.answers
                       if not phases or a.phase in phases)

    def slowest_s(self, *phases: str) -> float:
        return max((a.seconds for a in self.answers if not phases or a.phase in phases), default=0)

    def wait_until_well(self, limit_s: float = 10):
        """All is answered again, within this time and without our help; where the machine was slow
        before anything happened, it may take longer."""
        def well():
            late = self.answers[-25:] if len(self.looks) < 25 else self.looks[-25:]
            return all(a.phase == self.phase and a.status == 200 for a in late)
        wait_for(well, max(limit_s, 30 * self.slowest_s("calm")))
        self.phase = "well again"
        time.sleep(1.5)

    # What has to be true at the end.

    def only(self, *allowed: int, phases=(), codes=()):
        """Nothing but success, a conflict, and these."""
        seen = self.statuses(*phases)
        strange = {k: n for k, n in seen.items() if k[0] not in (200, 201, 409, *allowed)
                   or codes and k[0] == 503 and k[1] not in codes}
        assert not strange, seen

    def was_quick(self, limit_s: float = 4):
        """What can't be done now is told soon, as this machine goes, with the time after which
        to ask again."""
        assert self.slowest_s() <= limit_s + 3 * self.slowest_s("calm")
        assert all(a.retry_after for a in self.answers if a.status == 503)

    def books_are_right(self):
        """Every outcome gets known, every promise is kept, and the invariants hold; those about
        messages have to at the end of all (test_z_afterwards.py)."""
        for wish in self.wishes:
            if wish.last.status in OPEN:
                self.insist(wish)
        self._promises()
        assert invariants.broken(self.house.db, drained=False) == {}
        ids = [w.granted["id"] for w in self.wishes if w.path.endswith("orders") and w.granted]
        wait_for(lambda: not invariants.books_differ(self.house, ids), 60)
        print("\n", dict(Counter((a.phase, a.status, a.code) for a in self.answers)),
              f"slowest {self.slowest_s():.2f} s")

    def _promises(self):
        kept = {key: answer for key, answer in self.house.db.rows(
            "SELECT key, answer FROM idempotency WHERE key = ANY(%s)",
            [w.key for w in self.wishes])}
        for wish in self.wishes:
            if wish.last.status == 201:
                assert kept.get(wish.key) == wish.last.text, wish
                assert {a.text for a in wish.answers if a.status == 201} == {wish.last.text}
            else:
                assert wish.key not in kept, wish
