#include "pay/notice.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/log.h"
#include "message/message.h"
#include "order/ban.h"
#include "order/ending.h"
#include "order/state.h"
#include "pay/refund.h"
#include "work/work.h"

enum { DETAIL_MAX = 1024 };

const char *outcome_word(enum outcome outcome)
{
	static const char *const words[] = {OUTCOMES(WORD_TEXT)};

	return words[outcome];
}

enum outcome notice_judge(const struct channel_payment *p, const struct claim *c)
{
	if (!p->is_payment)
		return OUTCOME_OTHER;
	if (p->state != PAYMENT_PAID)
		return OUTCOME_NOT_SUCCESS;
	if (!p->ours)
		return OUTCOME_WRONG_MERCHANT;
	if (!c->attempt_state)
		return OUTCOME_UNKNOWN_NUMBER;
	if (p->total.fen != c->amount_fen.fen || !p->yuan)
		return OUTCOME_WRONG_AMOUNT;
	if (c->transaction_id)
		return text_same(p->transaction_id, c->transaction_id) ? OUTCOME_REPEAT
								       : OUTCOME_PAID_TWICE;
	if (p->returned)
		return OUTCOME_RETURNED;
	switch (order_state_of(c->order_state)) {
	case ORDER_PENDING:
		return OUTCOME_PAID;
	case ORDER_CLOSING:
		return order_state_of(c->closing_to) == ORDER_CANCELLED ? OUTCOME_LATE
									: OUTCOME_PAID;
	case ORDER_PAID:
		return OUTCOME_SURPLUS;
	default:
		return OUTCOME_LATE;
	}
}

static const struct field claim_fields[] = {
	FIELD(struct claim, attempt_id),
	FIELD(struct claim, order_id),
	FIELD(struct claim, venue_id),
	FIELD(struct claim, account_id),
	FIELD(struct claim, attempt_state),
	FIELD(struct claim, transaction_id, .optional = true),
	FIELD(struct claim, order_state),
	FIELD(struct claim, closing_to, .optional = true),
	FIELD(struct claim, amount_fen),
	FIELD(struct claim, expires_at),
};
static const struct shape claim_shape = SHAPE(struct claim, claim_fields);

/* The order is locked first, as everywhere, then its attempt. */
SQL(claim_order,
	"SELECT id FROM orders WHERE id = (SELECT order_id FROM payment_attempt"
	" WHERE channel = $1 AND out_trade_no = $2) FOR UPDATE");
SQL(claim_by_number,
	"SELECT a.id AS attempt_id, o.id AS order_id, o.venue_id, o.account_id,"
	" a.state AS attempt_state, a.transaction_id, o.state AS order_state, o.closing_to,"
	" a.amount_fen, o.expires_at"
	" FROM payment_attempt a JOIN orders o ON o.id = a.order_id"
	" WHERE a.channel = $1 AND a.out_trade_no = $2 FOR UPDATE OF a");
SQL(notice_insert,
	"INSERT INTO notify_log (channel, notice_id, event, out_trade_no, plaintext, outcome)"
	" VALUES ($1, $2, $3, $4, $5, $6)"
	" ON CONFLICT (channel, notice_id) DO UPDATE SET repeats = notify_log.repeats + 1");
SQL(attempt_paid,
	"UPDATE payment_attempt SET state = $2, transaction_id = $3, payer = $4, paid_at = $5"
	" WHERE id = $1 AND state IN ('created', 'prepaid', 'closed')");
SQL(order_paid,
	"UPDATE orders SET state = 'paid', pay_state = 'paid', paid_fen = amount_fen, paid_at = $2"
	" WHERE id = $1 AND state IN ('pending', 'closing')");
/* The other ways to pay it are of no use any more: the daemon closes them (settle.h). */
SQL(others_to_close,
	"WITH a AS (UPDATE payment_attempt SET ask_at = now(), asked = 0 WHERE order_id = $1"
	"  AND id <> $2 AND state IN ('created', 'prepaid') RETURNING 1)"
	" SELECT pg_notify('" SETTLE_CHANNEL "', '') FROM a LIMIT 1");
SQL(order_items_booked,
	"UPDATE order_item SET state = 'booked' WHERE order_id = $1 AND state = 'held'");

static enum err claim_load(struct tx *tx, const struct channel_payment *p, struct claim *out)
{
	*out = (struct claim){0};
	if (!p->out_trade_no)
		return E_OK;
	db_queue(tx, &claim_order, A(p->channel), A(p->out_trade_no));
	enum err err = db_one(
		tx, &claim_by_number, &claim_shape, out, A(p->channel), A(p->out_trade_no));
	if (err != E_NOT_FOUND)
		return err;
	*out = (struct claim){0};
	return E_OK;
}

static void money_came(struct tx *tx, const struct channel_payment *p, const struct claim *c,
	enum attempt_state state)
{
	db_queue_one(tx, &attempt_paid, E_RETRY, A(c->attempt_id), A(attempt_state_word(state)),
		A(p->transaction_id), A(p->payer), A(p->paid_at));
}

static enum err tell(struct tx *tx, enum message_kind kind, const struct claim *c)
{
	return message_tell(tx, kind,
		&(struct message_about){.order_id = c->order_id, .venue_id = c->venue_id});
}

static enum err fulfil(struct tx *tx, const struct channel_payment *p, const struct claim *c)
{
	money_came(tx, p, c, ATTEMPT_PAID);
	db_queue_one(tx, &order_paid, E_RETRY, A(c->order_id), A(p->paid_at));
	db_queue(tx, &order_items_booked, A(c->order_id));
	db_queue(tx, &others_to_close, A(c->order_id), A(c->attempt_id));
	return tell(tx, MESSAGE_ORDER_PAID, c);
}

static enum err bring_back(
	struct tx *tx, const struct channel_payment *p, const struct claim *c)
{
	money_came(tx, p, c, ATTEMPT_PAID);
	db_queue(tx, &others_to_close, A(c->order_id), A(c->attempt_id));
	TRY(tell(tx, MESSAGE_ORDER_PAID, c));
	return tell(tx, MESSAGE_ORDER_RETAKEN, c);
}

/* Why the order could not have the money. The customer reads it, also behind
 * «付款到账时» (tell/text.c). */
static const char *reason_of(struct arena *mem, enum outcome outcome, enum err why)
{
	if (outcome == OUTCOME_SURPLUS)
		return "重复支付，全额退款";
	if (why == E_ORDER_CANCELLED)
		return "订单已由您取消，全额退款";
	return arena_printf(mem, "订单已超时，%s，全额退款",
		why == E_SESSION_ENDED ? "账号已停用" : err_info[why].text);
}

static enum err give_back(struct tx *tx, const struct channel_payment *p, const struct claim *c,
	enum outcome outcome, enum err why)
{
	bool surplus = outcome == OUTCOME_SURPLUS;
	int64_t id;

	money_came(tx, p, c, ATTEMPT_SURPLUS);
	return refund_add(tx,
		&(struct refund_new){.attempt_id = c->attempt_id,
			.amount = p->total,
			.cause = surplus ? CAUSE_SURPLUS : CAUSE_LATE,
			.reason = reason_of(tx->mem, outcome, why)},
		&id);
}

static void take_violation_back(struct tx *tx, const struct claim *c)
{
	violations_hold(tx, c->account_id);
	violation_take_back(tx, c->account_id, c->order_id, "已按时付款，渠道通知延迟");
}

/* A log line for every outcome but those in which things go well. */
static void alarm_of(const struct channel_payment *p, enum outcome outcome, const char *number)
{
	if (outcome != OUTCOME_PAID && outcome != OUTCOME_RETAKEN && outcome != OUTCOME_REPEAT)
		log_error("notice_alarm", "%s: %s notice %s, number %s", outcome_word(outcome),
			p->channel, p->id, number ? number : "-");
}

/* A repeat can't cure it, so people must know. */
static enum err strange(struct tx *tx, const struct channel_payment *p, const struct claim *c,
	enum outcome outcome)
{
	struct buf b = buf_in(tx->mem, DETAIL_MAX);

	json_open(&b, NULL, '{');
	json_text(&b, "channel", p->channel);
	json_text(&b, "outcome", outcome_word(outcome));
	json_text(&b, "notice_id", p->id);
	json_text(&b, "out_trade_no", p->out_trade_no);
	json_text(&b, "transaction_id", p->transaction_id);
	json_int(&b, "told_fen", p->total.fen);
	json_close(&b, '}');
	return work_add(
		tx, &(struct work_new){.key = arena_printf(tx->mem, "payment:%s:%s:%s",
					       p->channel, outcome_word(outcome),
					       p->transaction_id ? p->transaction_id : p->id),
			    .kind = WORK_STRANGE_PAYMENT,
			    .venue_id = c->venue_id,
			    .order_id = c->order_id,
			    .detail = buf_text(&b)});
}

/* The money is noted down, and whatever went back stands in a bill (reconcile/cure.c). Who
 * has paid in time has done nothing wrong. */
static enum err returned(struct tx *tx, const struct channel_payment *p, const struct claim *c)
{
	money_came(tx, p, c, ATTEMPT_SURPLUS);
	if (p->paid_at.us < c->expires_at.us)
		take_violation_back(tx, c);
	return strange(tx, p, c, OUTCOME_RETURNED);
}

static enum err act(struct tx *tx, const struct channel_payment *p, const struct claim *c,
	enum outcome outcome, enum err why)
{
	switch (outcome) {
	case OUTCOME_PAID:
		return fulfil(tx, p, c);
	case OUTCOME_RETAKEN:
		return bring_back(tx, p, c);
	case OUTCOME_LATE:
	case OUTCOME_SURPLUS:
		return give_back(tx, p, c, outcome, why);
	case OUTCOME_RETURNED:
		return returned(tx, p, c);
	case OUTCOME_PAID_TWICE:
	case OUTCOME_UNKNOWN_NUMBER:
	case OUTCOME_WRONG_MERCHANT:
	case OUTCOME_WRONG_AMOUNT:
		return strange(tx, p, c, outcome);
	default:
		return E_OK;
	}
}

/* Money for an expired order; *why: E_OK, or why it doesn't come back. A customer who paid
 * in time has done nothing wrong, whoever has the courts now. */
static enum err come_late(struct tx *tx, const struct channel_payment *p, const struct claim *c,
	enum outcome *outcome, enum err *why)
{
	TRY(order_retake(tx, c->order_id, p->paid_at, why));
	if (*why == E_OK) {
		*outcome = OUTCOME_RETAKEN;
	} else if (p->paid_at.us < c->expires_at.us) {
		take_violation_back(tx, c);
	}
	return E_OK;
}

/* Money for an order that is closing: late for a customer who has ordered again. */
static enum err come_while_closing(
	struct tx *tx, const struct claim *c, enum outcome *outcome, enum err *why)
{
	bool replaced;

	TRY(order_is_replaced(tx, c->order_id, c->account_id, &replaced));
	if (replaced) {
		*outcome = OUTCOME_LATE;
		*why = E_ORDER_REPLACED;
	}
	return E_OK;
}

enum err notice_settle(struct tx *tx, const struct channel_payment *told, enum outcome *outcome)
{
	struct channel_payment p = *told;
	struct claim claim;
	enum err why = E_ORDER_CANCELLED;

	if (!p.id) {
		p.id = arena_printf(tx->mem, "query:%s", p.transaction_id);
		p.event = "QUERY";
	}
	TRY(claim_load(tx, &p, &claim));
	*outcome = notice_judge(&p, &claim);
	enum order_state state = order_state_of(claim.order_state);
	if (*outcome == OUTCOME_LATE && state == ORDER_EXPIRED)
		TRY(come_late(tx, &p, &claim, outcome, &why));
	if (*outcome == OUTCOME_PAID && state == ORDER_CLOSING)
		TRY(come_while_closing(tx, &claim, outcome, &why));
	db_queue(tx, &notice_insert, A(p.channel), A(p.id), A(p.event), A(p.out_trade_no),
		A(p.plaintext), A(outcome_word(*outcome)));
	alarm_of(&p, *outcome, p.out_trade_no);
	return act(tx, &p, &claim, *outcome, why);
}

static enum outcome judge_refund(const struct channel_refund *r, enum err found, money amount)
{
	if (!r->is_refund)
		return OUTCOME_OTHER;
	if (found == E_NOT_FOUND)
		return OUTCOME_REFUND_UNKNOWN;
	return r->ours && r->refund.fen == amount.fen ? OUTCOME_REFUND : OUTCOME_REFUND_DIFFERS;
}

enum err notice_refund_settle(
	struct tx *tx, const struct channel_refund *told, enum outcome *outcome)
{
	struct refund refund = {0};
	enum err found = E_NOT_FOUND;

	if (told->is_refund && told->out_refund_no)
		found = refund_by_no(tx, told->channel, told->out_refund_no, &refund);
	if (found != E_OK && found != E_NOT_FOUND)
		return found;
	*outcome = judge_refund(told, found, refund.amount_fen);
	db_queue(tx, &notice_insert, A(told->channel), A(told->id), A(told->event),
		A(found == E_OK ? refund.out_trade_no : NULL), A(told->plaintext),
		A(outcome_word(*outcome)));
	if (*outcome == OUTCOME_REFUND)
		return refund_note(tx, &refund, told);
	struct channel_payment p = {.channel = told->channel,
		.id = told->id,
		.transaction_id = told->out_refund_no,
		.total = told->refund};
	struct claim c = {.venue_id = refund.venue_id, .order_id = refund.order_id};
	alarm_of(&p, *outcome, told->out_refund_no);
	return *outcome == OUTCOME_OTHER ? E_OK : strange(tx, &p, &c, *outcome);
}
