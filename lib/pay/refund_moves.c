#include "pay/refund.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/settings.h"
#include "message/message.h"
#include "net/shared.h"
#include "order/ending.h"
#include "work/work.h"

#include <string.h>

/* What becomes of refunds. Each statement is guarded by the state it starts
 * from: a row that has moved on is left alone. */

enum { DETAIL_MAX = 1024 };

SQL(refund_accepted,
	"UPDATE refund SET state = 'accepted', channel_no = $2, trouble = NULL, tries = 0,"
	" run_at = now() + interval '60 seconds' WHERE id = $1 AND state = 'created'");
SQL(refund_succeeded,
	"UPDATE refund SET state = 'succeeded', channel_no = $2, trouble = NULL, done_at = now()"
	" WHERE id = $1 AND state IN ('created', 'accepted', 'stuck') RETURNING id");
SQL(refund_postpone,
	"UPDATE refund SET trouble = $3, run_at = now() + make_interval(secs =>"
	"  least(1800, greatest(CASE state WHEN 'accepted' THEN 60 ELSE 2 END,"
	"   2 ^ least(tries, 11))))"
	" WHERE id = $1 AND state IN ('created', 'accepted') AND tries = $2");
/* Each time that it needs people is an entry of its own; what is open already is that. */
#define WORK_COLUMNS "work_item (id, key, kind, venue_id, order_id, refund_id, detail)"
#define WORK_OF(r)                                        \
	"'refund:' || " r                                 \
	".id || ':' || (SELECT count(*) FROM work_item w" \
	" WHERE w.refund_id = " r ".id), $2, " r ".venue_id, " r ".order_id, " r ".id"
/* Why the money goes back: staff see what the customer wanted. */
#define WISH(r) "jsonb_build_object('cause', " r ".cause, 'reason', " r ".reason)"
#define WORK_OPEN(r)                                               \
	"EXISTS (SELECT 1 FROM work_item w WHERE w.refund_id = " r \
	".id AND w.kind = $2"                                      \
	" AND w.done_at IS NULL)"
SQL(refund_got_stuck,
	"WITH r AS (UPDATE refund SET state = 'stuck', trouble = $5,"
	"  channel_no = coalesce($6, channel_no), stuck_told_at = coalesce(stuck_told_at, now())"
	"  WHERE id = $1 AND state IN ('created', 'accepted') AND tries = $7"
	"  RETURNING id, order_id, venue_id, cause, reason, stuck_told_at),"
	" known AS (UPDATE work_item w SET detail = $4::jsonb || " WISH("r") " FROM r"
	"  WHERE w.refund_id = r.id AND w.kind = $2 AND w.done_at IS NULL),"
	" new AS (INSERT INTO " WORK_COLUMNS " SELECT $3, " WORK_OF("r") ","
	"   $4::jsonb || " WISH("r") " FROM r WHERE NOT " WORK_OPEN("r") ")"
	" SELECT stuck_told_at = now() FROM r");

/* By now it was settled otherwise, in cash or under another number: paid twice. */
SQL(refund_came_twice,
	"INSERT INTO work_item (id, key, kind, venue_id, order_id, refund_id, detail)"
	" SELECT $2, " REFUNDED_TWICE_KEY("r") ", $3, r.venue_id, r.order_id, r.id,"
	"  $4::jsonb || jsonb_build_object('state', r.state)"
	" FROM refund r WHERE r.id = $1 AND " REFUND_SETTLED_OTHERWISE("r")
	" ON CONFLICT (key) DO NOTHING RETURNING id");

static const char *detail(struct arena *mem, const struct refund *r, const char *trouble)
{
	struct buf b = buf_in(mem, DETAIL_MAX);

	json_open(&b, NULL, '{');
	json_text(&b, "out_refund_no", r->out_refund_no);
	json_int(&b, "amount_fen", r->amount_fen.fen);
	json_text(&b, "trouble", trouble);
	json_close(&b, '}');
	return buf_text(&b);
}

static enum err stuck(
	struct tx *tx, const struct refund *r, const char *trouble, const char *channel_no)
{
	int64_t work_id;
	bool news;

	TRY(ids_take(tx, 1, &work_id));
	enum err err = db_value(tx, &refund_got_stuck, &news, A(r->id),
		A(work_word(WORK_REFUND_STUCK)), A(work_id), A(detail(tx->mem, r, trouble)),
		A(trouble), A(channel_no), A(r->tries));
	if (err != E_OK)
		return err == E_NOT_FOUND ? E_OK : err;
	log_error("refund_stuck", "%s: %s", r->out_refund_no, trouble);
	return news ? message_tell(tx, MESSAGE_REFUND_STUCK,
			      &(struct message_about){
				      .order_id = r->order_id, .refund_id = r->id})
		    : E_OK;
}

enum err refund_stuck(struct tx *tx, const struct refund *r, const char *trouble)
{
	return stuck(tx, r, trouble, NULL);
}

void refund_later(struct tx *tx, const struct refund *r, const char *trouble)
{
	db_queue(tx, &refund_postpone, A(r->id), A(r->tries), A(trouble));
}

SQL(refund_set_answered,
	"UPDATE refund SET answered_at = now() WHERE id = $1 AND state = 'created' AND tries = $2");

void refund_answered(struct tx *tx, const struct refund *r)
{
	db_queue(tx, &refund_set_answered, A(r->id), A(r->tries));
}

SQL(refund_untried,
	"UPDATE refund SET tries = tries - 1, run_at = now() + make_interval(secs => $3::bigint)"
	" WHERE id = $1 AND state IN ('created', 'accepted') AND tries = $2");

void refund_wait(struct tx *tx, const struct refund *r, int64_t seconds)
{
	db_queue(tx, &refund_untried, A(r->id), A(r->tries), A(seconds));
}

static enum err tell_done(struct tx *tx, const struct refund *r)
{
	return message_tell(tx, MESSAGE_REFUND_DONE,
		&(struct message_about){.order_id = r->order_id, .refund_id = r->id});
}

static enum err came_twice(struct tx *tx, const struct refund *r)
{
	int64_t id;

	TRY(ids_take(tx, 1, &id));
	enum err err = db_value(tx, &refund_came_twice, &id, A(r->id), A(id),
		A(work_word(WORK_REFUNDED_TWICE)), A(detail(tx->mem, r, "SUCCESS")));
	if (err == E_OK)
		log_error("refunded_twice", "%s: settled otherwise, and by the channel",
			r->out_refund_no);
	return err == E_NOT_FOUND ? E_OK : err;
}

/* It may have arrived already by what somebody else heard, and is told once. */
static enum err succeeded(struct tx *tx, const struct refund *r, const struct channel_refund *c)
{
	int64_t id;
	enum err err = db_value(tx, &refund_succeeded, &id, A(r->id), A(c->channel_no));

	if (err != E_OK && err != E_NOT_FOUND)
		return err;
	if (err == E_NOT_FOUND)
		return came_twice(tx, r);
	work_refund_done(tx, r->id, 0, "渠道已退款成功");
	return tell_done(tx, r);
}

enum err refund_note(struct tx *tx, const struct refund *r, const struct channel_refund *c)
{
	enum refund_state state = refund_state_of(r->state);
	bool accepted = state == REFUND_ACCEPTED;

	if (!accepted && state != REFUND_CREATED && c->state != REFUND_DONE)
		return E_OK;
	if (c->refund.fen != r->amount_fen.fen)
		return stuck(tx, r, "AMOUNT_DIFFERS", c->channel_no);
	switch (c->state) {
	case REFUND_RUNNING:
		if (accepted)
			refund_later(tx, r, NULL);
		else
			db_queue(tx, &refund_accepted, A(r->id), A(c->channel_no));
		return E_OK;
	case REFUND_DONE:
		return succeeded(tx, r, c);
	case REFUND_CLOSED:
		return stuck(tx, r, "CLOSED", c->channel_no);
	case REFUND_ABNORMAL:
		return stuck(tx, r, "ABNORMAL", c->channel_no);
	}
	return E_INTERNAL;
}

/* The next try after the last of so many has begun: by then that one is over. Of those
 * that the channel works on only the time counts. */
SQL(refund_delayed_one,
	"SELECT r.id FROM refund r WHERE (r.state = 'created' AND (r.tries > $3"
	"  OR r.created_at < now() - make_interval(secs => $1::bigint)) OR r.state = 'accepted'"
	"  AND coalesce(r.sent_at, r.created_at) < now() - make_interval(secs => $1::bigint))"
	" AND NOT " WORK_OPEN("r") " LIMIT 1");
SQL(refund_delay_work,
	"INSERT INTO " WORK_COLUMNS " SELECT $3, " WORK_OF("r") ", $4::jsonb ||"
	"  jsonb_build_object('trouble', coalesce(r.trouble, r.state)) || " WISH("r") " FROM refund r"
	" WHERE r.id = $1 AND r.state IN ('created', 'accepted') AND NOT " WORK_OPEN("r"));
SQL(refund_set_delayed,
	"UPDATE refund SET delayed_at = now() WHERE id = $1 AND delayed_at IS NULL"
	" AND state IN ('created', 'accepted') RETURNING id");

enum err refund_delayed_find(struct tx *tx, int64_t *id)
{
	return db_value(tx, &refund_delayed_one, id, A(settings.refund_delay_s),
		A(work_word(WORK_REFUND_STUCK)), A(settings.refund_tries));
}

enum err refund_delay(struct tx *tx, const struct refund *r)
{
	int64_t id;

	TRY(ids_take(tx, 1, &id));
	db_queue(tx, &refund_delay_work, A(r->id), A(work_word(WORK_REFUND_STUCK)), A(id),
		A(detail(tx->mem, r, NULL)));
	enum err err = db_value(tx, &refund_set_delayed, &id, A(r->id));
	if (err != E_OK)
		return err == E_NOT_FOUND ? E_OK : err;
	log_error("refund_delayed", "%s", r->out_refund_no);
	shared_count(&shared()->refunds_delayed, 1);
	return message_tell(tx, MESSAGE_REFUND_DELAYED,
		&(struct message_about){.order_id = r->order_id, .refund_id = r->id});
}

struct words {
	const char *cause, *reason, *trouble;
};
static const struct field words_fields[] = {
	FIELD(struct words, cause),
	FIELD(struct words, reason),
	FIELD(struct words, trouble),
};
static const struct shape words_shape = SHAPE(struct words, words_fields);
SQL(refund_stuck_words,
	"SELECT cause, reason, trouble FROM refund WHERE id = $1 AND state = 'stuck'");

SQL(refund_again,
	"WITH r AS (UPDATE refund SET state = 'created', run_at = now(), sent_at = NULL"
	"  WHERE id = $1 AND state = 'stuck' RETURNING 1)"
	" SELECT pg_notify('" SETTLE_CHANNEL "', '') FROM r");
SQL(refund_void,
	"UPDATE refund SET state = 'void', done_at = now() WHERE id = $1 AND state = 'stuck'");

SQL(refund_now,
	"WITH r AS (UPDATE refund SET run_at = now() WHERE id = $1 AND delayed_at IS NOT NULL"
	"  AND state IN ('created', 'accepted') RETURNING 1)"
	" SELECT pg_notify('" SETTLE_CHANNEL "', '') FROM r");

static bool in_work(const struct refund *r)
{
	enum refund_state state = refund_state_of(r->state);

	return state == REFUND_CREATED || state == REFUND_ACCEPTED;
}

enum err refund_retry(struct tx *tx, const struct refund *r, int64_t member_id)
{
	struct words w;
	int64_t id;

	if (in_work(r)) {
		db_queue_one(tx, &refund_now, E_REFUND_STATE, A(r->id));
		return E_OK;
	}
	enum err err = db_one(tx, &refund_stuck_words, &words_shape, &w, A(r->id));

	if (err != E_OK)
		return err == E_NOT_FOUND ? E_REFUND_STATE : err;
	work_refund_done(tx, r->id, member_id, "重新发起");
	if (strcmp(w.trouble, "CLOSED") != 0) {
		db_queue_one(tx, &refund_again, E_REFUND_STATE, A(r->id));
		return E_OK;
	}
	/* The old number is dead for good, so a new one can't pay twice; the sum
	 * stays reserved for it. */
	db_queue_one(tx, &refund_void, E_REFUND_STATE, A(r->id));
	return refund_replace(tx,
		&(struct refund_new){.attempt_id = r->attempt_id,
			.amount = r->amount_fen,
			.cause = refund_cause_of(w.cause),
			.reason = w.reason,
			.by_account = member_id},
		r->id, &id);
}

SQL(refund_settle_by_hand,
	"UPDATE refund SET state = 'by_hand', done_at = now() WHERE id = $1 AND (state = 'stuck'"
	" OR state = 'created' AND delayed_at IS NOT NULL)");
SQL(refund_is_delayed, "SELECT id FROM refund WHERE id = $1 AND delayed_at IS NOT NULL");

/* What the channel has taken on is settled by nobody else, and for what it may have
 * got there is a trigger. */
static enum err by_hand_check(struct tx *tx, const struct refund *r)
{
	int64_t id;

	if (refund_state_of(r->state) != REFUND_ACCEPTED)
		return E_OK;
	enum err err = db_value(tx, &refund_is_delayed, &id, A(r->id));
	return err == E_NOT_FOUND ? E_REFUND_STATE : err == E_OK ? E_REFUND_MAY_ARRIVE : err;
}

enum err refund_by_hand(
	struct tx *tx, const struct refund *r, int64_t member_id, const char *note)
{
	TRY(by_hand_check(tx, r));
	db_queue_one(tx, &refund_settle_by_hand, E_REFUND_STATE, A(r->id));
	work_refund_done(tx, r->id, member_id, note);
	return tell_done(tx, r);
}
