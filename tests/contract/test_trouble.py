"""While a server is away, every operation still answers as the description says."""
from dataclasses import replace
from types import SimpleNamespace

import pytest

from answers import check
from calls import right, staff_tokens
from database import Database
from description import DESCRIPTION
from house import ok, wait_for
from spoil import is_oauth

MAY_BE_SIGNED_IN = {"getAvailability"}
WITHOUT_DATABASE = {"getHealth", "getMetrics", "ping", "getJwks", "getOauthMetadata"}
OWN_TRANSACTIONS = ("pool-login", "pool-password", "pool-identity", "pool-pay", "pool-notify")
ROLES = ("zx", "zx_staff")
REFUSED_BEFORE = dict.fromkeys(  # nobody has signed what we send
    ("notifyWechat", "notifyWechatRefund", "notifyAlipay"), 401)


@pytest.fixture(scope="module")
def world(house):
    return SimpleNamespace(order_id=1, tokens={"user": house.customer().token,
                                               **staff_tokens(house)})


def test_without_redis(house):
    house.command("kill", "redis", "--signal", "STOP")
    try:
        wait_for(lambda: ok(house.guest.get("/readyz"))
                 == {"status": "degraded", "postgres": "up", "redis": "down"})
    finally:
        house.command("kill", "redis", "--signal", "CONT")
    wait_for(lambda: ok(house.guest.get("/readyz"))["status"] == "ok")


@pytest.fixture(scope="module")
def no_database(house, world):
    """PostgreSQL lets the programs no longer in, and throws them out."""
    chief = Database(house.run, "postgres")
    try:
        for role in ROLES:
            chief.run(f"ALTER ROLE {role} NOLOGIN")
        chief.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  " WHERE usename = ANY(%s)", list(ROLES))
        yield
    finally:
        for role in ROLES:
            chief.run(f"ALTER ROLE {role} LOGIN")
        for pool in OWN_TRANSACTIONS:  # the first request of each worker would tell of the loss
            house.command("kill", pool)
            house.restart(pool)
        wait_for(lambda: house.guest.get("/readyz").status_code == 200)


@pytest.mark.parametrize("operation", DESCRIPTION.operations, ids=str)
def test_without_the_database(house, world, no_database, operation):
    call = right(operation, world)
    if operation.permission == "guest":  # past the guests' cache
        token = world.tokens["user"] if operation.id in MAY_BE_SIGNED_IN else "none"
        call = call.with_headers(Authorization=f"Bearer {token}")
    if operation.id == "createToken":  # WeChat's code would be refused before
        call = replace(call, body=b"grant_type=password&username=desk1&password=x")
    answer = check(operation, call.send(house))
    if operation.id in WITHOUT_DATABASE:
        assert answer.status == 200
    elif operation.id in REFUSED_BEFORE:
        assert answer.status == REFUSED_BEFORE[operation.id]
    elif is_oauth(operation):
        assert (answer.status, answer.code) == (503, "temporarily_unavailable")
    else:
        assert (answer.status, answer.code) == (503, "database_down"), answer.body
