"""After the chaos: everything is up again, what nobody knew gets known, and what is under way ends.
Waits for states, never for a time; the limits are only there so that a failure ends too."""
import os
import random
import subprocess
import time
from datetime import timedelta

import diary
from house import Client

REPLAYS, LIMIT_S, LOOK_S = 60, 900, 1
AGAIN, DAY_S = 75, 86400  # EX_TEMPFAIL of sysexits.h

# What is still under way, as words and a number.
UNDER_WAY = """
SELECT 'messages to publish', count(*) FROM message WHERE published_at IS NULL
UNION ALL SELECT 'messages to act on', count(*) FROM message m WHERE (SELECT count(*)
	FROM message_done d WHERE d.message_id = m.id) < CASE kind WHEN 'order.paid' THEN 2 ELSE 1 END
UNION ALL SELECT 'refunds', count(*) FROM refund WHERE state IN ('created', 'accepted')
UNION ALL SELECT 'closing orders', count(*) FROM orders WHERE state = 'closing'
UNION ALL SELECT 'unpaid orders', count(*) FROM orders WHERE state = 'pending'
UNION ALL SELECT 'codes that may be scanned', count(*) FROM payment_attempt a
	JOIN orders o ON o.id = a.order_id WHERE a.state IN ('created', 'prepaid')
	AND o.state IN ('expired', 'cancelled') AND NOT o.unconfirmed
"""
# Nobody waits for ten minutes and the margin behind them, or until a postponed refund is tried
# again. A refund whose turn is within a minute may be in somebody's hands.
HURRY = (
    "UPDATE orders SET expires_at = now() - interval '2 minutes'"
    " WHERE state <> 'paid' AND expires_at > now() - interval '90 seconds'",
    "UPDATE payment_attempt a SET ask_at = now() FROM orders o WHERE o.id = a.order_id"
    " AND o.state IN ('expired', 'cancelled') AND a.state IN ('created', 'prepaid')"
    " AND a.ask_at > now()",
    "UPDATE refund SET run_at = now() WHERE state IN ('created', 'accepted')"
    " AND run_at > now() + interval '61 s'",
)
ASK = "UPDATE payment_attempt SET ask_at = now() WHERE state IN ('created', 'prepaid')"


def resolve(house, book, wishes: dict) -> list:
    """Ask again, with the same key, whatever has no answer yet; those that stay without one."""
    client = Client(house)
    for wish in wishes.values():
        tries = 0
        while not wish.known and tries < REPLAYS:
            time.sleep(0.5 if tries else 0)
            wish.answers.append(diary.ask(book, client, wish))
            tries += 1
    return [w for w in wishes.values() if not w.known]


def settle(house) -> tuple[float, dict]:
    """Until nothing is under way, twice in a row: how long that took, and what never ended."""
    began, calm, left = time.monotonic(), 0, {}
    house.db.rows(ASK)
    while calm < 2 and time.monotonic() - began < LIMIT_S:
        time.sleep(LOOK_S)
        for sql in HURRY:
            house.db.rows(sql)  # may be repeated, and the old connection is dead
        left = {what: n for what, n in house.db.rows(UNDER_WAY) if n}
        calm = 0 if left else calm + 1
    return time.monotonic() - began, left


def start_reconciling(house, day) -> subprocess.Popen:
    lines = (house.run / "zx.env").read_text().splitlines()
    settings = dict(line.replace('"', "").partition("=")[::2] for line in lines)
    with open(house.run / "log/reconcile.log", "a") as log:
        return subprocess.Popen(
            [house.run / "app/libexec/zhixing/reconcile", "--date", str(day)], text=True,
            env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=log)


def reconcile(house, days: set) -> list:
    """The next morning: the bills tell of the money that came without a word. The job is killed
    twice, and started again for as long as it asks for that; its exit codes and last words.
    Meanwhile nobody sends refunds, which the channels would book on the next day. All of it
    becomes a day older, here and there, because no day is reconciled before it is over."""
    house.command("kill", "settle")
    house.sim.post("age", seconds=DAY_S)
    house.db.all_at_once(
        ("UPDATE payment_attempt SET paid_at = paid_at - interval '1 day'"
         " WHERE paid_at IS NOT NULL",),
        ("UPDATE refund SET sent_at = sent_at - interval '1 day' WHERE sent_at IS NOT NULL",))
    done = []
    for day in sorted(day - timedelta(days=1) for day in days):
        for patience_s in (0.2, 0.6):
            job = start_reconciling(house, day)
            time.sleep(random.uniform(0, patience_s))
            job.kill()
            job.communicate()
        for _ in range(REPLAYS):
            job = start_reconciling(house, day)
            said = job.communicate(timeout=LIMIT_S)[0]
            if job.returncode != AGAIN:
                break
            time.sleep(1)
        done.append((job.returncode, said))
    house.command("start", "settle")
    return done
