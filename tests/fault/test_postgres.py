"""PostgreSQL dies, hangs, throws everybody out, or can only be read."""
import time

import pytest

from database import Database
from house import ok, refused, wait_for

API_WORKERS = 4
TOLD = ("database_down", "outcome_unknown", "retry")


def test_killed_and_started_again(house, crowd):
    with crowd:
        with crowd.during("down"):
            house.command("kill", "postgres")
            refused(house.guest.get("/readyz"), 503, "database_down")
            assert ok(house.guest.get("/healthz")) == {"status": "ok"}
            time.sleep(2)
            wait_for(lambda: crowd.statuses("down")[503, "database_down"] > 10)
            house.command("start", "postgres")
        crowd.wait_until_well()
    crowd.only(503, codes=TOLD)
    crowd.only(phases=("calm", "well again"))
    crowd.was_quick()
    crowd.books_are_right()


def test_killed_three_times_in_a_row(house, crowd):
    with crowd:
        with crowd.during("down"):
            for _ in range(3):
                house.command("kill", "postgres")
                house.command("start", "postgres")
                time.sleep(0.5)
        crowd.wait_until_well()
    crowd.only(503, codes=TOLD)
    crowd.books_are_right()


def test_hanging_for_a_while(house, crowd):
    """Stopped, it takes connections and answers nothing."""
    with crowd:
        with crowd.during("hanging"):
            house.command("kill", "postgres", "--signal", "STOP")
            time.sleep(8)
            house.command("kill", "postgres", "--signal", "CONT")
        crowd.wait_until_well()
    crowd.only(503, codes=TOLD)
    crowd.was_quick(limit_s=8)  # behind another one that waits, too
    crowd.books_are_right()


def test_throwing_everybody_out_again_and_again(house, crowd):
    """An administrator's pg_terminate_backend, a failover's shutdown."""
    boss = Database(house.run, "zx")
    with crowd:
        with crowd.during("thrown out"):
            for _ in range(20):
                boss.run("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                         " WHERE usename = 'zx' AND pid <> pg_backend_pid()")
                time.sleep(0.1)
        crowd.wait_until_well()
    crowd.only(503, codes=TOLD)
    crowd.was_quick()
    crowd.books_are_right()


@pytest.fixture
def read_only(house):
    boss = Database(house.run, "zx")

    def switch(on: bool, keep_connections=False):
        house.db.all_at_once(
            ("SET TRANSACTION READ WRITE",),
            (f"ALTER DATABASE zx SET default_transaction_read_only = {'on' if on else 'off'}",))
        if not keep_connections:
            boss.run("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                     " WHERE usename IN ('zx') AND pid <> pg_backend_pid()")
    yield switch
    switch(False)


def test_when_it_can_only_be_read_reading_goes_on(house, crowd, read_only):
    with crowd:
        with crowd.during("read only"):
            read_only(True)
            time.sleep(1)
        with crowd.during("reading"):
            time.sleep(2)
            wait_for(lambda: sum(a.phase == "reading" and a.status == 200
                                 for a in crowd.looks) > 20)
            read_only(False)
        crowd.wait_until_well()
    assert {status for status, _ in crowd.statuses("reading")} <= {200, 201, 409, 503}
    crowd.only(503, codes=TOLD)
    crowd.books_are_right()


def test_after_a_failover_nobody_has_to_be_restarted(house, crowd, read_only):
    """Connections opened while it could only be read stay open, and refuse every write."""
    with crowd:
        with crowd.during("read only"):
            read_only(True)
            time.sleep(2)  # longer than a proof of the write path is good for
            for _ in range(20):
                refused(house.guest.get("/readyz"), 503, "database_down")
            read_only(False, keep_connections=True)
        crowd.wait_until_well()
        for _ in range(20):
            ok(house.guest.get("/readyz"))
    crowd.only(503, codes=TOLD)
    crowd.books_are_right()


def test_who_asks_often_whether_all_is_ready_makes_few_writes(house, durable):
    """The log itself is counted, by PostgreSQL's own reader of it. However slowly this runs: a
    worker writes once a second at most."""
    root = Database(house.run, "postgres", "postgres")
    root.run("CREATE EXTENSION IF NOT EXISTS pg_walinspect")
    begin, since = root.value("SELECT pg_current_wal_insert_lsn()"), time.monotonic()

    def proofs():
        root.run("CHECKPOINT")  # what is to be read has reached the disk
        return root.value(
            "SELECT count(*) FROM pg_get_wal_records_info(%s, pg_current_wal_flush_lsn())"
            " WHERE resource_manager = 'LogicalMessage'", begin)
    asked = 0
    while asked < 300 or not proofs():
        ok(house.guest.get("/readyz"))
        asked += 1
    seconds = time.monotonic() - since
    assert proofs() <= API_WORKERS * (seconds + 1)
    root.close()


def test_an_answer_that_was_promised_survives_the_kill(house, crowd):
    """Told 201, killed at once, and it is there."""
    customer = house.customer()
    for _ in range(3):
        order = customer.order(crowd.hall.spare())
        house.command("kill", "postgres")
        house.command("start", "postgres")
        path = f"/api/v1/orders/{order['id']}"
        assert wait_for(lambda: customer.get(path).status_code == 200, 10)
