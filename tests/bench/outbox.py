"""What the relay does to messages that wait, and what the broker alone could take."""
import json
import re
import subprocess
import time
from pathlib import Path

from house import HERE, REPO, House

MESSAGES = 20_000  # for one measurement
FIRST = 4 * 10**15  # ids that nobody else uses
LIMIT_S = 120

# All at once, and the relay is woken when they can be seen.
WAITING_ROWS = f"""
BEGIN;
INSERT INTO message (id, kind, subject_id, body)
	SELECT n, 'order.paid', 1125899906842624, '{{"order_id":1125899906842624,"venue_id":101}}'
	FROM generate_series(:base, :base + :count - 1) n;
NOTIFY zx_message;
COMMIT;
"""
WAITING = f"SELECT count(*) FROM message WHERE id >= {FIRST} AND published_at IS NULL"
# From the first batch that was marked to the last: whole turns of claiming, publishing, marking.
# A batch has one time, that of the transaction that marked it.
RATE = """
SELECT (count(*) - count(*) FILTER (WHERE published_at = least)) / extract(epoch FROM most - least)
	FROM message, (SELECT min(published_at) AS least, max(published_at) AS most FROM message
		WHERE id BETWEEN :base AND :base + :count - 1) AS span
	WHERE id BETWEEN :base AND :base + :count - 1 GROUP BY least, most;
"""


def relay_batch() -> int:
    text = (REPO / "jobs/relay.c").read_text()
    return int(re.search(r"^\tBATCH = (\d+),", text, re.M)[1])


class Outbox:
    def __init__(self, home: House, tools: Path):
        self.home, self.tools = home, tools
        self.next = FIRST

    def _psql(self, base: int, count: int, script: str) -> str:
        return self.home.psql("zx_owner", f"\\set base {base}\n\\set count {count}\n{script}")

    def _confirms(self, count: int) -> dict:
        """What the broker took from the bare publisher, and what was in its queues."""
        done = subprocess.run([self.tools / "confirms", str(count), str(relay_batch())],
                              env=self.home.environment(), text=True, capture_output=True)
        if done.returncode:
            raise SystemExit(f"bench: {done.stderr}")
        return json.loads(done.stdout)

    def _must_hold(self, purged: dict, count: int):
        if purged["fulfil"] < count or purged["tell"] < count:
            raise SystemExit(f"bench: {count} messages were confirmed; found in queues: {purged}")

    def _hand_out(self, count: int) -> int:
        """Put messages into the table, and wait until the relay has marked all of them."""
        base, self.next = self.next, self.next + count
        self._psql(base, count, WAITING_ROWS)
        deadline = time.monotonic() + LIMIT_S
        while int(self.home.psql("zx_owner", WAITING)):
            if time.monotonic() > deadline:
                raise SystemExit(f"bench: the relay did not publish all in {LIMIT_S} s")
            time.sleep(0.2)
        return base

    def relay(self) -> float:
        """One relay, from rows in the table to confirmed and marked."""
        self.home.psql("zx_owner", "UPDATE message SET published_at = now() "
                                   "WHERE published_at IS NULL;\nVACUUM ANALYZE message;")
        self.home.start("relay")
        try:
            self._hand_out(MESSAGES // 20)  # connects, declares its queues, warms up
            self.home.checkpoint()
            base = self._hand_out(MESSAGES)
        finally:
            self.home.stop("relay")
        self._must_hold(self._confirms(0), MESSAGES + MESSAGES // 20)
        return float(self._psql(base, MESSAGES, RATE))

    def bare_confirms(self) -> float:
        self._confirms(MESSAGES // 20)
        said = self._confirms(MESSAGES)
        self._must_hold(said, MESSAGES)
        return MESSAGES / said["seconds"]
