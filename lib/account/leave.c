#include "account/leave.h"

#include "account/in_force.h"
#include "account/keyed_hash.h"
#include "account/kind.h"
#include "base/settings.h"

#include <string.h>

/* What is kept of who leaves, and looked for when somebody comes. */
static const char *phone_hash(struct arena *mem, const char *phone)
{
	return keyed_hash(mem, "left phone", phone);
}

static const char *openid_hash(struct arena *mem, const char *appid, const char *openid)
{
	return keyed_hash(mem, arena_printf(mem, "left openid %s", appid), openid);
}

static const char *unionid_hash(struct arena *mem, const char *unionid)
{
	return keyed_hash(mem, "left unionid", unionid);
}

struct leaver {
	bool staff, held; /* held: violations count or a ban runs */
	const char *phone;
	raw_json open; /* orders that are not over */
};
static const struct field leaver_fields[] = {
	FIELD(struct leaver, staff),
	FIELD(struct leaver, held),
	FIELD(struct leaver, phone, .optional = true),
	FIELD(struct leaver, open, .optional = true),
};
static const struct shape leaver_shape = SHAPE(struct leaver, leaver_fields);

struct wechat_id {
	const char *appid, *openid, *unionid;
};
static const struct field wechat_id_fields[] = {
	FIELD(struct wechat_id, appid),
	FIELD(struct wechat_id, openid),
	FIELD(struct wechat_id, unionid, .optional = true),
};
static const struct shape wechat_id_shape = SHAPE(struct wechat_id, wechat_id_fields);

/* In the order in which everybody locks: first orders, then their account. From then on no
 * order is added, because order_add() locks the account's row. */
SQL(leave_lock_orders, "SELECT id FROM orders WHERE account_id = $1 ORDER BY id FOR UPDATE");
SQL(leave_lock, "SELECT id FROM account WHERE id = $1 AND left_at IS NULL FOR UPDATE");

/* $3: WeChat wants to be told of orders that were played (lib/shipping/shipping.h), with
 * the openid of the payer. */
#define UNSETTLED                                                                          \
	"EXISTS (SELECT 1 FROM payment_attempt p WHERE p.order_id = o.id"                  \
	" AND p.state IN ('created', 'prepaid')) OR EXISTS (SELECT 1 FROM"                 \
	" shipping s WHERE s.order_id = o.id AND s.state = 'waiting') OR $3"               \
	" AND o.play_date > current_date - 30 AND EXISTS (SELECT 1 FROM payment_attempt p" \
	" JOIN order_item i ON i.order_id = p.order_id AND i.state IN ('booked', 'used')"  \
	" WHERE p.order_id = o.id AND p.channel = 'wechat' AND p.method = 'jsapi'"         \
	" AND p.state = 'paid' AND NOT EXISTS (SELECT 1 FROM shipping s WHERE s.attempt_id = p.id))"
#define OPEN_REFUND                                              \
	"EXISTS (SELECT 1 FROM refund r WHERE r.order_id = o.id" \
	" AND r.state IN ('created', 'accepted', 'stuck'))"
#define TO_BE_PLAYED                                                 \
	"EXISTS (SELECT 1 FROM order_item i WHERE i.order_id = o.id" \
	" AND i.state IN ('booked', 'used') AND upper(i.during) > now())"
#define HELD \
	"EXISTS (SELECT 1 FROM violation v WHERE v.account_id = a.id"                     \
	" AND " VIOLATION_COUNTS("v", "$2") ")"                                           \
	" OR EXISTS (SELECT 1 FROM ban b WHERE b.account_id = a.id AND " BAN_IN_FORCE("b") ")"

SQL(leave_account,
	"SELECT a.phone, " ACCOUNT_IS_MEMBER("a")
	"  OR EXISTS (SELECT 1 FROM account_role r WHERE r.account_id = a.id) AS staff,"
	" " HELD
	" AS held, (SELECT jsonb_agg(jsonb_build_object('id', w.id, 'no', w.no,"
	"   'why', w.why) ORDER BY w.id) FROM (SELECT o.id, o.no, CASE"
	"   WHEN o.state IN ('pending', 'closing') THEN 'unpaid'"
	"   WHEN " TO_BE_PLAYED " THEN 'to_be_played' WHEN " OPEN_REFUND
	" THEN 'refund'"
	"   WHEN " UNSETTLED
	" THEN 'settling' END AS why"
	"  FROM orders o WHERE o.account_id = a.id) w WHERE w.why IS NOT NULL) AS open"
	" FROM account a WHERE a.id = $1");
SQL(leave_wechat_ids,
	"SELECT appid, openid, unionid FROM wechat_identity WHERE account_id = $1");
SQL(left_hash_insert,
	"INSERT INTO left_mark (mark, account_id) VALUES ($1, $2) ON CONFLICT DO NOTHING");
SQL(leave_now, "SELECT account_leave($1, $2)");

static void keep_hashes(struct tx *tx, int64_t account_id, const struct leaver *leaver,
	const struct list *wechat_ids)
{
	const struct wechat_id *w = wechat_ids->at;

	if (leaver->phone)
		db_queue(tx, &left_hash_insert, A(phone_hash(tx->mem, leaver->phone)),
			A(account_id));
	for (size_t i = 0; i < wechat_ids->count; i++) {
		db_queue(tx, &left_hash_insert,
			A(openid_hash(tx->mem, w[i].appid, w[i].openid)), A(account_id));
		if (w[i].unionid)
			db_queue(tx, &left_hash_insert, A(unionid_hash(tx->mem, w[i].unionid)),
				A(account_id));
	}
}

static int64_t hashes_days(void)
{
	return settings.ban_days > settings.violation_days ? settings.ban_days
							   : settings.violation_days;
}

enum err account_leave(struct tx *tx, int64_t account_id, raw_json *detail)
{
	struct leaver leaver;
	struct list wechat_ids;

	db_queue(tx, &leave_lock_orders, A(account_id));
	db_queue_one(tx, &leave_lock, E_SESSION_ENDED, A(account_id));
	db_ask_one(tx, &leave_account, &leaver_shape, &leaver, E_INTERNAL, A(account_id),
		A(settings.violation_days),
		A((bool)(strcmp(settings.wx_shipping, "off") != 0)));
	db_ask_all(tx, &leave_wechat_ids, &wechat_id_shape, &wechat_ids, A(account_id));
	TRY(db_sync(tx));
	if (leaver.staff)
		return E_STAFF_ACCOUNT;
	if (leaver.open.text) {
		detail->text = arena_printf(tx->mem, "{\"orders\":%s}", leaver.open.text);
		return E_ACCOUNT_BUSY;
	}
	if (leaver.held)
		keep_hashes(tx, account_id, &leaver, &wechat_ids);
	db_queue(tx, &leave_now, A(account_id), A(hashes_days()));
	return E_OK;
}

SQL(left_earlier,
	"SELECT DISTINCT account_id FROM left_mark WHERE mark IN ($2, $3)"
	" AND account_id <> $1");
SQL(left_heir, "SELECT id FROM account WHERE id = $1 FOR NO KEY UPDATE");
SQL(left_violations,
	"UPDATE violation SET account_id = $1 WHERE account_id = ANY($2::bigint[])"
	" AND " VIOLATION_COUNTS("violation", "$3"));
SQL(left_bans,
	"UPDATE ban SET account_id = $1 WHERE account_id = ANY($2::bigint[])"
	" AND " BAN_IN_FORCE("ban"));

/* `other` may be NULL. If the violations of all accounts together are enough for a ban,
 * it comes with the next violation, as every ban does. */
static enum err take_over(
	struct tx *tx, int64_t account_id, const char *hash, const char *other)
{
	struct list earlier;

	TRY(db_values(tx, &left_earlier, int64_t, &earlier, A(account_id), A(hash), A(other)));
	struct ints accounts = {earlier.at, earlier.count};
	if (accounts.count == 0)
		return E_OK;
	db_queue(tx, &left_heir, A(account_id));
	db_queue(tx, &left_violations, A(account_id), A(accounts), A(settings.violation_days));
	db_queue(tx, &left_bans, A(account_id), A(accounts));
	return E_OK;
}

enum err phone_taken_over(struct tx *tx, int64_t account_id, const char *phone)
{
	return take_over(tx, account_id, phone_hash(tx->mem, phone), NULL);
}

enum err wechat_taken_over(struct tx *tx, int64_t account_id, const char *appid,
	const char *openid, const char *unionid)
{
	return take_over(tx, account_id, openid_hash(tx->mem, appid, openid),
		unionid ? unionid_hash(tx->mem, unionid) : NULL);
}
