#include "account/leave.h"

#include "account/in_force.h"
#include "account/kind.h"
#include "account/person.h"
#include "base/settings.h"

#include <string.h>

struct leaver {
	bool staff;
	const char *phone;
	raw_json open; /* orders that are not over */
};
static const struct field leaver_fields[] = {
	FIELD(struct leaver, staff),
	FIELD(struct leaver, phone, .optional = true),
	FIELD(struct leaver, open, .optional = true),
};
static const struct shape leaver_shape = SHAPE(struct leaver, leaver_fields);

/* In the order in which everybody locks: first orders, then their account. From then on no
 * order is added, because order_add() locks the account's row. */
SQL(leave_lock_orders, "SELECT id FROM orders WHERE account_id = $1 ORDER BY id FOR UPDATE");
SQL(leave_lock, "SELECT id FROM account WHERE id = $1 AND left_at IS NULL FOR UPDATE");

/* What may still bring money is waited for until nobody can begin to pay it, whatever the
 * channel says or leaves unsaid; what comes later goes back without the person.
 * $2: WeChat wants to be told of orders that were played, or of which something is kept
 * (lib/shipping/shipping.h), with the openid of the payer. */
#define UNSETTLED                                                                          \
	PAYABLE_UNTIL("o")                                                                 \
	" > now() AND EXISTS (SELECT 1 FROM payment_attempt p WHERE p.order_id = o.id"     \
	" AND p.state IN ('created', 'prepaid')) OR EXISTS (SELECT 1 FROM"                 \
	" shipping s WHERE s.order_id = o.id AND s.state = 'waiting') OR $2"               \
	" AND o.play_date > current_date - 30 AND EXISTS (SELECT 1 FROM payment_attempt p" \
	" JOIN order_item i ON i.order_id = p.order_id AND (i.state IN ('booked', 'used')" \
	"  OR p.refunded_fen < p.amount_fen) WHERE p.order_id = o.id"                      \
	" AND p.channel = 'wechat' AND p.method = 'jsapi'"                                 \
	" AND p.state = 'paid' AND NOT EXISTS (SELECT 1 FROM shipping s WHERE s.attempt_id = p.id))"
#define OPEN_REFUND                                              \
	"EXISTS (SELECT 1 FROM refund r WHERE r.order_id = o.id" \
	" AND r.state IN ('created', 'accepted', 'stuck'))"
#define TO_BE_PLAYED                                                 \
	"EXISTS (SELECT 1 FROM order_item i WHERE i.order_id = o.id" \
	" AND i.state IN ('booked', 'used') AND upper(i.during) > now())"
SQL(leave_account,
	"SELECT a.phone, " ACCOUNT_IS_MEMBER("a")
	"  OR EXISTS (SELECT 1 FROM account_role r WHERE r.account_id = a.id) AS staff,"
	" (SELECT jsonb_agg(jsonb_build_object('id', w.id, 'no', w.no,"
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
SQL(leave_now, "SELECT account_leave($1, $2)");

static int64_t marks_days(void)
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
		A((bool)(strcmp(settings.wx_shipping, "off") != 0)));
	db_ask_all(tx, &leave_wechat_ids, &wechat_id_shape, &wechat_ids, A(account_id));
	TRY(db_sync(tx));
	if (leaver.staff)
		return E_STAFF_ACCOUNT;
	if (leaver.open.text) {
		detail->text = arena_printf(tx->mem, "{\"orders\":%s}", leaver.open.text);
		return E_ACCOUNT_BUSY;
	}
	person_leaves(tx, account_id, leaver.phone, &wechat_ids);
	db_queue(tx, &leave_now, A(account_id), A(marks_days()));
	return E_OK;
}
