#include "shipping/shipping.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "codec/sign.h"
#include "order/ending.h"
#include "shipping/report.h"
#include "wechat/app.h"
#include "work/work.h"

#include <inttypes.h>

enum { DETAIL_MAX = 4096, GOODS_MAX = 120, LATER_FIRST_S = 30, LATER_MAX_S = 3600 };
enum { SWEEP_DAYS = 30, SWEEP_LIMIT = 500, SWEEP_EVERY_MS = 600000 };

static bool wanted(void)
{
	return shipping_duty() != DUTY_OFF && *settings.wx_appid;
}

void shipping_init(void)
{
	if (shipping_duty() == DUTY_COUNT)
		setting_refuse("ZX_WX_SHIPPING", "wants off, auto or on");
	if (wanted())
		wechat_app_init();
}

#define OF_MINI_PROGRAM "a.state = 'paid' AND a.channel = 'wechat' AND a.method = 'jsapi'"

SQL(shipping_insert,
	"WITH s AS (INSERT INTO shipping (attempt_id, order_id)"
	"  SELECT a.id, a.order_id FROM payment_attempt a"
	"  WHERE a.order_id = $1 AND " OF_MINI_PROGRAM
	"  ON CONFLICT (attempt_id) DO NOTHING RETURNING 1)"
	" SELECT pg_notify('" SETTLE_CHANNEL "', '') FROM s");

void shipping_add(struct tx *tx, int64_t order_id)
{
	if (wanted())
		db_queue(tx, &shipping_insert, A(order_id));
}

/* By venue, because orders are indexed by venue and play date. An order that has nothing
 * left to be played is over at once: it is reported if the venue keeps a part of its money,
 * which WeChat would hold back, too. */
SQL(shipping_find,
	"INSERT INTO shipping (attempt_id, order_id)"
	" SELECT a.id, a.order_id FROM venue v JOIN orders o ON o.venue_id = v.id"
	"  AND o.play_date >= current_date - $1::int"
	"  AND (o.play_date <= current_date + 1 OR o.state = 'cancelled')"
	" JOIN payment_attempt a ON a.order_id = o.id AND " OF_MINI_PROGRAM
	" WHERE coalesce((SELECT max(upper(i.during)) FROM order_item i WHERE i.order_id = o.id"
	"   AND i.state IN ('booked', 'used')), CASE WHEN a.refunded_fen < a.amount_fen"
	"   THEN '-infinity'::timestamptz END) <= now()"
	"  AND NOT EXISTS (SELECT 1 FROM shipping s WHERE s.attempt_id = a.id)"
	" LIMIT $2 ON CONFLICT (attempt_id) DO NOTHING");

enum err shipping_sweep(struct tx *tx)
{
	return db_run(tx, &shipping_find, A(SWEEP_DAYS), A(SWEEP_LIMIT));
}

static const struct field shipment_fields[] = {
	FIELD(struct shipment, attempt_id),
	FIELD(struct shipment, order_id),
	FIELD(struct shipment, venue_id),
	FIELD(struct shipment, tries),
	FIELD(struct shipment, transaction_id),
	FIELD(struct shipment, payer, .optional = true),
	FIELD(struct shipment, goods),
	FIELD(struct shipment, all_back),
};
static const struct shape shipment_shape = SHAPE(struct shipment, shipment_fields);

/* The same goods in every try: WeChat then sees that nothing has changed. */
SQL(shipping_take,
	"WITH picked AS MATERIALIZED (SELECT attempt_id FROM shipping WHERE state = 'waiting'"
	"  AND run_at <= now() ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED),"
	" s AS (UPDATE shipping s SET tries = s.tries + 1,"
	"   run_at = now() + make_interval(secs => $1::bigint)"
	"  FROM picked p WHERE s.attempt_id = p.attempt_id"
	"  RETURNING s.attempt_id, s.order_id, s.tries)"
	" SELECT s.attempt_id, s.order_id, o.venue_id, s.tries, a.transaction_id, a.payer,"
	"  left(v.name, $2::int - 20) || ' 场地预订 ' || o.play_date AS goods,"
	"  a.refunded_fen >= a.amount_fen AS all_back"
	" FROM s JOIN payment_attempt a ON a.id = s.attempt_id"
	" JOIN orders o ON o.id = s.order_id JOIN venue v ON v.id = o.venue_id");

/* A row that somebody has claimed anew meanwhile is left alone. */
SQL(shipping_mark,
	"UPDATE shipping SET state = $3, trouble = $4,"
	" sent_at = CASE $3 WHEN 'sent' THEN now() END"
	" WHERE attempt_id = $1 AND tries = $2 AND state = 'waiting'");
SQL(shipping_untried,
	"UPDATE shipping SET tries = tries - 1, run_at = now() + make_interval(secs => $3::bigint)"
	" WHERE attempt_id = $1 AND tries = $2 AND state = 'waiting'");
SQL(shipping_postpone,
	"UPDATE shipping SET trouble = $3, run_at = now() +"
	" make_interval(secs => least($5::bigint, $4::bigint * 2 ^ least($2::bigint - 1, 20)))"
	" WHERE attempt_id = $1 AND tries = $2 AND state = 'waiting'");

static enum err call_people(struct tx *tx, const struct shipment *s, const char *trouble)
{
	struct buf b = buf_in(tx->mem, DETAIL_MAX);

	json_open(&b, NULL, '{');
	json_int(&b, "attempt_id", s->attempt_id);
	json_text(&b, "transaction_id", s->transaction_id);
	json_text(&b, "trouble", trouble);
	json_close(&b, '}');
	log_error("shipping_stuck", "payment %" PRId64 ", order %" PRId64 ": %s", s->attempt_id,
		s->order_id, trouble);
	return work_add(tx, &(struct work_new){.key = arena_printf(tx->mem, "shipping:%" PRId64,
						       s->attempt_id),
				    .kind = WORK_SHIPPING_STUCK,
				    .venue_id = s->venue_id,
				    .order_id = s->order_id,
				    .detail = buf_text(&b)});
}

static enum err note(struct tx *tx, const struct shipment *s, const struct shipping_verdict *v)
{
	static const char *const states[] = {[SHIPPING_SENT] = "sent",
		[SHIPPING_WAIVED] = "waived",
		[SHIPPING_STUCK] = "stuck"};
	enum shipping_word word = v->word;

	if (v->wait_s > 0) {
		db_queue(tx, &shipping_untried, A(s->attempt_id), A(s->tries), A(v->wait_s));
		return E_OK;
	}
	if (word == SHIPPING_LATER && s->tries >= SHIPPING_TRIES)
		word = SHIPPING_STUCK;
	if (word == SHIPPING_LATER) {
		db_queue(tx, &shipping_postpone, A(s->attempt_id), A(s->tries), A(v->trouble),
			A(LATER_FIRST_S), A(LATER_MAX_S));
		return E_OK;
	}
	db_queue_one(tx, &shipping_mark, E_RETRY, A(s->attempt_id), A(s->tries),
		A(states[word]), A(v->trouble));
	return word == SHIPPING_STUCK ? call_people(tx, s, v->trouble) : E_OK;
}

static enum err sweep_now_and_then(struct db *db, struct arena *mem)
{
	static int64_t next; /* by clock_ms() */
	struct tx tx;

	if (clock_ms() < next)
		return E_OK;
	tx_begin(&tx, db, mem, TX_WRITE);
	TRY(tx_end(&tx, shipping_sweep(&tx)));
	next = clock_ms() + SWEEP_EVERY_MS;
	return E_OK;
}

enum err shipping_step(struct db *db, struct arena *mem, bool *busy)
{
	struct shipment s;
	struct tx tx;

	if (!wanted())
		return E_OK;
	TRY(sweep_now_and_then(db, mem));
	tx_begin(&tx, db, mem, TX_WRITE);
	enum err err = tx_end(&tx, db_one(&tx, &shipping_take, &shipment_shape, &s,
					   A(SHIPPING_LEASE_S), A(GOODS_MAX)));
	if (err == E_NOT_FOUND)
		return E_OK;
	TRY(err);
	*busy = true;
	struct shipping_verdict v = shipping_report(mem, &s);
	tx_begin(&tx, db, mem, TX_WRITE);
	return tx_end(&tx, note(&tx, &s, &v));
}
