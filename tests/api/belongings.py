"""A venue with one of each, written behind the programs' backs: what staff of another venue must
neither see nor change."""
from slots import day

# In the order in which they can be written; %(name)s are the ids below and the words.
WRITTEN = [
    ("venue", "(id, name) VALUES (%(venue)s, %(tag)s)"),
    ("sport", "(id, code, name) VALUES (%(sport)s, %(code)s, %(code)s)"),
    ("venue_sport", "(venue_id, sport_id) VALUES (%(venue)s, %(sport)s)"),
    ("court", "(id, venue_id, sport_id, name) VALUES (%(court)s, %(venue)s, %(sport)s, %(tag)s)"),
    ("unit", "(id, venue_id, name) VALUES (%(unit)s, %(venue)s, %(tag)s)"),
    ("court_unit", "(court_id, unit_id, venue_id) VALUES (%(court)s, %(unit)s, %(venue)s)"),
    ("opening", "(venue_id, weekday, opens, closes) VALUES (%(venue)s, 1, 480, 1320)"),
    ("price_rule", "(id, venue_id, court_id, hour_fen) VALUES (%(rule)s, %(venue)s, %(court)s, 1000)"),
    ("opening_exception", "(venue_id, day, reason) VALUES (%(venue)s, %(day)s, %(tag)s)"),
    ("opening_exception_hours", "(venue_id, day, opens, closes)"
     " VALUES (%(venue)s, %(day)s, 600, 720)"),
    ("court_block", "(id, venue_id, court_id, during, reason) VALUES (%(block)s, %(venue)s,"
     " %(court)s, tstzrange(%(day)s::date + time '12:00', %(day)s::date + time '13:00'), %(tag)s)"),
    ("account", "(id, nickname, phone) VALUES (%(account)s, %(tag)s, %(phone)s)"),
    ("orders", "(id, no, account_id, venue_id, play_date, state, pay_state, amount_fen, paid_fen,"
     " refunded_fen, note, expires_at, paid_at) VALUES (%(order)s, %(number)s, %(account)s,"
     " %(venue)s, %(day)s, 'paid', 'part_refunded', 2000, 2000, 500, %(tag)s, now(), now())"),
    ("payment_attempt", "(id, order_id, channel, method, out_trade_no, amount_fen, refunded_fen,"
     " state, request, transaction_id, paid_at) VALUES (%(attempt)s, %(order)s, 'wechat', 'jsapi',"
     " %(number)s || 'W01', 2000, 500, 'paid', '{}', %(number)s || 'T', now())"),
    ("refund", "(id, order_id, attempt_id, venue_id, out_refund_no, amount_fen, cause, reason,"
     " request, state, done_at) VALUES (%(refund)s, %(order)s, %(attempt)s, %(venue)s,"
     " %(number)s || 'W01R01', 500, 'cancel', %(tag)s, '{}', 'succeeded', now())"),
    ("order_item", "(id, order_id, venue_id, court_id, during, price_fen, state)"
     " SELECT id, %(order)s, %(venue)s, %(court)s, tstzrange(%(day)s::date + opens,"
     " %(day)s::date + opens + interval '30 minutes'), 1000, state FROM (VALUES"
     " (%(booked)s, time '10:00', 'booked'), (%(used)s, time '09:00', 'used')) t(id, opens, state)"),
    ("outside_item", "(item_id, order_id, venue_id, choice, reason, chosen_at, done_at)"
     " VALUES (%(booked)s, %(order)s, %(venue)s, 'keep', %(tag)s, now(), now())"),
    ("occupancy", "(unit_id, at, item_id, block_id)"
     " VALUES (%(unit)s, %(day)s::date + time '10:00', %(booked)s, NULL),"
     " (%(unit)s, %(day)s::date + time '12:00', NULL, %(block)s),"
     " (%(unit)s, %(day)s::date + time '12:30', NULL, %(block)s)"),
    ("checkin_code", "(order_id, short_code, nonce) VALUES (%(order)s, %(short)s, 'n')"),
    ("booking_day", "(account_id, play_date, periods, allowed)"
     " VALUES (%(account)s, %(day)s, 2, 3)"),
    ("shipping", "(attempt_id, order_id, state) VALUES (%(attempt)s, %(order)s, 'waived')"),
    ("violation", "(id, account_id, order_id, kind)"
     " VALUES (%(violation)s, %(account)s, %(order)s, 'expired')"),
    ("ban", "(id, account_id, until, reason, venue_ids, told_at, end_told_at)"
     " VALUES (%(ban)s, %(account)s, now() + interval '1 day', %(tag)s, ARRAY[%(venue)s],"
     " now(), now())"),
    ("work_item", "(id, key, kind, venue_id, order_id, detail) VALUES (%(item)s, %(number)s,"
     " 'reconcile', %(venue)s, %(order)s, jsonb_build_object('x', %(tag)s))"),
    ("account", "(id, nickname) VALUES (%(staff)s, %(tag)s)"),
    ("staff_login", "(account_id, username, password_hash) SELECT %(staff)s, %(username)s,"
     " password_hash FROM staff_login WHERE account_id = 1"),
    ("account_role", "(account_id, role, venue_id) VALUES (%(staff)s, 'manager', %(venue)s)"),
    ("session", "(id, account_id, client, expires_at, salt)"
     " VALUES (%(session)s, %(staff)s, 'staff', now() + interval '1 day', '')"),
    ("idempotency", "(account_id, key, digest, status, answer)"
     " VALUES (%(staff)s, 'key', '', 200, %(tag)s)"),
    ("checkin", "(item_id, order_id, venue_id, staff_id, method)"
     " VALUES (%(used)s, %(order)s, %(venue)s, %(staff)s, 'scan')"),
    ("checkin_undone", "(item_id, order_id, venue_id, staff_id, method, at, undone_by, reason)"
     " VALUES (%(booked)s, %(order)s, %(venue)s, %(staff)s, 'scan', now(), %(staff)s, %(tag)s)"),
    ("checkin_try", "(id, order_id, staff_id, method, result)"
     " VALUES (%(try)s, %(order)s, %(staff)s, 'scan', 'ok')"),
]
IDS = ("venue", "sport", "account", "court", "unit", "rule", "block", "order", "attempt", "refund",
       "booked", "used", "violation", "ban", "item", "staff", "session", "try")
# Which rows of a table are theirs; where nothing is said, those of the venue.
THEIRS = {
    "venue": "id = %(venue)s", "sport": "id = %(sport)s",
    "account": "id IN (%(account)s, %(staff)s)", "staff_login": "account_id = %(staff)s",
    "session": "account_id = %(staff)s", "idempotency": "account_id = %(staff)s",
    "checkin_try": "staff_id = %(staff)s", "occupancy": "unit_id IN"
    " (SELECT id FROM unit WHERE venue_id = %(venue)s)",
    **dict.fromkeys(("booking_day", "violation", "ban"), "account_id = %(account)s"),
    **dict.fromkeys(("payment_attempt", "checkin_code", "shipping"), "order_id = %(order)s"),
}


def word(number: int) -> str:
    """Letters, of which each number has its own."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


class Belongings(dict):
    """name -> id or word."""

    def __init__(self, db, days_ahead: int = 30):
        self.db = db
        base = db.value("SELECT nextval('id_block') * 256")
        super().__init__({name: base + n for n, name in enumerate(IDS)},
                         day=day(days_ahead), day_number=int(day(days_ahead).replace("-", "")),
                         tag=f"别家{base}", number=f"{base:022d}", short=f"{base % 10**10:010d}",
                         phone=f"139{base % 10**8:08d}", username=f"s{base}", code=word(base))
        db.all_at_once(*[(f"INSERT INTO {table} {rows}", dict(self)) for table, rows in WRITTEN])

    def remove(self):
        tables = reversed(dict.fromkeys(table for table, _ in WRITTEN))
        self.db.all_at_once(*[
            (f"DELETE FROM {table} WHERE {THEIRS.get(table, 'venue_id = %(venue)s')}", dict(self))
            for table in tables])
