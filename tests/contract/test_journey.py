"""What people really do, and what they are refused for: conftest.py checks every answer."""
from datetime import datetime, timedelta
from unittest.mock import ANY

import pytest

from house import Staff, ok, order_body, refused, wait_for
from slots import at, day

PATHS = ("/healthz", "/readyz", "/api/v1/ping", "/oauth2/jwks",
         "/.well-known/oauth-authorization-server", "/api/v1/venues")


@pytest.fixture
def paid(slots, customer):
    return customer.paid_order(*slots.soon(1))


@pytest.mark.parametrize("path", PATHS)
def test_a_guest_reads(house, path):
    ok(house.guest.get(path))


def test_every_venue_sport_and_day_can_be_looked_at(house):
    for venue in ok(house.guest.get("/api/v1/venues"))["items"]:
        assert ok(house.guest.get(f"/api/v1/venues/{venue['id']}"))["hours"]
        for sport in venue["sports"]:
            for offset in range(venue["window_days"] + 1):
                grid = ok(house.guest.get(f"/api/v1/venues/{venue['id']}/availability",
                                          sport=sport["code"], date=day(offset)))
                assert {len(c["cells"]) for c in grid["courts"]} == {len(grid["slots"])}


def test_pages_end_with_null(house):
    seen, cursor = [], None
    while cursor is not None or not seen:
        page = ok(house.guest.get("/api/v1/venues", limit=1, cursor=cursor))
        seen += [venue["id"] for venue in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [v["id"] for v in ok(house.guest.get("/api/v1/venues"))["items"]]


def test_who_is_logged_in(customer, desk1, house):
    ok(customer.get("/api/v1/me"))
    assert ok(desk1.get("/api/v1/me"))["roles"] == ["manager"]
    for staff in (desk1, Staff(house, "admin")):
        ok(staff.get("/api/v1/staff/me"))
    refused(customer.get("/api/v1/staff/me"), 403, "forbidden")


def test_from_order_to_check_in(slots, customer, desk1, house):
    body = order_body(*slots.soon(2), note="两个人")
    first = customer.post("/api/v1/orders", body, key="journey")
    again = customer.post("/api/v1/orders", body, key="journey")
    order = ok(first, 201)
    assert again.content == first.content and "Idempotent-Replay" in again.headers
    refused(customer.try_code(order), 409, "order_unpaid")
    for method in ("native", "jsapi"):
        ok(customer.try_pay(order, method), 201)
    customer.pay(order)
    code = customer.code(customer.see(order))
    for suffix in (".png", ".svg"):
        assert customer.try_code(order, suffix).status_code == 200
    ok(desk1.check_in(code["qr_text"]), 201)
    assert customer.code(order)["state"] == "used"
    assert customer.see(order)["items"][0]["checked_in_at"]
    assert ok(customer.get("/api/v1/orders"))["items"][0]["id"] == order["id"]
    refused(desk1.check_in(code["short_code"]), 409, "already_checked_in", detail=ANY)


def test_wechats_own_notice_is_taken(house, customer, paid, sim):
    """Sent by the simulator, so that its status is all we see."""
    number = house.db.value("SELECT out_trade_no FROM payment_attempt WHERE order_id = %s",
                            paid["id"])
    assert sim.post("notify/resend", out_trade_no=number)["status"] == 204


def without_code(house, order):
    """As if the consumer had not come to it yet."""
    house.db.run("DELETE FROM checkin_code WHERE order_id = %s", order["id"])


def test_a_code_is_not_ready_at_once(house, customer, paid):
    customer.code(paid)
    without_code(house, paid)
    for suffix in ("", ".png", ".svg"):
        refused(customer.try_code(paid, suffix), 404, "code_not_ready")


def test_anothers_order_is_not_there(house, customer, paid):
    other = house.customer()
    for suffix in ("", ".png", ".svg"):
        refused(other.try_code(paid, suffix), 404, "not_found")
    refused(other.try_pay(paid), 404, "not_found")
    refused(other.get(f"/api/v1/orders/{paid['id']}"), 404, "not_found")


def test_unpaid_pictures_are_refused(slots, customer):
    order = customer.order(slots.one())
    for suffix in (".png", ".svg"):
        refused(customer.try_code(order, suffix), 409, "order_unpaid")


class TestPeriods:
    """(what is changed in a right order, status, code, field)"""
    @pytest.mark.parametrize("change, status, code, field", [
        ({"venue_id": 9}, 404, "venue_not_found", "venue_id"),
        ({"date": day(60)}, 422, "date_outside_window", "date"),
        ({"court_id": 21}, 422, "court_not_found", "periods[0]"),
        ({"shift": 30}, 422, "period_unaligned", "periods[0]"),
        ({"shift": 1440}, 422, "period_closed", "periods[0]"),
        ({"twice": True}, 422, "period_duplicate", "periods[1]"),
    ])
    def test_a_period_that_cannot_be_had(self, slots, customer, change, status, code, field):
        slot = slots.one(only=lambda s: s.starts.hour < 22)  # not the last of the day
        body = order_body(slot)
        self.refuse(customer, body, change, status, code, field)

    def test_one_that_has_begun(self, slots, customer):
        today = day(0)
        self.refuse(customer, order_body(slots.one()),
                    {"start": at(today, 0), "end": at(today, 60), "date": today},
                    422, "period_past", "periods[0]")

    def refuse(self, customer, body, change, status, code, field):
        period = body["periods"][0]
        for name, value in change.items():
            if name == "twice":
                body["periods"].append(period)
            elif name == "shift":
                for end in ("start", "end"):
                    moved = datetime.fromisoformat(period[end]) + timedelta(minutes=value)
                    period[end] = moved.isoformat()
            else:
                (body if name in body else period)[name] = value
        refused(customer.post("/api/v1/orders", body), status, code, field)

    def test_one_without_a_price(self, customer, bare_venue):
        on = day(1)
        body = {"venue_id": bare_venue.id, "date": on, "periods": [
            {"court_id": bare_venue.court, "start": at(on, 540), "end": at(on, 570)}]}
        refused(customer.post("/api/v1/orders", body), 422, "period_unpriced", "periods[0]")

    def test_one_that_is_taken(self, house, slots, customer):
        slot = slots.one()
        customer.order(slot)
        refused(house.customer().try_order(slot), 409, "slot_taken", "periods[0]")

    def test_one_of_five_hours(self, slots, customer):
        first, *_, last = slots.in_a_row(5)
        refused(customer.try_order(first._replace(end=last.end)), 422, "period_too_long",
                "periods[0]", {"longest_minutes": 240})

    def test_one_that_is_his_own(self, house, slots, customer):
        slot = slots.one()
        order = customer.order(slot)
        refused(customer.try_order(slot), 409, "slot_taken", "periods[0]", {"mine": order["id"]})
        grid = ok(customer.get("/api/v1/venues/1/availability", sport="badminton", date=slot.date))
        assert [cell["mine"] for court in grid["courts"] for cell in court["cells"]
                if cell["mine"]] == [order["id"]]

    def test_one_at_another_price(self, slots, customer):
        slot = slots.one()
        refused(customer.try_order(slot, expected_fen=slot.price + 1), 409, "price_changed",
                "expected_fen", {"amount_fen": slot.price})

    def test_one_more_that_is_unpaid(self, house, slots, customer):
        with house.configured("pool-api", ZX_HOLDS_AT_ONCE="1"):
            order = customer.order(slots.one())
            error = customer.try_order(slots.one()).json()["error"]
        assert (error["code"], error["until"]) == ("holds_used_up", order["expires_at"])

    def test_one_too_many(self, slots, customer):
        refused(customer.try_order(*slots.take(4)), 409, "quota_exceeded")


def test_a_key_is_for_one_request(slots, customer, desk1, paid):
    one, other = slots.take(2)
    order = ok(customer.try_order(one, key="k"), 201)
    refused(customer.try_order(other, key="k"), 422, "idempotency_key_reused")
    refused(customer.try_pay(order, key="k"), 422, "idempotency_key_reused")
    code = customer.code(paid)
    key = f"desk-{paid['id']}"
    ok(desk1.check_in(code["qr_text"], key=key), 201)
    assert "Idempotent-Replay" in desk1.check_in(code["qr_text"], key=key).headers
    refused(desk1.check_in(code["short_code"], key=key), 422, "idempotency_key_reused")


class TestPayments:
    def test_what_is_paid_is_not_paid_again(self, customer, paid):
        refused(customer.try_pay(paid), 409, "order_paid")

    @pytest.mark.parametrize("change, code", [
        ("expires_at = now() - interval '1 second'", "order_expired"),
        ("state = 'closing', closing_to = 'expired', closing_at = now(),"
         " run_at = now() + interval '1 day'", "order_expired")])
    def test_too_late(self, house, slots, customer, change, code):
        order = customer.order(slots.one())
        house.db.run(f"UPDATE orders SET {change} WHERE id = %s", order["id"])
        refused(customer.try_pay(order), 409, code)

    def test_staff_have_no_openid(self, house, slots, desk1):
        house.db.run("DELETE FROM booking_day WHERE account_id = %s",
                     ok(desk1.get("/api/v1/me"))["id"])  # desk1 is the same in each run
        order = ok(desk1.post("/api/v1/orders", order_body(slots.one())), 201)
        body = {"channel": "wechat", "method": "jsapi"}
        refused(desk1.post(f"/api/v1/orders/{order['id']}/payments", body), 409, "no_openid")

    @pytest.mark.parametrize("faults, status, code", [
        ([("http_500_before", {"status": 403, "times": 9})], 502, "channel_refused"),
        ([("http_500_before", {"times": 9})], 503, "channel_unknown"),
        ([("429", {"times": 9})], 503, "upstream_down")])
    def test_trouble_at_the_channel(self, slots, customer, sim, faults, status, code):
        order = customer.order(slots.one())
        for name, more in faults:
            sim.fault(name, path="/v3/pay", **more)
        refused(customer.try_pay(order), status, code)


class TestDesk:
    @pytest.mark.parametrize("code, status, word", [
        ("0000000000", 404, "code_unknown"), ("ZX1.1.abc.def", 422, "code_forged"),
        ("20261123000000000", 422, "code_forged")])
    def test_a_code_of_nobody(self, desk1, code, status, word):
        refused(desk1.check_in(code), status, word)

    def test_another_house(self, customer, paid, desk2):
        refused(desk2.check_in(customer.code(paid)["qr_text"]), 403, "wrong_venue")

    def test_not_paid(self, slots, customer, desk1):
        refused(desk1.check_in(customer.order(slots.one())["no"]), 409, "order_unpaid")

    def test_too_early(self, slots, customer, desk1):
        order = customer.paid_order(slots.one())
        refused(desk1.check_in(order["no"]), 409, "checkin_too_early")

    def test_a_mistake(self, house, paid, desk1):
        at = ok(desk1.check_in(paid["no"]), 201)["checked_in_at"]
        for _ in range(2):
            ok(desk1.try_undo(paid, at, key=f"undo-{paid['id']}"))
        refused(desk1.try_undo(paid, at, "anders", key=f"undo-{paid['id']}"), 422,
                "idempotency_key_reused")
        refused(desk1.try_undo(paid, at), 409, "not_checked_in")
        at = ok(desk1.check_in(paid["no"]), 201)["checked_in_at"]
        with house.configured("pool-desk", ZX_CHECKIN_UNDO_S="0"):
            refused(desk1.try_undo(paid, at), 409, "undo_too_late")

    def test_all_the_money_is_back(self, paid, desk1):
        ok(desk1.try_refund(paid, paid["amount_fen"]), 201)
        refused(desk1.check_in(paid["no"]), 409, "order_refunded")

    def test_too_late(self, house, customer, paid, desk1):
        house.db.run("UPDATE order_item SET during = tstzrange(now() - interval '2 hours',"
                     " now() - interval '1 hour') WHERE order_id = %s", paid["id"])
        refused(desk1.check_in(paid["no"]), 409, "checkin_too_late")


class TestLogin:
    def said(self, answer) -> tuple:
        return answer.status_code, answer.json()["error"]

    def test_wrong_ones_are_refused(self, house):
        assert self.said(house.log_in(code="nobody")) == (400, "invalid_grant")
        assert self.said(house.log_in_staff("nobody", "x")) == (400, "invalid_grant")
        assert self.said(house.log_in(grant_type="magic")) == (400, "unsupported_grant_type")

    @pytest.mark.parametrize("errcode, said", [
        (40226, (403, "login_blocked")), (40013, (503, "temporarily_unavailable"))])
    def test_trouble_at_wechat(self, house, customer, sim, errcode, said):
        code = sim.login_code(customer.user["user"])
        sim.fault("wx_errcode", errcode=errcode, times=9)
        assert self.said(house.log_in(code=code)) == said

    def test_a_locked_account(self, house):
        change = "UPDATE staff_login SET locked_until = {} WHERE username = 'desk2'"
        house.db.run(change.format("now() + interval '1 minute'"))
        try:
            assert self.said(house.log_in_staff("desk2")) == (429, "login_locked")
        finally:
            house.db.run(change.format("NULL"))

    def test_too_many_from_one_place(self, house):
        with house.configured("pool-password", ZX_LOGIN_PER_MINUTE="1"):
            wait_for(lambda: self.said(house.log_in_staff("nobody", "x"))
                     == (429, "too_many_requests"))
