#include "pay/settle.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "channel/call.h"
#include "order/ban.h"
#include "order/ending.h"
#include "order/state.h"
#include "pay/attempt.h"
#include "pay/channels.h"
#include "pay/notice.h"

#include <inttypes.h>

enum { BATCH = 200, LATER_MAX_S = 60 };

static const char *only; /* NULL: every channel */

void settle_only(const char *channel)
{
	only = channel;
}

const char *settle_channel(void)
{
	return only;
}

struct silent {
	int64_t id;
	const char *channel, *out_trade_no;
	bool young;   /* its first call may still be under way */
	bool shown;   /* a code that the customer has, and may still scan */
	bool awaited; /* its order wants the money */
};
static const struct field silent_fields[] = {
	FIELD(struct silent, id),
	FIELD(struct silent, channel),
	FIELD(struct silent, out_trade_no),
	FIELD(struct silent, young),
	FIELD(struct silent, shown),
	FIELD(struct silent, awaited),
};
static const struct shape silent_shape = SHAPE(struct silent, silent_fields);

/* `patience`: a call to prepay may take so many seconds */
#define SILENT(patience) \
	"a.id, a.channel, a.out_trade_no, a.state = 'created'"                              \
	" AND a.created_at > now() - make_interval(secs => " patience "::bigint) AS young," \
	" a.state = 'prepaid' AND a.method = 'native' AND " PAYABLE_UNTIL("o") " > now() AS shown," \
	" o.state IN ('pending', 'closing') AS awaited"
#define SILENT_SELECT     \
	"SELECT " SILENT( \
		"$2") " FROM payment_attempt a JOIN orders o ON o.id = a.order_id WHERE "
SQL(attempt_silent, SILENT_SELECT "a.id = $1 AND a.transaction_id IS NULL");
SQL(attempts_silent,
	SILENT_SELECT "a.order_id = $1 AND a.transaction_id IS NULL ORDER BY a.id");

/* Paid, and not by what we ordered: people know of it, and it can't be paid once more. */
static bool is_spent(enum outcome outcome)
{
	return outcome == OUTCOME_WRONG_AMOUNT || outcome == OUTCOME_WRONG_MERCHANT;
}

static enum err settle_paid(
	struct db *db, struct arena *mem, int64_t attempt_id, const struct channel_payment *p)
{
	enum outcome outcome = OUTCOME_OTHER;
	struct tx tx;
	enum err err = E_RETRY;

	for (int i = 0; i < 3 && err == E_RETRY; i++) {
		tx_begin(&tx, db, mem, TX_WRITE);
		err = notice_settle(&tx, p, &outcome);
		if (err == E_OK && is_spent(outcome))
			attempt_closed(&tx, attempt_id);
		err = tx_end(&tx, err);
	}
	if (err == E_OK)
		log_info("settled", "%s by query: %s", p->out_trade_no, outcome_word(outcome));
	return err;
}

static enum err mark_closed(struct db *db, struct arena *mem, int64_t attempt_id)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	attempt_closed(&tx, attempt_id);
	return tx_end(&tx, E_OK);
}

/* E_NOT_FOUND: the channel has never heard of it. */
static enum err query(struct db *db, struct arena *mem, const struct silent *a, bool *open)
{
	const struct channel *channel = channel_find(a->channel);
	struct channel_payment p;

	*open = true;
	if (!channel)
		return E_CHANNEL_OFF;
	TRY(channel->query(mem, a->out_trade_no, &p));
	*open = p.state == PAYMENT_OPEN;
	if (p.state == PAYMENT_PAID)
		return settle_paid(db, mem, a->id, &p);
	return *open ? E_OK : mark_closed(db, mem, a->id);
}

enum err settle_attempt(struct db *db, struct arena *mem, int64_t attempt_id, bool *open)
{
	struct silent a;
	struct tx tx;

	*open = false;
	tx_begin(&tx, db, mem, TX_READ);
	enum err err = tx_end(&tx, db_one(&tx, &attempt_silent, &silent_shape, &a,
					   A(attempt_id), A(settings.request_limit_s)));
	if (err != E_OK)
		return err == E_NOT_FOUND ? E_OK : err; /* its money is known */
	err = query(db, mem, &a, open);
	return err == E_NOT_FOUND ? E_OK : err;
}

enum err settle_order(struct db *db, struct arena *mem, int64_t order_id)
{
	struct list attempts;
	enum err worst = E_OK;
	struct tx tx;
	bool open;
	int64_t late = clock_ms() + settings.request_limit_s * 100;

	tx_begin(&tx, db, mem, TX_READ);
	TRY(tx_end(&tx, db_all(&tx, &attempts_silent, &silent_shape, &attempts, A(order_id),
				A(settings.request_limit_s))));
	const struct silent *a = attempts.at;
	for (size_t i = 0; i < attempts.count; i++) {
		/* A call may take four fifths of what the watchdog allows. */
		if (i > 0 && clock_ms() > late)
			return E_CHANNEL_UNKNOWN;
		enum err err = query(db, mem, &a[i], &open);
		if (err != E_OK && err != E_NOT_FOUND)
			worst = err;
	}
	return worst;
}

enum err settle_expired(struct db *db, struct arena *mem, bool *busy)
{
	int64_t count = 0;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	TRY(tx_end(&tx, orders_expire(&tx, BATCH, &count)));
	*busy |= count > 0;
	return E_OK;
}

enum err settle_bans(struct db *db, struct arena *mem, bool *busy)
{
	struct tx tx;
	int64_t count = 0;

	tx_begin(&tx, db, mem, TX_WRITE);
	TRY(tx_end(&tx, bans_tell(&tx, BATCH, &count)));
	*busy |= count == BATCH;
	return E_OK;
}

/* Whether it can't be paid although nothing was heard of it: what the channel has never
 * heard of, unless that is on its way, or a code that shows only once it is scanned. */
static bool is_nothing(const struct silent *a)
{
	return !a->young && !(a->shown && channel_find(a->channel)->code_is_hidden);
}

/* After E_OK this attempt can't be paid, or its money is known; E_NOT_FOUND: its code may
 * still be scanned. A refusal proves nothing, it is often a payment: only a query tells. */
static enum err close_attempt(struct db *db, struct arena *mem, const struct silent *a)
{
	const struct channel *channel = channel_find(a->channel);
	bool open;

	if (!channel)
		return E_CHANNEL_OFF;
	if (channel->close(mem, a->out_trade_no) == E_OK)
		return mark_closed(db, mem, a->id);
	enum err err = query(db, mem, a, &open);
	if (err == E_NOT_FOUND && is_nothing(a))
		return mark_closed(db, mem, a->id);
	if (err == E_NOT_FOUND && a->young)
		return E_CHANNEL_UNKNOWN;
	return err == E_OK && open ? E_CHANNEL_UNKNOWN : err;
}

/* One attempt of an order that is closing. It waits by itself, whatever becomes of the
 * others: a silent channel holds back none but its own. One at a time, whose two calls are
 * over before the lease, which is twice ZX_REQUEST_LIMIT_S (channel/call.h). */
struct ending {
	struct silent a;
	int64_t tries;
	bool given_up, overdue;
};
static const struct field ending_fields[] = {
	FIELD_AS(struct ending, a.id, "id"),
	FIELD_AS(struct ending, a.channel, "channel"),
	FIELD_AS(struct ending, a.out_trade_no, "out_trade_no"),
	FIELD_AS(struct ending, a.young, "young"),
	FIELD_AS(struct ending, a.shown, "shown"),
	FIELD_AS(struct ending, a.awaited, "awaited"),
	FIELD(struct ending, tries),
	FIELD(struct ending, given_up),
	FIELD(struct ending, overdue),
};
static const struct shape ending_shape = SHAPE(struct ending, ending_fields);

/* Many that wait for a silent channel in vain must not wait for each other too: who is overdue
 * and was tried often is left alone. */
SQL(ending_take,
	"WITH picked AS MATERIALIZED (SELECT a.id FROM orders o"
	"  JOIN payment_attempt a ON a.order_id = o.id WHERE o.state = 'closing'"
	"  AND a.state IN ('created', 'prepaid') AND ($2::text IS NULL OR a.channel = $2)"
	"  AND coalesce(a.close_at, o.closing_at) <= now()"
	"  AND NOT (a.close_tries > $4::bigint AND " CLOSING_OVERDUE("o", "$3") ")"
	"  ORDER BY coalesce(a.close_at, o.closing_at), a.id LIMIT 1"
	"  FOR UPDATE OF a SKIP LOCKED)"
	" UPDATE payment_attempt a SET close_at = now() + 2 * make_interval(secs => $1::bigint)"
	" FROM picked p, orders o WHERE a.id = p.id AND o.id = a.order_id"
	" RETURNING " SILENT("$1") ", a.close_tries AS tries, o.closing_to = 'cancelled' AS given_up,"
	" " CLOSING_OVERDUE("o", "$3") " AS overdue");
SQL(ending_wait,
	"UPDATE payment_attempt SET close_at = now() + make_interval(secs => $3::bigint)"
	" WHERE id = $1 AND close_tries = $2");
SQL(ending_excused, "UPDATE payment_attempt SET close_at = 'infinity' WHERE id = $1");
/* Again after 2, 4, 8 … 60 seconds; or that was the last time. */
SQL(ending_later,
	"UPDATE payment_attempt SET close_tries = greatest(close_tries, $4::bigint) + 1,"
	" close_at = now() + make_interval(secs => least($3::bigint, 2 ^ least(close_tries + 1, 10)))"
	" WHERE id = $1 AND close_tries = $2");

/* An order that its customer has given up needs no proof of codes that nobody has scanned:
 * whatever comes by them goes back, and settle_silent() asks until their time is over. */
static void note_ending(struct tx *tx, const struct ending *e, enum err err)
{
	int64_t wait_s = channel_wait_s(err);

	if (err == E_NOT_FOUND && e->given_up) {
		db_queue(tx, &ending_excused, A(e->a.id));
		return;
	}
	if (wait_s > 0 && !e->overdue) {
		db_queue(tx, &ending_wait, A(e->a.id), A(e->tries), A(wait_s));
		return;
	}
	log_warn("closing", "%s, try %" PRId64 ": %s", e->a.out_trade_no, e->tries + 1,
		err_info[err == E_NOT_FOUND ? E_CHANNEL_UNKNOWN : err].code);
	db_queue(tx, &ending_later, A(e->a.id), A(e->tries), A(LATER_MAX_S),
		A(e->overdue ? CLOSING_VAIN : 0));
}

static enum err close_next(struct db *db, struct arena *mem, bool *busy)
{
	struct ending e;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	enum err err = tx_end(
		&tx, db_one(&tx, &ending_take, &ending_shape, &e, A(settings.request_limit_s),
			     A(only), A(settings.closing_limit_s), A(CLOSING_VAIN)));
	if (err != E_OK)
		return err == E_NOT_FOUND ? E_OK : err;
	*busy = true;
	err = close_attempt(db, mem, &e.a);
	if (err == E_OK)
		return E_OK;
	tx_begin(&tx, db, mem, TX_WRITE);
	note_ending(&tx, &e, err);
	return tx_end(&tx, E_OK);
}

enum err settle_closings(struct db *db, struct arena *mem, bool *busy)
{
	TRY(close_next(db, mem, busy));
	return settle_closed(db, mem, busy);
}

enum err settle_closed(struct db *db, struct arena *mem, bool *busy)
{
	struct closing c;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	enum err err = tx_end(&tx, closing_claim(&tx, &c));
	if (err != E_OK)
		return err == E_NOT_FOUND ? E_OK : err;
	*busy = true;
	if (c.unconfirmed)
		log_error("closing_unconfirmed", "order %" PRId64 " is freed", c.order_id);
	tx_begin(&tx, db, mem, TX_WRITE);
	return tx_end(&tx, order_close(&tx, c.order_id, c.unconfirmed));
}

/* The plan is counted from the first query; and once when its time is just over. */
SQL(silent_take,
	"WITH picked AS MATERIALIZED (SELECT id, order_id FROM payment_attempt"
	"  WHERE ask_at <= now() AND state IN ('created', 'prepaid')"
	"  AND ($2::text IS NULL OR channel = $2) ORDER BY ask_at LIMIT 1"
	"  FOR UPDATE SKIP LOCKED)"
	" UPDATE payment_attempt a SET asked = a.asked + 1, ask_at = least(CASE"
	"   WHEN a.asked < 6 THEN now() + make_interval(secs =>"
	"    (ARRAY[25, 30, 120, 120, 300, 1200])[a.asked + 1])"
	"   WHEN a.created_at > now() - interval '1 day' THEN now() + interval '1 hour'"
	"   ELSE 'infinity' END,"
	"  CASE WHEN " PAYABLE_UNTIL("o") " > now() THEN " PAYABLE_UNTIL("o") " END)"
	" FROM picked p JOIN orders o ON o.id = p.order_id WHERE a.id = p.id"
	" RETURNING " SILENT("$1"));

SQL(silent_untaken,
	"UPDATE payment_attempt SET asked = asked - 1,"
	" ask_at = now() + make_interval(secs => $2::bigint)"
	" WHERE id = $1 AND state IN ('created', 'prepaid') AND asked > 0");

/* The channel could not be queried at all: the query keeps its place in the plan. */
static enum err query_later(struct db *db, struct arena *mem, int64_t id, int64_t wait_s)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	db_queue(&tx, &silent_untaken, A(id), A(wait_s));
	return tx_end(&tx, E_OK);
}

/* Whose order waits for its money is queried; of others none should come any more. */
static enum err query_or_close(struct db *db, struct arena *mem, const struct silent *a)
{
	bool open;

	return a->awaited ? query(db, mem, a, &open) : close_attempt(db, mem, a);
}

enum err settle_silent(struct db *db, struct arena *mem, bool *busy)
{
	struct list due;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	TRY(tx_end(&tx, db_all(&tx, &silent_take, &silent_shape, &due,
				A(settings.request_limit_s), A(only))));
	if (due.count == 0)
		return E_OK;
	*busy = true;
	const struct silent *a = due.at;
	enum err err = query_or_close(db, mem, a);
	if (channel_wait_s(err) > 0)
		err = query_later(db, mem, a->id, channel_wait_s(err));
	return err == E_DB_DOWN || err == E_UNKNOWN ? err : E_OK;
}
