"""The front desk: who is let in, who is not, and that every try is written down."""
import base64
import hashlib
import hmac
from datetime import datetime, timedelta

import pytest

from house import Staff, ok, refused
from slots import day


@pytest.fixture
def tried(house):
    """tried(staff id, method, result, order id): exactly this try was added."""
    seen = {row[0] for row in house.db.rows("SELECT id FROM checkin_try")}

    def check(*expected):
        rows = house.db.rows("SELECT id, staff_id, method, result, order_id FROM checkin_try"
                             " WHERE NOT id = ANY(%s)", list(seen))
        seen.update(row[0] for row in rows)
        assert [row[1:] for row in rows] == [expected]
    return check


@pytest.fixture
def order(slots, customer):
    """Paid, and its time is near."""
    return customer.paid_order(*slots.soon(1))


def give_back(desk, order, amount_fen: int, **more) -> dict:
    return ok(desk.post(f"/api/v1/staff/orders/{order['id']}/refunds",
                        {"amount_fen": amount_fen, "reason": "灯坏了", **more}), 201)


def move(house, item: dict, days: int):
    """Another day for one item, with what it occupies."""
    house.db.all_at_once(
        ("UPDATE occupancy SET at = at + %s * interval '1 day' WHERE item_id = %s", days,
         item["id"]),
        ("UPDATE order_item SET during = tstzrange(lower(during) + %s * interval '1 day',"
         " upper(during) + %s * interval '1 day') WHERE id = %s", days, days, item["id"]))


def checkins(house, order) -> int:
    return house.db.value("SELECT count(*) FROM checkin WHERE order_id = %s", order["id"])


@pytest.mark.parametrize("read, method", [
    (lambda order, code: code["qr_text"], "scan"),
    (lambda order, code: code["short_code"], "typed"),
    (lambda order, code: f"{code['short_code'][:3]} {code['short_code'][3:6]}-"
                         f"{code['short_code'][6:]}", "typed"),
    (lambda order, code: order["no"], "number"),
    (lambda order, code: f" {code['qr_text']}\r\n", "scan"),
    (lambda order, code: f"{code['short_code']}\t", "typed"),
    (lambda order, code: "".join(chr(ord(c) + 0xFEE0) for c in code["short_code"]), "typed"),
], ids=["scanned", "typed", "typed_in_groups", "by_order_number", "by_a_gun", "typed_with_tab",
        "wide_digits"])
def test_three_ways_lead_in_and_each_only_once(house, customer, desk1, order, tried, read,
                                               method):
    text = read(order, customer.code(order))
    done = ok(desk1.check_in(text), 201)
    assert set(done) >= {"order_no", "venue", "customer", "items", "checked_in_at"}
    assert done["order_no"] == order["no"] and len(done["items"]) == 1
    tried(2, method, "ok", order["id"])
    refused(desk1.check_in(text), 409, "already_checked_in", detail={
        "at": done["checked_in_at"], "by": ok(desk1.get("/api/v1/staff/me"))["name"]})
    tried(2, method, "already_checked_in", order["id"])
    assert checkins(house, order) == 1


def test_the_same_key_lets_in_once_and_answers_the_same(house, customer, desk1, order, tried):
    code = customer.code(order)["qr_text"]
    first = desk1.check_in(code, key=order["no"])
    again = desk1.check_in(code, key=order["no"])
    assert (first.status_code, first.content) == (201, again.content)
    assert again.headers["Idempotent-Replay"] == "true"
    tried(2, "scan", "ok", order["id"])


def test_another_venues_staff_may_not(house, customer, desk2, desk1, order, tried):
    code = customer.code(order)
    refused(desk2.check_in(code["qr_text"]), 403, "wrong_venue")
    tried(3, "scan", "wrong_venue", order["id"])
    refused(desk2.check_in(code["short_code"]), 403, "wrong_venue")
    tried(3, "typed", "wrong_venue", order["id"])
    assert checkins(house, order) == 0
    ok(desk1.check_in(code["qr_text"]), 201)


def test_the_admin_may_everywhere(house, customer, order):
    ok(Staff(house, "admin").check_in(customer.code(order)["qr_text"]), 201)


def test_another_venue_is_told_nothing_about_the_order(slots, customer, desk2):
    """Not even whether it is paid, and by a number not that it is there."""
    unpaid = customer.order(slots.one())
    refused(desk2.check_in(unpaid["no"]), 404, "code_unknown")


def test_an_unpaid_order_is_not_let_in_by_its_number(house, slots, customer, desk1, tried):
    unpaid = customer.order(*slots.soon(1))
    refused(desk1.check_in(unpaid["no"]), 409, "order_unpaid")
    tried(2, "number", "order_unpaid", unpaid["id"])


def test_too_early_is_told_apart(house, slots, customer, desk2, tried):
    """Venue 2 opens its doors an hour before."""
    order = customer.paid_order(slots.one(venue=2, on=day(2)))
    refused(desk2.check_in(customer.code(order)["qr_text"]), 409, "checkin_too_early")
    tried(3, "scan", "checkin_too_early", order["id"])
    assert customer.see(order)["items"][0]["state"] == "booked"


def test_too_late_is_told_apart(house, customer, desk1, order, tried):
    move(house, order["items"][0], -20)
    refused(desk1.check_in(customer.code(order)["qr_text"]), 409, "checkin_too_late")
    tried(2, "scan", "checkin_too_late", order["id"])
    assert checkins(house, order) == 0


def test_an_order_for_two_days_is_used_piece_by_piece(house, slots, customer, desk1):
    order = customer.paid_order(*slots.soon(2))
    now_one, later = order["items"]
    move(house, later, 30)
    code = customer.code(order)["qr_text"]
    done = ok(desk1.check_in(code), 201)
    assert [item["id"] for item in done["items"]] == [now_one["id"]]
    assert customer.code(order)["state"] == "active"
    refused(desk1.check_in(code), 409, "checkin_too_early")
    move(house, later, -30)
    done = ok(desk1.check_in(code), 201)
    assert [item["id"] for item in done["items"]] == [later["id"]]
    assert customer.code(order)["state"] == "used" and checkins(house, order) == 2


def sealed(house, text: str) -> str:
    """Signed as the house signs, with its own key."""
    mac = hmac.new(house.secret("code-key").rstrip(b"\n"), text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(mac.digest()[:16]).decode().rstrip('=')}"


def test_these_tests_can_sign_codes(house, customer, order):
    code = customer.code(order)["qr_text"]
    assert sealed(house, code.rpartition(".")[0]) == code


@pytest.mark.parametrize("text", [
    "0000000000", "1234567890", "202601010000000000000", "999999999999999999999999"])
def test_an_unknown_number_is_unknown(house, desk1, tried, text):
    refused(desk1.check_in(text), 404, "code_unknown")
    tried(2, "typed" if len(text) == 10 else "number", "code_unknown", None)


def test_a_code_of_an_older_nonce_is_unknown(house, desk1, order, tried):
    refused(desk1.check_in(sealed(house, f"ZX1.{order['id']}.abcdefghijkl")), 404,
            "code_unknown")
    tried(2, "scan", "code_unknown", order["id"])


FORGED = [
    ("one_letter_of_the_signature", lambda c: c[:-3] + ("A" if c[-3] != "A" else "B") + c[-2:]),
    ("one_letter_of_the_nonce", lambda c: c.replace(c.split(".")[2], "a" * 12)),
    ("the_number_of_another_order", lambda c: c.replace(c.split(".")[1], "1024")),
    ("no_signature", lambda c: c.rpartition(".")[0]),
    ("an_empty_signature", lambda c: c.rpartition(".")[0] + "."),
    ("half_a_signature", lambda c: c[:-11]),
    ("a_signature_with_more_behind", lambda c: c + "A"),
    ("another_part_behind", lambda c: c + ".AAAA"),
    ("another_version", lambda c: "ZX2" + c[3:]),
    ("lower_case", lambda c: c.lower()),
    ("only_the_prefix", lambda c: "ZX1."),
    ("only_dots", lambda c: "ZX1..."),
    ("a_web_address", lambda c: "https://example.com/" + c),
    ("9_digits", lambda c: "123456789"),
    ("11_digits", lambda c: "12345678901"),
    ("17_digits", lambda c: "1" * 17),
    ("25_digits", lambda c: "1" * 25),
    ("a_negative_number", lambda c: "+1234567890"),
    ("letters", lambda c: "123456789O"),
    ("only_spaces", lambda c: "   "),
    ("SQL", lambda c: "' OR '1'='1"),
    ("128_characters", lambda c: "场" * 128),
]


@pytest.mark.parametrize("spoil", [f[1] for f in FORGED], ids=[f[0] for f in FORGED])
def test_a_forged_code_is_refused(house, customer, desk1, order, tried, spoil):
    refused(desk1.check_in(spoil(customer.code(order)["qr_text"])), 422, "code_forged")
    tried(2, "scan", "code_forged", None)
    assert checkins(house, order) == 0


@pytest.mark.parametrize("body, status, code, field", [
    ({}, 422, "bad_field", "code"),
    ({"code": ""}, 422, "bad_field", "code"),
    ({"code": "1" * 129}, 422, "bad_field", "code"),
    ({"code": 1234567890}, 422, "bad_field", "code"),
    ({"code": None}, 422, "bad_field", "code"),
    ({"code": ["1234567890"]}, 422, "bad_field", "code"),
    ({"code": "1234567890", "venue_id": 2}, 400, "unknown_field", "venue_id"),
    ({"Code": "1234567890"}, 422, "bad_field", "code"),
    ("1234567890", 400, "bad_json", None),
])
def test_a_wrong_body_is_refused_before_anything(desk1, unchanged, body, status, code, field):
    refused(desk1.post("/api/v1/staff/checkins", body), status, code, field)


def test_a_person_of_no_name_is_called_a_wechat_user(customer, desk1, order):
    done = ok(desk1.check_in(customer.code(order)["qr_text"]), 201)
    assert done["customer"] == "微信用户"


def test_of_a_phone_only_the_ends_are_shown(house, customer, desk1, order):
    phone = f"138{order['id'] % 10**8:08d}"
    house.db.run("UPDATE account SET phone = %s WHERE id = %s", phone, customer.account_id)
    done = ok(desk1.check_in(customer.code(order)["qr_text"]), 201)
    assert done["customer"] == f"{phone[:3]}****{phone[-4:]}"


def test_the_desk_sees_what_was_refunded(customer, desk1, order):
    give_back(desk1, order, 100)
    done = ok(desk1.check_in(customer.code(order)["qr_text"]), 201)
    assert (done["paid_fen"], done["refunded_fen"]) == (order["amount_fen"], 100)


@pytest.mark.parametrize("refunds", [[{}], [{}, {}], [{"keep": True}, {}], [{"keep": False}]],
                         ids=["at_once", "in_two", "kept_first", "not_kept"])
def test_who_has_all_his_money_back_is_not_let_in(house, customer, desk1, order, tried, refunds):
    code = customer.code(order)["qr_text"]
    for n, more in enumerate(refunds):
        last = n == len(refunds) - 1
        give_back(desk1, order, order["amount_fen"] - n * 100 if last else 100, **more)
    refused(desk1.check_in(code), 409, "order_refunded")
    tried(2, "scan", "order_refunded", order["id"])
    assert checkins(house, order) == 0


def test_unless_the_desk_kept_the_courts(house, customer, desk1, order):
    give_back(desk1, order, order["amount_fen"], keep=True)
    assert ok(desk1.get(f"/api/v1/staff/orders/{order['id']}"))["order"]["kept_at"]
    done = ok(desk1.check_in(customer.code(order)["qr_text"]), 201)
    assert done["refunded_fen"] == done["paid_fen"] == order["amount_fen"]


def test_who_was_let_in_before_is_told_that(customer, desk1, order):
    code = customer.code(order)["qr_text"]
    ok(desk1.check_in(code), 201)
    give_back(desk1, order, order["amount_fen"])
    assert desk1.check_in(code).json()["error"]["code"] == "already_checked_in"


def test_the_database_lets_nobody_in_whose_money_is_back(house, desk1, order):
    give_back(desk1, order, order["amount_fen"])
    with pytest.raises(Exception, match="the money of order"):
        house.db.run("UPDATE order_item SET state = 'used' WHERE order_id = %s", order["id"])


# ---- Taking a check-in back

@pytest.fixture
def used(customer, desk1, order) -> dict:
    """The answer of its check-in."""
    return ok(desk1.check_in(customer.code(order)["qr_text"]), 201)


def minutes_ago(house, order, minutes: float) -> str:
    """Its check-in was then; as staff read it."""
    house.db.run("UPDATE checkin SET at = at - %s * interval '1 minute' WHERE order_id = %s",
                 minutes, order["id"])
    return house.db.value("SELECT to_char(at AT TIME ZONE 'Asia/Shanghai',"
                          " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+08:00\"') FROM checkin"
                          " WHERE order_id = %s", order["id"])


def test_an_undone_check_in_may_be_done_again(house, customer, desk1, order, used):
    after = ok(desk1.try_undo(order, used["checked_in_at"]))
    assert [(i["state"], i["checked_in_at"]) for i in after["items"]] == [("booked", None)]
    assert checkins(house, order) == 0 and customer.code(order)["state"] == "active"
    assert house.db.rows("SELECT undone_by, reason FROM checkin_undone WHERE order_id = %s",
                         order["id"]) == [(2, "扫错了")]
    ok(desk1.check_in(customer.code(order)["qr_text"]), 201)
    house.settle()
    assert house.db.value("SELECT count(*) FROM message WHERE subject_id = %s"
                          " AND kind = 'order.used'", order["id"]) == 1


def test_it_is_undone_once_and_only_that_one(house, slots, customer, desk1):
    order = customer.paid_order(*slots.soon(2))
    code, (_, later) = customer.code(order)["qr_text"], order["items"]
    move(house, later, 30)
    first = ok(desk1.check_in(code), 201)
    move(house, later, -30)
    second = ok(desk1.check_in(code), 201)
    after = ok(desk1.try_undo(order, second["checked_in_at"]))
    assert {i["id"]: i["state"] for i in after["items"]} == {
        first["items"][0]["id"]: "used", later["id"]: "booked"}
    refused(desk1.try_undo(order, second["checked_in_at"]), 409, "not_checked_in")
    ok(desk1.try_undo(order, first["checked_in_at"]))


def test_the_same_key_undoes_once(desk1, order, used):
    said = [desk1.try_undo(order, used["checked_in_at"], key=f"undo-{order['id']}")
            for _ in range(2)]
    assert ok(said[0]) and said[0].content == said[1].content


def test_an_undoing_has_its_time(house, desk1, order, used):
    house_says = minutes_ago(house, order, 16)
    refused(desk1.try_undo(order, house_says), 409, "undo_too_late")
    assert checkins(house, order) == 1
    ok(desk1.try_undo(order, minutes_ago(house, order, -2)))


def test_until_when_is_told(used):
    at, until = (datetime.fromisoformat(used[name]) for name in ("checked_in_at", "undo_until"))
    assert until - at == timedelta(minutes=15)


def test_another_venue_undoes_nothing(house, desk2, order, used):
    refused(desk2.try_undo(order, used["checked_in_at"]), 404, "not_found")
    assert checkins(house, order) == 1


@pytest.mark.parametrize("body, field", [
    ({"checked_in_at": "2026-11-24T19:48:12+08:00"}, "reason"),
    ({"checked_in_at": "2026-11-24T19:48:12+08:00", "reason": ""}, "reason"),
    ({"checked_in_at": "yesterday", "reason": "x"}, "checked_in_at"),
    ({"reason": "x"}, "checked_in_at")])
def test_an_undoing_says_which_and_why(desk1, order, used, body, field):
    refused(desk1.post(f"/api/v1/staff/orders/{order['id']}/checkin/undo", body), 422,
            "bad_field", field)
