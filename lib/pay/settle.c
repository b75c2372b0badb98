#include "pay/settle.h"

#include "base/log.h"
#include "base/settings.h"
#include "channel/call.h"
#include "order/ban.h"
#include "order/ending.h"
#include "order/state.h"
#include "pay/attempt.h"
#include "pay/channels.h"
#include "pay/notice.h"

#include <inttypes.h>

enum { BATCH = 200, OVERDUE_TRIES = 3 };

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
SQL(attempts_open,
	SILENT_SELECT "a.order_id = $1 AND a.state IN ('created', 'prepaid') ORDER BY a.id");

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

static enum err list_attempts(
	struct db *db, struct arena *mem, bool open_only, int64_t order_id, struct list *out)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_READ);
	return tx_end(
		&tx, db_all(&tx, open_only ? &attempts_open : &attempts_silent, &silent_shape,
			     out, A(order_id), A(settings.request_limit_s)));
}

enum err settle_order(struct db *db, struct arena *mem, int64_t order_id)
{
	struct list attempts;
	enum err worst = E_OK;
	bool open;

	TRY(list_attempts(db, mem, false, order_id, &attempts));
	const struct silent *a = attempts.at;
	for (size_t i = 0; i < attempts.count; i++) {
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

/* What comes of closing all attempts of an order; *wait_s: for how long the channels of
 * those that are left can't be called at all, 0 if one could. An order that its customer
 * has given up needs no proof of codes that nobody has scanned: whatever comes by them goes
 * back, and settle_silent() asks until their time is over. */
static enum err close_all(struct db *db, struct arena *mem, const struct list *attempts,
	bool given_up, int64_t *wait_s)
{
	const struct silent *a = attempts->at;
	enum err worst = E_OK;
	bool asked = false;

	*wait_s = 0;
	for (size_t i = 0; i < attempts->count; i++) {
		enum err err = close_attempt(db, mem, &a[i]);
		int64_t wait = channel_wait_s(err);

		if (err == E_OK || (err == E_NOT_FOUND && given_up))
			continue;
		worst = err == E_NOT_FOUND ? E_CHANNEL_UNKNOWN : err;
		asked |= wait == 0;
		*wait_s = wait > *wait_s ? wait : *wait_s;
	}
	if (asked)
		*wait_s = 0;
	return worst;
}

static enum err close_one(struct db *db, struct arena *mem, const struct closing *c)
{
	struct list attempts;
	enum err worst = E_OK;
	int64_t wait_s = 0;
	struct tx tx;

	TRY(list_attempts(db, mem, true, c->order_id, &attempts));
	/* Many that wait for a silent channel must not wait for each other too. */
	bool in_vain = c->overdue && c->tries > OVERDUE_TRIES;
	if (in_vain && attempts.count)
		worst = E_CHANNEL_UNKNOWN;
	else
		worst = close_all(db, mem, &attempts,
			order_state_of(c->closing_to) == ORDER_CANCELLED, &wait_s);
	tx_begin(&tx, db, mem, TX_WRITE);
	if (worst == E_OK || c->overdue) {
		if (worst != E_OK)
			log_error("closing_unconfirmed", "order %" PRId64 " is freed: %s",
				c->order_id, err_info[worst].code);
		return tx_end(&tx, order_close(&tx, c->order_id, worst != E_OK));
	}
	if (wait_s > 0) {
		closing_wait(&tx, c, wait_s);
		return tx_end(&tx, E_OK);
	}
	log_warn("closing", "order %" PRId64 ", try %" PRId64 ": %s", c->order_id, c->tries,
		err_info[worst].code);
	closing_later(&tx, c);
	return tx_end(&tx, E_OK);
}

enum err settle_closings(struct db *db, struct arena *mem, bool *busy)
{
	struct list due;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	/* One at a time: a slow channel must not outlast the leases of the others. */
	TRY(tx_end(&tx, closings_claim(&tx, 1, &due)));
	if (due.count == 0)
		return E_OK;
	*busy = true;
	return close_one(db, mem, due.at);
}

/* The plan is counted from the first query; and once when its time is just over. */
SQL(silent_take,
	"WITH picked AS MATERIALIZED (SELECT id, order_id FROM payment_attempt"
	"  WHERE ask_at <= now() AND state IN ('created', 'prepaid') ORDER BY ask_at LIMIT 1"
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
	TRY(tx_end(&tx,
		db_all(&tx, &silent_take, &silent_shape, &due, A(settings.request_limit_s))));
	if (due.count == 0)
		return E_OK;
	*busy = true;
	const struct silent *a = due.at;
	enum err err = query_or_close(db, mem, a);
	if (channel_wait_s(err) > 0)
		err = query_later(db, mem, a->id, channel_wait_s(err));
	return err == E_DB_DOWN || err == E_UNKNOWN ? err : E_OK;
}
