"""Chaos, quiet, and what is left to be read."""
import multiprocessing
import os
import time
from collections import Counter
from pathlib import Path

import books
import diary
import history
import manager
import people
import quiet
from house import Staff, find
from nemesis import Nemesis
from slots import now
from venue import Hall

SECONDS = float(os.environ.get("CHAOS_S") or 25)
CLIENTS, PROCESSES = 32, 4
KILLS = max(15, round(SECONDS * 50 / 60))
TIERS = '[{"hours": 48, "percent": 100, "fee_fen": 0},' \
        ' {"hours": 24, "percent": 50, "fee_fen": 100},' \
        ' {"hours": 0, "percent": 10, "fee_fen": 200}]'
LEAVE_LIMIT_S = 300
fork = multiprocessing.get_context("fork")

# What the chaos must have seen before it may end; counted in the database.
SEEN = """
SELECT 'paid', count(*) FROM orders WHERE state = 'paid'
UNION ALL SELECT 'expired', count(*) FROM orders WHERE state = 'expired'
UNION ALL SELECT 'cancelled unpaid', count(*) FROM orders
	WHERE state = 'cancelled' AND paid_at IS NULL
UNION ALL SELECT 'cancelled paid', count(*) FROM orders
	WHERE state = 'cancelled' AND paid_at IS NOT NULL
UNION ALL SELECT 'refund: ' || c, (SELECT count(*) FROM refund WHERE cause = c)
	FROM unnest('{cancel,staff,venue,late,surplus}'::text[]) c
UNION ALL SELECT 'refund delayed', count(*) FROM refund WHERE delayed_at IS NOT NULL
UNION ALL SELECT 'chosen to be given back', count(*) FROM outside_item WHERE choice = 'refund_all'
UNION ALL SELECT 'check-in undone', count(*) FROM checkin_undone
UNION ALL SELECT 'refund succeeded', count(*) FROM refund WHERE state = 'succeeded'
UNION ALL SELECT 'checked in', count(*) FROM checkin
UNION ALL SELECT 'brought back', count(*) FROM message WHERE kind = 'order.retaken'
UNION ALL SELECT 'banned', count(*) FROM ban
"""


def prepare(house) -> tuple:
    """A hall with a rule of its own, and the token of its front desk."""
    hall = Hall.build(house.db, singles=4)
    house.db.all_at_once(
        ("UPDATE venue SET refund_tiers = %s WHERE id = %s", TIERS, hall.id),
        ("INSERT INTO account_role VALUES (2, 'manager', %s)", hall.id))
    return hall, Staff(house, "desk1").token


class Aftermath:
    def __init__(self, folder: Path):
        self.house, self.folder = find(), folder
        if self.house.db.value("SHOW synchronous_commit") != "on":
            raise RuntimeError("these tests pull the plug: bring the stack up with --durable")
        self.hall, self.desk = prepare(self.house)
        began = now().date()
        self._rage()
        self.rage_s = time.monotonic() - self.nemesis.began
        self.nemesis.mend()
        self.house.sim.quiet()
        self.manager.reopen()
        self._resolve()
        self.quiet_s, self.left = quiet.settle(self.house)
        self.silent = len(books.channel_paid(self.house.sim)) - len(books.known_paid(self.house.db))
        self.reconciled = quiet.reconcile(self.house, {began, now().date()})
        if not self.left:
            self.left = quiet.settle(self.house)[1]
        (self.house.run / "story").write_text(self.story())
        self.facts = history.Facts.read(self.house.db)

    def _rage(self):
        stop, each = fork.Event(), CLIENTS // PROCESSES
        crowd = [fork.Process(target=people.live, args=(
            self.house.run, self.hall, self.desk, range(n * each, (n + 1) * each),
            self.folder / f"{n}.jsonl", stop)) for n in range(PROCESSES)]
        desk = (self.house.run, self.hall, self.desk)
        crowd.append(fork.Process(target=manager.live, args=(
            *desk, self.folder / "manager.jsonl", stop)))
        self.manager = manager.Manager(*desk, diary.Diary(self.folder / "reopened.jsonl"), stop)
        for process in crowd:
            process.start()
        self.nemesis = Nemesis(self.house, SECONDS, KILLS)
        try:
            self.nemesis.rage(lambda: not self.unseen())
        finally:
            stop.set()
            for process in crowd:
                process.join(LEAVE_LIMIT_S)
        self.crowd_ended = [process.exitcode for process in crowd]

    def unseen(self) -> list:
        """What has not happened yet; everything, as long as the database is away."""
        try:
            return [what for what, n in self.nemesis.boss.rows(SEEN) if not n]
        except Exception:
            return ["the database is away"]

    def _resolve(self):
        self.wishes, self.wrong = diary.read(self.folder)
        self.open = quiet.resolve(self.house, diary.Diary(self.folder / "later.jsonl"),
                                  self.wishes)

    def story(self) -> str:
        """How much of what there was."""
        asked = Counter(f"{w.op} {w.last.kind}" for w in self.wishes.values())
        told = Counter(f"{t.status} {t.code}" for w in self.wishes.values() for t in w.answers)
        deeds = Counter()
        for (deed, whom), n in self.nemesis.done.items():
            deeds[f"{deed} {whom}"] += n
        parts = {"requests": asked, "answers": told, "nemesis": deeds,
                 "orders and refunds": dict(self.house.db.rows(SEEN))}
        lines = [f"{what}: " + ", ".join(f"{name} {n}" for name, n in sorted(many.items()))
                 for what, many in parts.items()]
        return "\n".join([
            f"{self.nemesis.kills} kills in {self.rage_s:.0f} s; quiet {self.quiet_s:.0f} s later;"
            f" {self.silent} payments without a word until the bills came", *lines,
            *(said.strip() for _, said in self.reconciled)]) + "\n"
