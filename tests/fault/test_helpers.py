"""Redis, RabbitMQ and WeChat are helpers: without one of them the rest goes on."""
import time

from house import ok, refused, wait_for


def log_in(house) -> int:
    """By both ways; the number of those that were let in."""
    staff = house.log_in_staff("desk1")
    person = house.log_in(code=house.sim.login_code(house.sim.user("老顾客")["user"]))
    return [staff.status_code, person.status_code].count(200)


def time_of_logins(house) -> float:
    began = time.monotonic()
    assert log_in(house) == 2
    return time.monotonic() - began


def test_without_redis_everything_works(house, crowd):
    with crowd:
        with crowd.during("without redis"):
            house.command("kill", "redis")
            assert log_in(house) == 2
            ready = ok(house.guest.get("/readyz"))
            assert ready == {"status": "degraded", "postgres": "up", "redis": "down"}
            time.sleep(1.5)
            assert log_in(house) == 2
            house.command("start", "redis")
        crowd.wait_until_well()
        wait_for(lambda: ok(house.guest.get("/readyz"))["redis"] == "up", 10)
    crowd.only()
    crowd.was_quick()
    crowd.books_are_right()


def test_a_redis_that_hangs_is_not_waited_for(house, crowd):
    with crowd:
        calm_s = time_of_logins(house)
        with crowd.during("redis hangs"):
            house.command("kill", "redis", "--signal", "STOP")
            assert time_of_logins(house) < 4 + 3 * calm_s
            time.sleep(1.5)
            house.command("kill", "redis", "--signal", "CONT")
        crowd.wait_until_well()
    crowd.only()
    crowd.was_quick()
    crowd.books_are_right()


def test_without_rabbitmq_orders_and_payments_go_on_and_codes_come_later(house, crowd):
    with crowd:
        with crowd.during("without rabbitmq"):
            house.command("kill", "rabbitmq")
            customer = house.customer()
            order = customer.paid_order(crowd.hall.spare())
            assert order["state"] == "paid"
            time.sleep(2)
            refused(customer.try_code(order), 404, "code_not_ready")
            house.command("start", "rabbitmq")
        crowd.wait_until_well()
        wait_for(lambda: customer.try_code(order).status_code == 200, 60)
    crowd.only()
    crowd.was_quick()
    crowd.books_are_right()


def test_without_wechat_orders_go_on_and_paying_is_put_off(house, crowd):
    with crowd:
        customer = house.customer()
        order = customer.order(crowd.hall.spare())
        with crowd.during("without wechat"):
            house.command("kill", "sim")
            answer = customer.try_pay(order, key="put-off")
            assert answer.status_code == 503 and answer.headers["Retry-After"]
            assert house.log_in(code="whatever").status_code == 503
            time.sleep(1.5)
            house.command("start", "sim")
        crowd.wait_until_well()
        wait_for(lambda: customer.try_pay(order, key="put-off").status_code == 201)
    crowd.only(503, codes=("channel_unknown", "upstream_down"))
    assert not any(a.status == 503 for w in crowd.wishes if w.path == "/api/v1/orders"
                   for a in w.answers)
    crowd.books_are_right()
