"""Staff come in by scanning WeChat's QR code; nobody else does, and nobody comes in as another."""
import re
from urllib.parse import quote

import pytest

from entry import COOKIE, Browser, Clerk, oauth_refused
from house import ok, refused


@pytest.fixture
def browser(house):
    return Browser(house)


@pytest.fixture
def clerk(house):
    return Clerk(house).bind()


@pytest.fixture
def no_session(house):
    """The test must let nobody in, and make nobody up."""
    count = ("SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM wechat_identity),"
             " (SELECT count(*) FROM account)")
    before = house.db.rows(count)
    yield
    assert house.db.rows(count) == before


def sent(house, path: str = "/sns/oauth2/access_token") -> int:
    return len(house.sim.items("requests", path=path))


class TestBegin:
    def test_the_page_is_wechats_with_its_parameters_in_order(self, house, browser, sim):
        scan = browser.begin()
        assert set(scan) == {"url", "state", "expires_in"} and scan["expires_in"] == 300
        assert re.fullmatch("[0-9A-Za-z]{32}", scan["state"])
        assert scan["url"] == (
            f"{sim.url}/connect/qrconnect?appid={house.setting('ZX_WX_WEB_APPID')}"
            f"&redirect_uri={quote(house.url + '/play/', safe='')}&response_type=code"
            f"&scope=snsapi_login&state={scan['state']}#wechat_redirect")
        page = sim.web.get(scan["url"])
        assert page.status_code == 200 and "微信扫码登录" in page.text

    def test_the_cookie_is_for_this_host_and_no_script(self, browser):
        answer = browser.call("POST", "/oauth2/scan")
        assert re.fullmatch(COOKIE + r"=[0-9A-Za-z]{32}; Path=/; HttpOnly; Secure; SameSite=Lax;"
                            " Max-Age=300", answer.headers["Set-Cookie"])
        assert answer.headers["Cache-Control"] == "no-store"

    def test_the_database_knows_digests_only(self, house, browser):
        state = browser.begin()["state"]
        rows = str(house.db.rows("SELECT state, browser FROM login_state"))
        assert state not in rows and browser.web.cookies[COOKIE] not in rows

    def test_old_ones_go(self, house, browser):
        house.db.run("UPDATE login_state SET expires_at = now() - interval '1 second'")
        for _ in range(house.db.value("SELECT count(*) FROM login_state") // 20 + 1):
            browser.begin()
        assert house.db.value("SELECT count(*) FROM login_state WHERE expires_at < now()") == 0


def test_who_is_bound_comes_in(house, browser, clerk):
    grant = ok(browser.log_in_by_scan(clerk.wechat))
    assert grant["scope"] == "staff" and grant["refresh_token"]
    browser.token = grant["access_token"]
    assert ok(browser.get("/api/v1/staff/me"))["id"] == clerk.account


def test_a_scan_ends_the_login_by_password(browser, clerk):
    first = clerk.signed_in()
    ok(first.get("/api/v1/staff/me"))
    ok(browser.log_in_by_scan(clerk.wechat))
    refused(first.get("/api/v1/staff/me"), 401, "signed_in_elsewhere")


def test_the_refresh_token_goes_into_a_cookie_when_the_page_wants_it(browser, clerk):
    grant = ok(browser.log_in(deliver="cookie", **browser.scan(clerk.wechat)))
    assert grant["refresh_token"] is None
    assert browser.web.cookies["__Host-zx_refresh"]


class TestState:
    def test_of_another_browser(self, house, browser, clerk, sim):
        """It opens nothing there, and is still good where it belongs."""
        back, other = browser.scan(clerk.wechat), Browser(house)
        other.begin()
        calls = sent(house)
        oauth_refused(other.log_in(**back), 400, "invalid_grant")
        oauth_refused(Browser(house).log_in(**back), 400, "invalid_grant")
        assert sent(house) == calls  # nobody asked about the code
        ok(browser.log_in(**back))

    def test_replayed(self, browser, clerk, house):
        back = browser.scan(clerk.wechat)
        ok(browser.log_in(**back))
        cookie, fresh = browser.web.cookies[COOKIE], browser.scan(clerk.wechat)
        browser.web.cookies.set(COOKIE, cookie)
        oauth_refused(house.guest.call(
            "POST", "/oauth2/token", headers={"Cookie": f"{COOKIE}={cookie}"},
            data={"grant_type": "urn:zhixing:wechat-scan", "state": back["state"],
                  "code": fresh["code"]}), 400, "invalid_grant")

    def test_expired(self, house, browser, clerk, no_session):
        back = browser.scan(clerk.wechat)
        house.db.run("UPDATE login_state SET expires_at = now()")
        oauth_refused(browser.log_in(**back), 400, "invalid_grant")

    def test_lives_five_minutes(self, house, browser):
        house.db.run("DELETE FROM login_state")
        browser.begin()
        assert 290 < house.db.value(
            "SELECT extract(epoch FROM expires_at - now()) FROM login_state") <= 300

    @pytest.mark.parametrize("without", ["state", "code"])
    def test_missing(self, browser, clerk, without, no_session):
        back = browser.scan(clerk.wechat)
        del back[without]
        oauth_refused(browser.log_in(**back), 400, "invalid_request")

    def test_spent_though_wechat_refused_the_code(self, browser, clerk, no_session):
        back = browser.scan(clerk.wechat)
        oauth_refused(browser.log_in(**{**back, "code": "nonsense"}), 400, "invalid_grant")
        oauth_refused(browser.log_in(**back), 400, "invalid_grant")


class TestCode:
    def test_serves_once(self, browser, clerk):
        code = browser.scan(clerk.wechat)
        ok(browser.log_in(**code))
        state = browser.begin()["state"]
        oauth_refused(browser.log_in(code=code["code"], state=state), 400, "invalid_grant")

    def test_of_the_mini_program_is_another(self, house, browser, clerk, no_session):
        state = browser.begin()["state"]
        code = house.sim.login_code(clerk.wechat["user"])
        oauth_refused(browser.log_in(code=code, state=state), 400, "invalid_grant")
        oauth_refused(house.log_in(code=browser.scan(clerk.wechat)["code"]), 400, "invalid_grant")

    def test_who_refuses_sends_none(self, browser, clerk, no_session):
        back = browser.scan(clerk.wechat, agree=False)
        assert set(back) == {"state"}
        oauth_refused(browser.log_in(**back), 400, "invalid_request")


class TestStrangers:
    """All are told the same."""

    def test_not_bound(self, house, browser, no_session):
        oauth_refused(browser.log_in_by_scan(house.sim.user("陌生人")), 400, "invalid_grant")

    def test_disabled(self, house, browser, clerk, no_session):
        clerk.disable()
        oauth_refused(browser.log_in_by_scan(clerk.wechat), 400, "invalid_grant")

    def test_a_customer(self, house, browser):
        customer = house.customer()
        oauth_refused(browser.log_in_by_scan(customer.user), 400, "invalid_grant")

    def test_without_a_role(self, house, browser):
        clerk = Clerk(house, role=None).bind()
        oauth_refused(browser.log_in_by_scan(clerk.wechat), 400, "invalid_grant")

    def test_in_the_same_words(self, house, browser, clerk):
        clerk.disable()
        told = [browser.log_in_by_scan(user).json()
                for user in (clerk.wechat, house.sim.user("陌生人"), house.customer().user)]
        assert len({(each["error"], each["message"]) for each in told}) == 1


class TestUnionid:
    def test_joins_what_the_mini_program_knows(self, house, browser):
        """A customer who has become staff."""
        customer = house.customer()
        house.db.run("INSERT INTO account_role VALUES (%s, 'manager', 1)", customer.account_id)
        browser.token = ok(browser.log_in_by_scan(customer.user))["access_token"]
        assert ok(browser.get("/api/v1/staff/me"))["id"] == customer.account_id

    def test_does_not_step_in_for_who_was_disabled(self, house, browser, clerk):
        house.log_in(code=house.sim.login_code(clerk.wechat["user"]))
        other = Clerk(house)
        house.db.run("INSERT INTO wechat_identity (appid, openid, unionid, account_id)"
                     " VALUES ('another app', %s, %s, %s)", other.name,
                     clerk.wechat["unionid"], other.account)
        clerk.disable()
        oauth_refused(browser.log_in_by_scan(clerk.wechat), 400, "invalid_grant")


class TestBinding:
    def test_by_a_scan(self, house, browser):
        clerk = Clerk(house)
        desk = clerk.signed_in()
        assert ok(desk.get("/api/v1/staff/me/wechat")) == {"bound": False, "since": None}
        bound = ok(desk.bind(clerk.wechat))
        assert bound["bound"] and bound == ok(desk.get("/api/v1/staff/me/wechat"))
        browser.token = ok(browser.log_in_by_scan(clerk.wechat))["access_token"]
        assert ok(browser.get("/api/v1/staff/me"))["id"] == clerk.account

    def test_again_changes_nothing(self, house, clerk):
        desk = clerk.signed_in()
        before = ok(desk.get("/api/v1/staff/me/wechat"))
        assert ok(desk.bind(clerk.wechat)) == before

    def test_a_repeat_asks_wechat_nothing(self, house, clerk):
        desk = clerk.signed_in()
        body = desk.scan(clerk.wechat)
        first = desk.post("/api/v1/staff/me/wechat", body, key="bind")
        calls = sent(house)
        again = desk.post("/api/v1/staff/me/wechat", body, key="bind")
        assert ok(again) == ok(first) and "Idempotent-Replay" in again.headers
        assert sent(house) == calls

    def test_anothers_wechat_is_taken(self, house, clerk):
        refused(Clerk(house).signed_in().bind(clerk.wechat), 409, "wechat_taken")
        assert house.db.value("SELECT account_id FROM wechat_identity WHERE openid = %s",
                              clerk.wechat["web_openid"]) == clerk.account

    def test_so_is_one_that_a_unionid_joins_to_another_of_the_staff(self, house):
        customer = house.customer()
        house.db.run("INSERT INTO account_role VALUES (%s, 'manager', 1)", customer.account_id)
        refused(Clerk(house).signed_in().bind(customer.user), 409, "wechat_taken")

    def test_that_the_person_is_a_customer_too_is_no_hindrance(self, house, browser):
        clerk, customer = Clerk(house), house.customer()
        ok(clerk.signed_in().bind(customer.user))
        browser.token = ok(browser.log_in_by_scan(customer.user))["access_token"]
        assert ok(browser.get("/api/v1/staff/me"))["id"] == clerk.account
        customer.log_in()
        assert customer.account_id != clerk.account

    def test_a_new_wechat_takes_the_place_of_the_old(self, house, browser, clerk):
        new = house.sim.user(clerk.name + " neu")
        ok(clerk.signed_in().bind(new))
        oauth_refused(browser.log_in_by_scan(clerk.wechat), 400, "invalid_grant")
        ok(browser.log_in_by_scan(new))

    def test_of_a_state_of_another_browser_is_refused(self, house, clerk):
        """Else a link could bind the sender's WeChat to its reader's account."""
        desk, lurker = clerk.signed_in(), Browser(house)
        back = lurker.scan(house.sim.user("骗子"))
        desk.begin()
        refused(desk.post("/api/v1/staff/me/wechat", back), 400, "invalid_grant")

    def test_wants_a_login_of_just_now(self, house, browser, clerk):
        desk, new = clerk.signed_in(ago="10 minutes"), house.sim.user(clerk.name + " fremd")
        refused(desk.bind(new), 403, "login_again")
        refused(desk.call("DELETE", "/api/v1/staff/me/wechat"), 403, "login_again")
        oauth_refused(browser.log_in_by_scan(new), 400, "invalid_grant")
        ok(browser.log_in_by_scan(clerk.wechat))
        ok(clerk.signed_in(ago="9 minutes").bind(new))

    def test_is_for_staff(self, house, customer):
        desk = Browser(house, customer.token)
        refused(desk.bind(customer.user), 403, "forbidden")
        refused(desk.get("/api/v1/staff/me/wechat"), 403, "forbidden")
        refused(desk.call("DELETE", "/api/v1/staff/me/wechat"), 403, "forbidden")

    def test_undone_the_wechat_opens_nothing_for_staff(self, house, browser, clerk):
        """Not by its unionid either; the mini-program stays what it was."""
        code = house.sim.login_code(clerk.wechat["user"])
        mini = Browser(house, ok(house.log_in(code=code))["access_token"])
        assert ok(mini.get("/api/v1/me"))["id"] == clerk.account
        desk = clerk.signed_in()
        for _ in range(2):
            assert desk.call("DELETE", "/api/v1/staff/me/wechat").status_code == 204
        oauth_refused(browser.log_in_by_scan(clerk.wechat), 400, "invalid_grant")
        assert ok(mini.get("/api/v1/me"))["id"] == clerk.account


TROUBLE = [("wx_errcode", {"errcode": -1}), ("wx_errcode", {"errcode": 45011}),
           ("wx_errcode", {"errcode": 40125}), ("http_500_before", {}), ("answer_lost", {}),
           ("garbage", {})]


class TestTrouble:
    @pytest.mark.parametrize("fault, more", TROUBLE, ids=[f"{f}{m}" for f, m in TROUBLE])
    def test_at_wechat_is_told(self, browser, clerk, sim, no_session, fault, more):
        back = browser.scan(clerk.wechat)
        sim.fault(fault, path="/sns/oauth2", times=9, **more)
        answer = browser.log_in(**back)
        oauth_refused(answer, 503, "temporarily_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1

    @pytest.mark.parametrize("fault, more", TROUBLE[2:4], ids=["refused", "broken"])
    def test_while_binding_too(self, house, sim, fault, more):
        desk = Clerk(house).signed_in()
        sim.fault(fault, path="/sns/oauth2", times=9, **more)
        refused(desk.bind(house.sim.user("谁")), 503, "upstream_down")
        assert not ok(desk.get("/api/v1/staff/me/wechat"))["bound"]

    def test_of_a_moment_is_not_noticed(self, browser, clerk, sim):
        back = browser.scan(clerk.wechat)
        sim.fault("wx_errcode", path="/sns/oauth2", errcode=-1)
        ok(browser.log_in(**back))
