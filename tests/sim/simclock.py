"""The simulator's time. Lives of codes, tokens, tickets and orders run on a clock that tests
may advance; signatures and their 5 minutes run on the real one, or every client would look
stale."""
import re
import time
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
DAY = 86400
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")


class Clock:
    def __init__(self):
        self.offset = 0.0

    def now(self) -> float:
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += seconds


def rfc3339(instant: float) -> str:
    return datetime.fromtimestamp(instant, BEIJING).isoformat(timespec="seconds")


def parse_rfc3339(text: str) -> float:
    """ValueError unless it is a full date-time with an offset."""
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"not an RFC 3339 time: {text!r}")
    return datetime.fromisoformat(text).timestamp()


def beijing(instant: float, form: str) -> str:
    return datetime.fromtimestamp(instant, BEIJING).strftime(form)


def day_of(instant: float) -> str:
    return beijing(instant, "%Y-%m-%d")
