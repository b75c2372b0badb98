"""Workers of the token endpoint die in the middle of exchanges: nobody is signed out by it."""
import random
import signal
import threading
import time

import pytest

from house import ANSWER_LIMIT_S, Client, ok, wait_for
from test_programs import members, send

PEOPLE, KILLS = 8, 80


class Phone:
    """Exchanges its token again and again; what gets no answer is asked once more at once."""

    def __init__(self, house, number: int):
        self.house = house
        self.user = house.sim.user(f"换证{number}")["user"]
        self.grant = wait_for(self.log_in, pause_s=1)
        self.exchanges = self.lost = 0
        self.signed_out = None

    def log_in(self):
        """None while one address, all of these tests, logs in too often."""
        answer = self.house.log_in(code=self.house.sim.login_code(self.user))
        return answer.json() if answer.status_code == 200 else None

    def exchange(self):
        form = {"grant_type": "refresh_token", "refresh_token": self.grant["refresh_token"]}
        answer = self.house.guest.call("POST", "/oauth2/token", data=form)
        if answer.status_code == 200:
            self.grant = answer.json()
            self.exchanges += 1
        elif answer.status_code in (502, 503, 504):
            self.lost += 1
        else:
            self.signed_out = answer.text

    def live(self, stopping: threading.Event):
        while not stopping.is_set() and not self.signed_out:
            self.exchange()


def exchanges(phones: list) -> int:
    return sum(p.exchanges for p in phones)


@pytest.fixture(scope="module")
def phones(house):
    phones, stopping = [Phone(house, n) for n in range(PEOPLE)], threading.Event()
    threads = [threading.Thread(target=p.live, args=(stopping,), daemon=True) for p in phones]
    for thread in threads:
        thread.start()
    for turn in range(KILLS):
        send(members(house, "pool-login", "login.fcgi")[:1], signal.SIGKILL)
        time.sleep(random.uniform(0.02, 0.08))
        if turn % 4 == 3:  # a phone may try for ten seconds: in between, a slow machine goes on
            before = exchanges(phones)
            wait_for(lambda: exchanges(phones) > before)
    stopping.set()
    for thread in threads:
        thread.join(ANSWER_LIMIT_S)
    return phones


def test_nobody_was_signed_out(phones):
    assert [p.signed_out for p in phones] == [None] * PEOPLE
    assert sum(p.lost for p in phones) > 5 and exchanges(phones) > 50


def test_everybody_goes_on(house, phones):
    for phone in phones:
        phone.exchange()
        assert phone.signed_out is None
        ok(Client(house, phone.grant["access_token"]).get("/api/v1/me"))
