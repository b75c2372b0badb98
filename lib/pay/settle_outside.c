#include "base/log.h"
#include "pay/cancel.h"
#include "pay/settle.h"
#include "venue/outside.h"

#include <inttypes.h>

/* Periods that staff have chosen to give back, an order in a transaction. Whatever comes in
 * between (a customer who cancels, a check-in, late money) has the order's row before or
 * after; what is not booked any more is left alone. */

enum { OUTSIDE_LEASE_S = 30, OUTSIDE_LATER_MAX_S = 3600 };

/* One of an order's rows was due, so all of it are taken. */
SQL(outside_take,
	"UPDATE outside_item x SET run_at = now() + make_interval(secs => $1::bigint),"
	" tries = x.tries + 1 WHERE x.choice = 'refund_all' AND x.done_at IS NULL"
	" AND x.order_id = (SELECT d.order_id FROM outside_item d WHERE d.choice = 'refund_all'"
	"  AND d.done_at IS NULL AND d.run_at <= now() ORDER BY d.run_at LIMIT 1"
	"  FOR UPDATE SKIP LOCKED) RETURNING x.order_id");
SQL(outside_chosen,
	"SELECT item_id FROM outside_item WHERE order_id = $1 AND choice = 'refund_all'"
	" AND done_at IS NULL ORDER BY item_id");
/* Where several were chosen for at different times: the first. */
struct chosen {
	int64_t member_id;
	const char *reason;
};
static const struct field chosen_fields[] = {
	FIELD(struct chosen, member_id),
	FIELD(struct chosen, reason),
};
static const struct shape chosen_shape = SHAPE(struct chosen, chosen_fields);
SQL(outside_chosen_by,
	"SELECT chosen_by AS member_id, left(reason, $2::int) AS reason FROM outside_item"
	" WHERE order_id = $1 AND choice = 'refund_all' AND done_at IS NULL"
	" ORDER BY item_id LIMIT 1");
SQL(outside_later,
	"UPDATE outside_item SET trouble = $2, run_at = now() +"
	"  make_interval(secs => least($3::bigint, 30 * 2 ^ least(tries, 10)))"
	" WHERE order_id = $1 AND choice = 'refund_all' AND done_at IS NULL");

/* Items that are given up are done by that (order_item_outside_over). */
static enum err give_back(struct tx *tx, int64_t order_id)
{
	struct chosen chosen;
	struct list items;
	bool waits;

	db_ask_values(tx, &outside_chosen, int64_t, &items, A(order_id));
	enum err err = db_one(tx, &outside_chosen_by, &chosen_shape, &chosen, A(order_id),
		A(OUTSIDE_REASON_LENGTH));
	if (err != E_OK)
		return err == E_NOT_FOUND ? E_OK : err;
	TRY(order_cancel_by_venue(tx,
		&(struct venue_cancel){.order_id = order_id,
			.member_id = chosen.member_id,
			.reason = chosen.reason,
			.items = {items.at, items.count}},
		&waits));
	if (waits)
		db_queue(tx, &outside_later, A(order_id), A((const char *)NULL),
			A(OUTSIDE_LEASE_S));
	return E_OK;
}

static enum err postpone(struct db *db, struct arena *mem, int64_t order_id, enum err why)
{
	struct tx tx;

	log_warn("outside", "order %" PRId64 ": %s", order_id, err_info[why].code);
	tx_begin(&tx, db, mem, TX_WRITE);
	db_queue(&tx, &outside_later, A(order_id), A(err_info[why].code),
		A(OUTSIDE_LATER_MAX_S));
	return tx_end(&tx, E_OK);
}

enum err settle_outside(struct db *db, struct arena *mem, bool *busy)
{
	struct list due;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	TRY(tx_end(&tx, db_values(&tx, &outside_take, int64_t, &due, A(OUTSIDE_LEASE_S))));
	if (due.count == 0)
		return E_OK;
	*busy = true;
	int64_t order_id = *(const int64_t *)due.at;
	tx_begin(&tx, db, mem, TX_WRITE);
	enum err err = tx_end(&tx, give_back(&tx, order_id));
	if (err == E_OK || err == E_DB_DOWN || err == E_UNKNOWN || err == E_RETRY)
		return err;
	return postpone(db, mem, order_id, err);
}
