#include "order/item.h"

static const struct field item_fields[] = {
	FIELD(struct item, id),
	FIELD(struct item, order_id, .hidden = true),
	FIELD(struct item, court_id),
	FIELD(struct item, court_name),
	FIELD(struct item, start),
	FIELD(struct item, end),
	FIELD(struct item, price_fen),
	FIELD(struct item, refund_fen),
	FIELD(struct item, state),
	FIELD(struct item, checked_in_at, .optional = true),
};
const struct shape item_shape = SHAPE(struct item, item_fields);

SQL(items_of_orders,
	"SELECT i.id, i.order_id, i.court_id, c.name AS court_name, lower(i.during) AS start,"
	" upper(i.during) AS \"end\", i.price_fen, coalesce(i.refund_fen, 0) AS refund_fen,"
	" i.state, k.at AS checked_in_at"
	" FROM unnest($1::bigint[]) WITH ORDINALITY AS o(id, nth)"
	" JOIN order_item i ON i.order_id = o.id JOIN court c ON c.id = i.court_id"
	" LEFT JOIN checkin k ON k.item_id = i.id ORDER BY o.nth, i.id");

void items_ask(struct tx *tx, struct ints order_ids, struct list *out)
{
	db_ask_all(tx, &items_of_orders, &item_shape, out, A(order_ids));
}

struct list rows_of_order(struct list *rows, size_t size, size_t order_id_at, int64_t order_id)
{
	struct list own = {rows->at, 0};
	char *at = rows->at;

	while (own.count < rows->count && *(int64_t *)(void *)(at + order_id_at) == order_id) {
		own.count++;
		at += size;
	}
	*rows = (struct list){at, rows->count - own.count};
	return own;
}
