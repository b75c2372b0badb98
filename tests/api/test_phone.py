"""A customer's phone number, from WeChat's own button: nobody types it, nobody makes it up."""
import time

import pytest

from house import ok, refused

PATH = "/api/v1/me/phone"


def phone_code(customer) -> str:
    return customer.house.sim.post("phone-code", user=customer.user["user"])["code"]


def bind(customer, **more):
    return customer.post(PATH, {"code": phone_code(customer)}, **more)


def phone_of(customer):
    return ok(customer.get("/api/v1/me"))["phone"]


@pytest.mark.parametrize("kind", ["string", "number"])
def test_the_number_is_wechats(customer, sim, kind):
    sim.fault("phone_country", value=kind)
    me = ok(bind(customer))
    assert me["phone"] == customer.user["phone"]
    assert me == ok(customer.get("/api/v1/me"))


def test_the_same_again_and_then_another(house, customer):
    ok(bind(customer))
    ok(bind(customer))
    new = "199" + customer.user["phone"][3:]
    house.sim.post("users", user=customer.user["user"], phone=new)
    assert ok(bind(customer))["phone"] == new == phone_of(customer)


def test_a_page_that_was_read_before_is_old_now(house, customer):
    """The account's version is what an If-Match is held against."""
    number = customer.account_id
    before = house.db.value("SELECT version FROM account WHERE id = %s", number)
    ok(bind(customer))
    assert house.db.value("SELECT version FROM account WHERE id = %s", number) == before + 1


def test_anothers_is_taken(house, customer):
    ok(bind(customer))
    other = house.customer()
    house.sim.post("users", user=other.user["user"], phone=customer.user["phone"])
    refused(bind(other), 409, "phone_taken")
    assert phone_of(other) is None and phone_of(customer) == customer.user["phone"]


@pytest.mark.parametrize("setting, value", [("phone_country", "foreign"),
                                            ("phone_watermark", "other")])
def test_a_number_that_is_not_for_us(customer, sim, setting, value):
    sim.fault(setting, value=value)
    refused(bind(customer), 400, "phone_code_refused", "code")
    assert phone_of(customer) is None


class TestCode:
    def test_serves_once(self, customer):
        code = phone_code(customer)
        ok(customer.post(PATH, {"code": code}))
        refused(customer.post(PATH, {"code": code}), 400, "phone_code_refused", "code")

    def test_of_the_login_is_another(self, house, customer):
        code = house.sim.login_code(customer.user["user"])
        refused(customer.post(PATH, {"code": code}), 400, "phone_code_refused", "code")
        refused(customer.post(PATH, {"code": "x\"y\\z"}), 400, "phone_code_refused", "code")

    def test_grows_old(self, customer, sim):
        code = phone_code(customer)
        sim.post("clock", advance_s=301)
        refused(customer.post(PATH, {"code": code}), 400, "phone_code_refused", "code")

    def test_has_a_form(self, customer):
        for code in ("", "x" * 513):
            refused(customer.post(PATH, {"code": code}), 422, "bad_field", "code")


def test_a_repeat_asks_wechat_nothing(customer, sim):
    code = phone_code(customer)
    first = customer.post(PATH, {"code": code}, key="phone")
    calls = len(sim.items("requests", path="/wxa/business/getuserphonenumber"))
    again = customer.post(PATH, {"code": code}, key="phone")
    assert ok(again) == ok(first) and "Idempotent-Replay" in again.headers
    assert len(sim.items("requests", path="/wxa/business/getuserphonenumber")) == calls


def test_a_token_that_wechat_refuses_is_fetched_anew(customer, sim):
    ok(bind(customer))
    sim.post("tokens/kill")
    ok(bind(customer))


@pytest.mark.parametrize("fault, more", [
    ("wx_errcode", {"errcode": -1}), ("wx_errcode", {"errcode": 45009}),
    ("wx_errcode", {"errcode": 40001}), ("http_500_before", {}), ("answer_lost", {}),
    ("garbage", {})])
def test_trouble_at_wechat_is_told_and_stores_nothing(customer, sim, fault, more):
    sim.fault(fault, path="/wxa/business", times=9, **more)
    answer = bind(customer)
    refused(answer, 503, "upstream_down")
    assert int(answer.headers["Retry-After"]) >= 1
    assert phone_of(customer) is None


def test_a_busy_wechat_leaves_the_code_good(customer, sim):
    code = phone_code(customer)
    sim.fault("wx_errcode", path="/wxa/business", errcode=-1)
    refused(customer.post(PATH, {"code": code}, key="k"), 503, "upstream_down")
    ok(customer.post(PATH, {"code": code}, key="k"))


def test_without_a_token_of_wechats_nothing_is_asked(house, customer, sim):
    sim.post("tokens/kill")
    sim.fault("http_500_before", path="/cgi-bin/stable_token", times=99)
    refused(bind(customer), 503, "upstream_down")


def test_six_a_minute_are_enough_for_anybody(customer):
    began, answers = time.monotonic(), []
    while not answers or answers[-1].status_code != 429:
        assert len(answers) <= 6 + (time.monotonic() - began) / 10
        answers.append(customer.post(PATH, {"code": "nonsense"}))
    assert len(answers) >= 7
    refused(answers[5], 400, "phone_code_refused", "code")
    refused(answers[-1], 429, "too_many_requests")


def test_a_guest_has_none(house):
    refused(house.guest.post(PATH, {"code": "x"}), 401, "unauthenticated")
