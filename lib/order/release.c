#include "order/cancel.h"

/* The count of the day first, then items, then occupancy: see order/ending.h. */
SQL(items_uncount,
	"UPDATE booking_day b SET periods = b.periods - $2 FROM orders o"
	" WHERE o.id = $1 AND b.account_id = o.account_id AND b.play_date = o.play_date");
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
	db_queue(tx, &items_uncount, A(c->order_id), A((int64_t)n));
	db_queue(tx, &items_set_released, A(all), A(refunds), A(arg_id_or_null(refund_id)),
		A(by_the_rule));
	db_queue(tx, &items_vacate, A(all));
	db_queue(tx, &order_given_up, A(c->order_id));
}
