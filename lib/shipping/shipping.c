#include "shipping/shipping.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "channel/ask.h"
#include "codec/sign.h"
#include "order/ending.h"
#include "wechat/token.h"
#include "work/work.h"

#include <inttypes.h>
#include <string.h>

#define UPLOAD "/wxa/sec/order/upload_shipping_info"
#define IS_MANAGED "/wxa/sec/order/is_trade_managed"

enum { BY_TRANSACTION = 2, PICKED_UP = 4, AT_ONCE = 1 }; /* words of the protocol */
enum { BODY_MAX = 4096, GOODS_MAX = 120, LATER_FIRST_S = 30, LATER_MAX_S = 3600 };
enum { SWEEP_DAYS = 30, SWEEP_LIMIT = 500, SWEEP_EVERY_MS = 600000 };
enum { MANAGED_FOR_MS = 86400000, MANAGED_AGAIN_MS = 60000 };

static bool wanted(void)
{
	return strcmp(settings.wx_shipping, "off") != 0 && *settings.wx_appid;
}

void shipping_init(void)
{
	const char *s = settings.wx_shipping;

	if (strcmp(s, "off") != 0 && strcmp(s, "auto") != 0 && strcmp(s, "on") != 0)
		setting_refuse("ZX_WX_SHIPPING", "wants off, auto or on");
	if (wanted())
		wechat_token_init();
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

/* By venue, because orders are indexed by venue and play date. An order with
 * nothing left to be played is none of these. */
SQL(shipping_find,
	"INSERT INTO shipping (attempt_id, order_id)"
	" SELECT a.id, a.order_id FROM venue v JOIN orders o ON o.venue_id = v.id"
	"  AND o.play_date BETWEEN current_date - $1::int AND current_date + 1"
	" JOIN payment_attempt a ON a.order_id = o.id AND " OF_MINI_PROGRAM
	" WHERE (SELECT max(upper(i.during)) FROM order_item i WHERE i.order_id = o.id"
	"   AND i.state IN ('booked', 'used')) <= now()"
	"  AND NOT EXISTS (SELECT 1 FROM shipping s WHERE s.attempt_id = a.id)"
	" LIMIT $2 ON CONFLICT (attempt_id) DO NOTHING");

enum err shipping_sweep(struct tx *tx)
{
	return db_run(tx, &shipping_find, A(SWEEP_DAYS), A(SWEEP_LIMIT));
}

/* Of the table of errcodes on the page. A repeat of what is already there is
 * answered with one of three: finished, its one correction used, unchanged.
 * 10060001, unknown payment: it takes a minute until they know a new one. */
enum shipping_word shipping_judge(int64_t errcode)
{
	static const struct {
		int64_t errcode;
		enum shipping_word word;
	} known[] = {
		{0, SHIPPING_SENT},
		{10060002, SHIPPING_SENT},
		{10060003, SHIPPING_SENT},
		{10060023, SHIPPING_SENT},
		{-1, SHIPPING_LATER},
		{10060012, SHIPPING_LATER},
		{10060019, SHIPPING_LATER},
		{10060001, SHIPPING_LATER},
		{40001, SHIPPING_LATER}, /* tokens; and our address, the limits of use */
		{40014, SHIPPING_LATER},
		{42001, SHIPPING_LATER},
		{40164, SHIPPING_LATER},
		{61004, SHIPPING_LATER},
		{44990, SHIPPING_LATER},
		{45009, SHIPPING_LATER},
		{45011, SHIPPING_LATER},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i].errcode == errcode)
			return known[i].word;
	return SHIPPING_STUCK;
}

const char *shipping_body(struct arena *mem, const struct shipment *s, stamp now)
{
	struct buf b = buf_in(mem, BODY_MAX);

	now.us -= now.us % SECOND;
	json_open(&b, NULL, '{');
	json_open(&b, "order_key", '{');
	json_int(&b, "order_number_type", BY_TRANSACTION);
	json_text(&b, "transaction_id", s->transaction_id);
	json_close(&b, '}');
	json_int(&b, "logistics_type", PICKED_UP);
	json_int(&b, "delivery_mode", AT_ONCE);
	json_open(&b, "shipping_list", '[');
	json_open(&b, NULL, '{');
	json_text(&b, "item_desc", s->goods);
	json_close(&b, '}');
	json_close(&b, ']');
	json_stamp(&b, "upload_time", now);
	json_open(&b, "payer", '{');
	json_text(&b, "openid", s->payer);
	json_close(&b, '}');
	json_close(&b, '}');
	return buf_text(&b);
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

/* What has become of a try. */
struct verdict {
	enum shipping_word word;
	const char *trouble;
	int64_t wait_s; /* WeChat couldn't be asked, for so long; 0: it was */
};

/* Whether the duty applies, for a day; a question that fails is not asked
 * again at once. */
static enum err is_managed(struct arena *mem, bool *yes)
{
	static int64_t good_until, quiet_until; /* by clock_ms() */
	static bool managed;
	struct wechat_said said;

	*yes = true;
	if (strcmp(settings.wx_shipping, "on") == 0)
		return E_OK;
	*yes = managed;
	if (clock_ms() < good_until)
		return E_OK;
	if (clock_ms() < quiet_until)
		return E_BUSY;
	quiet_until = clock_ms() + MANAGED_AGAIN_MS;
	enum err err = wechat_token_post(mem, IS_MANAGED,
		arena_printf(mem, "{\"appid\":\"%s\"}", settings.wx_appid), &said);
	if (channel_wait_s(err) > 0)
		quiet_until = 0;
	TRY(err);
	if (said.errcode != 0) {
		log_error("shipping", "is_trade_managed: errcode %" PRId64 ": %s", said.errcode,
			said.errmsg ? said.errmsg : "");
		return E_UPSTREAM;
	}
	*yes = managed = said.is_trade_managed;
	good_until = clock_ms() + MANAGED_FOR_MS;
	quiet_until = 0;
	return E_OK;
}

static struct verdict later(enum err err, const char *trouble)
{
	return (struct verdict){SHIPPING_LATER, trouble, channel_wait_s(err)};
}

static struct verdict report(struct arena *mem, const struct shipment *s)
{
	struct wechat_said said;
	bool managed;

	if (s->all_back)
		return (struct verdict){SHIPPING_WAIVED, "the money has gone back", 0};
	if (!s->payer)
		return (struct verdict){SHIPPING_STUCK, "the payer is not known", 0};
	enum err err = is_managed(mem, &managed);
	if (err != E_OK)
		return later(err, "no answer whether there is a duty");
	if (!managed)
		return (struct verdict){SHIPPING_WAIVED, "there is no such duty", 0};
	err = wechat_token_post(mem, UPLOAD, shipping_body(mem, s, stamp_now()), &said);
	if (err != E_OK)
		return later(err, "no answer");
	return (struct verdict){shipping_judge(said.errcode),
		said.errcode ? arena_printf(mem, "%" PRId64 " %s", said.errcode,
				       said.errmsg ? said.errmsg : "")
			     : NULL,
		0};
}

/* Who has claimed it anew meanwhile, has it. */
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
	struct buf b = buf_in(tx->mem, BODY_MAX);

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

static enum err note(struct tx *tx, const struct shipment *s, const struct verdict *v)
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
	struct verdict v = report(mem, &s);
	tx_begin(&tx, db, mem, TX_WRITE);
	return tx_end(&tx, note(&tx, &s, &v));
}
