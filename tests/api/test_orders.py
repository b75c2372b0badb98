"""Ordering: all or nothing, nobody twice, nobody too much, and everybody only his own."""
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest

from house import ok, refused
from place import Place, rule
from slots import day

ORDER = {"id", "no", "venue_id", "venue_name", "date", "state", "pay_state", "amount_fen",
         "created_at", "expires_at", "paid_at", "note", "items", "refund_tiers", "refunds",
         "refunded_fen"}
ITEM = {"id", "court_id", "court_name", "start", "end", "price_fen", "refund_fen", "state",
        "checked_in_at"}


def test_an_order_says_what_was_ordered_and_what_it_costs(slots, customer):
    one, two, three = slots.take(3)
    order = customer.order(one, two, three)
    assert set(order) == ORDER and all(set(item) == ITEM for item in order["items"])
    assert [(i["court_id"], i["start"], i["end"], i["price_fen"]) for i in order["items"]] == \
        [(s.court, s.start, s.end, s.price) for s in (one, two, three)]
    assert order["amount_fen"] == one.price + two.price + three.price
    assert order["no"].isdecimal() and len(order["no"]) >= 18
    assert customer.see(order) == order


def test_the_books_hold_exactly_what_was_ordered(house, slots, customer):
    slot = slots.one()
    order = customer.order(slot)
    held = house.db.rows("SELECT unit_id, at FROM occupancy o JOIN order_item i ON i.id = item_id"
                         " WHERE order_id = %s ORDER BY at", order["id"])
    assert [unit for unit, _ in held] == [slot.court, slot.court]
    assert held[0][1] == slot.starts
    told = house.db.rows("SELECT kind, subject_id, body FROM message WHERE subject_id = %s",
                         order["id"])
    assert told == [("order.created", order["id"], {"order_id": order["id"], "venue_id": 1})]


def test_a_period_of_several_slots_is_one_item(slots, customer):
    first, second = slots.in_a_row(2)
    order = customer.order(first._replace(end=second.end))
    assert [(i["start"], i["end"]) for i in order["items"]] == [(first.start, second.end)]
    assert order["amount_fen"] == first.price + second.price


def test_times_may_be_written_in_another_zone(slots, customer):
    slot = slots.one()
    start = slot.starts.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    order = customer.order(slot._replace(start=start))
    assert order["items"][0]["start"] == slot.start


def test_hours_after_midnight_are_sold_under_the_evening_before(house, slots, customer):
    night = next(s for n in range(2, 14) for s in slots.free(2, "badminton", day(n))
                 if s.start[:10] > s.date)
    order = customer.order(night)
    assert (order["date"], order["items"][0]["start"]) == (night.date, night.start)
    morning_after = night._replace(date=night.start[:10])
    refused(house.customer().try_order(morning_after), 422, "period_closed", "periods[0]")


def test_one_taken_period_refuses_the_whole_order(house, slots, customer):
    mine, wanted = slots.take(2)
    customer.order(mine)
    before = house.picture()
    refused(house.customer().try_order(wanted, mine), 409, "slot_taken", "periods[1]")
    after = house.picture()
    assert {t for t in after if before[t] != after[t]} <= {"account", "session", "wechat_identity"}
    house.customer().order(wanted)


def test_a_period_that_overlaps_another_in_part_is_taken(house, slots, customer):
    first, second, third = slots.in_a_row(3)
    customer.order(first._replace(end=second.end))
    refused(house.customer().try_order(second._replace(end=third.end)), 409, "slot_taken",
            "periods[0]")
    house.customer().order(third)


def test_who_is_beaten_at_the_last_moment_is_told_which_period_too(house, slots):
    rivals = [house.customer() for _ in range(8)]
    for _ in range(3):
        free, wanted = slots.take(2)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda who: who.try_order(wanted), rivals))
        lost = [a for a in answers if a.status_code != 201]
        assert len(lost) == 7
        for answer in lost:
            refused(answer, 409, "slot_taken", "periods[0]")
        refused(house.customer().try_order(free, wanted), 409, "slot_taken", "periods[1]")


@pytest.fixture
def place(house, admin):
    made = Place(admin)
    yield made
    made.close(house.db)


def test_who_was_shown_another_price_is_told_the_new_sum_and_has_ordered_nothing(
        house, place, customer):
    slot = place.slot(day(2), 600)
    shown = place.grid(day(2))["courts"][0]["cells"][2]["price_fen"]
    place.write(f"{place.at}/prices", {"rules": [rule(9000)]})
    refused(customer.try_order(slot, expected_fen=shown, key="k"), 409, "price_changed",
            "expected_fen", {"amount_fen": 9000})
    assert ok(customer.get("/api/v1/orders"))["items"] == []
    assert customer.order(slot, expected_fen=9000, key="k")["amount_fen"] == 9000


def test_a_price_that_has_fallen_is_asked_about_as_well(place, customer):
    slot = place.slot(day(2), 600)
    place.write(f"{place.at}/prices", {"rules": [rule(2000)]})
    refused(customer.try_order(slot, expected_fen=4000), 409, "price_changed", "expected_fen",
            {"amount_fen": 2000})


def test_the_sum_that_is_expected_is_that_of_all_periods(slots, customer):
    one, two = slots.take(2)
    refused(customer.try_order(one, two, expected_fen=one.price), 409, "price_changed",
            "expected_fen", {"amount_fen": one.price + two.price})
    customer.order(one, two, expected_fen=one.price + two.price)


def test_what_is_taken_comes_before_what_it_costs(house, slots, customer):
    slot = slots.one()
    house.customer().order(slot)
    refused(customer.try_order(slot, expected_fen=0), 409, "slot_taken", "periods[0]")


def test_who_says_no_price_gets_that_of_now(place, customer):
    place.write(f"{place.at}/prices", {"rules": [rule(9000)]})
    assert customer.order(place.slot(day(2), 600))["amount_fen"] == 9000
    assert customer.order(place.slot(day(3), 600), expected_fen=None)["amount_fen"] == 9000


def hours_from(place, minute: int, hours: int):
    slot = place.slot(day(2), minute)
    return slot._replace(end=place.slot(day(2), minute + 60 * (hours - 1)).end)


def test_a_period_is_four_hours_at_most(place, customer):
    refused(customer.try_order(place.slot(day(2), 480), hours_from(place, 600, 5)), 422,
            "period_too_long", "periods[1]", {"longest_minutes": 240})
    assert ok(customer.get("/api/v1/orders"))["items"] == []
    customer.order(hours_from(place, 600, 4))


def test_a_venue_says_how_long_a_period_may_be(house, place, customer):
    assert ok(house.guest.get(f"/api/v1/{place.at}"))["longest_minutes"] == 240
    place.change(place.at, longest_minutes=360)
    assert ok(house.guest.get(f"/api/v1/{place.at}"))["longest_minutes"] == 360
    customer.order(hours_from(place, 480, 6))
    place.change(place.at, longest_minutes=30)  # a slot may always be had
    customer.order(place.slot(day(2), 1200))
    refused(customer.try_order(hours_from(place, 960, 2)), 422, "period_too_long", "periods[0]",
            {"longest_minutes": 30})


def test_three_periods_a_day_and_not_one_more(house, slots, customer):
    one, two, three, four = slots.take(4)
    customer.order(one)
    refused(customer.try_order(two, three, four), 409, "quota_exceeded")
    customer.order(two, three)
    refused(customer.try_order(four), 409, "quota_exceeded")
    customer.order(slots.one(on=day(1)))
    counts = house.db.rows("SELECT periods FROM booking_day WHERE account_id = %s ORDER BY 1",
                           customer.account_id)
    assert counts == [(1,), (3,)]


def test_four_periods_in_one_order_are_too_many(house, slots, customer):
    four = slots.take(4)
    refused(customer.try_order(*four), 409, "quota_exceeded")
    assert house.db.value("SELECT count(*) FROM orders WHERE account_id = %s",
                          customer.account_id) == 0


def test_the_answer_to_a_repeat_is_the_same_bytes(house, slots, customer):
    slot = slots.one()
    first = customer.try_order(slot, key="again")
    assert first.status_code == 201 and "Idempotent-Replay" not in first.headers
    for _ in range(3):
        again = customer.try_order(slot, key="again")
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["Idempotent-Replay"] == "true"
    assert house.db.value("SELECT count(*) FROM orders WHERE account_id = %s",
                          customer.account_id) == 1


def test_a_key_belongs_to_one_request(house, slots, customer):
    one, two = slots.take(2)
    ok(customer.try_order(one, key="mine"), 201)
    refused(customer.try_order(two, key="mine"), 422, "idempotency_key_reused")
    refused(customer.try_order(one, key="mine", note="other"), 422, "idempotency_key_reused")
    order = ok(customer.get("/api/v1/orders"))["items"][0]
    refused(customer.try_pay(order, key="mine"), 422, "idempotency_key_reused")
    assert house.customer().try_order(two, key="mine").status_code == 201


def test_a_refused_order_leaves_its_key_free(house, slots, customer):
    taken, free = slots.take(2)
    house.customer().order(taken)
    refused(customer.try_order(taken, key="later"), 409, "slot_taken", "periods[0]")
    assert customer.try_order(free, key="later").status_code == 201


def test_own_orders_come_newest_first_page_by_page(house, slots, customer):
    placed = [customer.order(slots.one(venue=2, on=day(n)))["id"] for n in (1, 2, 3, 4, 5)]
    seen, cursor = [], None
    for _ in range(4):
        page = ok(customer.get("/api/v1/orders", limit=2, **({"cursor": cursor} if cursor
                                                              else {})))
        assert len(page["items"]) <= 2
        seen += [order["id"] for order in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == placed[::-1]
    everything = ok(customer.get("/api/v1/orders"))["items"]
    assert everything == [customer.see({"id": each}) for each in seen]


def test_who_has_ordered_nothing_sees_an_empty_list(customer):
    assert ok(customer.get("/api/v1/orders")) == {"items": [], "next_cursor": None}


def test_other_peoples_orders_do_not_exist(house, slots, customer):
    order = house.customer().paid_order(slots.one())
    path = f"/api/v1/orders/{order['id']}"
    for suffix in ("", "/checkin-code", "/checkin-code.png", "/checkin-code.svg"):
        refused(customer.get(path + suffix), 404, "not_found")
    refused(customer.try_pay(order), 404, "not_found")
    refused(customer.get("/api/v1/orders/999"), 404, "not_found")
    assert ok(customer.get("/api/v1/orders"))["items"] == []


def test_staff_do_not_see_customers_orders_either(slots, customer, desk1):
    order = customer.paid_order(slots.one())
    refused(desk1.get(f"/api/v1/orders/{order['id']}"), 404, "not_found")


def test_an_order_runs_out_after_its_time(house, slots, customer):
    order = customer.order(slots.one())
    made, ends = (datetime.fromisoformat(order[k]) for k in ("created_at", "expires_at"))
    assert (ends - made).total_seconds() == int(house.setting("ZX_ORDER_TTL_S"))


@pytest.mark.parametrize("note, kept", [
    ("a", "a"), ("球" * 100, "球" * 100), ("<script>alert(1)</script>",) * 2,
    ("'; DROP TABLE orders; --",) * 2, ("line\nbreak",) * 2,
    ("\U0001f3f8",) * 2, (None, None)])
def test_a_note_is_kept_as_it_was_written(slots, customer, note, kept):
    order = customer.order(slots.one(), note=note)
    assert order["note"] == kept == customer.see(order)["note"]


@pytest.mark.parametrize("query, status, code, field", [
    ({"limit": "0"}, 422, "bad_field", "limit"), ({"limit": "101"}, 422, "bad_field", "limit"),
    ({"cursor": "-5"}, 422, "bad_field", "cursor"), ({"cursor": "x"}, 422, "bad_field", "cursor"),
    ({"state": "paid"}, 400, "unknown_field", "state"),
    ({"account_id": "1"}, 400, "unknown_field", "account_id")])
def test_a_wrong_page_of_orders_is_refused(customer, query, status, code, field):
    refused(customer.get("/api/v1/orders", **query), status, code, field)
