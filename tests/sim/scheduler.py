"""Jobs at a time: one thread holds the calendar, a few workers run what is due."""
import heapq
import itertools
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Callable


class Scheduler:
    def __init__(self, workers: int = 16):
        self._wake = threading.Condition()
        self._calendar: list[tuple[float, int, Callable]] = []
        self._order = itertools.count()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="job")
        threading.Thread(target=self._run, daemon=True, name="calendar").start()

    def after(self, seconds: float, job: Callable) -> None:
        with self._wake:
            entry = (time.monotonic() + seconds, next(self._order), job)
            heapq.heappush(self._calendar, entry)
            self._wake.notify()

    def clear(self) -> None:
        with self._wake:
            self._calendar.clear()

    def _run(self) -> None:
        while True:
            self._pool.submit(_guarded, self._next())

    def _next(self) -> Callable:
        with self._wake:
            while not self._calendar or self._calendar[0][0] > time.monotonic():
                due = self._calendar[0][0] - time.monotonic() if self._calendar else None
                self._wake.wait(due)
            return heapq.heappop(self._calendar)[2]


def _guarded(job: Callable) -> None:
    try:
        job()
    except Exception:  # a broken job must not be silent, nor stop the others
        traceback.print_exc(file=sys.stderr)
