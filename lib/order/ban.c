#include "order/ban.h"

#include "account/in_force.h"
#include "base/settings.h"
#include "message/message.h"

#include <inttypes.h>

static const struct field ban_fields[] = {
	FIELD(struct ban, id),
	FIELD(struct ban, until),
	FIELD(struct ban, reason),
};
static const struct shape ban_shape = SHAPE(struct ban, ban_fields);

SQL(ban_in_force,
	"SELECT b.id, b.until, b.reason FROM ban b WHERE b.account_id = ANY(" PERSON("$1") ")"
	" AND " BAN_IN_FORCE("b") " ORDER BY b.until DESC LIMIT 1");

void ban_ask(struct tx *tx, int64_t account_id, struct list *out)
{
	db_ask_all(tx, &ban_in_force, &ban_shape, out, A(account_id));
}

SQL(violations_account_hold, "SELECT person_hold($1)");

void violations_hold(struct tx *tx, int64_t account_id)
{
	db_queue(tx, &violations_account_hold, A(account_id));
}

/* Not of who has paid in time, whatever became of the money since. */
SQL(violation_insert,
	"INSERT INTO violation (id, account_id, order_id, kind) SELECT $1, $2, o.id, 'expired'"
	" FROM orders o WHERE o.id = $3 AND NOT EXISTS (SELECT 1 FROM payment_attempt a"
	"  WHERE a.order_id = o.id AND a.paid_at < o.expires_at)");
/* Violations from before the last ban have had their effect. */
SQL(ban_insert,
	"INSERT INTO ban (id, account_id, until, reason, venue_ids)"
	" SELECT $1, $2, now() + make_interval(days => $5::int), $6, c.venues"
	" FROM (SELECT count(*) AS n, array_agg(DISTINCT o.venue_id) AS venues"
	"  FROM violation v JOIN orders o ON o.id = v.order_id"
	"  WHERE v.account_id = ANY(" PERSON("$2") ") AND " VIOLATION_COUNTS("v", "$4") "  AND v.at > coalesce((SELECT max(since) FROM ban WHERE account_id = ANY(" PERSON(
		"$2") ")), '-infinity'::timestamptz)) AS c WHERE c.n >= $3");

enum err violation_add(struct tx *tx, int64_t account_id, int64_t order_id)
{
	int64_t id;

	TRY(ids_take(tx, 2, &id));
	db_queue(tx, &violation_insert, A(id), A(account_id), A(order_id));
	db_queue(tx, &ban_insert, A(id + 1), A(account_id), A(settings.violation_limit),
		A(settings.violation_days), A(settings.ban_days),
		A(arena_printf(tx->mem, "%" PRId64 " 天内有 %" PRId64 " 个订单超时未支付",
			settings.violation_days, settings.violation_limit)));
	return E_OK;
}

SQL(bans_lift, "SELECT bans_review($1, $2, $3, $4)");

void bans_review(struct tx *tx, int64_t account_id, const char *why)
{
	db_queue(tx, &bans_lift, A(account_id), A(why), A(settings.violation_limit),
		A(settings.violation_days));
}

SQL(violation_lift_of_order,
	"UPDATE violation SET lifted_at = now(), lift_reason = $2 WHERE order_id = $1"
	" AND lifted_at IS NULL");

void violation_take_back(struct tx *tx, int64_t account_id, int64_t order_id, const char *why)
{
	db_queue(tx, &violation_lift_of_order, A(order_id), A(why));
	bans_review(tx, account_id, why);
}

/* A ban that is news, or whose end is; by the order that was the last straw. */
struct news {
	int64_t id,
		order_id; /* the latter is 0 if the person's orders are not this account's */
	bool begun, over;
};
static const struct field news_fields[] = {
	FIELD(struct news, id),
	FIELD(struct news, order_id),
	FIELD(struct news, begun),
	FIELD(struct news, over),
};
static const struct shape news_shape = SHAPE(struct news, news_fields);

#define BAN_OVER(b) "NOT (" BAN_IN_FORCE(b) ")"
SQL(bans_untold,
	"WITH news AS MATERIALIZED (SELECT b.id, b.told_at IS NULL AS begun,"
	"  " BAN_OVER("b") " AS over, coalesce((SELECT v.order_id FROM violation v"
	"   WHERE v.account_id = b.account_id AND v.at <= b.since ORDER BY v.at DESC LIMIT 1), 0)"
	"   AS order_id"
	"  FROM ban b WHERE b.end_told_at IS NULL AND (b.told_at IS NULL OR " BAN_OVER("b") ")"
	"  ORDER BY b.id LIMIT $1 FOR UPDATE OF b SKIP LOCKED)"
	" UPDATE ban b SET told_at = coalesce(b.told_at, now()),"
	"  end_told_at = CASE WHEN n.over THEN now() END"
	" FROM news n WHERE b.id = n.id RETURNING n.id, n.order_id, n.begun, n.over");

static enum err tell(struct tx *tx, const struct news *n)
{
	struct message_about about = {.order_id = n->order_id, .ban_id = n->id};

	if (n->order_id == 0)
		return E_OK;
	if (n->begun && !n->over)
		return message_tell(tx, MESSAGE_BAN_CREATED, &about);
	return n->over && !n->begun ? message_tell(tx, MESSAGE_BAN_ENDED, &about) : E_OK;
}

enum err bans_tell(struct tx *tx, int limit, int64_t *count)
{
	struct list news;

	TRY(db_all(tx, &bans_untold, &news_shape, &news, A(limit)));
	for (size_t i = 0; i < news.count; i++)
		TRY(tell(tx, (const struct news *)news.at + i));
	*count = (int64_t)news.count;
	return E_OK;
}
