"""What is asked once, and looked at from outside: single requests, memory, time to get ready."""
import json
import re
import ssl
import threading
import time
import uuid
from datetime import timedelta
from http.client import HTTPException, HTTPSConnection
from pathlib import Path

from house import House
from process import TICKS_PER_S

READY_LIMIT_S = 20
ROWS_OF_PAGE = 288  # half of 16 courts × 18 hours × 2 steps


def connection(home: House) -> HTTPSConnection:
    context = ssl.create_default_context(cafile=home.stack.path("tls/ca.pem"))
    return HTTPSConnection("localhost", home.stack.port("https"), context=context, timeout=10)


def ask(home: House, method: str, path: str, body: str | None = None, **headers) -> tuple:
    peer = connection(home)
    peer.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    answer = peer.getresponse()
    found = answer.status, answer.read()
    peer.close()
    return found


def expect(wanted: int, found: tuple):
    if found[0] != wanted:
        raise SystemExit(f"bench: wanted {wanted}, got {found[0]} {found[1].decode()}")


def one_page(home: House):
    tomorrow = home.today + timedelta(days=1)
    expect(200, ask(home, "GET", f"/api/v1/venues/101/availability?sport=badminton&date={tomorrow}",
                    Authorization="none"))


def rows_read_of_page(home: House, pages: int = 400) -> float:
    """Rows of `occupancy` that PostgreSQL reads for a page of availability, to those that it shows.
    This finds a bad plan, which a ratio to pgbench with the same bad plan would not."""
    counted = """SELECT coalesce(sum(n), 0)::bigint FROM (
        SELECT idx_tup_read AS n FROM pg_stat_user_indexes WHERE relname = 'occupancy'
        UNION ALL SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'occupancy') c"""
    home.cut_connections()  # with a connection's end its counters are booked
    before = int(home.psql("zx_owner", counted))
    for _ in range(pages):
        one_page(home)
    home.cut_connections()
    return (int(home.psql("zx_owner", counted)) - before) / pages / ROWS_OF_PAGE


def one_order(home: House):
    """Outside the hours and days that the measurements use."""
    day = home.today + timedelta(days=9)
    body = {"venue_id": 101, "date": str(day), "periods": [
        {"court_id": 301, "start": f"{day}T20:00:00+08:00", "end": f"{day}T22:00:00+08:00"}]}
    expect(201, ask(home, "POST", "/api/v1/orders", json.dumps(body),
                    Content_Type="application/json", Idempotency_Key=str(uuid.uuid4()),
                    Authorization=f"Bearer {home.tokens.read_text().split()[0]}"))


def use_all_pools(home: House, times: int = 100):
    """Something for each of the pools that the load has left alone."""
    signed = {"Authorization": f"Bearer {home.tokens.read_text().split()[0]}",
              "Content_Type": "application/json"}
    for n in range(times):
        ask(home, "GET", "/oauth2/jwks")
        ask(home, "GET", "/api/v1/staff/me", **signed)
        ask(home, "POST", "/api/v1/orders/1/payments",
            '{"channel":"wechat","method":"native"}', Idempotency_Key=f"vitals-{n}", **signed)
        ask(home, "POST", "/notify/wechat", "{}", **signed)


def memory_mb(pid: int) -> tuple:
    """RSS, and PSS: shared pages divided among those who share them."""
    def figure(file: str, name: str) -> float:
        return int(re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/{file}").read_text(),
                             re.M)[1]) / 1024
    return round(figure("status", "VmRSS"), 1), round(figure("smaps_rollup", "Pss"), 1)


def _first_answer(home: House, found: list):
    """When GET /api/v1/ping is answered well for the first time, by the clock since boot."""
    end = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < end:
        try:
            if ask(home, "GET", "/api/v1/ping")[0] == 200:
                found.append(time.clock_gettime(time.CLOCK_BOOTTIME))
                return
        except (OSError, HTTPException):
            pass
        time.sleep(0.002)


def ready_s(home: House) -> float:
    """From the start of spawn-fcgi to the first good answer through nginx."""
    home.stop("pool-api")
    found = []
    watcher = threading.Thread(target=_first_answer, args=(home, found))
    watcher.start()
    home.start("pool-api")
    watcher.join()
    if not found:
        raise SystemExit("bench: the api pool did not come back")
    return found[0] - home.stack.record("pool-api").facts["start"] / TICKS_PER_S
