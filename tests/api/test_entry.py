"""What logins by scan and by SMS, and binding a phone, have in common: limits, being switched off,
and what no log may tell of them."""
import pytest

from entry import COOKIE, Browser, Clerk, oauth_refused
from house import ok, refused, wait_for

LOGS = ("pool-identity", "pool-login", "sms", "access", "nginx-error", "postgres", "redis", "sim")


@pytest.fixture(scope="module")
def clerk(house):
    return Clerk(house).bind()


@pytest.fixture
def browser(house):
    return Browser(house)


class TestStrict:
    """Two tries a minute, and nobody waits long for WeChat."""

    @pytest.fixture(scope="class", autouse=True)
    def customer(self, house):
        """Somebody who has come in before."""
        customer = house.customer()
        with house.configured("pool-identity", ZX_LOGIN_PER_MINUTE="2", ZX_OUT_TIMEOUT_MS="300"):
            yield customer

    def test_a_slow_wechat_is_not_waited_for(self, browser, clerk, customer, sim):
        back = browser.scan(clerk.wechat)
        sim.fault("slow", path="/sns/oauth2", ms=2000)
        oauth_refused(browser.log_in(**back), 503, "temporarily_unavailable")
        sim.fault("slow", path="/wxa/business", ms=2000)
        refused(customer.post("/api/v1/me/phone", {"code": "x"}), 503, "upstream_down")

    @pytest.mark.parametrize("way", ["scan", "scan-login", "sms", "sms-login"])
    def test_who_tries_too_often_has_to_wait(self, house, browser, clerk, way):
        def attempt():
            if way == "scan":
                return browser.call("POST", "/oauth2/scan")
            if way == "scan-login":
                return browser.log_in(code="x", state="y")
            return Clerk(house).ask() if way == "sms" else clerk.log_in_by_sms("000000")
        answers = [attempt() for _ in range(4)]
        oauth_refused(answers[-1], 429, "too_many_requests")
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 30


def test_without_an_app_or_a_gateway_these_ways_are_off(house, browser, clerk):
    back, desk = browser.scan(clerk.wechat), clerk.signed_in()
    with house.configured("pool-identity", ZX_WX_WEB_APPID="", ZX_SMS_URL=""):
        for answer in (browser.log_in(**back), browser.call("POST", "/oauth2/scan"),
                       clerk.ask(), clerk.log_in_by_sms("123456")):
            oauth_refused(answer, 400, "unsupported_grant_type")
        refused(desk.post("/api/v1/staff/me/wechat", back), 400, "unsupported_grant_type")


@pytest.fixture(scope="module")
def secrets(house, clerk) -> dict:
    """What was said in well and in trouble, until the last of it is in the log."""
    browser, customer, sim = Browser(house), house.customer(), house.sim
    told = {"WeChat's web secret": house.secret("wx-web-secret").decode(),
            "the gateway's secret": house.secret("sms-secret").decode(),
            "the hash key": house.secret("hash-key").decode(), "staff phone": clerk.phone,
            "customer's phone": customer.user["phone"], "openid": clerk.wechat["web_openid"],
            "unionid": clerk.wechat["unionid"]}
    for fault in (None, "answer_lost", "http_500_before", "garbage"):
        if fault:
            for path in ("/sns/oauth2", "/wxa/business", "/sms/send"):
                sim.fault(fault, path=path)
        back = browser.scan(clerk.wechat)
        phone_code = sim.post("phone-code", user=customer.user["user"])["code"]
        browser.log_in(**back)
        browser.log_in(**back)
        customer.post("/api/v1/me/phone", {"code": phone_code})
        clerk.age(3601)
        code = clerk.code()
        clerk.log_in_by_sms(code)
        told |= {f"{what} {fault}": value for what, value in {
            "code": back["code"], "state": back["state"], "cookie": browser.web.cookies[COOKIE],
            "phone code": phone_code, "SMS code": f'"{code}"', "SMS code =": f"={code}"}.items()}
    other = house.customer()
    sim.post("users", user=other.user["user"], phone=customer.user["phone"])
    last = other.post("/api/v1/me/phone", {
        "code": sim.post("phone-code", user=other.user["user"])["code"]})
    refused(last, 409, "phone_taken")
    sim.quiet()
    wait_for(lambda: last.headers["X-Request-Id"] in house.log("access"))
    return told


@pytest.mark.parametrize("name", LOGS)
def test_no_log_tells_a_secret(house, secrets, name):
    text = house.log(name)
    assert [what for what, secret in secrets.items() if secret in text] == []
