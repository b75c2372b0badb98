#include "pay/cancel.h"

#include "base/settings.h"
#include "message/message.h"
#include "order/ending.h"
#include "order/release.h"
#include "order/state.h"
#include "pay/refund.h"

#include <inttypes.h>

SQL(attempt_that_paid, "SELECT id FROM payment_attempt WHERE order_id = $1 AND state = 'paid'");

static enum err paid_by(struct tx *tx, int64_t order_id, int64_t *attempt_id)
{
	enum err err = db_value(tx, &attempt_that_paid, attempt_id, A(order_id));

	return err == E_NOT_FOUND ? E_ORDER_UNPAID : err;
}

static enum err give_back(struct tx *tx, const struct cancellation *c,
	const struct refund_new *by, int64_t *refund_id)
{
	struct refund_new new = *by;

	new.amount = c->refund_fen;
	TRY(paid_by(tx, c->order_id, &new.attempt_id));
	return refund_add(tx, &new, refund_id);
}

/* No refund tells of it, so this does. */
static enum err tell_unpaid(struct tx *tx, const struct cancellation *c)
{
	const struct cancelled_item *it = c->items.at;
	int64_t *ids = NEW_N(tx->mem, int64_t, c->items.count);

	for (size_t i = 0; i < c->items.count; i++)
		ids[i] = it[i].id;
	return message_tell(tx, MESSAGE_ORDER_CANCELLED,
		&(struct message_about){
			.order_id = c->order_id, .items = {ids, c->items.count}});
}

enum err order_cancel(struct tx *tx, const struct cancel_params *params, const char **field)
{
	struct cancellable order;
	struct cancellation c;
	int64_t refund_id = 0;

	TRY(order_cancellable(tx, params->order_id, params->account_id, true, &order));
	enum err err = cancellation_quote(tx->mem, &order, params->items, &c);
	*field = err == E_NOT_FOUND ? "items" : NULL;
	TRY(err);
	bool paid = order_state_of(c.state) == ORDER_PAID;
	if (paid && params->expected_fen < 0) {
		*field = "refund_fen";
		return E_BAD_FIELD;
	}
	if (params->expected_fen >= 0 && params->expected_fen != c.refund_fen.fen)
		return E_QUOTE_CHANGED;
	if (!paid)
		return order_give_up(tx, c.order_id);
	if (c.refund_fen.fen > 0)
		TRY(give_back(tx, &c,
			&(struct refund_new){.cause = CAUSE_CANCEL, .reason = "顾客取消预订"},
			&refund_id));
	else
		TRY(tell_unpaid(tx, &c));
	items_release(tx, &c, refund_id, true);
	return E_OK;
}

static bool among(struct ints ids, int64_t id)
{
	size_t i = 0;

	while (i < ids.count && ids.at[i] != id)
		i++;
	return i < ids.count;
}

/* Those of the wanted items that are in this state; *others: not all of the order's are. */
static struct ints living(struct arena *mem, const struct cancellable *o, struct ints wanted,
	enum item_state state, bool *others)
{
	const struct item *it = o->items.at;
	int64_t *ids = NEW_N(mem, int64_t, o->items.count + 1);
	size_t n = 0;

	*others = false;
	for (size_t i = 0; i < o->items.count; i++)
		if (!among(wanted, it[i].id))
			*others = true;
		else if (item_state_of(it[i].state) == state)
			ids[n++] = it[i].id;
	return (struct ints){ids, n};
}

static enum err cancel_paid(struct tx *tx, const struct venue_cancel *v,
	const struct cancellable *order, struct ints items)
{
	struct cancellation c;
	int64_t refund_id = 0;

	TRY(cancellation_in_full(tx->mem, order, items, &c));
	if (c.refund_fen.fen > 0)
		TRY(give_back(tx, &c,
			&(struct refund_new){.cause = CAUSE_VENUE,
				.reason = v->reason,
				.by_account = v->member_id},
			&refund_id));
	else
		TRY(tell_unpaid(tx, &c));
	items_release(tx, &c, refund_id, true);
	return E_OK;
}

enum err order_cancel_by_venue(struct tx *tx, const struct venue_cancel *v, bool *waits)
{
	struct cancellable order;
	bool others;

	TRY(order_cancellable_at_desk(tx, v->order_id, &order));
	enum order_state state = order_state_of(order.state);
	*waits = state == ORDER_PENDING || state == ORDER_CLOSING;
	if (state == ORDER_PENDING) {
		living(tx->mem, &order, v->items, ITEM_HELD, &others);
		return others ? E_OK : order_give_up(tx, order.id);
	}
	struct ints items = living(tx->mem, &order, v->items, ITEM_BOOKED, &others);
	return items.count && state == ORDER_PAID ? cancel_paid(tx, v, &order, items) : E_OK;
}

/* The wall is orders_refunded_range; this says how far it is. */
static enum err enough_left(
	struct arena *mem, const struct cancellable *o, money wanted, raw_json *detail)
{
	int64_t left = o->paid_fen.fen - o->refunded_fen.fen;

	if (wanted.fen <= left)
		return E_OK;
	detail->text = arena_printf(mem, "{\"left_fen\":%" PRId64 "}", left);
	return E_REFUND_TOO_MUCH;
}

SQL(order_set_kept,
	"UPDATE orders SET kept_at = CASE WHEN $2 THEN now() END WHERE id = $1"
	" AND (kept_at IS NOT NULL) <> $2");

SQL(desk_refund, "SELECT desk_refund_take($1, $2, $3, $4)");

enum err order_refund(struct tx *tx, const struct refund_params *params, int64_t *refund_id,
	const char **field, raw_json *detail)
{
	struct refund_new new = {.amount = params->amount,
		.cause = CAUSE_STAFF,
		.reason = params->reason,
		.by_account = params->member_id};
	struct cancellable order;
	struct cancellation c;

	TRY(order_cancellable_at_desk(tx, params->order_id, &order));
	enum err paid = paid_by(tx, order.id, &new.attempt_id);
	if (paid != E_ORDER_UNPAID || order_state_of(order.state) != ORDER_PAID)
		TRY(paid);
	TRY(enough_left(tx->mem, &order, new.amount, detail)); /* nothing, of a free one */
	db_queue(tx, &desk_refund, A(order.id), A(new.amount), A(settings.desk_refund_fen),
		A(settings.desk_refund_day_fen));
	if (params->release.count) {
		enum err err = cancellation_of(tx->mem, &order, params->release, &c);
		*field = err == E_NOT_FOUND ? "release" : NULL;
		TRY(err);
	}
	TRY(refund_add(tx, &new, refund_id));
	db_queue(tx, &order_set_kept, A(order.id), A(params->keep));
	if (params->release.count)
		items_release(tx, &c, *refund_id, false);
	return E_OK;
}
