"""Where the money of an order is, and what must hold of it whatever happened."""
from house import wait_for


def refunds(house, order) -> list:
    return house.db.rows("SELECT cause, amount_fen, state FROM refund WHERE order_id = %s"
                         " ORDER BY created_at, id", order["id"])


def all_back(house, order) -> list:
    """Its refunds, once the customer has all of them."""
    wait_for(lambda: not [r for r in refunds(house, order) if r[2] != "succeeded"])
    return refunds(house, order)


def held(house, order) -> int:
    """Half hours of floor that it occupies."""
    return house.db.value("SELECT count(*) FROM occupancy c JOIN order_item i"
                          " ON i.id = c.item_id WHERE i.order_id = %s", order["id"])


def counted(house, order) -> int:
    """Periods that its person is counted for on that day."""
    return house.db.value("SELECT b.periods FROM booking_day b JOIN orders o ON o.account_id ="
                          " b.account_id AND o.play_date = b.play_date WHERE o.id = %s",
                          order["id"])


def states(house, order) -> tuple:
    return house.db.rows("SELECT state, pay_state, refunded_fen FROM orders WHERE id = %s",
                         order["id"])[0]


def told(house, order, kind: str) -> int:
    return house.db.value("SELECT count(*) FROM message WHERE subject_id = %s AND kind = %s",
                          order["id"], kind)


def move(house, order, hours: float):
    """Its items begin so many hours from now. Their courts are let go, for others may have those
    hours: the order has to be given up in the end."""
    house.db.all_at_once(
        ("DELETE FROM occupancy WHERE item_id IN (SELECT id FROM order_item WHERE order_id = %s)",
         order["id"]),
        ("UPDATE order_item i SET during = tstzrange(lower(during) + s.shift, upper(during) +"
         " s.shift) FROM (SELECT date_bin('30 minutes', now() + %s * interval '1 hour',"
         " '2000-01-01') - min(lower(during)) AS shift FROM order_item WHERE order_id = %s) s"
         " WHERE i.order_id = %s", hours, order["id"], order["id"]))


def long_ago(house, order):
    """It was played a month before, where it was."""
    own = "(SELECT id FROM order_item WHERE order_id = %s)"
    house.db.all_at_once(
        ("UPDATE order_item SET during = tstzrange(lower(during) - interval '30 days',"
         " upper(during) - interval '30 days') WHERE order_id = %s", order["id"]),
        (f"UPDATE occupancy SET at = at - interval '30 days' WHERE item_id IN {own}",
         order["id"]))


def begin(house, item):
    """As if it had begun weeks ago, on a day when its court was free."""
    days = house.db.value(
        "SELECT d FROM generate_series(21, 5000) d WHERE NOT EXISTS (SELECT 1 FROM occupancy mine"
        " JOIN occupancy other ON other.unit_id = mine.unit_id"
        " AND other.at = mine.at - d * interval '1 day' WHERE mine.item_id = %s)"
        " ORDER BY d LIMIT 1", item["id"])
    house.db.all_at_once(
        ("UPDATE occupancy SET at = at - %s * interval '1 day' WHERE item_id = %s", days,
         item["id"]),
        ("UPDATE order_item SET during = tstzrange(lower(during) - %s * interval '1 day',"
         " upper(during) - %s * interval '1 day') WHERE id = %s", days, days, item["id"]))


def wrongs(house, order) -> list:
    """Of the books of one order: what is not as it must be."""
    return house.db.rows("""
        SELECT 'refunds exceed what was paid', o.id FROM orders o
        WHERE o.id = %s AND (SELECT coalesce(sum(amount_fen), 0) FROM refund r
            WHERE r.order_id = o.id AND r.state <> 'void') > o.paid_fen
        UNION ALL SELECT 'the order says another sum', o.id FROM orders o
        WHERE o.id = %s AND o.refunded_fen <> (SELECT coalesce(sum(r.amount_fen), 0)
            FROM refund r JOIN payment_attempt a ON a.id = r.attempt_id
            WHERE r.order_id = o.id AND r.state <> 'void' AND a.state = 'paid')
        UNION ALL SELECT 'the attempt says another sum', a.id FROM payment_attempt a
        WHERE a.order_id = %s AND a.refunded_fen <> (SELECT coalesce(sum(r.amount_fen), 0)
            FROM refund r WHERE r.attempt_id = a.id AND r.state <> 'void')
        UNION ALL SELECT 'a released item holds its court', i.id FROM order_item i
        JOIN occupancy c ON c.item_id = i.id WHERE i.order_id = %s AND i.state = 'released'
        UNION ALL SELECT 'a live item holds no court', i.id FROM order_item i
        WHERE i.order_id = %s AND i.state <> 'released'
            AND NOT EXISTS (SELECT 1 FROM occupancy c WHERE c.item_id = i.id)
        UNION ALL SELECT 'cancelled with something left', o.id FROM orders o
        JOIN order_item i ON i.order_id = o.id
        WHERE o.id = %s AND o.state = 'cancelled' AND i.state <> 'released'
        """, *[order["id"]] * 6)
