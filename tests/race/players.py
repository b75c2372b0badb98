"""One process of a race: customers that all want the same hours at the same time. Whatever they
are told is written down, to be compared with the books afterwards."""
import json
import multiprocessing
import random
import threading
import time
import uuid
from pathlib import Path

import house as houses
from venue import Hall

HOURS_AT_ONCE = 3  # that everybody fights for
ROUND_S = 0.6
fork = multiprocessing.get_context("fork")


class Player:
    def __init__(self, run: Path, hall: Hall, number: int, tokens: list, diary: Path):
        self.house, self.hall = houses.House(run), hall
        self.people = [houses.Client(self.house, token) for token in tokens]
        self.random = random.Random(number)
        self.diary = open(diary, "w")
        self.lock = threading.Lock()

    def note(self, what: str, person, answer, **facts):
        line = {"what": what, "token": person.token, "status": answer.status_code,
                "body": answer.text, **facts}
        with self.lock:
            self.diary.write(json.dumps(line) + "\n")

    def post(self, what: str, person, path: str, body: dict, key: str, **facts):
        """Ask; ask again with the same key as long as the outcome is open."""
        for _ in range(8):
            answer = person.post(path, body, key)
            self.note(what, person, answer, key=key, **facts)
            if answer.status_code != 503:
                return answer
            time.sleep(0.2)
        return answer

    def order(self, person, slots: list, key: str):
        asked = [[s.court, s.start] for s in slots]
        answer = self.post("order", person, "/api/v1/orders", houses.order_body(*slots), key,
                           slots=asked, date=slots[0].date)
        return answer.json() if answer.status_code == 201 else None

    def order_twice_at_once(self, person, slots: list, key: str):
        made = []
        threads = [threading.Thread(target=lambda p=p: made.append(self.order(p, slots, key)))
                   for p in (person, houses.Client(self.house, person.token))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return made[0]

    def pay(self, person, order: dict):
        """One or two taps on the button, now and then both at once with one key."""
        body = {"channel": "wechat", "method": self.random.choice(["jsapi", "jsapi", "native"])}
        path, key = f"/api/v1/orders/{order['id']}/payments", uuid.uuid4().hex
        if self.random.random() < 0.3:
            other = houses.Client(self.house, person.token)
            second = threading.Thread(target=lambda: self.post("pay", other, path, body, key))
            second.start()
        answer = self.post("pay", person, path, body, key)
        if answer.status_code == 201:
            self.house.sim.pay(answer.json())

    def choose(self, hours: list) -> list:
        on, minute = self.random.choice(hours)
        kind = self.random.random()
        if kind < 0.5:
            return [self.hall.slot(self.random.choice(self.hall.singles), on, minute)]
        if kind < 0.75:
            return [self.hall.slot(self.random.choice(self.hall.floor), on, minute)]
        same_day = [m for d, m in hours if d == on]
        wanted = {(self.random.choice(self.hall.singles), self.random.choice(same_day))
                  for _ in range(self.random.randint(2, 3))}
        slots = [self.hall.slot(court, on, m) for court, m in wanted]
        self.random.shuffle(slots)
        return slots

    def play(self, began: float, limit_s: float):
        hours = self.hall.hours()
        while (passed := time.monotonic() - began) < limit_s:
            first = int(passed / ROUND_S) * HOURS_AT_ONCE % len(hours)
            person = self.random.choice(self.people)
            slots, key = self.choose(hours[first:first + HOURS_AT_ONCE]), uuid.uuid4().hex
            twice = self.random.random() < 0.15
            order = (self.order_twice_at_once if twice else self.order)(person, slots, key)
            if order and self.random.random() < 0.6:
                self.pay(person, order)
        self.diary.close()


def play(began: float, limit_s: float, *who):
    Player(*who).play(began, limit_s)


def once(run: Path, start, answers, number: int, token: str, path: str, body: dict, key: str):
    client = houses.Client(houses.House(run), token)
    client.get("/api/v1/ping")  # the connection stands before the start
    start.wait(300)
    answer = client.post(path, body, key)
    answers.put((number, answer.status_code, answer.text))


def at_once(run: Path, asks: list) -> list:
    """A process for each (token, path, body, key), all sent at one moment: (status, text) of
    each."""
    start, answers = fork.Barrier(len(asks)), fork.Queue()
    crowd = [fork.Process(target=once, args=(run, start, answers, n, *ask))
             for n, ask in enumerate(asks)]
    for process in crowd:
        process.start()
    heard = sorted(answers.get(timeout=400) for _ in asks)
    for process in crowd:
        process.join(60)
    return [(status, text) for _, status, text in heard]
