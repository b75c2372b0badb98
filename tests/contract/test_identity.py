"""Staff who come in by a scan or a text, and a customer's phone: conftest.py checks every answer."""
import pytest

import staffing
from entry import Browser, Clerk
from house import ok, order_body, refused

WECHAT, PHONE = "/api/v1/staff/me/wechat", "/api/v1/me/phone"


def said(answer) -> tuple:
    return answer.status_code, answer.json()["error"]


@pytest.fixture
def clerk(house):
    return Clerk(house)


def test_a_scan_from_binding_to_unbinding(house, clerk):
    desk, page = clerk.signed_in(), Browser(house)
    assert said(page.log_in_by_scan(clerk.wechat)) == (400, "invalid_grant")
    assert not ok(desk.get(WECHAT))["bound"]
    body = desk.scan(clerk.wechat)
    for _ in range(2):
        ok(desk.post(WECHAT, body, key="bind"))
    refused(desk.post(WECHAT, desk.scan(clerk.wechat), key="bind"), 422, "idempotency_key_reused")
    assert ok(desk.get(WECHAT))["bound"]
    refused(desk.post(WECHAT, body), 400, "invalid_grant")
    refused(Clerk(house).signed_in().bind(clerk.wechat), 409, "wechat_taken")
    old = clerk.signed_in(ago="1 hour")
    refused(old.bind(clerk.wechat), 403, "login_again")
    refused(old.call("DELETE", WECHAT), 403, "login_again")
    desk = Browser(house, ok(page.log_in_by_scan(clerk.wechat))["access_token"])
    assert desk.call("DELETE", WECHAT).status_code == 204


def test_trouble_at_wechat(house, clerk, customer, sim):
    desk, page = clerk.signed_in(), Browser(house)
    for errcode, status, code in ((40226, 403, "login_blocked"), (40013, 503, "upstream_down")):
        sim.fault("wx_errcode", path="/sns/oauth2", errcode=errcode)
        refused(desk.bind(clerk.wechat), status, code)
    sim.fault("wx_errcode", path="/sns/oauth2", errcode=40013)
    assert said(page.log_in_by_scan(clerk.wechat)) == (503, "temporarily_unavailable")
    sim.fault("wx_errcode", path="/wxa/business", errcode=45009)
    refused(customer.post(PHONE, {"code": "x"}), 503, "upstream_down")


def test_a_text(house, clerk):
    assert ok(clerk.log_in_by_sms(clerk.code()))["scope"] == "staff"
    assert said(clerk.ask()) == (429, "too_many_requests")
    assert said(clerk.log_in_by_sms("000000")) == (400, "invalid_grant")


def test_a_phone(house, customer):
    def code(of):
        return {"code": house.sim.post("phone-code", user=of.user["user"])["code"]}
    body = code(customer)
    for _ in range(2):
        assert ok(customer.post(PHONE, body, key="phone"))["phone"] == customer.user["phone"]
    refused(customer.post(PHONE, code(customer), key="phone"), 422, "idempotency_key_reused")
    refused(customer.post(PHONE, body), 400, "phone_code_refused", "code")
    other = house.customer()
    house.sim.post("users", user=other.user["user"], phone=customer.user["phone"])
    refused(other.post(PHONE, code(other)), 409, "phone_taken")
    staffing.employ(house, other)
    refused(other.post(PHONE, code(other)), 409, "staff_account")


def test_a_venue_may_want_a_phone_to_book(slots, customer):
    body = order_body(slots.one(venue=3, sport="tennis"))
    refused(customer.post("/api/v1/orders", body), 403, "phone_required")


def test_ways_that_are_off(house, clerk):
    desk, page = clerk.signed_in(), Browser(house)
    body = {"code": "x", "state": "y"}
    with house.configured("pool-identity", ZX_WX_WEB_APPID="", ZX_SMS_URL=""):
        for answer in (page.call("POST", "/oauth2/scan"), clerk.ask()):
            assert said(answer) == (400, "unsupported_grant_type")
        refused(desk.post(WECHAT, body), 400, "unsupported_grant_type")
