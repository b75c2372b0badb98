#!/usr/bin/python3
"""Measure Zhixing against its limits, in one run on one machine.

    bench.py [--build DIR] [--run DIR] [--port-base N] [--rounds N] [--only NAME …] [--strict]

Brings up a private stack (release build, durable PostgreSQL, no rate limits) with bench data in a
temporary folder, measures, prints a table and lines `name figure`, and takes everything down.
About eleven minutes. Exit status 0 even if a goal is missed, unless --strict.

What carries over to other machines are ratios: what we do against what the thing below us could do
at most. Both sides of a ratio are measured in turn (A B A B …), a warm-up of 1 s before each 5 s.
The ratio is the median of the rounds' ratios.

ping/nginx_return        the shortest request through a worker / nginx's own `return 200`; HTTPS,
                         32 kept connections
availability/pgbench_same_sql
                         16 courts × 18 hours, half of them taken, nothing cached / pgbench with
                         the same statements in the same pipeline, as many connections as workers
availability_cached/availability
                         the same pages as a guest, through nginx's memory of one second
order/pgbench_same_sql   POST /api/v1/orders, each for two free hours / pgbench with the same
                         statements in the same two batches, as many connections as workers
rush/same_sql            64 clients want two hours of one evening in one venue, where 16 courts are
                         free from 18 to 22: at most 32 of every 320 requests can win, then all go
                         on to another evening. Decided answers (201 and 409) / the same tries and
                         statements on 64 database connections (rush.c, since pgbench gives up a
                         client at its first refused statement)
rush/same_sql_best       … on as many connections as there are workers
notify/pgbench_same_sql  WeChat Pay tells of payments, each of another pending order, in letters that
                         were encrypted and signed shortly before; HTTPS, 32 kept connections, all
                         answered 204 and all orders paid, or the run fails / pgbench with the same
                         statements in the same three batches, as many connections as workers
relay/bare_confirms      one relay: 20,000 messages from rows in the table to confirmed by RabbitMQ
                         and marked / the same messages in batches of the same size from a publisher
                         without a table (confirms.c). relay_messages_s: the former as it is
login/bare_crypt         password logins through nginx, 8 clerks / bare yescrypt of the same cost in as
                         many processes as the pool `password` has workers
limit/bare_evalsha       what one worker asks Redis before each signed-in request (limits and ended
                         sessions, admit.c) / redis-benchmark with the same script and one
                         connection. limit_calls_s: the former as it is
token_new_us, token_known_us
                         checking a token that a worker hasn't seen before, and one that it has
identity/availability    that check and the session's in the page's own round trip / reading the
                         page of a day without them, in one process (tokens.c)
order_p99/median         latency when orders arrive at half the highest rate, exponential pauses
availability_rows_read   rows of `occupancy` that PostgreSQL reads for a page, to those on the page
reconcile/bare_copy      a day of a million payments: both bills of WeChat downloaded from the
                         simulator, matched with a million rows / psql's COPY of the same two files,
                         line by line into a table of one column. Lines of both bills a second
reconcile_s_per_million  seconds for a million lines; reconcile_rss_mb: the most memory of the job
answers_5xx, deadlocks   of the whole run, by nginx's and PostgreSQL's logs and counters
rss_mb_*, pool_ready_s   memory of the largest worker of a pool after the load; from the start of
                         spawn-fcgi to the first good answer through nginx

The daemons don't run else: they would publish each side's messages during the other's turn.
A CHECKPOINT goes before each writing measurement, so that both sides write the same full pages.
Statements are taken from the library by name, their order from *.batches; before measuring, the
bench compares that order with what a worker really executes.
"""
import argparse
import shutil
import signal
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import batches
import house
import loads
import notices
import vitals

PAIRS = [  # ratio, ours, the limit, goal (at least)
    ("ping/nginx_return", "ping", "nginx_return", 0.15),
    ("availability/pgbench_same_sql", "availability", "availability_sql", 0.30),
    ("availability_cached/availability", "availability_cached", "availability", 5),
    ("order/pgbench_same_sql", "order", "order_sql", 0.50),
    ("rush/same_sql", "rush", "rush_sql", 0.50),
    ("rush/same_sql_best", "rush", "rush_sql_best", None),
    ("notify/pgbench_same_sql", "notify", "notify_sql", 0.50),
    ("relay/bare_confirms", "relay", "bare_confirms", None),
    ("login/bare_crypt", "login", "bare_crypt", 0.5),
    ("limit/bare_evalsha", "limit", "bare_evalsha", 0.5),
]
BILL_PAIRS = [("reconcile/bare_copy", "reconcile", "bare_copy", 0.2)]
MILLION_GOAL_S, JOB_RSS_GOAL_MB = 20, 40
IDENTITY_GOAL = 0.25
P99_GOAL, ROWS_GOAL, RSS_GOAL_MB, READY_GOAL_S = 5, 1.5, 12, 1


@dataclass
class Results:
    rates: dict = field(default_factory=dict)  # measurement → one figure a round
    lines: list = field(default_factory=list)  # (name, figure, goal met or None, goal as text)

    def add(self, name: str, figure: float, goal: str = "", met: bool | None = None):
        self.lines.append((name, figure, met, goal))

    def at_least(self, name, figure, goal):
        self.add(name, figure, f"≥ {goal}" if goal else "", figure >= goal if goal else None)

    def at_most(self, name, figure, goal):
        self.add(name, figure, f"≤ {goal}", figure <= goal)

    def median(self, name: str) -> float:
        return statistics.median(self.rates[name])


def say(text: str):
    print(text, file=sys.stderr, flush=True)


def check_batches(home: house.House):
    """The bench must run what the workers run."""
    for name, ask in (("order", vitals.one_order), ("availability", vitals.one_page),
                      ("notify", notices.one_notice)):
        wanted = batches.names(name)
        found = [s for s in home.executed(lambda: ask(home)) if s != "id_block"]
        if found != wanted:
            raise SystemExit(f"bench: {name}.batches has aged:\n it says {' '.join(wanted)}\n"
                             f" a worker runs {' '.join(found)}")


def measure_pairs(results: Results, load: loads.Loads, pairs: list, rounds: int):
    names = list(dict.fromkeys(name for pair in pairs for name in pair[1:3]))
    for number in range(rounds):
        for name in names:
            rate = getattr(load, name)()
            results.rates.setdefault(name, []).append(rate)
            say(f"round {number + 1}: {name:20} {rate:10.0f} /s")
    for ratio, ours, limit, goal in pairs:
        each = [a / b for a, b in zip(results.rates[ours], results.rates[limit])]
        results.at_least(ratio, statistics.median(each), goal)


def measure_calm(results: Results, load: loads.Loads, rounds: int):
    each = []
    for _ in range(rounds):
        calm = load.order_at(results.median("order") / 2)
        each.append(calm["p99_ms"] / calm["p50_ms"])
        say(f"half load: {calm['rate']:.0f} orders/s, median {calm['p50_ms']:.2f} ms, "
            f"p99 {calm['p99_ms']:.2f} ms")
    results.at_most("order_p99/median", statistics.median(each), P99_GOAL)


def measure_identity(results: Results, load: loads.Loads):
    costs = load.logins.costs()
    for name in ("token_new_us", "token_known_us"):
        results.add(name, costs[name])
    session_us = costs["page_checked_us"] - costs["page_us"]
    results.add("session_us", session_us)
    results.at_most("identity/availability", (costs["token_known_us"] + session_us)
                    / costs["page_us"], IDENTITY_GOAL)


def measure_bills(results: Results, load: loads.Loads, pairs: list, rounds: int):
    """Behind all others: it leaves a million orders in the database."""
    measure_pairs(results, load, pairs, rounds)
    results.at_most("reconcile_s_per_million", 1e6 / results.median("reconcile"), MILLION_GOAL_S)
    results.at_most("reconcile_rss_mb", load.bills.rss_mb, JOB_RSS_GOAL_MB)


def measure_vitals(results: Results, home: house.House):
    statuses = home.statuses()
    say(f"answers by status: {dict(sorted(statuses.items()))}")
    odd = {s: n for s, n in statuses.items() if s < 500 and s not in (200, 201, 204, 409)}
    if odd:
        raise SystemExit(f"bench: it asked for something wrong, answers by status: {odd}")
    results.at_most("answers_5xx", sum(n for s, n in statuses.items() if s >= 500), 0)
    results.at_most("deadlocks", home.deadlocks(), 0)
    results.at_most("availability_rows_read", vitals.rows_read_of_page(home), ROWS_GOAL)
    vitals.use_all_pools(home)
    for pool in home.stack.pools:
        sizes = [vitals.memory_mb(pid) for pid in home.workers(pool)]
        say(f"memory of pool {pool}: RSS and PSS in MB {sizes}")
        results.at_most(f"rss_mb_{pool}", max(rss for rss, _ in sizes), RSS_GOAL_MB)
    results.at_most("pool_ready_s", vitals.ready_s(home), READY_GOAL_S)


def show(results: Results) -> bool:
    print(f"\n{'per second':22}{'median':>10}{'least':>10}{'most':>10}")
    for name, rates in results.rates.items():
        print(f"{name:22}{statistics.median(rates):10.0f}{min(rates):10.0f}{max(rates):10.0f}")
    print(f"\n{'goal':34}{'found':>8}  {'wanted':8}")
    for name, figure, met, goal in results.lines:
        verdict = {True: "met", False: "MISSED", None: ""}[met]
        print(f"{name:34}{figure:8.2f}  {goal:8}{verdict}")
    print()
    for name, figure, _, _ in results.lines:
        print(f"{name} {figure:.2f}")
    judged = [met for _, _, met, _ in results.lines if met is not None]
    print(f"goals met: {sum(judged)} of {len(judged)}")
    return all(judged)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--run", type=Path, help="folder to use, and to delete in the end")
    parser.add_argument("--port-base", type=int, default=57000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="measurements of these ratios")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a goal is missed")
    return parser.parse_args()


def measure(home: house.House, args) -> Results:
    results = Results()
    load = loads.Loads(home, (house.REPO / args.build / "bench"))
    check_batches(home)
    pairs = [p for p in PAIRS if not args.only or p[0] in args.only or p[1] in args.only]
    measure_pairs(results, load, pairs, args.rounds)
    if "relay" in results.rates:
        results.add("relay_messages_s", results.median("relay"))
    if "limit" in results.rates:
        results.add("limit_calls_s", results.median("limit"))
    if "order" in results.rates:
        measure_calm(results, load, args.rounds)
    if "login" in results.rates:
        measure_identity(results, load)
    measure_vitals(results, home)
    pairs = [p for p in BILL_PAIRS if not args.only or p[0] in args.only or p[1] in args.only]
    if pairs:
        measure_bills(results, load, pairs, args.rounds)
    return results


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    run = args.run or Path(tempfile.mkdtemp(prefix="zhixing-bench-"))
    home = house.House(run, args.build, args.port_base)
    try:
        home.up()
        results = measure(home, args)
    finally:
        home.down()
        if not args.run:
            shutil.rmtree(run, ignore_errors=True)
    sys.exit(not show(results) and args.strict)


if __name__ == "__main__":
    main()
