"""The inbox: what customers are told, once, and what they have read."""
import pytest

from house import ok, refused, wait_for


def inbox(customer, **query) -> dict:
    return ok(customer.get("/api/v1/messages", **query))


def told(customer, count: int) -> list:
    """The inbox, once it holds so many entries."""
    return wait_for(lambda: len(found := inbox(customer)["items"]) >= count and found)


def read(customer, up_to):
    return customer.post("/api/v1/messages/read", {"up_to": up_to}, key=None)


def tell_again(house, order: dict, kind: str, **body):
    """As if that had happened (once more); the row is ours, all the rest is the house's."""
    import json
    house.db.run("INSERT INTO message (id, kind, subject_id, body) VALUES"
                 " (nextval('id_block') * 256, %s, %s, %s)", kind, order["id"], json.dumps(body))


@pytest.fixture
def paid(slots, customer):
    return customer.paid_order(slots.one())


def test_who_has_nothing_is_told_nothing(customer):
    assert inbox(customer) == {"items": [], "next_cursor": None, "unread": 0}


def test_a_payment_is_told_once_with_place_time_and_sum(house, customer, paid):
    [entry] = told(customer, 1)
    assert (entry["kind"], entry["title"], entry["read_at"]) == ("order.paid", "支付成功", None)
    assert entry["order_id"] == paid["id"] and entry["created_at"]
    item = paid["items"][0]
    start, end = item["start"][11:16], item["end"][11:16]
    month, day = (int(part) for part in item["start"][5:10].split("-"))
    assert f"星河羽毛球馆 {month}月{day}日 {start}–{end} {item['court_name']}" in entry["body"]
    assert f"已付 {paid['amount_fen'] / 100:.2f} 元" in entry["body"]
    house.settle()
    assert len(inbox(customer)["items"]) == 1 and inbox(customer)["unread"] == 1


def test_a_message_that_is_handed_out_again_adds_nothing(house, customer, paid):
    told(customer, 1)
    house.settle()
    house.db.run("UPDATE message SET published_at = NULL, attempts = attempts + 1, run_at = now()"
                 " WHERE subject_id = %s AND kind = 'order.paid'", paid["id"])
    wait_for(lambda: house.db.value(
        "SELECT published_at IS NOT NULL FROM message WHERE subject_id = %s"
        " AND kind = 'order.paid'", paid["id"]))
    tell_again(house, paid, "order.retaken")  # behind it in the same queue
    assert [e["kind"] for e in told(customer, 2)] == ["order.retaken", "order.paid"]
    house.settle()
    assert len(inbox(customer)["items"]) == 2


def test_read_up_to_one_leaves_the_newer(house, customer, paid):
    for count in range(2, 5):
        tell_again(house, paid, "order.retaken")
        entries = told(customer, count)
    assert inbox(customer)["unread"] == 4
    assert ok(read(customer, entries[1]["id"])) == {"unread": 1}
    after = inbox(customer)["items"]
    assert [e["read_at"] is None for e in after] == [True, False, False, False]
    assert ok(read(customer, entries[1]["id"])) == {"unread": 1}
    assert inbox(customer)["items"] == after
    assert ok(read(customer, entries[0]["id"])) == {"unread": 0}


def test_pages_are_newest_first_and_end_with_null(house, customer, paid):
    for count in range(2, 6):
        tell_again(house, paid, "order.retaken")
        entries = told(customer, count)
    pages, cursor = [], {}
    while True:
        page = inbox(customer, limit=2, **cursor)
        assert page["unread"] == 5
        pages += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert pages == entries
    ids = [e["id"] for e in entries]
    assert ids == sorted(ids, reverse=True)


def test_nobody_reads_anothers(house, customer, paid):
    [entry] = told(customer, 1)
    other = house.customer()
    assert inbox(other)["items"] == []
    assert ok(read(other, entry["id"])) == {"unread": 0}
    assert inbox(customer)["unread"] == 1
    refused(house.guest.get("/api/v1/messages"), 401, "unauthenticated")
    refused(house.guest.post("/api/v1/messages/read", {"up_to": 1}), 401, "unauthenticated")


@pytest.mark.parametrize("body, status, code, field", [
    ({}, 422, "bad_field", "up_to"),
    ({"up_to": None}, 422, "bad_field", "up_to"),
    ({"up_to": 0}, 422, "bad_field", "up_to"),
    ({"up_to": -1}, 422, "bad_field", "up_to"),
    ({"up_to": "1"}, 422, "bad_field", "up_to"),
    ({"up_to": 1.5}, 422, "bad_field", "up_to"),
    ({"up_to": 2 ** 53}, 422, "bad_field", "up_to"),
    ({"up_to": 1, "id": 1}, 400, "unknown_field", "id"),
    ([], 400, "bad_json", None),
])
def test_a_wrong_body_is_refused(customer, body, status, code, field):
    refused(customer.post("/api/v1/messages/read", body, key=None), status, code, field)


@pytest.mark.parametrize("query, field", [
    ({"limit": 0}, "limit"), ({"limit": 101}, "limit"), ({"cursor": 0}, "cursor"),
    ({"cursor": "x"}, "cursor")])
def test_a_wrong_page_is_refused(customer, query, field):
    refused(customer.get("/api/v1/messages", **query), 422, "bad_field", field)
