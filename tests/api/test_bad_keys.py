"""The Idempotency-Key: wanted where something is made, and only in its form."""
import json

import pytest

import raw
from house import ok, order_body, refused

KEYLESS = {
    "absent": [], "empty": ["Idempotency-Key:"], "blank": ["Idempotency-Key:    "],
    "with_an_underscore": ["Idempotency_Key: k"], "by_another_name": ["X-Idempotency-Key: k"],
}
BAD = {
    "256_characters": ["Idempotency-Key: " + "k" * 256],
    "7_KB": ["Idempotency-Key: " + "k" * 7000],
    "a_space_inside": ["Idempotency-Key: a b"],
    "a_tab_inside": ["Idempotency-Key: a\tb"],
    "a_control_character": ["Idempotency-Key: a\x01b"],
    "a_delete": ["Idempotency-Key: a\x7fb"],
    "Chinese": ["Idempotency-Key: " + "钥匙".encode().decode("latin-1")],
    "Latin-1": ["Idempotency-Key: \xe9"],
    "twice": ["Idempotency-Key: one", "Idempotency-Key: two"],
    "twice_the_same": ["Idempotency-Key: one", "idempotency-key: one"],
}
PLACES = ("orders", "payments", "checkins")


@pytest.fixture(scope="module")
def asking(house, slots, desk1):
    """place -> (path, body, token): requests that would be granted but for their key."""
    customer = house.customer()
    order = customer.order(slots.one())
    return {"orders": ("/api/v1/orders", order_body(slots.one()), customer.token),
            "payments": (f"/api/v1/orders/{order['id']}/payments",
                         {"channel": "wechat", "method": "jsapi"}, customer.token),
            "checkins": ("/api/v1/staff/checkins", {"code": order["no"]}, desk1.token)}


def ask(house, asking, place: str, headers: list) -> raw.Raw:
    path, body, token = asking[place]
    lines = [f"Authorization: Bearer {token}", "Content-Type: application/json", *headers]
    return raw.talk(house, raw.request("POST", path, lines, json.dumps(body).encode()))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("headers", KEYLESS.values(), ids=KEYLESS.keys())
def test_without_a_key_nothing_is_made(house, asking, unchanged, place, headers):
    answer = ask(house, asking, place, headers)
    assert (answer.status, answer.error()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("headers", BAD.values(), ids=BAD.keys())
def test_a_key_in_another_form_is_refused(house, asking, unchanged, place, headers):
    answer = ask(house, asking, place, headers)
    assert (answer.status, answer.error()["code"]) == (400, "idempotency_key_invalid")


@pytest.mark.parametrize("key", ["k", "~" * 255, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}"])
def test_every_visible_character_is_good_up_to_255(house, slots, customer, key):
    slot = slots.one()
    first = customer.try_order(slot, key=key)
    assert ok(first, 201) and customer.try_order(slot, key=key).content == first.content


def test_a_key_used_for_another_request_is_refused_and_stores_nothing(house, slots, customer):
    one, two = slots.take(2)
    order = ok(customer.try_order(one, key="used"), 201)
    before = house.picture()
    for answer in (customer.try_order(two, key="used"), customer.try_pay(order, key="used"),
                   customer.try_order(one, key="used", note="other")):
        refused(answer, 422, "idempotency_key_reused")
    assert house.picture() == before


def test_blanks_make_another_body(customer, slots):
    """The digest is of the bytes: the client repeats what it sent."""
    body = json.dumps(order_body(slots.one()))
    head = {"Idempotency-Key": "bytes", "Content-Type": "application/json"}
    ok(customer.call("POST", "/api/v1/orders", data=body, headers=head), 201)
    again = customer.call("POST", "/api/v1/orders", data=body + " ", headers=head)
    refused(again, 422, "idempotency_key_reused")


def test_reading_needs_no_key(customer):
    assert ok(customer.call("GET", "/api/v1/orders", headers={"Idempotency-Key": "a b"}))
