"""Sessions: refresh tokens that rotate, one client at a time, the many ways a session ends."""
import base64
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import jose
from house import Client, ok, refused
from test_login import clerk  # noqa: F401

COOKIE = "__Host-zx_refresh"


@pytest.fixture
def person(house):
    return Person(house)


class Person:
    """Somebody whose mini-program keeps both tokens."""

    def __init__(self, house):
        self.house = house
        self.user = house.sim.user(uuid.uuid4().hex)["user"]
        self.grant = self.log_in()

    def log_in(self, **more) -> dict:
        self.grant = ok(self.house.log_in(code=self.house.sim.login_code(self.user), **more))
        return self.grant

    @property
    def session(self) -> int:
        return int(jose.read(self.grant["access_token"])[1]["sid"])

    def me(self, grant: dict | None = None):
        return Client(self.house, (grant or self.grant)["access_token"]).get("/api/v1/me")

    def refresh(self, token: str | None = None, **more):
        return refresh(self.house, token or self.grant["refresh_token"], **more)

    def row(self, what: str):
        return self.house.db.value(f"SELECT {what} FROM session WHERE id = %s", self.session)

    def let_pass(self, seconds: int):
        """Since the last exchange."""
        self.house.db.run("UPDATE session SET rotated_at = rotated_at - %s * interval '1 s'"
                          " WHERE id = %s", seconds, self.session)


def refresh(house, token, agent="mini-program", **more):
    form = {"grant_type": "refresh_token", "refresh_token": token, **more}
    return house.guest.call("POST", "/oauth2/token", data=form, headers={"User-Agent": agent})


def over(answer, code: str = "token_invalid"):
    """RFC 6749 has one word for all of it, and ours stands beside it."""
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert (body["error"], body.get("code")) == ("invalid_grant", code), body


def test_an_exchange_gives_both_tokens_anew(person):
    first = person.grant
    second = ok(person.refresh())
    assert set(second) == set(first) and second["scope"] == "user"
    assert second["refresh_token"] != first["refresh_token"]
    assert jose.read(second["access_token"])[1]["sid"] == str(person.session)
    assert 0 < second["refresh_expires_in"] <= first["refresh_expires_in"]
    assert ok(person.me(second)) == ok(person.me(first))


def test_a_chain_of_exchanges_stays_one_session(person):
    token = person.grant["refresh_token"]
    for _ in range(5):
        token = ok(person.refresh(token))["refresh_token"]
    assert person.row("generation") == 6


def test_a_lost_answer_is_given_again_and_no_new_one(person):
    lost, again = ok(person.refresh()), ok(person.refresh())
    assert again["refresh_token"] == lost["refresh_token"]
    assert ok(person.refresh(again["refresh_token"]))["refresh_token"] != again["refresh_token"]


def test_many_tabs_at_once_get_the_same_successor(person):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ok(person.refresh()), range(8)))
    assert len({a["refresh_token"] for a in answers}) == 1
    assert person.row("generation") == 2


def test_a_phone_that_moves_to_another_network_is_the_same_client(person):
    """WeChat's User-Agent says by which one it is asked."""
    agent = "Mozilla/5.0 (iPhone) MicroMessenger/8.0.44(0x18002c2f) NetType/%s Language/zh_CN"
    token = ok(person.refresh(agent=agent % "WIFI"))
    lost = person.refresh(token["refresh_token"], agent=agent % "WIFI")
    again = person.refresh(token["refresh_token"], agent=agent % "4G")
    assert ok(again)["refresh_token"] == ok(lost)["refresh_token"]
    over(person.refresh(token["refresh_token"], agent=(agent % "4G").replace("iPhone", "iPad")))


@pytest.mark.parametrize("how", ["ten seconds later", "another client", "two generations old"])
def test_a_token_that_was_used_before_ends_the_session(person, how):
    first = person.grant["refresh_token"]
    latest = ok(person.refresh())
    agent = "mini-program"
    if how == "ten seconds later":
        person.let_pass(11)
    elif how == "another client":
        agent = "somebody else"
    else:
        latest = ok(person.refresh(latest["refresh_token"]))
    over(person.refresh(first, agent=agent))
    assert person.row("ended_why") == "reuse"
    refused(person.me(latest), 401, "session_ended")
    over(person.refresh(latest["refresh_token"]), "session_ended")


def spoilt(token: str):
    raw = bytearray(base64.urlsafe_b64decode(token[4:]))
    for place in (0, 7, 8, 15, 16, 47):
        changed = bytearray(raw)
        changed[place] ^= 1
        yield "zxr_" + base64.urlsafe_b64encode(changed).decode()
    yield token[:-1]
    yield token + "A"
    yield token[4:]
    yield "zxr_" + "A" * 64
    yield "zxr_" + "_" * 64
    yield token.upper()


def test_a_token_that_is_not_ours_is_refused_and_harms_nobody(person):
    for wrong in spoilt(person.grant["refresh_token"]):
        over(person.refresh(wrong))
    assert person.refresh("x" * 81).status_code == 400
    assert person.row("ended_at IS NULL AND generation = 1") is True
    ok(person.refresh())


def test_nothing_in_the_database_opens_a_session(house, person):
    """Neither the token nor anything it could be made of without the key."""
    text = "\n".join(str(row) for row in house.db.rows("SELECT * FROM session"))
    assert person.grant["refresh_token"] not in text
    assert person.grant["refresh_token"].removeprefix("zxr_")[-32:] not in text


class TestOneClientAtATime:
    def test_the_later_login_ends_the_earlier(self, person):
        first, session = person.grant, person.session
        second = person.log_in()
        refused(person.me(first), 401, "signed_in_elsewhere")
        over(person.refresh(first["refresh_token"]), "signed_in_elsewhere")
        assert person.session != session
        ok(person.me(second))

    def test_another_kind_of_client_is_not_touched(self, house, clerk):  # noqa: F811
        name, account = clerk
        staff = ok(house.log_in_staff(name))
        mini = Person(house)
        house.db.run("UPDATE wechat_identity SET account_id = %s WHERE account_id ="
                     " (SELECT account_id FROM session WHERE id = %s)", account, mini.session)
        grant = mini.log_in()
        assert ok(mini.me(grant))["id"] == account
        ok(Client(house, staff["access_token"]).get("/api/v1/staff/me"))
        ok(mini.me(grant))

    def test_of_many_logins_at_once_one_is_left(self, house, person):
        codes = [house.sim.login_code(person.user) for _ in range(12)]
        with ThreadPoolExecutor(12) as pool:
            grants = [ok(a) for a in pool.map(lambda c: house.log_in(code=c), codes)]
        alive = [g for g in grants if person.me(g).status_code == 200]
        assert len(alive) == 1
        for grant in grants:
            if grant is not alive[0]:
                refused(person.me(grant), 401, "signed_in_elsewhere")

    def test_it_holds_at_once_without_redis(self, house, person):
        house.command("kill", "redis")
        try:
            first = person.grant
            second = person.log_in()
            refused(person.me(first), 401, "signed_in_elsewhere")
            ok(person.me(second))
        finally:
            house.command("start", "redis")
        refused(person.me(first), 401, "signed_in_elsewhere")
        ok(person.me(second))


class TestTheEnd:
    def test_logout_ends_both_tokens(self, house, person):
        client = Client(house, person.grant["access_token"])
        answer = client.call("POST", "/api/v1/logout")
        assert answer.status_code == 204 and not answer.content
        refused(person.me(), 401, "session_ended")
        over(person.refresh(), "session_ended")
        assert person.row("ended_why") == "logout"

    @pytest.mark.parametrize("which", ["refresh_token", "access_token"])
    def test_revocation_ends_the_session(self, house, person, which):
        form = {"token": person.grant[which], "token_type_hint": which}
        for _ in range(2):  # and again: there is nothing more to end
            answer = house.guest.call("POST", "/oauth2/revoke", data=form)
            assert answer.status_code == 200, answer.text
        over(person.refresh(), "session_ended")
        refused(person.me(), 401, "session_ended")

    @pytest.mark.parametrize("token", ["x", "zxr_" + "A" * 64, "a.b.c", "球"])
    def test_revoking_what_is_no_token_is_fine(self, house, unchanged, token):
        answer = house.guest.call("POST", "/oauth2/revoke", data={"token": token})
        assert answer.status_code == 200, answer.text

    def test_revoking_nothing_is_an_invalid_request(self, house):
        answer = house.guest.call("POST", "/oauth2/revoke", data={"token": ""})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    def test_a_refresh_token_ends_with_the_session(self, house, person):
        house.db.run("UPDATE session SET created_at = now() - interval '2 h',"
                     " expires_at = now() - interval '1 s' WHERE id = %s", person.session)
        over(person.refresh(), "session_ended")
        ok(person.me(person.log_in()))
        assert house.db.value("SELECT count(*) FROM session s WHERE ended_why = 'expired' AND"
                              " account_id = (SELECT account_id FROM session WHERE id = %s)",
                              person.session) == 1

    def test_of_a_disabled_account_nothing_is_refreshed(self, house, person):
        house.db.run("UPDATE account SET disabled_at = now() WHERE id ="
                     " (SELECT account_id FROM session WHERE id = %s)", person.session)
        over(person.refresh(), "session_ended")
        answer = house.log_in(code=house.sim.login_code(person.user))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    def test_an_access_token_outlives_its_session_by_nothing(self, house, person):
        house.db.run("UPDATE session SET expires_at = now() + interval '30 s' WHERE id = %s",
                     person.session)
        assert ok(person.refresh())["expires_in"] <= 31


class TestHowLong:
    def life(self, house, grant) -> int:
        sid = int(jose.read(grant["access_token"])[1]["sid"])
        return house.db.value("SELECT extract(epoch FROM expires_at - created_at)::bigint"
                              " FROM session WHERE id = %s", sid)

    def test_a_mini_program_is_remembered_unless_it_says_no(self, house, person):
        assert self.life(house, person.grant) == 30 * 86400
        assert self.life(house, person.log_in(remember="false")) == 12 * 3600

    def test_a_desk_is_forgotten_after_a_shift_unless_it_says_otherwise(self, house, clerk):  # noqa: F811
        assert self.life(house, ok(house.log_in_staff(clerk[0]))) == 12 * 3600
        assert self.life(house, ok(house.log_in_staff(clerk[0], remember="true"))) == 30 * 86400


def sign_in(page, username: str, **more):
    return page.call("POST", "/oauth2/token", data={
        "grant_type": "password", "username": username, "deliver": "cookie",
        "password": (page.house.run / "demo-password").read_text(), **more})


class TestCookies:
    """A page keeps its refresh token where no script of it can read it."""

    @pytest.fixture
    def page(self, house, clerk):  # noqa: F811
        page = Client(house)
        page.grant = sign_in(page, clerk[0])
        return page

    def exchange(self, page, **headers):
        return page.call("POST", "/oauth2/token", data={"grant_type": "refresh_token"},
                         headers=headers)

    def test_its_attributes(self, house, page, clerk):  # noqa: F811
        assert ok(page.grant)["refresh_token"] is None
        line = page.grant.headers["Set-Cookie"]
        value, *attributes = [part.strip() for part in line.split(";")]
        assert value.startswith(f"{COOKIE}=zxr_")
        assert set(attributes) == {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"}
        assert "Max-Age=2592000" in sign_in(page, clerk[0], remember="true").headers["Set-Cookie"]

    def test_it_is_exchanged_for_the_page_alone(self, house, page):
        answer = self.exchange(page, Origin=house.url)
        assert ok(answer)["refresh_token"] is None and ok(answer)["scope"] == "staff"
        assert answer.headers["Set-Cookie"].startswith(f"{COOKIE}=zxr_")
        ok(self.exchange(page, Origin=house.url))
        for origin in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"},
                       {"Origin": house.url + ".evil.example"}):
            foreign = self.exchange(page, **origin)
            assert (foreign.status_code, foreign.json()["error"]) == (403, "forbidden")
            assert "Set-Cookie" not in foreign.headers
        ok(self.exchange(page, Origin=house.url))

    def test_without_one_the_token_is_missing(self, house):
        answer = self.exchange(Client(house), Origin=house.url)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    def test_two_of_them_are_none(self, house, page):
        twice = f"{COOKIE}=zxr_a; {COOKIE}=zxr_b"
        answer = house.guest.call("POST", "/oauth2/token", data={"grant_type": "refresh_token"},
                                  headers={"Cookie": twice, "Origin": house.url})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    def test_it_authenticates_nothing_else(self, page):
        refused(page.get("/api/v1/staff/me"), 401, "unauthenticated")

    def test_revocation_takes_it_back(self, house, page):
        form = {"token_type_hint": "refresh_token"}
        foreign = page.call("POST", "/oauth2/revoke", data=form,
                            headers={"Origin": "https://evil.example"})
        assert (foreign.status_code, foreign.json()["error"]) == (403, "forbidden")
        answer = page.call("POST", "/oauth2/revoke", data=form, headers={"Origin": house.url})
        assert answer.status_code == 200 and "Max-Age=0" in answer.headers["Set-Cookie"]
        refused(Client(house, ok(page.grant)["access_token"]).get("/api/v1/me"),
                401, "session_ended")
