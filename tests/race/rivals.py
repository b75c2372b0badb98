"""Processes that fight for the same courts, and what each of them was told."""
import json
import multiprocessing
import random
import sys
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "api"))

import house as houses  # noqa: E402


class Rival:
    """One customer in one process: orders, pays, repeats himself, writes down each answer."""

    def __init__(self, number: int, arena: dict):
        self.house = houses.find()
        self.customer = houses.Customer(self.house, f"对手{arena['tag']}-{number}")
        self.random, self.arena, self.log = random.Random(number), arena, []

    def note(self, what: str, answer, **more):
        code = answer.json().get("error", {}).get("code") if answer.status_code >= 400 else None
        self.log.append({"what": what, "status": answer.status_code, "code": code, **more})

    def pick(self) -> dict:
        """One or two periods of the hot hours, on courts that share floor with others'."""
        field = self.random.choice(self.arena["fields"])
        slots = self.random.sample(field["slots"], self.random.choice((1, 1, 2)))
        periods = [{"court_id": self.random.choice(field["courts"]), **s} for s in slots]
        return {"venue_id": field["venue"], "date": field["date"], "periods": periods}

    def order(self):
        key = str(uuid.uuid4())
        answer = self.customer.post("/api/v1/orders", self.pick(), key)
        self.note("order", answer, order=answer.json().get("id"))
        if answer.status_code == 201 and self.random.random() < 0.6:
            self.pay(answer.json())

    def pay(self, order: dict):
        answer = self.customer.try_pay(order)
        self.note("prepay", answer, order=order["id"])
        if answer.status_code == 201:
            self.house.sim.pay(answer.json(), wait=True)
            self.log.append({"what": "paid", "status": 200, "code": None, "order": order["id"]})

    def run(self):
        end = time.monotonic() + self.arena["seconds"]
        while time.monotonic() < end:
            self.order()
        return self.log


def _run(number: int, arena: dict, pipe):
    try:
        pipe.send(json.dumps(Rival(number, arena).run()))
    except Exception as trouble:  # told to the test, which fails by it
        pipe.send(json.dumps([{"what": "crash", "status": 0, "code": repr(trouble)}]))


def _one(key: str, body: dict, path: str, token: str, start, pipe):
    client = houses.Client(houses.find(), token)
    start.wait()
    answer = client.post(path, body, key or str(uuid.uuid4()))
    pipe.send((answer.status_code, answer.text))


def _gather(target, all_args) -> list:
    context = multiprocessing.get_context("fork")
    runs = []
    for args in all_args:
        mine, theirs = context.Pipe(False)
        process = context.Process(target=target, args=(*args, theirs))
        process.start()
        runs.append((process, mine))
    heard = [pipe.recv() for _, pipe in runs]
    for process, _ in runs:
        process.join()
    return heard


def fight(count: int, arena: dict) -> list:
    """Each rival's log."""
    return [json.loads(log) for log in _gather(_run, [(n, arena) for n in range(count)])]


def at_once(path: str, bodies: list, token: str, key: str = "") -> list:
    """A process for each body, all sent at one moment: (status, text) of each. One key for
    all of them, or each its own."""
    start = multiprocessing.get_context("fork").Barrier(len(bodies))
    return _gather(_one, [(key, body, path, token, start) for body in bodies])
