#include "order/release.h"

SQL(periods_uncount,
	"UPDATE booking_day b SET periods = b.periods - $2 FROM orders o"
	" WHERE o.id = $1 AND b.account_id = o.account_id AND b.play_date = o.play_date");

void order_uncount(struct tx *tx, int64_t order_id, int64_t periods)
{
	db_queue(tx, &periods_uncount, A(order_id), A(periods));
}

SQL(units_vacate,
	"DELETE FROM occupancy WHERE item_id IN (SELECT id FROM order_item WHERE order_id = $1)");

void order_vacate(struct tx *tx, int64_t order_id)
{
	db_queue(tx, &units_vacate, A(order_id));
}

SQL(held_uncount,
	"UPDATE booking_day b SET periods = b.periods - t.n FROM ("
	"  SELECT o.account_id, o.play_date, count(*) AS n FROM orders o"
	"  JOIN order_item i ON i.order_id = o.id AND i.state = 'held'"
	"  WHERE o.id = $1 GROUP BY o.account_id, o.play_date) t"
	" WHERE b.account_id = t.account_id AND b.play_date = t.play_date");
SQL(held_set_released,
	"UPDATE order_item SET state = 'released', released_at = now()"
	" WHERE order_id = $1 AND state = 'held'");

void order_release(struct tx *tx, int64_t order_id)
{
	db_queue(tx, &held_uncount, A(order_id));
	db_queue(tx, &held_set_released, A(order_id));
	order_vacate(tx, order_id);
}

SQL(items_set_released,
	"UPDATE order_item i SET state = 'released', released_at = now(), refund_id = $3,"
	" refund_fen = CASE WHEN $4 THEN t.fen END"
	" FROM unnest($1::bigint[], $2::bigint[]) AS t(id, fen)"
	" WHERE i.id = t.id AND i.state = 'booked'");
SQL(items_vacate, "DELETE FROM occupancy WHERE item_id = ANY($1::bigint[])");
SQL(order_given_up,
	"UPDATE orders SET state = 'cancelled', closed_at = now() WHERE id = $1"
	" AND state = 'paid' AND NOT EXISTS (SELECT 1 FROM order_item i"
	"  WHERE i.order_id = $1 AND i.state IN ('booked', 'used'))");

void items_release(
	struct tx *tx, const struct cancellation *c, int64_t refund_id, bool by_the_rule)
{
	const struct cancelled_item *it = c->items.at;
	size_t n = c->items.count;
	int64_t *ids = NEW_N(tx->mem, int64_t, n), *fen = NEW_N(tx->mem, int64_t, n);
	struct ints all = {ids, n}, refunds = {fen, n};

	for (size_t i = 0; i < n; i++) {
		ids[i] = it[i].id;
		fen[i] = it[i].refund_fen.fen;
	}
	order_uncount(tx, c->order_id, (int64_t)n);
	db_queue(tx, &items_set_released, A(all), A(refunds), A(arg_id_or_null(refund_id)),
		A(by_the_rule));
	db_queue(tx, &items_vacate, A(all));
	db_queue(tx, &order_given_up, A(c->order_id));
}
