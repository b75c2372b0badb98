#include "order/cancel.h"

#include "order/rule.h"
#include "order/state.h"

#include <stdlib.h>
#include <string.h>

static const struct field item_id_fields[] = {
	FIELD_AS(struct item_id, id, NULL, .min = 1, .max = ID_MAX),
};
const struct shape item_id_shape = SHAPE(struct item_id, item_id_fields);

bool item_ids_parse(struct arena *mem, const char *text, struct ints *out)
{
	int64_t *ids = NEW_N(mem, int64_t, strlen(text) + 1);
	size_t n = 0;

	while (n < PERIODS_MAX) {
		size_t digits = strspn(text, "0123456789");

		if (digits == 0 || digits > 15 || *text == '0')
			return false;
		ids[n++] = strtoll(text, NULL, 10);
		text += digits;
		if (*text == '\0') {
			*out = (struct ints){ids, n};
			return true;
		}
		if (*text++ != ',')
			return false;
	}
	return false;
}

static const struct field cancelled_item_fields[] = {
	FIELD(struct cancelled_item, id),
	FIELD(struct cancelled_item, price_fen),
	FIELD(struct cancelled_item, fee_fen),
	FIELD(struct cancelled_item, refund_fen),
};
static const struct shape cancelled_item_shape =
	SHAPE(struct cancelled_item, cancelled_item_fields);

static const struct field cancellation_fields[] = {
	FIELD(struct cancellation, order_id),
	FIELD(struct cancellation, state),
	FIELD(struct cancellation, items, .of = &cancelled_item_shape),
	FIELD(struct cancellation, price_fen),
	FIELD(struct cancellation, fee_fen),
	FIELD(struct cancellation, refund_fen),
};
const struct shape cancellation_shape = SHAPE(struct cancellation, cancellation_fields);

static const struct field cancellable_fields[] = {
	FIELD(struct cancellable, id),
	FIELD(struct cancellable, state),
	FIELD(struct cancellable, paid_fen),
	FIELD(struct cancellable, refunded_fen),
	FIELD(struct cancellable, refund_tiers),
	FIELD(struct cancellable, now),
};
static const struct shape cancellable_shape = SHAPE(struct cancellable, cancellable_fields);

#define CANCELLABLE                                                                      \
	"SELECT o.id, o.state, o.paid_fen, o.refunded_fen, o.refund_tiers, now() AS now" \
	" FROM orders o WHERE "
#define MINE "o.id = $1 AND o.account_id = $2"
SQL(cancellable_seen, CANCELLABLE MINE);
SQL(cancellable_locked, CANCELLABLE MINE " FOR UPDATE");
SQL(cancellable_at_desk, CANCELLABLE "o.id = $1 FOR UPDATE");

SQL(cancellable_outside,
	"SELECT item_id FROM outside_item WHERE order_id = $1 AND choice IS DISTINCT FROM 'keep'");

enum err order_cancellable(
	struct tx *tx, int64_t id, int64_t account_id, bool lock, struct cancellable *out)
{
	struct sql *sql = lock ? &cancellable_locked : &cancellable_seen;
	struct list items, outside;

	db_ask_one(tx, sql, &cancellable_shape, out, E_NOT_FOUND, A(id), A(account_id));
	items_ask(tx, (struct ints){&id, 1}, &items);
	db_ask_values(tx, &cancellable_outside, int64_t, &outside, A(id));
	TRY(db_sync(tx));
	out->items = items;
	out->outside = outside;
	return E_OK;
}

enum err order_cancellable_at_desk(struct tx *tx, int64_t id, struct cancellable *out)
{
	struct list items;

	db_ask_one(tx, &cancellable_at_desk, &cancellable_shape, out, E_NOT_FOUND, A(id));
	items_ask(tx, (struct ints){&id, 1}, &items);
	TRY(db_sync(tx));
	out->items = items;
	return E_OK;
}

static bool names(struct ints ids, int64_t id)
{
	for (size_t i = 0; i < ids.count; i++)
		if (ids.at[i] == id)
			return true;
	return false;
}

static bool has_all(const struct list *items, struct ints wanted)
{
	const struct item *it = items->at;

	for (size_t i = 0; i < wanted.count; i++) {
		size_t k = 0;
		while (k < items->count && it[k].id != wanted.at[i])
			k++;
		if (k == items->count)
			return false;
	}
	return true;
}

typedef enum err item_rule(const struct cancellable *, const struct item *);

static enum err unless_used(const struct cancellable *o, const struct item *it)
{
	(void)o;
	switch (item_state_of(it->state)) {
	case ITEM_BOOKED:
		return E_OK;
	case ITEM_RELEASED:
		return E_ITEM_CANCELLED;
	default:
		return E_ORDER_STATE;
	}
}

static enum err unless_begun(const struct cancellable *o, const struct item *it)
{
	TRY(unless_used(o, it));
	return o->now.us < it->start.us ? E_OK : E_CANCEL_TOO_LATE;
}

static enum err if_held(const struct cancellable *o, const struct item *it)
{
	(void)o;
	return item_state_of(it->state) == ITEM_HELD ? E_OK : E_ORDER_STATE;
}

/* If items are named, each of them must be allowed; if none is, take those that are. */
static enum err choose(struct arena *mem, const struct cancellable *o, struct ints wanted,
	item_rule *allows, struct cancellation *out)
{
	const struct item *it = o->items.at;
	struct cancelled_item *chosen = NEW_N(mem, struct cancelled_item, o->items.count + 1);
	enum err why = E_ITEM_CANCELLED; /* if that is true of all of them */
	size_t n = 0;

	*out = (struct cancellation){.order_id = o->id, .state = o->state};
	if (!has_all(&o->items, wanted))
		return E_NOT_FOUND;
	for (size_t i = 0; i < o->items.count; i++) {
		if (wanted.count && !names(wanted, it[i].id))
			continue;
		enum err err = allows(o, &it[i]);
		if (err == E_OK)
			chosen[n++] = (struct cancelled_item){
				.id = it[i].id, .price_fen = it[i].price_fen};
		else if (wanted.count)
			return err;
		else if (why != E_CANCEL_TOO_LATE && err != E_ITEM_CANCELLED)
			why = err;
	}
	out->items = (struct list){chosen, n};
	return n > 0 ? E_OK : why;
}

static const struct item *item_of(const struct cancellable *o, int64_t id)
{
	const struct item *it = o->items.at;

	while (it->id != id)
		it++;
	return it;
}

static struct refund_share share_of(
	const struct cancellable *o, const struct list *tiers, const struct cancelled_item *it)
{
	if (names(item_ids(o->outside), it->id))
		return (struct refund_share){.refund = it->price_fen};
	return refund_rule(tiers, it->price_fen, item_of(o, it->id)->start, o->now);
}

static void price(const struct cancellable *o, const struct list *tiers, struct cancellation *c)
{
	struct cancelled_item *it = c->items.at;
	int64_t left = o->paid_fen.fen - o->refunded_fen.fen;

	for (size_t i = 0; i < c->items.count; i++) {
		struct refund_share share = share_of(o, tiers, &it[i]);
		it[i].fee_fen = share.fee;
		it[i].refund_fen.fen = share.refund.fen < left ? share.refund.fen : left;
		left -= it[i].refund_fen.fen;
	}
}

/* The whole price of each, as far as there is money left. */
static void price_in_full(const struct cancellable *o, struct cancellation *c)
{
	struct cancelled_item *it = c->items.at;
	int64_t left = o->paid_fen.fen - o->refunded_fen.fen;

	for (size_t i = 0; i < c->items.count; i++) {
		it[i].refund_fen.fen = it[i].price_fen.fen < left ? it[i].price_fen.fen : left;
		left -= it[i].refund_fen.fen;
	}
}

static void sum(struct cancellation *c)
{
	const struct cancelled_item *it = c->items.at;

	for (size_t i = 0; i < c->items.count; i++) {
		c->price_fen.fen += it[i].price_fen.fen;
		c->fee_fen.fen += it[i].fee_fen.fen;
		c->refund_fen.fen += it[i].refund_fen.fen;
	}
}

static enum err quote_unpaid(struct arena *mem, const struct cancellable *o, struct ints wanted,
	struct cancellation *out)
{
	TRY(choose(mem, o, wanted, if_held, out));
	if (out->items.count < o->items.count)
		return E_ORDER_UNPAID;
	sum(out);
	return E_OK;
}

static enum err quote_paid(struct arena *mem, const struct cancellable *o, struct ints wanted,
	struct cancellation *out)
{
	struct list tiers;

	TRY(choose(mem, o, wanted, unless_begun, out));
	TRY(refund_tiers_read(mem, o->refund_tiers, &tiers));
	price(o, &tiers, out);
	sum(out);
	return E_OK;
}

enum err cancellation_quote(struct arena *mem, const struct cancellable *o, struct ints wanted,
	struct cancellation *out)
{
	switch (order_state_of(o->state)) {
	case ORDER_PENDING:
		return quote_unpaid(mem, o, wanted, out);
	case ORDER_PAID:
		return quote_paid(mem, o, wanted, out);
	case ORDER_EXPIRED:
		return E_ORDER_EXPIRED;
	case ORDER_CANCELLED:
		return E_ORDER_CANCELLED;
	default:
		return E_ORDER_STATE;
	}
}

enum err cancellation_of(struct arena *mem, const struct cancellable *o, struct ints wanted,
	struct cancellation *out)
{
	TRY(choose(mem, o, wanted, unless_used, out));
	sum(out);
	return E_OK;
}

enum err cancellation_in_full(struct arena *mem, const struct cancellable *o,
	struct ints wanted, struct cancellation *out)
{
	TRY(choose(mem, o, wanted, unless_used, out));
	price_in_full(o, out);
	sum(out);
	return E_OK;
}
