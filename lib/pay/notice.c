#include "base/log.h"
#include "base/settings.h"
#include "message/message.h"
#include "pay/payment.h"

#include <string.h>

const char *outcome_word(enum outcome outcome)
{
	static const char *const words[] = {
#define X(id, word) word,
		OUTCOME_TABLE(X)
#undef X
	};

	return words[outcome];
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

enum outcome notice_judge(const struct wechat_notice *n, const struct claim *c)
{
	if (!n->event_type || strncmp(n->event_type, "TRANSACTION.", 12) != 0)
		return OUTCOME_OTHER;
	if (!wechat_is_paid(n))
		return OUTCOME_NOT_SUCCESS;
	if (!same(n->mchid, settings.wxpay_mchid) || !same(n->appid, settings.wx_appid))
		return OUTCOME_WRONG_MERCHANT;
	if (!c->attempt_state)
		return OUTCOME_UNKNOWN_NUMBER;
	if (n->total.fen != c->amount_fen.fen || !same(n->currency, "CNY"))
		return OUTCOME_WRONG_AMOUNT;
	if (c->transaction_id)
		return OUTCOME_REPEAT;
	return same(c->order_state, "pending") || same(c->order_state, "closing")
		       ? OUTCOME_PAID
		       : OUTCOME_LATE;
}

static const struct field claim_fields[] = {
	FIELD(struct claim, attempt_id),
	FIELD(struct claim, order_id),
	FIELD(struct claim, venue_id),
	FIELD(struct claim, attempt_state),
	FIELD(struct claim, transaction_id, .optional = true),
	FIELD(struct claim, order_state),
	FIELD(struct claim, amount_fen),
};
static const struct shape claim_shape = SHAPE(struct claim, claim_fields);

/* The order is locked first, as everywhere, then its attempt. */
SQL(claim_order,
	"SELECT id FROM orders WHERE id = (SELECT order_id FROM payment_attempt"
	" WHERE channel = 'wechat' AND out_trade_no = $1) FOR UPDATE");
SQL(claim_by_number,
	"SELECT a.id AS attempt_id, o.id AS order_id, o.venue_id, a.state AS attempt_state,"
	" a.transaction_id, o.state AS order_state, a.amount_fen"
	" FROM payment_attempt a JOIN orders o ON o.id = a.order_id"
	" WHERE a.channel = 'wechat' AND a.out_trade_no = $1 FOR UPDATE OF a");
SQL(notice_insert,
	"INSERT INTO notify_log (channel, notice_id, event, out_trade_no, plaintext, outcome)"
	" VALUES ('wechat', $1, $2, $3, $4, $5)"
	" ON CONFLICT (channel, notice_id) DO UPDATE SET repeats = notify_log.repeats + 1");
SQL(attempt_paid,
	"UPDATE payment_attempt SET state = $2, transaction_id = $3, payer = $4, paid_at = $5"
	" WHERE id = $1 AND state IN ('created', 'prepaid', 'closed')");
SQL(order_paid,
	"UPDATE orders SET state = 'paid', pay_state = 'paid', paid_fen = amount_fen, paid_at = $2"
	" WHERE id = $1 AND state IN ('pending', 'closing')");
SQL(order_items_booked,
	"UPDATE order_item SET state = 'booked' WHERE order_id = $1 AND state = 'held'");

static void queue_money(
	struct tx *tx, const struct wechat_notice *n, const struct claim *c, const char *state)
{
	db_queue_one(tx, &attempt_paid, E_RETRY, A(c->attempt_id), A(state),
		A(n->transaction_id), A(n->payer_openid), A(n->success_time));
}

static enum err fulfil(struct tx *tx, const struct wechat_notice *n, const struct claim *c)
{
	int64_t message_id;

	TRY(ids_take(tx, 1, &message_id));
	queue_money(tx, n, c, "paid");
	db_queue_one(tx, &order_paid, E_RETRY, A(c->order_id), A(n->success_time));
	db_queue(tx, &order_items_booked, A(c->order_id));
	message_add(tx, message_id, "order.paid", c->order_id,
		arena_printf(tx->mem, "{\"order_id\":%lld,\"venue_id\":%lld}",
			(long long)c->order_id, (long long)c->venue_id));
	return E_OK;
}

enum err notice_settle(struct tx *tx, const struct wechat_notice *n, const char *plaintext,
	enum outcome *outcome)
{
	struct claim claim = {0};

	if (n->out_trade_no) {
		db_queue(tx, &claim_order, A(n->out_trade_no));
		enum err err =
			db_one(tx, &claim_by_number, &claim_shape, &claim, A(n->out_trade_no));
		if (err == E_NOT_FOUND)
			claim = (struct claim){0};
		else
			TRY(err);
	}
	*outcome = notice_judge(n, &claim);
	db_queue(tx, &notice_insert, A(n->id), A(n->event_type), A(n->out_trade_no),
		A(plaintext), A(outcome_word(*outcome)));
	if (*outcome == OUTCOME_PAID)
		return fulfil(tx, n, &claim);
	if (*outcome == OUTCOME_LATE)
		queue_money(tx, n, &claim, "surplus");
	if (*outcome != OUTCOME_REPEAT)
		log_error("notice_alarm", "%s: notice %s, number %s", outcome_word(*outcome),
			n->id, n->out_trade_no ? n->out_trade_no : "-");
	return E_OK;
}
