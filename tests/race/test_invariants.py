"""The invariants can fail: each is shown a broken book, in a transaction that is taken back."""
import psycopg2
import pytest

import invariants
from house import ok

PAID = "(SELECT id FROM orders WHERE no = %(no)s)"
ITEM = "(SELECT id FROM order_item WHERE order_id = " + PAID + ")"
NEXT = "nextval('id_block') * 256"
BREAK = {
    "no_floor_is_sold_twice":
        f"INSERT INTO order_item SELECT {NEXT}, order_id, venue_id, court_id, during, price_fen,"
        f" state FROM order_item WHERE id = {ITEM}",
    "a_live_item_occupies_exactly_its_time":
        f"DELETE FROM occupancy WHERE ctid = (SELECT ctid FROM occupancy WHERE item_id = {ITEM}"
        " LIMIT 1)",
    "a_live_item_has_a_floor":  # which its court has lost, too
        "WITH u AS (DELETE FROM court_unit WHERE court_id = (SELECT court_id FROM order_item"
        f" WHERE id = {ITEM})) DELETE FROM occupancy WHERE ctid = (SELECT ctid FROM occupancy"
        f" WHERE item_id = {ITEM} LIMIT 1)",
    "whatever_is_occupied_has_a_live_item_or_block":
        f"INSERT INTO occupancy SELECT 44, '2020-01-01', {ITEM}",
    "a_block_holds_its_time":
        f"INSERT INTO court_block (id, venue_id, court_id, during, reason) VALUES ({NEXT}, 1, 1,"
        " tstzrange('2020-01-01', '2020-01-02'), '-')",
    "what_is_given_up_or_used_waits_for_no_choice":
        f"INSERT INTO outside_item (item_id, order_id, venue_id) SELECT id, order_id, venue_id"
        f" FROM order_item WHERE id = {ITEM}",
    "items_follow_their_order": f"UPDATE order_item SET state = 'held' WHERE id = {ITEM}",
    "an_order_costs_what_its_items_cost":
        f"UPDATE order_item SET price_fen = price_fen + 1 WHERE id = {ITEM}",
    "an_order_stays_at_its_venue": f"UPDATE orders SET venue_id = 3 WHERE id = {PAID}",
    "a_paid_order_has_exactly_one_paid_attempt_of_its_amount":
        f"UPDATE payment_attempt SET amount_fen = amount_fen - 1 WHERE order_id = {PAID}",
    "what_costs_nothing_is_paid":  # a channel heard of it
        f"WITH i AS (UPDATE order_item SET price_fen = 0 WHERE id = {ITEM}) UPDATE orders"
        f" SET amount_fen = 0, paid_fen = 0 WHERE id = {PAID}",
    "a_paid_attempt_has_a_paid_order":
        f"UPDATE orders SET state = 'expired', closed_at = now() WHERE id = {PAID}",
    "every_attempt_asks_for_the_whole_order":
        f"UPDATE payment_attempt SET amount_fen = amount_fen + 1 WHERE order_id = {PAID}",
    "every_payment_was_told_by_one_genuine_notice":
        "DELETE FROM notify_log WHERE out_trade_no = %(no)s || 'A01'",
    "no_notice_counts_as_paid_without_a_payment":
        "INSERT INTO notify_log VALUES ('wechat', 'x', 'x', 'x', 'x', 'paid')",
    "nobody_holds_more_than_his_quota":
        f"UPDATE booking_day SET periods = 0 WHERE account_id ="
        f" (SELECT account_id FROM orders WHERE id = {PAID})",
    "a_key_made_one_order_and_an_order_has_one_key":
        "INSERT INTO idempotency SELECT account_id, key || 'x', digest, status, answer"
        " FROM idempotency WHERE nullif(answer, '')::jsonb ->> 'no' = %(no)s",
    "what_a_key_has_answered_is_there":
        "UPDATE idempotency SET account_id = 1"
        " WHERE nullif(answer, '')::jsonb ->> 'no' = %(no)s",
    "every_order_was_told_once":
        f"DELETE FROM message WHERE subject_id = {PAID} AND kind = 'order.created'",
    "every_payment_was_told_once":
        f"INSERT INTO message (id, kind, subject_id, body) SELECT {NEXT}, kind, subject_id, body"
        f" FROM message WHERE subject_id = {PAID} AND kind = 'order.paid'",
    "a_used_item_was_checked_in_once": f"UPDATE order_item SET state = 'booked' WHERE id = {ITEM}",
    "a_checkin_fits_its_order": f"UPDATE checkin SET venue_id = 3 WHERE item_id = {ITEM}",
    "every_checkin_is_a_try_that_went_well": f"DELETE FROM checkin_try WHERE order_id = {PAID}",
    "a_code_belongs_to_a_paid_order":
        f"UPDATE orders SET pay_state = 'unpaid', paid_at = NULL, state = 'pending', paid_fen = 0"
        f" WHERE id = {PAID}",
    "no_message_waits":
        f"UPDATE message SET published_at = NULL, run_at = now() + interval '1 h'"
        f" WHERE subject_id = {PAID}",
    "every_paid_order_has_its_code": f"DELETE FROM checkin_code WHERE order_id = {PAID}",
    "every_message_acted_once":
        "DELETE FROM message_done WHERE consumer = 'tell' AND message_id ="
        f" (SELECT id FROM message WHERE subject_id = {PAID} AND kind = 'order.paid')",
    "every_payment_was_told_to_the_customer_once":
        f"DELETE FROM inbox WHERE order_id = {PAID}",
    "a_used_order_is_to_be_reported": f"DELETE FROM shipping WHERE order_id = {PAID}",
    "nothing_was_given_up":
        "INSERT INTO message_dead (consumer, message_id, kind, body, reason, attempts)"
        " VALUES ('x', 1, 'x', 'x', 'x', 5)",
}


@pytest.fixture(scope="module")
def used_order(house, slots, desk1):
    """Through the whole house: ordered, paid, checked in."""
    customer = house.customer()
    order = customer.paid_order(*slots.soon(1))
    ok(desk1.check_in(customer.code(order)["qr_text"]), 201)
    invariants.drain(house)
    return order


def test_every_invariant_is_tried(used_order):
    assert set(BREAK) == set(invariants.NAMED)


@pytest.mark.parametrize("name", BREAK)
def test_a_broken_book_is_found(house, used_order, name):
    connection = psycopg2.connect(house.db.dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(invariants.NAMED[name])
            assert cursor.fetchall() == []
            for table in ("orders", "order_item", "court_unit"):  # whose triggers would not have it
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(BREAK[name], {"no": used_order["no"]})
            assert cursor.rowcount == 1 or name in ("no_message_waits",)
            cursor.execute(invariants.NAMED[name])
            assert cursor.fetchall()
    finally:
        connection.close()
