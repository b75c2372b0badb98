#include "pay/refund.h"

#include "base/settings.h"
#include "message/message.h"
#include "order/ending.h"
#include "pay/channels.h"

#include <inttypes.h>

enum { PER_ATTEMPT_MAX = 50 }; /* WeChat Pay: 4014959631 */

struct paid {
	int64_t order_id, venue_id, before;
	const char *channel, *out_trade_no, *state;
	money amount_fen;
};
static const struct field paid_fields[] = {
	FIELD(struct paid, order_id),
	FIELD(struct paid, venue_id),
	FIELD(struct paid, before),
	FIELD(struct paid, channel),
	FIELD(struct paid, out_trade_no),
	FIELD(struct paid, state),
	FIELD(struct paid, amount_fen),
};
static const struct shape paid_shape = SHAPE(struct paid, paid_fields);

SQL(refund_attempt,
	"SELECT a.order_id, o.venue_id, a.channel, a.out_trade_no, a.state, a.amount_fen,"
	" (SELECT count(*) FROM refund r WHERE r.attempt_id = a.id) AS before"
	" FROM payment_attempt a JOIN orders o ON o.id = a.order_id"
	" WHERE a.id = $1 AND a.state IN ('paid', 'surplus') FOR UPDATE OF a");
SQL(refund_reserve,
	"UPDATE payment_attempt SET refunded_fen = refunded_fen + $2 WHERE id = $1");
SQL(refund_order,
	"UPDATE orders SET refunded_fen = refunded_fen + $2, pay_state ="
	"  CASE WHEN refunded_fen + $2 < paid_fen THEN 'part_refunded' ELSE 'refunded' END"
	" WHERE id = $1");
SQL(refund_insert,
	"WITH r AS (INSERT INTO refund (id, order_id, attempt_id, venue_id, out_refund_no,"
	"  amount_fen, cause, reason, by_account, replaces, request)"
	"  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING 1)"
	" SELECT pg_notify('" SETTLE_CHANNEL "', '') FROM r");

/* It is never sent, so there is nothing to send. */
SQL(refund_insert_found,
	"WITH r AS (INSERT INTO refund (id, order_id, attempt_id, venue_id, out_refund_no,"
	"  amount_fen, cause, reason, request, state, billed_on)"
	"  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 'accepted', $9) RETURNING 1)"
	" SELECT pg_notify('" SETTLE_CHANNEL "', '') FROM r");

static enum err insert(struct tx *tx, const struct refund_new *new, const struct paid *p,
	int64_t replaces, int64_t *id)
{
	const struct channel *channel = channel_find(p->channel);
	const char *no = arena_printf(tx->mem, "%sR%02" PRId64, p->out_trade_no, p->before + 1);

	if (!channel)
		return E_CHANNEL_OFF;
	if (p->before >= PER_ATTEMPT_MAX)
		return E_REFUND_TOO_MUCH;
	TRY(ids_take(tx, 1, id));
	const char *request = channel->refund_body(
		tx->mem, &(struct channel_refund_request){.out_trade_no = p->out_trade_no,
				 .out_refund_no = no,
				 .reason = new->reason,
				 .refund = new->amount,
				 .total = p->amount_fen});
	db_queue(tx, &refund_insert, A(*id), A(p->order_id), A(new->attempt_id), A(p->venue_id),
		A(no), A(new->amount), A(refund_cause_word(new->cause)), A(new->reason),
		A(arg_id_or_null(new->by_account)), A(arg_id_or_null(replaces)), A(request));
	return E_OK;
}

static enum err attempt_lock(struct tx *tx, int64_t attempt_id, struct paid *out)
{
	enum err err = db_one(tx, &refund_attempt, &paid_shape, out, A(attempt_id));

	return err == E_NOT_FOUND ? E_ORDER_UNPAID : err;
}

enum err refund_replace(struct tx *tx, const struct refund_new *new, int64_t old, int64_t *id)
{
	struct paid paid;

	TRY(attempt_lock(tx, new->attempt_id, &paid));
	return insert(tx, new, &paid, old, id);
}

static enum err reserve(struct tx *tx, int64_t attempt_id, money amount, struct paid *out)
{
	TRY(attempt_lock(tx, attempt_id, out));
	db_queue_one(tx, &refund_reserve, E_INTERNAL, A(attempt_id), A(amount));
	if (attempt_state_of(out->state) == ATTEMPT_PAID)
		db_queue_one(tx, &refund_order, E_INTERNAL, A(out->order_id), A(amount));
	return E_OK;
}

static enum err tell_created(struct tx *tx, const struct paid *p, int64_t id)
{
	return message_tell(tx, MESSAGE_REFUND_CREATED,
		&(struct message_about){.order_id = p->order_id, .refund_id = id});
}

enum err refund_adopt(struct tx *tx, const struct refund_found *f)
{
	struct paid paid;
	int64_t id;

	TRY(ids_take(tx, 1, &id));
	TRY(reserve(tx, f->attempt_id, f->amount, &paid));
	db_queue(tx, &refund_insert_found, A(id), A(paid.order_id), A(f->attempt_id),
		A(paid.venue_id), A(f->out_refund_no), A(f->amount),
		A(refund_cause_word(CAUSE_RECONCILE)), A("商户平台退款"), A(f->day));
	return tell_created(tx, &paid, id);
}

enum err refund_add(struct tx *tx, const struct refund_new *new, int64_t *id)
{
	struct paid paid;

	TRY(reserve(tx, new->attempt_id, new->amount, &paid));
	TRY(insert(tx, new, &paid, 0, id));
	return tell_created(tx, &paid, *id);
}

static const struct field refund_fields[] = {
	FIELD(struct refund, id),
	FIELD(struct refund, order_id),
	FIELD(struct refund, venue_id),
	FIELD(struct refund, attempt_id),
	FIELD(struct refund, channel),
	FIELD(struct refund, out_trade_no),
	FIELD(struct refund, out_refund_no),
	FIELD(struct refund, state),
	FIELD(struct refund, request),
	FIELD(struct refund, amount_fen),
	FIELD(struct refund, tries),
};
static const struct shape refund_shape = SHAPE(struct refund, refund_fields);
#define REFUND_COLUMNS                                                           \
	"r.id, r.order_id, r.venue_id, r.attempt_id, a.channel, a.out_trade_no," \
	" r.out_refund_no, r.state, r.request, r.amount_fen, r.tries"

/* Of one payment's refunds that were not sent yet, the oldest goes first, and none goes
 * while another was sent a moment ago. */
SQL(refunds_take,
	"WITH picked AS MATERIALIZED (SELECT r.id FROM refund r"
	"  JOIN payment_attempt p ON p.id = r.attempt_id WHERE r.run_at <= now()"
	"  AND ($4::text IS NULL OR p.channel = $4)"
	"  AND r.state IN ('created', 'accepted') AND (r.state = 'accepted' OR NOT EXISTS ("
	"   SELECT 1 FROM refund o WHERE o.attempt_id = r.attempt_id AND o.id <> r.id"
	"   AND (o.sent_at > now() - make_interval(secs => $3::bigint)"
	"    OR (o.state = 'created' AND r.sent_at IS NULL AND o.id < r.id))))"
	"  ORDER BY r.run_at LIMIT $1 FOR UPDATE OF r SKIP LOCKED)"
	" UPDATE refund r SET run_at = now() + make_interval(secs => $2::bigint),"
	"  tries = r.tries + 1 FROM picked p, payment_attempt a"
	" WHERE r.id = p.id AND a.id = r.attempt_id RETURNING " REFUND_COLUMNS);

enum err refunds_claim(struct tx *tx, const char *channel, int limit, struct list *out)
{
	return db_all(tx, &refunds_take, &refund_shape, out, A(limit),
		A(4 * settings.request_limit_s), A(settings.refund_gap_s), A(channel));
}

SQL(refund_mark_sent,
	"UPDATE refund SET sent_at = now() WHERE id = $1 AND state = 'created' AND tries = $2");

void refund_sending(struct tx *tx, const struct refund *r)
{
	db_queue_one(tx, &refund_mark_sent, E_RETRY, A(r->id), A(r->tries));
}

#define WITH_ORDER_LOCKED                                              \
	" FROM refund r JOIN payment_attempt a ON a.id = r.attempt_id" \
	" JOIN orders o ON o.id = r.order_id"
SQL(refund_find_no, "SELECT " REFUND_COLUMNS WITH_ORDER_LOCKED
		    " WHERE r.out_refund_no = $1 AND a.channel = $2 FOR UPDATE OF o, r");
SQL(refund_find_id,
	"SELECT " REFUND_COLUMNS WITH_ORDER_LOCKED " WHERE r.id = $1 FOR UPDATE OF o, r");

enum err refund_by_no(
	struct tx *tx, const char *channel, const char *out_refund_no, struct refund *out)
{
	return db_one(tx, &refund_find_no, &refund_shape, out, A(out_refund_no), A(channel));
}

enum err refund_by_id(struct tx *tx, int64_t id, struct refund *out)
{
	return db_one(tx, &refund_find_id, &refund_shape, out, A(id));
}
