#include "checkin/checkin.h"

#include "account/account.h"
#include "base/settings.h"
#include "message/message.h"
#include "order/state.h"

static const struct field used_item_fields[] = {
	FIELD(struct used_item, id),
	FIELD(struct used_item, court),
	FIELD(struct used_item, start),
	FIELD(struct used_item, end),
};
static const struct shape used_item_shape = SHAPE(struct used_item, used_item_fields);

static const struct field checkin_fields[] = {
	FIELD(struct checkin, order_id),
	FIELD(struct checkin, order_no),
	FIELD(struct checkin, venue),
	FIELD(struct checkin, customer),
	FIELD(struct checkin, paid_fen),
	FIELD(struct checkin, refunded_fen),
	FIELD(struct checkin, timezone, .zone = true),
	FIELD(struct checkin, items, .of = &used_item_shape),
	FIELD(struct checkin, checked_in_at),
	FIELD(struct checkin, undo_until, .optional = true),
};
const struct shape checkin_shape = SHAPE(struct checkin, checkin_fields);

/* The order behind a code, as far as the decision needs it. */
struct target {
	int64_t order_id, venue_id, early_minutes;
	const char *order_no, *state, *customer, *timezone;
	money paid_fen, refunded_fen;
	bool money_back; /* all of it, and the courts are not kept */
	raw_json venue;
	stamp now;
};
static const struct field target_fields[] = {
	FIELD(struct target, order_id),
	FIELD(struct target, venue_id),
	FIELD(struct target, early_minutes),
	FIELD(struct target, order_no),
	FIELD(struct target, state),
	FIELD(struct target, customer),
	FIELD(struct target, timezone),
	FIELD(struct target, paid_fen),
	FIELD(struct target, refunded_fen),
	FIELD(struct target, money_back),
	FIELD(struct target, venue),
	FIELD(struct target, now),
};
static const struct shape target_shape = SHAPE(struct target, target_fields);

SQL(checkin_target,
	"SELECT o.id AS order_id, o.venue_id, v.checkin_early_minutes AS early_minutes,"
	" o.no AS order_no, o.state, o.paid_fen, o.refunded_fen,"
	" o.pay_state = 'refunded' AND o.kept_at IS NULL AS money_back,"
	" coalesce(nullif(a.nickname, ''), " MASKED_PHONE("a") ","
	"  '微信用户') AS customer,"
	" jsonb_build_object('id', v.id, 'name', v.name) AS venue, v.timezone, now() AS now"
	" FROM orders o JOIN venue v ON v.id = o.venue_id JOIN account a ON a.id = o.account_id"
	" WHERE o.id = (SELECT c.order_id FROM checkin_code c WHERE c.short_code = $1"
	"  UNION ALL SELECT c.order_id FROM checkin_code c WHERE c.order_id = $2 AND c.nonce = $3"
	"  UNION ALL SELECT n.id FROM orders n WHERE n.no = $4) FOR UPDATE OF o");

/* It was used before, by mistake. Asked once the order is held: an undoing that was waited for
 * has left the order's row as it was, and is not seen by the statement that waited. */
SQL(checkin_was_undone, "SELECT EXISTS (SELECT 1 FROM checkin_undone WHERE order_id = $1)");

/* 0: there is no such order. */
SQL(checkin_place, "SELECT coalesce(venue_id, 0) FROM order_venue($1, $2, $3, $4)");

/* What is not in scope is another venue's, or not there at all. Numbers of orders count up:
 * whoever types one is not told which it is. A code can't be guessed, and says more. */
static enum err elsewhere(struct tx *tx, const struct scanned *scanned)
{
	int64_t venue_id;

	TRY(db_value(tx, &checkin_place, &venue_id, A(scanned->short_code),
		A(arg_id_or_null(scanned->order_id)), A(scanned->nonce), A(scanned->order_no)));
	return venue_id && !scanned->order_no ? E_WRONG_VENUE : E_CODE_UNKNOWN;
}

static const struct field judged_fields[] = {
	FIELD(struct item, id),
	FIELD(struct item, court_name),
	FIELD(struct item, start),
	FIELD(struct item, end),
	FIELD(struct item, state),
	FIELD(struct item, price_fen),
};
static const struct shape judged_shape = SHAPE(struct item, judged_fields);

struct before {
	stamp at;
	const char *by;
};
static const struct field before_fields[] = {
	FIELD(struct before, at),
	FIELD(struct before, by, .optional = true),
};
static const struct shape before_shape = SHAPE(struct before, before_fields);

SQL(checkin_items,
	"SELECT i.id, c.name AS court_name, lower(i.during) AS start, upper(i.during) AS \"end\","
	" i.state, i.price_fen FROM order_item i JOIN court c ON c.id = i.court_id"
	" WHERE i.order_id = $1 AND i.state IN ('booked', 'used') ORDER BY i.id");

enum err checkin_judge(struct list *items, stamp now, int64_t early_minutes)
{
	struct item *kept = items->at;
	size_t open = 0;
	bool early = false, late = false;

	for (size_t i = 0; i < items->count; i++) {
		struct item it = kept[i];

		if (item_state_of(it.state) != ITEM_BOOKED)
			continue;
		if (now.us < it.start.us - early_minutes * MINUTE) {
			early = true;
		} else if (now.us >= it.end.us) {
			late = true;
		} else {
			it.state = item_state_word(ITEM_USED);
			kept[open++] = it;
		}
	}
	items->count = open;
	if (open > 0)
		return E_OK;
	return early ? E_TOO_EARLY : late ? E_TOO_LATE : E_CHECKED_IN;
}

SQL(checkin_insert,
	"INSERT INTO checkin (item_id, order_id, venue_id, staff_id, method, at)"
	" SELECT t.id, $2, $3, $4, $5, $6 FROM unnest($1::bigint[]) AS t(id)");
SQL(checkin_item_used,
	"UPDATE order_item SET state = 'used' WHERE id = ANY($1::bigint[]) AND state = 'booked'");
SQL(checkin_try_insert,
	"INSERT INTO checkin_try (id, order_id, staff_id, method, result)"
	" VALUES (nextval('id_block') * 256, $1, $2, $3, $4)");

static void write_use(struct tx *tx, const struct scanned *scanned, const struct target *t,
	int64_t member_id, const struct list *items)
{
	const struct item *it = items->at;
	int64_t *ids = NEW_N(tx->mem, int64_t, items->count);
	struct ints list = {ids, items->count};

	for (size_t i = 0; i < items->count; i++)
		ids[i] = it[i].id;
	db_queue(tx, &checkin_insert, A(list), A(t->order_id), A(t->venue_id), A(member_id),
		A(scanned->method), A(t->now));
	db_queue(tx, &checkin_item_used, A(list));
	db_queue(tx, &checkin_try_insert, A(t->order_id), A(member_id), A(scanned->method),
		A("ok"));
}

static bool any_is(const struct list *items, enum item_state state)
{
	const struct item *it = items->at;

	for (size_t i = 0; i < items->count; i++)
		if (item_state_of(it[i].state) == state)
			return true;
	return false;
}

static enum err tell_used(struct tx *tx, const struct target *t)
{
	return message_tell(tx, MESSAGE_ORDER_USED,
		&(struct message_about){.order_id = t->order_id, .venue_id = t->venue_id});
}

static void describe(struct arena *mem, const struct target *t, const struct list *items,
	struct checkin *out)
{
	const struct item *it = items->at;
	struct used_item *used = NEW_N(mem, struct used_item, items->count);

	for (size_t i = 0; i < items->count; i++)
		used[i] =
			(struct used_item){it[i].id, it[i].court_name, it[i].start, it[i].end};
	*out = (struct checkin){
		.order_id = t->order_id,
		.order_no = t->order_no,
		.customer = t->customer,
		.paid_fen = t->paid_fen,
		.refunded_fen = t->refunded_fen,
		.timezone = t->timezone,
		.venue = t->venue,
		.items = {used, items->count},
		.checked_in_at = t->now,
	};
	if (settings.checkin_undo_s > 0)
		out->undo_until.us = t->now.us + settings.checkin_undo_s * SECOND;
}

/* Is there one that he would come in for, and that cost something? */
static bool any_was_paid(const struct list *items)
{
	const struct item *it = items->at;

	for (size_t i = 0; i < items->count; i++)
		if (item_state_of(it[i].state) == ITEM_BOOKED && it[i].price_fen.fen > 0)
			return true;
	return false;
}

/* Nothing is left of an order whose items are all released. Whoever is in already is told
 * that first. What cost nothing was not given back with the rest. */
static enum err order_judge(const struct target *t, const struct list *items)
{
	TRY(order_state_check_paid(t->state));
	if (items->count == 0)
		return E_ORDER_CANCELLED;
	return t->money_back && any_was_paid(items) ? E_ORDER_REFUNDED : E_OK;
}

SQL(checkin_last,
	"SELECT at, staff_name(staff_id) AS by FROM checkin WHERE order_id = $1"
	" ORDER BY at DESC LIMIT 1");

/* Of the last time: whoever stands at the desk asks just that. */
static enum err tell_before(struct tx *tx, const struct target *t, raw_json *detail)
{
	struct before before;
	struct buf b = buf_in(tx->mem, 512);

	b.zone = t->timezone;
	TRY(db_one(tx, &checkin_last, &before_shape, &before, A(t->order_id)));
	json_shape(&b, NULL, &before_shape, &before);
	detail->text = buf_text(&b);
	return E_CHECKED_IN;
}

enum err checkin_use(struct tx *tx, const struct scanned *scanned, int64_t member_id,
	struct checkin *out, raw_json *detail)
{
	struct target t;
	struct list items;
	bool undone;
	enum err err = db_one(tx, &checkin_target, &target_shape, &t, A(scanned->short_code),
		A(arg_id_or_null(scanned->order_id)), A(scanned->nonce), A(scanned->order_no));

	if (err != E_OK)
		return err == E_NOT_FOUND ? elsewhere(tx, scanned) : err;
	db_ask_value(tx, &checkin_was_undone, &undone, E_INTERNAL, A(t.order_id));
	TRY(db_all(tx, &checkin_items, &judged_shape, &items, A(t.order_id)));
	TRY(order_judge(&t, &items));
	bool first = !undone && !any_is(&items, ITEM_USED);
	err = checkin_judge(&items, t.now, t.early_minutes);
	if (err == E_CHECKED_IN)
		return tell_before(tx, &t, detail);
	TRY(err);
	write_use(tx, scanned, &t, member_id, &items);
	if (first)
		TRY(tell_used(tx, &t));
	describe(tx->mem, &t, &items, out);
	return E_OK;
}

SQL(checkin_refusal_insert,
	"INSERT INTO checkin_try (id, order_id, staff_id, method, result)"
	" SELECT nextval('id_block') * 256, coalesce(v.order_id, $2), $5, $6, $7"
	" FROM order_venue($1, $2, $3, $4) v");

void checkin_refused(
	struct tx *tx, const struct scanned *scanned, int64_t member_id, enum err why)
{
	db_queue(tx, &checkin_refusal_insert, A(scanned->short_code),
		A(arg_id_or_null(scanned->order_id)), A(scanned->nonce), A(scanned->order_no),
		A(member_id), A(scanned->method), A(err_info[why].code));
}
