"""Our own programs die in the middle of their work, or are asked to go."""
import json
import os
import random
import signal
import threading
import time

import raw
from crowd import PAUSE_S
from house import ok, order_body, wait_for
from process import Record, link_of

POOLS = ("api", "pay", "notify")


def members(house, server: str, program: str) -> list:
    """Processes of this server that run this program; not their supervisor."""
    return [pid for pid in Record(house.run / "pid" / server).members()
            if link_of(pid, "exe").endswith(f"/{program}")]


def send(pids: list, number: int):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def test_workers_killed_in_the_middle_lose_nothing(house, crowd):
    """A client may see the end of its worker, never half a deed. Goes on until some have."""
    crowd.pause_s = 0
    with crowd:
        with crowd.during("killing"):
            for n in range(1000):
                if n >= 60 and crowd.statuses("killing")[503, "retry"] >= 3:
                    break
                pool = POOLS[n % 3]
                send(members(house, f"pool-{pool}", f"{pool}.fcgi")[:1], signal.SIGKILL)
                time.sleep(random.uniform(0.02, 0.08))
        crowd.pause_s = PAUSE_S
        crowd.wait_until_well()
    crowd.only(503, codes=("retry",))
    assert crowd.statuses("killing")[503, "retry"] >= 3
    crowd.was_quick()
    crowd.books_are_right()


def test_workers_asked_to_go_finish_first(house, crowd):
    """Not one request sees anything of it."""
    with crowd:
        with crowd.during("leaving"):
            for _ in range(3):
                for pool in POOLS:
                    for pid in members(house, f"pool-{pool}", f"{pool}.fcgi"):
                        send([pid], signal.SIGTERM)
                        time.sleep(0.15)
        crowd.wait_until_well()
    crowd.only()
    crowd.books_are_right()


def test_a_pool_asked_to_go_finishes_what_it_has_begun(house, crowd):
    """While nobody listens nginx says so; whoever was told so has nothing."""
    with crowd:
        with crowd.during("restart"):
            for _ in range(3):
                house.command("kill", "pool-api", "--signal", "TERM")
                time.sleep(0.3)
                house.restart("pool-api")
                time.sleep(0.5)
        crowd.wait_until_well()
    crowd.only(503, codes=("retry",))
    crowd.was_quick()
    assert not [w for w in crowd.wishes for a in w.answers if a.replayed and len(w.answers) > 1]
    crowd.books_are_right()


def test_a_worker_that_stands_still_does_not_stop_the_others(house, crowd):
    with crowd:
        with crowd.during("one stands still"):
            stopped = members(house, "pool-api", "api.fcgi")[:1]
            send(stopped, signal.SIGSTOP)
            try:
                began = len(crowd.looks)
                time.sleep(2)
                wait_for(lambda: len(crowd.looks) - began > 20, 9)  # which ends before nginx does
            finally:
                send(stopped, signal.SIGCONT)
        crowd.wait_until_well()
    crowd.only()
    crowd.books_are_right()


def test_money_that_is_told_while_nobody_listens_is_told_again(house, crowd):
    customer = house.customer()
    order = customer.order(crowd.hall.spare())
    payment = customer.prepay(order)
    house.command("kill", "pool-notify", "--signal", "TERM")
    assert house.sim.pay(payment, wait=True)["result"] == "ok"
    assert customer.see(order)["state"] == "pending"
    house.restart("pool-notify")
    wait_for(lambda: customer.see(order)["state"] == "paid", 30)
    assert [a["status"] for a in house.sim.attempts(payment["out_trade_no"])][-1] == 204


def test_nginx_reads_its_configuration_again_unnoticed(house, crowd):
    """Idle connections are closed by it, which HTTP allows; a new one is always taken."""
    crowd.keeps_connections = False
    with crowd:
        with crowd.during("reload"):
            for _ in range(4):
                house.command("kill", "nginx", "--signal", "HUP")
                time.sleep(0.4)
        crowd.wait_until_well()
    crowd.only()
    crowd.books_are_right()


def test_relay_and_consumer_killed_in_the_middle_lose_and_double_nothing(house, crowd):
    with crowd:
        with crowd.during("killing"):
            for _ in range(12):
                for name in ("relay", "consume-fulfil", "consume-tell"):
                    send(members(house, name, name.partition("-")[0]), signal.SIGKILL)
                    time.sleep(random.uniform(0.1, 0.25))
        crowd.wait_until_well()
    crowd.only()
    crowd.books_are_right()


def test_without_relay_and_consumer_codes_come_when_they_are_back(house, crowd):
    with crowd:
        with crowd.during("alone"):
            house.command("kill", "relay")
            house.command("kill", "consume-fulfil")
            customer = house.customer()
            order = customer.paid_order(crowd.hall.spare())
            time.sleep(1.5)
            assert customer.try_code(order).status_code == 404
            house.restart("relay", "consume-fulfil")
        crowd.wait_until_well()
        wait_for(lambda: customer.try_code(order).status_code == 200, 60)
    crowd.only()
    crowd.books_are_right()


def test_a_lost_answer_is_found_again_with_the_same_key(house, crowd):
    """The client hangs up behind its last byte; the deed is done or not, and told on request."""
    customers = [house.customer() for _ in range(10)]

    def hang_up(customer, slot, key):
        lines = [f"Authorization: Bearer {customer.token}", f"Idempotency-Key: {key}",
                 "Content-Type: application/json"]
        body = json.dumps(order_body(slot)).encode()
        with raw.connect(house) as link:
            link.sendall(raw.request("POST", "/api/v1/orders", lines, body))
    slots = [crowd.hall.spare() for _ in customers]
    threads = [threading.Thread(target=hang_up, args=(c, s, f"lost-{n}"))
               for n, (c, s) in enumerate(zip(customers, slots))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, (customer, slot) in enumerate(zip(customers, slots)):
        found = ok(customer.try_order(slot, key=f"lost-{n}"), 201)
        assert [o["id"] for o in ok(customer.get("/api/v1/orders"))["items"]] == [found["id"]]
