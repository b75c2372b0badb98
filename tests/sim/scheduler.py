"""Jobs at a time: one thread holds the calendar, a few workers run what is due."""
import heapq
import itertools
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Callable


class Scheduler:
    def __init__(self, workers: int = 16):
        self._wake = threading.Condition()
        self._calendar: list[tuple[float, int, Callable]] = []
        self._order = itertools.count()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="job")
        self._at_work = set()
        threading.Thread(target=self._run, daemon=True, name="calendar").start()

    def after(self, seconds: float, job: Callable) -> None:
        with self._wake:
            entry = (time.monotonic() + seconds, next(self._order), job)
            heapq.heappush(self._calendar, entry)
            self._wake.notify()

    def clear(self) -> None:
        with self._wake:
            self._calendar.clear()

    def rest(self) -> None:
        """Returns when the jobs that were begun have ended."""
        wait(list(self._at_work))

    def _run(self) -> None:
        while True:
            begun = self._pool.submit(_guarded, self._next())
            self._at_work.add(begun)
            begun.add_done_callback(self._at_work.discard)

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
