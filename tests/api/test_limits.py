"""Too often is told with a time to wait; a party that fails is left alone for a while; and the
house says how it is."""
import itertools
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import prometheus
import staffing
from entry import oauth_refused
from house import REPO, Client, ok, refused, wait_for
from slots import day


@pytest.fixture
def strict(house, admin, desk1, desk2):
    """Three passwords a minute; staff are in."""
    with house.configured("pool-password", ZX_LOGIN_PER_MINUTE="3"):
        yield
    house.db.run("UPDATE staff_login SET failed = 0, locked_until = NULL")
    house.db.run("DELETE FROM login_place")


@pytest.fixture
def narrow(house, admin, desk1, desk2):
    """A crowd at the door is turned away: one a second comes in, and two who wait."""
    with house.configured("nginx", rate_login="1"):
        yield


def test_a_fourth_password_in_a_minute_has_to_wait(house, strict):
    tries = [house.log_in_staff(staffing.new_name(), "x") for _ in range(6)]
    assert tries[0].status_code == 400
    last = tries[-1]
    assert last.status_code == 429 and last.json()["error"] == "too_many_requests"
    assert 1 <= int(last.headers["Retry-After"]) <= 60


@pytest.mark.parametrize("path, most, is_refused, code", [
    ("/oauth2/token", 8192, oauth_refused, "invalid_request"),
    ("/oauth2/sms", 8192, oauth_refused, "invalid_request"),
    ("/api/v1/orders", 65536, refused, "too_large")])
def test_nginx_refuses_a_body_over_the_size_of_its_place(house, path, most, is_refused, code,
                                                         unchanged):
    is_refused(house.guest.call("POST", path, data=b"x" * (most + 1)), 413, code)
    assert house.guest.call("POST", path, data=b"x" * most).status_code not in (413, 502, 503)


def test_nginx_tells_a_flood_to_wait_in_the_houses_form(house, narrow, unchanged):
    answers = [house.guest.get("/oauth2/jwks") for _ in range(30)]
    assert answers[0].status_code == 200
    refused(answers[-1], 429, "too_many_requests")
    assert answers[-1].headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/oauth2/scan", "/oauth2/sms", "/oauth2/token"])
def test_nginx_counts_all_ways_to_log_in(house, narrow, path):
    time.sleep(1.1)  # one more
    tries = [house.guest.call("POST", path, data={}) for _ in range(30)]
    assert tries[0].status_code != 429
    oauth_refused(tries[-1], 429, "too_many_requests")


@pytest.mark.parametrize("method, path, status, words", [
    ("GET", "/oauth2/token", 405, "method not allowed"), ("POST", "/oauth2/none", 404, "not found"),
    ("GET", "/oauth2/sms", 405, "method not allowed")])
def test_what_is_no_route_there_errs_by_rfc_6749_too(house, method, path, status, words):
    answer = house.guest.call(method, path)
    oauth_refused(answer, status, "invalid_request")
    assert answer.json()["error_description"] == words


def test_the_keys_err_as_other_documents_do(house):
    refused(house.guest.call("POST", "/oauth2/jwks"), 405, "method_not_allowed")


@pytest.fixture(scope="module")
def subscriber(tmp_path_factory):
    """Whom nginx takes an address for: our own map, in an nginx of its own."""
    home = tmp_path_factory.mktemp("nginx")
    its_map, = re.findall(r"map \$remote_addr \$subscriber \{.*?\n\t\}",
                          (REPO / "nginx/nginx.conf.in").read_text(), re.S)
    (home / "nginx.conf").write_text(f"""
        daemon off; pid {home}/pid; error_log stderr; events {{}}
        http {{
            access_log off;
            {its_map}
            server {{
                listen unix:{home}/sock; set_real_ip_from unix:; real_ip_header X-Real-IP;
                return 200 $subscriber;
            }}
        }}""")
    server = subprocess.Popen(["/usr/sbin/nginx", "-p", home, "-c", home / "nginx.conf"])

    def ask(address: str) -> str:
        return subprocess.run(["curl", "-sf", "--noproxy", "*", "--unix-socket", home / "sock",
                               "-H", f"X-Real-IP: {address}", "http://x/"],
                              capture_output=True, text=True).stdout
    wait_for(lambda: ask("192.0.2.1"))
    yield ask
    server.terminate()
    server.wait()


def test_a_subscriber_of_ipv6_is_one_whatever_address_he_takes(subscriber):
    assert subscriber("192.0.2.1") != subscriber("192.0.2.2")
    for one, other, same in (
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff::1", True),
            ("2001:db8:1:2::1", "2001:db8:1:2:9:9:9:9", True),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
            ("2001:db8::1", "2001:db8::ffff:1", True),
            ("2001:db8::1", "2001:db9::1", False),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False)):
        assert (subscriber(one) == subscriber(other)) is same, (one, other)
        assert subscriber(one) and subscriber(other)


def test_the_mask_over_phones_is_not_undone_by_trying(house, desk1, desk2):
    """Searches by a whole number are few; those by a name, and a colleague's, are not touched."""
    with house.configured("pool-staff", "pool-desk", ZX_PHONE_SEARCHES_PER_MINUTE="6"):
        turns, began = itertools.count(), time.monotonic()
        answers = until_refused(lambda: desk1.get(
            f"/api/v1/staff/{('users', 'orders')[(n := next(turns)) % 2]}",
            phone=f"138001380{n:02}"))
        gained = int((time.monotonic() - began) / 10)
        assert 6 <= len(answers) - 1 <= 6 + gained
        refused(answers[-1], 429, "too_many_requests")
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10
        ok(desk1.get("/api/v1/staff/users", name="王小"))
        ok(desk1.get("/api/v1/staff/orders"))
        ok(desk2.get("/api/v1/staff/orders", phone="13800138000"))


def test_a_days_searches_by_phone_are_counted_and_logged(house, admin):
    """By the log itself, exactly, however many come at once."""
    with house.configured("pool-staff", "pool-desk", ZX_PHONE_SEARCHES_PER_DAY="5"):
        desk = staffing.at_work(house, staffing.employ(house, house.customer(), role="operator"))
        number = ok(desk.get("/api/v1/staff/me"))["id"]

        def search(n):
            return Client(house, desk.token).get(
                f"/api/v1/staff/{('users', 'orders')[n % 2]}", phone=f"1380013800{n}")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(search, range(8)))
        assert sorted(a.status_code for a in answers) == [200] * 5 + [429] * 3
        late = next(a for a in answers if a.status_code == 429)
        assert 86000 < int(late.headers["Retry-After"]) <= 86400
        log = ok(admin.get("/api/v1/staff/audit", action="search", actor=number))["items"]
        assert len(log) == 5 and {(e["entity"], e["venue_id"]) for e in log} == {("phone_search", 1)}
        assert {e["entity_id"][:7] for e in log} == {"138****"} and "13800138" not in str(log)
        ok(desk.get("/api/v1/staff/orders"))


@pytest.fixture(scope="module")
def few(house):
    """Twenty reads and twelve writes a minute, of both at most ten at once."""
    with house.configured("pool-api", "pool-pay", ZX_READS_PER_MINUTE="20",
                          ZX_WRITES_PER_MINUTE="12"):
        yield


def limits(answer) -> tuple:
    """(name, quota, window, left, seconds until all is back) as the headers say it."""
    policy = re.fullmatch(r'"(\w+)";q=(\d+);w=(\d+)', answer.headers["RateLimit-Policy"])
    limit = re.fullmatch(r'"(\w+)";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
    assert policy[1] == limit[1]
    return policy[1], *map(int, (*policy.groups()[1:], *limit.groups()[1:]))


def until_refused(call) -> list:
    answers = [call()]
    while answers[-1].status_code != 429:
        assert len(answers) < 50
        answers.append(call())
    return answers


def test_every_answer_to_somebody_signed_in_says_how_much_is_left(house, few):
    customer = house.customer()
    began = time.monotonic()
    answers = until_refused(lambda: customer.get("/api/v1/orders"))
    gained = int((time.monotonic() - began) / 3) + 1
    assert limits(answers[0]) == ("reads", 20, 60, 9, 3)
    assert 10 <= len(answers) - 1 <= 10 + gained  # all workers together
    left = [limits(answer)[3] for answer in answers]
    assert left[:10] == sorted(left[:10], reverse=True) and left[-1] == 0
    refused(answers[-1], 429, "too_many_requests")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 3
    assert 27 <= limits(answers[-1])[4] <= 30


def test_limits_are_of_one_person_and_one_kind(house, few):
    customer, other = house.customer(), house.customer()
    until_refused(lambda: customer.get("/api/v1/orders"))
    ok(other.get("/api/v1/orders"))
    writes = until_refused(lambda: customer.post("/api/v1/orders", {}))
    assert limits(writes[0])[:4] == ("writes", 12, 60, 9)
    # A refused request was not worked on, also in another pool; one may be free again by now.
    body = {"channel": "wechat", "method": "jsapi"}
    assert len(until_refused(lambda: customer.post("/api/v1/orders/1/payments", body))) <= 3
    guest = house.guest.get("/api/v1/venues")
    assert guest.status_code == 200 and "RateLimit" not in guest.headers


def test_without_redis_each_worker_counts_for_itself(house, few):
    customer = house.customer()
    house.command("kill", "redis", "--signal", "STOP")
    try:
        answers = until_refused(lambda: customer.get("/api/v1/orders"))
        assert 10 < len(answers) <= 4 * 10 + 10
    finally:
        house.command("kill", "redis", "--signal", "CONT")
    wait_for(lambda: ok(house.guest.get("/readyz"))["redis"] == "up")


def test_who_was_signed_out_is_turned_away_by_redis_alone(house):
    customer = house.customer()
    token = customer.token
    customer.log_in()
    answer = house.guest.call("GET", "/api/v1/orders", headers={"Authorization": f"Bearer {token}"})
    refused(answer, 401, "signed_in_elsewhere")
    assert "RateLimit" not in answer.headers  # the database's word comes after the count


# Breakers.

def metric(house, name: str, **labels) -> int | None:
    """The value of the line with these labels."""
    wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
    for line in house.guest.get("/metrics").text.splitlines():
        if line.startswith(f"{name}{{{wanted}}} "):
            return int(line.rpartition(" ")[2])
    return None


def breaker(house, pool: str, party: str = "wechat_pay") -> str:
    return ("closed", "half-open", "open")[
        metric(house, "zhixing_breaker_state", pool=pool, party=party)]


@pytest.fixture(scope="module")
def breakers(house):
    with house.configured("pool-api", "pool-pay", "settle", ZX_BREAKERS="on",
                          ZX_READS_PER_MINUTE="1000000", ZX_WRITES_PER_MINUTE="1000000"):
        yield


def asked(house, path: str) -> int:
    return sum(path in request["path"] for request in house.sim.items("requests"))


def test_a_channel_that_fails_is_left_alone_and_asked_again_later(house, sim, slots, breakers):
    customer = house.customer()
    order = customer.order(*slots.take(1))
    others = itertools.cycle([(c, c.order(*slots.take(1)))
                              for c in (house.customer() for _ in range(12))])
    house.sim.fault("http_500_before", times=-1, path="/v3/")
    first = customer.try_pay(order)
    assert first.status_code == 503 and first.json()["error"]["code"] == "channel_unknown"

    def another_pays() -> str:  # what fails with one trade counts once
        who, theirs = next(others)
        return who.try_pay(theirs).json()["error"]["code"]
    wait_for(lambda: another_pays() == "upstream_down", pause_s=0)
    assert breaker(house, "pay") == "open"

    before, refusals = asked(house, "/v3/pay"), [customer.try_pay(order) for _ in range(5)]
    for answer in refusals:
        refused(answer, 503, "upstream_down")
        assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert asked(house, "/v3/pay") == before
    assert metric(house, "zhixing_party_refused_total", pool="pay", party="wechat_pay") >= 6
    ok(customer.post(f"/api/v1/orders/{order['id']}/payments",  # the other channel is another
                     {"channel": "alipay", "method": "native"}), 201)
    assert breaker(house, "pay", "alipay") == "closed"

    house.sim.quiet()
    wait_for(lambda: customer.try_pay(order).status_code == 201, pause_s=0.2)
    assert breaker(house, "pay") == "closed"


def test_settle_loses_no_try_while_the_channel_cant_be_asked(house, sim, slots, breakers):
    customer = house.customer()
    orders = [customer.order(*slots.take(1)) for _ in range(3)]
    paid = customer.paid_order(*slots.take(1, on=day(2)))
    for order in orders:
        customer.prepay(order)
    house.sim.fault("http_500_before", times=-1, path="/v3/")
    for order in orders:
        ok(customer.try_cancel(order))
    quote = customer.quote(paid)["refund_fen"]
    wait_for(lambda: breaker(house, "settle") == "open", pause_s=0)
    opened = time.monotonic()
    ok(customer.try_cancel(paid, refund_fen=quote))

    def tries() -> tuple:
        return (house.db.value("SELECT sum(tries) FROM orders WHERE id = ANY(%s)",
                               [o["id"] for o in orders]),
                house.db.value("SELECT sum(tries) FROM refund WHERE order_id = %s", paid["id"]))
    time.sleep(0.5)
    before = tries()
    time.sleep(max(0, opened + 3.5 - time.monotonic()))  # it stays open for five seconds
    assert breaker(house, "settle") == "open" and tries() == before and before[1] == 0
    house.sim.quiet()
    wait_for(lambda: all(customer.see(o)["state"] == "cancelled" for o in orders))
    wait_for(lambda: [r["state"] for r in customer.see(paid)["refunds"]] == ["succeeded"])
    assert breaker(house, "settle") == "closed"


# How it is.

def test_the_metrics_are_for_this_machine_and_in_prometheus_form(house):
    ok(house.customer().get("/api/v1/orders"))
    answer = house.guest.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = prometheus.read(answer.text)
    assert all(value >= 0 for f in families.values() for value in f.samples.values())
    assert metric(house, "zhixing_workers", pool="api") >= 2
    assert metric(house, "zhixing_requests_total", pool="api", **{"class": "2xx"}) > 0
    assert metric(house, "zhixing_breaker_state", pool="api", party="redis") == 0
    assert metric(house, "zhixing_party_calls_total", pool="api", party="redis") > 0
    config = (house.run / "nginx/nginx.conf").read_text()
    place = config.partition("location = /metrics {")[2].partition("}")[0]
    assert re.findall(r"(?:allow|deny) [^;]+", place) == ["allow 127.0.0.1", "allow ::1",
                                                         "deny all"]


def times(house, what: str, **labels) -> float:
    """How many were timed under these labels."""
    family = prometheus.read(house.guest.get("/metrics").text)[f"zhixing_{what}_duration_seconds"]
    assert family.kind == "histogram"
    return sum(family.of("_count", **labels).values())


def test_each_route_has_its_latencies(house, slots, customer):
    route = {"pool": "api", "method": "GET", "route": "/api/v1/orders/{order}"}
    order = customer.order(slots.one())
    before = times(house, "request", **route)
    for _ in range(3):
        customer.see(order)
    assert times(house, "request", **route) == before + 3
    nowhere = {"pool": "api", "method": "-", "route": "none"}
    before = times(house, "request", **nowhere)
    assert house.guest.get("/api/v1/nowhere/5").status_code == 404
    assert times(house, "request", **nowhere) == before + 1
    assert "5" not in {dict(labels)["route"] for labels in prometheus.read(
        house.guest.get("/metrics").text)["zhixing_request_duration_seconds"].of("_count")}


def test_each_dependency_has_its_latencies(house, slots, customer):
    parties = [("api", "postgresql"), ("api", "redis"), ("pay", "wechat_pay"),
               ("identity", "wechat_api"), ("relay", "rabbitmq"), ("settle", "postgresql")]
    before = [times(house, "party", pool=pool, party=party) for pool, party in parties]
    house.customer().paid_order(slots.one())
    house.settle()
    for (pool, party), count in zip(parties, before):
        wait_for(lambda: times(house, "party", pool=pool, party=party) > count)


def test_the_house_says_how_it_is(house):
    assert ok(house.guest.get("/healthz")) == {"status": "ok"}
    assert ok(house.guest.get("/readyz")) == {"status": "ok", "postgres": "up", "redis": "up"}
    assert ok(house.guest.get("/api/v1/ping")) == {"ok": True}
