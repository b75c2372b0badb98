"""What kills, stops and delays: our programs all the time, the servers behind them in turn, fate at
the channels, and the clock of unpaid orders."""
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import psycopg2
import requests

from database import Database
from process import Record, link_of

STORES = {"postgres": 2, "redis": 2, "rabbitmq": 1}  # how often, by how soon they are back
STORE_EVERY_S = (1, 4)
LURK_S = 0.3  # for a process that is in the middle of something
LIMIT_S = 600  # for everything to have happened once; then the tests say what has not
BUSY = ("pool-api", "pool-pay", "pool-notify", "pool-staff", "pool-desk", "settle")  # struck more often
LONG_STOP_S = 35  # longer than the lease of a closing order
PAY, CLOSE, REFUND = "/v3/pay/transactions/", "/close", "/v3/refund/domestic/refunds"
ALIPAY = "/gateway.do"
# Faults that hit whoever calls next: name, parameters.
FATES = [
    *[("slow", {"ms": ms, "path": path}) for path in (PAY, REFUND, ALIPAY) for ms in (400, 1500)],
    *[(name, {"path": path}) for path in (PAY, CLOSE, REFUND, ALIPAY)
      for name in ("http_500_before", "http_500_after", "answer_lost")],
    *[(name, {"path": path}) for path in (PAY, CLOSE, REFUND)
      for name in ("429", "answer_bad_signature")],
    ("notify_stale", {}), ("notify_tampered", {}), ("notify_out_of_order", {}),
]
OVERDUE = ("UPDATE orders SET expires_at = now() WHERE id IN (SELECT id FROM orders"
           " WHERE state = 'pending' AND created_at < now() - interval '2 s'"
           " ORDER BY random() LIMIT %s)")


def open_files(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


class Nemesis:
    def __init__(self, house, seconds: float, kills: int):
        self.house, self.seconds, self.wanted = house, seconds, kills
        self.began, self.over = time.monotonic(), threading.Event()
        self.done, self.lock = Counter(), threading.Lock()
        self.stopped, self.trouble = [], []  # (when to go on, process); what went wrong here
        self.boss = Database(house.run, "zx_owner")
        names = [path.name for path in (house.run / "pid").iterdir()]
        ours = ("pool-", "relay", "settle", "consume", "sweep")
        self.ours = [n for n in names if n.startswith(ours)]
        self.busy = [n for n in self.ours if n in BUSY]

    @property
    def kills(self) -> int:
        return sum(n for (deed, _), n in self.done.items() if deed == "kill")

    def _count(self, deed: str, whom: str):
        with self.lock:
            self.done[deed, whom] += 1

    def rage(self, enough):
        """Until the time is over, enough was killed, and `enough()` says so too."""
        threads = [threading.Thread(target=self._loop, args=each) for each in (
            (self._strike, 0.1, 0.6), (self._fell, *STORE_EVERY_S), (self._doom, 0.3, 1.2),
            (self._hurry, 0.5, 1.5))]
        for thread in threads:
            thread.start()
        while not self.trouble and not (self._lasted(self.seconds) and self._killed()
                                        and (enough() or self._lasted(LIMIT_S))):
            time.sleep(0.3)
        self.over.set()
        for thread in threads:
            thread.join()
        self._go_on(all_of_them=True)
        if self.trouble:
            raise self.trouble[0]

    def _lasted(self, seconds: float) -> bool:
        return time.monotonic() - self.began > seconds

    def _killed(self) -> bool:
        return self.kills >= self.wanted and all(self.done["kill", name] for name in STORES)

    def _loop(self, deed, least_s: float, most_s: float):
        while not self.over.wait(random.uniform(least_s, most_s)):
            try:
                deed()
            except Exception as trouble:  # the others would wait for ever
                self.trouble.append(trouble)
                return

    # Our own programs.

    def _members(self, server: str) -> list:
        """Processes that run a program of ours: the children of its supervisor."""
        app, boss = str(self.house.run / "app"), Record(self.house.run / "pid" / server).facts
        try:
            children = Path("/proc/{pid}/task/{pid}/children".format(**boss)).read_text()
        except (OSError, KeyError):
            return []  # the supervisor was killed, too
        return [int(pid) for pid in children.split() if link_of(int(pid), "exe").startswith(app)]

    def _victim(self, members: list) -> int:
        """One that has just opened something: a request came in, a call goes out."""
        least, end = {}, time.monotonic() + LURK_S
        while time.monotonic() < end:
            for pid in members:
                count = open_files(pid)
                least[pid] = min(count, least.get(pid, count))
                if count > least[pid]:
                    time.sleep(random.uniform(0, 0.015))
                    return pid
            time.sleep(0.001)
        return random.choice(members)

    def _send(self, pid: int, number: int) -> bool:
        try:
            os.kill(pid, number)
            return True
        except ProcessLookupError:
            return False

    def _strike(self):
        self._go_on()
        server = random.choice(self.ours + 2 * self.busy)
        members = self._members(server)
        if not members:
            return
        pid, chance = self._victim(members), random.random()
        if chance < 0.8:
            if self._send(pid, signal.SIGKILL):
                self._count("kill", server)
        elif chance < 0.92 and self._send(pid, signal.SIGSTOP):
            long = server == "settle" and random.random() < 0.3
            pause_s = LONG_STOP_S if long else random.uniform(1, 4)
            self.stopped.append((time.monotonic() + pause_s, pid))
            self._count("long stop" if long else "stop", server)
        elif self._send(pid, signal.SIGTERM):
            self._count("term", server)

    def _go_on(self, all_of_them: bool = False):
        due = [each for each in self.stopped if all_of_them or each[0] < time.monotonic()]
        self.stopped = [each for each in self.stopped if each not in due]
        for _, pid in due:
            self._send(pid, signal.SIGCONT)

    # Servers, with everything that belongs to them.

    def _fell(self):
        """Those whose turn it is come first."""
        name = min(STORES, key=lambda n: (self.done["kill", n] / STORES[n], random.random()))
        if random.random() < 0.15 and self.done["kill", name]:
            name = random.choice(self.ours)
        self.kill_server(name)
        time.sleep(random.uniform(0, 1.5))
        self.start_server(name)

    def kill_server(self, name: str):
        if Record(self.house.run / "pid" / name).members():
            self.house.command("kill", name)
            self._count("kill", name)

    def start_server(self, name: str):
        """A slow machine may need a second try."""
        for tries_left in (2, 1, 0):
            try:
                self.house.command("start", name)
                return
            except AssertionError:
                if not tries_left:
                    raise

    def mend(self):
        """All servers up again."""
        for path in sorted((self.house.run / "pid").iterdir()):
            if path.name[0] != "." and not Record(path).leader_lives():
                self.start_server(path.name)

    # The channels, and time.

    def _doom(self):
        name, params = random.choice(FATES)
        try:
            if random.random() < 0.06:
                self._bad_bank()
            else:
                self.house.sim.fault(name, **params)
        except (requests.RequestException, AssertionError):
            return
        self._count("fate", name)

    def _bad_bank(self):
        self.house.sim.fault("refund_outcome", value=random.choice(["ABNORMAL", "CLOSED"]))
        time.sleep(0.5)
        self.house.sim.fault("refund_outcome", value="SUCCESS")

    def _hurry(self):
        """The ten minutes of some unpaid orders are over."""
        try:
            self.boss.rows(OVERDUE, random.randint(1, 4))
        except psycopg2.Error:
            pass  # it is down at the moment
