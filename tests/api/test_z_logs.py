"""After all the other tests (by its name): what the logs say, and what they must not say."""
import json

import pytest

from house import ok

QUIET = ("relay", "settle", "consume-fulfil", "consume-expire", "consume-tell", "consume-ship",
         "sms", "sweep")
OURS = ("pool-api", "pool-login", "pool-identity", "pool-password", "pool-pay", "pool-notify",
        "pool-staff", "pool-desk", *QUIET)
ALL = (*OURS, "access", "nginx-error", "postgres", "redis", "rabbitmq")


def lines(house, name: str) -> list:
    """Of our programs; a supervisor's own words don't begin with a brace."""
    return [json.loads(line) for line in house.log(name).splitlines() if line.startswith("{")]


@pytest.mark.parametrize("name", OURS)
def test_every_line_is_one_json_object_with_a_time_a_level_and_an_event(house, name):
    assert lines(house, name) or name in QUIET
    for line in lines(house, name):
        assert {"ts", "level", "program", "event"} <= set(line), line


@pytest.mark.parametrize("name", OURS)
def test_nothing_went_wrong_inside(house, name):
    wrong = [line for line in lines(house, name)
             if line.get("code") == "internal" or line.get("status") == 500
             or line["event"] in ("watchdog", "refusal_lost", "message_kind", "message_dead")]
    assert wrong == []


@pytest.fixture(scope="module")
def secrets(house, slots, desk1) -> dict:
    """What a customer and the house would not like to read in a log."""
    customer = house.customer()
    order = customer.paid_order(*slots.soon(1), note="我的秘密备注")
    code = customer.code(order)
    ok(desk1.check_in(code["qr_text"]), 201)
    phone = f"139{order['id'] % 10 ** 8:08d}"
    house.db.run("UPDATE account SET phone = %s WHERE id = %s", phone, customer.account_id)
    ok(customer.get("/api/v1/me"))
    house.log_in_staff("desk1", "a wrong password")
    house.db.run("UPDATE staff_login SET failed = 0")
    login_code = house.sim.login_code(customer.user["user"])
    grant = ok(house.log_in(code=login_code))
    again = ok(house.log_in(grant_type="refresh_token", refresh_token=grant["refresh_token"]))
    return {
        "a customer's token": customer.token, "a signature": customer.token.rpartition(".")[2],
        "a refresh token": grant["refresh_token"], "its successor": again["refresh_token"],
        "a login code": login_code, "a staff token": desk1.token,
        "an openid": customer.user["openid"], "a phone": phone,
        "a note": "我的秘密备注", "a short code": code["short_code"],
        "a QR text": code["qr_text"].rpartition(".")[2],
        "the demo password": (house.run / "demo-password").read_text(),
        "a wrong password": "a wrong password",
        "WeChat's secret": house.secret("wx-secret").decode(),
        "the APIv3 key": house.secret("wxpay-apiv3-key").decode(),
        "the broker's password": house.secret("mq-password").decode(),
    }


@pytest.mark.parametrize("name", ALL)
def test_no_log_tells_a_secret(house, secrets, name):
    text = house.log(name)
    assert [what for what, secret in secrets.items() if secret in text] == []
