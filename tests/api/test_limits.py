"""Too often is told with a time to wait; and the house says how it is."""
import pytest

from house import ok, refused


@pytest.fixture(scope="module")
def strict(house):
    """Three passwords a minute, and a crowd at the door is turned away."""
    with house.configured("pool-password", "nginx", ZX_LOGIN_PER_MINUTE="3", rate_login="5"):
        yield
    house.db.run("UPDATE staff_login SET failed = 0, locked_until = NULL")


def test_a_fourth_password_in_a_minute_has_to_wait(house, strict, unchanged):
    tries = [house.log_in_staff("nobody", "x") for _ in range(6)]
    assert tries[0].status_code == 400
    last = tries[-1]
    assert last.status_code == 429 and last.json()["error"] == "too_many_requests"
    assert 1 <= int(last.headers["Retry-After"]) <= 60


def test_nginx_tells_a_flood_to_wait_in_the_houses_form(house, strict, unchanged):
    answers = [house.guest.get("/oauth2/jwks") for _ in range(30)]
    assert answers[0].status_code == 200
    refused(answers[-1], 429, "too_many_requests")
    assert answers[-1].headers["Retry-After"] == "1"


def test_the_house_says_how_it_is(house):
    assert ok(house.guest.get("/healthz")) == {"status": "ok"}
    assert ok(house.guest.get("/readyz")) == {"status": "ok", "postgres": "up", "redis": "up"}
    assert ok(house.guest.get("/api/v1/ping")) == {"ok": True}
