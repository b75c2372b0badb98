"""The load generators: wrk with load.lua, pgbench, and rush for what pgbench can't do."""
import json
import re
import subprocess
import time
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path

import batches
import billday
import logins
import notices
import outbox
from house import CHINA, HERE, House

PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"
WORKERS = 4  # of the api pool, and so database connections
CONNECTIONS = 32
STREAM_CONNECTIONS = 64
RUSH_CLIENTS = 64
TRIES = 320  # for the 32 periods of two hours that an evening has at most
WARM_S, MEASURED_S = 1, 5
RUN_SLOTS = batches.SLOTS // 16  # of the free periods, for one measurement and its warm-up
RUN_TRIES = 40 * 390 * TRIES // 16


def run(*args) -> str:
    done = subprocess.run([str(a) for a in args], text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(f"bench: {args[0]} failed\n{done.stdout}{done.stderr}")
    return done.stdout


class Loads:
    """Each method warms up, measures once, and returns a rate (1/s) or more."""

    def __init__(self, house: House, tools: Path):
        self.house, self.tools = house, tools
        self.scripts = house.stack.path("bench")
        self.scripts.mkdir(exist_ok=True)
        for name in ("order", "availability", "notify"):
            text = batches.pgbench_script(tools, name, str(house.today))
            (self.scripts / name).write_text(text)
        self.orders = self.tries = 0  # where the next measurement begins
        self.last = {}

    def _take_orders(self) -> int:
        self.orders += RUN_SLOTS
        if self.orders > batches.SLOTS:
            raise SystemExit("bench: no free periods left")
        return self.orders - RUN_SLOTS

    def _take_tries(self) -> int:
        self.tries += RUN_TRIES
        return self.tries - RUN_TRIES

    def midnight(self, zone) -> int:
        """The beginning of the bench's day; as if it were UTC's for those who only want a date."""
        return int(datetime.combine(self.house.today, datetime.min.time(), zone).timestamp())

    def wrk(self, path: str, *words, connections: int = CONNECTIONS, seconds: int) -> dict:
        out = run("wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "load.lua",
                  self.house.url + path, "--", *words, "threads=2",
                  f"tokens={self.house.tokens}", f"today={self.midnight(timezone.utc)}")
        result = json.loads(out.splitlines()[-1])
        if result["broken"]:
            raise SystemExit(f"bench: {result['broken']} connections broke at {path} {words}")
        self.last = result
        return result

    def get(self, path: str, *words) -> float:
        self.wrk(path, *words, seconds=WARM_S)
        result = self.wrk(path, *words, seconds=MEASURED_S)
        if result["refused"]:
            raise SystemExit(f"bench: {result['refused']} of {path} {words} were refused")
        return result["requests"] / result["seconds"]

    def ping(self) -> float:
        return self.get("/api/v1/ping")

    def nginx_return(self) -> float:
        return self.get("/bench/return")

    def _pages(self, *words) -> float:
        tomorrow = self.house.today + timedelta(days=1)
        return self.get("/", "pages", f"date={tomorrow}", *words)

    def availability(self) -> float:
        return self._pages("signed=1")

    def availability_cached(self) -> float:
        return self._pages()

    def pgbench(self, script: str, base: int, seconds: int, clients: int = WORKERS) -> float:
        given = {"n": 0, "clients": clients, "base": base, "midnight": self.midnight(CHINA),
                 "now": int(time.time()), "digest": "0" * 64, "answer": "a" * 600,
                 "body": '{"order_id":1125899906842624,"venue_id":101}',
                 "plaintext": notices.PLAINTEXT}
        words = [w for k, v in given.items() for w in ("-D", f"{k}={v}")]
        out = run(PGBENCH, "-n", "-M", "prepared", "-c", clients, "-j", 2, "-T", seconds,
                  "-f", self.scripts / script, *words, "-h", self.house.sock, "-U", "zx", "zx")
        self.last = {"transactions": int(re.search(r"actually processed: (\d+)", out)[1])}
        return float(re.search(r"^tps = ([0-9.]+)", out, re.M)[1])

    def availability_sql(self) -> float:
        self.pgbench("availability", 0, WARM_S)
        return self.pgbench("availability", 0, MEASURED_S)

    def order_sql(self) -> float:
        base = self._take_orders()
        self.house.checkpoint()
        self.pgbench("order", base, WARM_S)
        return self.pgbench("order", base + RUN_SLOTS // 4, MEASURED_S)

    def _orders(self, base: int, seconds: int, *words, connections: int = CONNECTIONS) -> dict:
        result = self.wrk("/", "order", f"slots={batches.SLOTS}", f"stride={batches.STRIDE}",
                          f"base={base}", *words, connections=connections, seconds=seconds)
        if result["refused"] > result["requests"] * 0.05:
            raise SystemExit(f"bench: {result['refused']} of {result['requests']} orders refused")
        return result

    def order(self) -> float:
        base = self._take_orders()
        self.house.checkpoint()
        self._orders(base, WARM_S)
        result = self._orders(base + RUN_SLOTS // 4, MEASURED_S)
        return (result["requests"] - result["refused"]) / result["seconds"]

    def order_at(self, rate: float) -> dict:
        """A stream of somewhat less than `rate` a second: each connection rests in between."""
        base = self._take_orders()
        pause = f"pause={STREAM_CONNECTIONS / rate * 1000:.1f}"
        self.house.checkpoint()
        self._orders(base, WARM_S, pause, connections=STREAM_CONNECTIONS)
        result = self._orders(base + RUN_SLOTS // 4, MEASURED_S, pause,
                              connections=STREAM_CONNECTIONS)
        return {**result, "rate": result["requests"] / result["seconds"]}

    def _rush(self, base: int, seconds: int) -> dict:
        return self.wrk("/", "rush", f"tries={TRIES}", f"base={base}",
                        connections=RUSH_CLIENTS, seconds=seconds)

    def rush(self) -> float:
        base = self._take_tries()
        self.house.checkpoint()
        self._rush(base, WARM_S)
        result = self._rush(base + RUN_TRIES // 4, MEASURED_S)
        return result["requests"] / result["seconds"]

    def _rush_sql(self, base: int, seconds: int, clients: int) -> dict:
        out = run(self.tools / "rush", f"host={self.house.sock} user=zx dbname=zx", clients,
                  seconds, base, self.midnight(timezone.utc), TRIES, HERE / "order.batches",
                  HERE / "refused.batches")
        self.last = json.loads(out)
        return self.last

    def rush_sql(self, clients: int = RUSH_CLIENTS) -> float:
        base = self._take_tries()
        self.house.checkpoint()
        self._rush_sql(base, WARM_S, clients)
        result = self._rush_sql(base + RUN_TRIES // 4, MEASURED_S, clients)
        if result["broken"]:
            raise SystemExit(f"bench: {result['broken']} statements failed in the rush")
        return (result["won"] + result["lost"]) / result["seconds"]

    def rush_sql_best(self) -> float:
        return self.rush_sql(WORKERS)

    @cached_property
    def payments(self) -> notices.Payments:
        return notices.Payments(self)

    def notify(self) -> float:
        return self.payments.by_letters(WARM_S, MEASURED_S)

    def notify_sql(self) -> float:
        return self.payments.by_sql(WARM_S, MEASURED_S)

    @cached_property
    def outbox(self) -> outbox.Outbox:
        return outbox.Outbox(self.house, self.tools)

    def relay(self) -> float:
        return self.outbox.relay()

    def bare_confirms(self) -> float:
        return self.outbox.bare_confirms()

    @cached_property
    def logins(self) -> logins.Logins:
        return logins.Logins(self.house, self.tools)

    def login(self) -> float:
        self.logins.through_nginx(WARM_S)
        return self.logins.through_nginx(MEASURED_S)

    def bare_crypt(self) -> float:
        return self.logins.bare_crypt(MEASURED_S)

    def _limiter(self, seconds: int) -> dict:
        environment = {**self.house.environment(), "ZX_SHARED": ""}
        done = subprocess.run([str(self.tools / "limiter"), str(seconds)], env=environment,
                              text=True, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def limit(self) -> float:
        self._limiter(WARM_S)
        return self._limiter(MEASURED_S)["calls_s"]

    def bare_evalsha(self) -> float:
        """With the limiter's own interval and burst, for keys of its form."""
        script = self._limiter(WARM_S)["sha1"]
        sock = self.house.stack.path("redis/redis.sock")
        said = run("redis-benchmark", "-s", sock, "-c", 1, "-n", 20000 * MEASURED_S, "-r", 200,
                   "--csv", "EVALSHA", script, 2, "admit:__rand_int__:reads",
                   "ended:__rand_int__", 60, 250000)
        return float(said.splitlines()[-1].split(",")[1].strip('"'))

    @cached_property
    def bills(self) -> billday.Bills:
        return billday.Bills(self.house)

    def reconcile(self) -> float:
        return self.bills.reconcile()

    def bare_copy(self) -> float:
        return self.bills.copy()
