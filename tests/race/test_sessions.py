"""Many log in as the same few people and refresh at once; of each person one session is left."""
import random
import time

import pytest

from house import Client, wait_for
from players import fork
from test_race import finish

PEOPLE, PROCESSES, RACE_S = 6, 8, 6


def play(house_run, number: int, users: list, seconds: float):
    """Logs in as anybody, refreshes what it was given, looks; and minds what it is told. On a slow
    machine it goes on until it has logged in often."""
    from house import House
    house = House(house_run)
    rng, mine, logins = random.Random(number), {}, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end or logins < 10 and time.monotonic() < end + 60:
        user = rng.choice(users)
        grant = mine.get(user)
        what = rng.choice(("login", "refresh", "look", "look"))
        if what == "login" or not grant:
            answer = house.log_in(code=house.sim.login_code(user))
            assert answer.status_code in (200, 429, 503), answer.text
            if answer.status_code == 200:
                mine[user] = answer.json()
                logins += 1
        elif what == "refresh":
            answer = house.guest.call("POST", "/oauth2/token", data={
                "grant_type": "refresh_token", "refresh_token": grant["refresh_token"]})
            if answer.status_code == 200:
                mine[user] = answer.json()
            else:
                assert answer.json()["code"] == "signed_in_elsewhere", answer.text
                del mine[user]
        else:
            answer = Client(house, grant["access_token"]).get("/api/v1/me")
            if answer.status_code != 200:
                assert answer.json()["error"]["code"] == "signed_in_elsewhere", answer.text
                del mine[user]


@pytest.fixture(scope="module")
def race(house):
    users = [house.sim.user(f"同名{n}")["user"] for n in range(PEOPLE)]
    for user in users:
        wait_for(lambda: house.log_in(code=house.sim.login_code(user)).status_code == 200,
                 pause_s=1)  # one address has logged in hundreds of people by now
    finish([fork.Process(target=play, args=(house.run, n, users, RACE_S))
            for n in range(PROCESSES)])
    return users


def test_each_has_exactly_one_session_left(house, race):
    rows = house.db.rows(
        "SELECT s.account_id, count(*) FILTER (WHERE s.ended_at IS NULL), count(*) FROM session s"
        " JOIN wechat_identity i ON i.account_id = s.account_id WHERE i.openid = ANY(%s)"
        " GROUP BY s.account_id", [u["openid"] for u in house.sim.items("users")
                                   if u["user"] in race])
    assert len(rows) == PEOPLE
    assert [r[1] for r in rows] == [1] * PEOPLE
    assert sum(r[2] for r in rows) > 10 * PEOPLE  # it was a race


def test_a_session_ended_for_the_right_reason(house, race):
    """Nobody lost his to a token of his own that came twice."""
    whys = house.db.rows(
        "SELECT DISTINCT s.ended_why FROM session s JOIN wechat_identity i"
        " ON i.account_id = s.account_id WHERE i.openid = ANY(%s) AND s.ended_why IS NOT NULL",
        [u["openid"] for u in house.sim.items("users") if u["user"] in race])
    assert whys == [("elsewhere",)]
