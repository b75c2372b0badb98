#include "reconcile/row.h"

#include "channel/yuan.h"

#include <stdio.h>
#include <string.h>

enum { YUAN_TEXT = 24 };

static struct reconcile_row refund_row(const struct bill_trade *t)
{
	return (struct reconcile_row){.kind = "refund",
		.our_no = t->out_refund_no,
		.their_no = t->refund_id,
		.trade_no = t->out_trade_no,
		.word = t->refund_state,
		.at = t->at,
		.fen = t->refund};
}

static struct reconcile_row trade_row(const struct bill_trade *t)
{
	static const char *const kinds[] = {
		[BILL_PAYMENT] = "payment", [BILL_REVOKED] = "revoked", [BILL_OTHER] = NULL};
	enum bill_state state = bill_state_of(t->state);

	if (state == BILL_REFUND)
		return refund_row(t);
	return (struct reconcile_row){.kind = kinds[state],
		.our_no = t->out_trade_no,
		.their_no = t->transaction_id,
		.word = t->state,
		.at = t->at,
		.fen = t->total};
}

/* "退款总金额0.01元;含手续费0.00元": what the customer got, and how much of it was a
 * fee that came back. */
static money whole_refund(const char *remark, money amount)
{
	static const char before[] = "退款总金额", after[] = "元";
	const char *at = remark ? strstr(remark, before) : NULL;
	const char *end = at ? strstr(at, after) : NULL;
	char text[YUAN_TEXT];
	money whole;

	if (!end)
		return amount;
	at += strlen(before);
	snprintf(text, sizeof(text), "%.*s", (int)(end - at), at);
	return yuan_parse(text, &whole) && whole.fen >= amount.fen ? whole : amount;
}

static struct reconcile_row flow_row(const struct bill_flow *f)
{
	const char *type = f->type ? f->type : f->name ? f->name : "";
	const char *number = f->business_id ? f->business_id : f->voucher;
	struct reconcile_row row = {.kind = "flow_other",
		.our_no = f->voucher,
		.their_no = number ? number : f->flow_id,
		.word = type,
		.at = f->at,
		.fen = f->amount};

	if (strcmp(type, "交易") == 0 && f->is_income)
		row.kind = "flow_payment";
	else if (strcmp(type, "退款") == 0 && !f->is_income) {
		row.kind = "flow_refund";
		row.fen = whole_refund(f->remark, f->amount);
	} else {
		bool is_fee = strstr(type, "手续费") != NULL;

		row.kind = is_fee ? "flow_fee" : "flow_other";
		row.fen.fen *= f->is_income == is_fee ? -1 : 1;
	}
	return row;
}

struct reconcile_row reconcile_row_of(const struct bill_line *line)
{
	return line->trade ? trade_row(line->trade) : flow_row(line->flow);
}

struct reconcile_row reconcile_settled_of(const struct bill_line *line)
{
	const struct bill_trade *t = line->trade;
	struct reconcile_row row = {0};

	if (!t)
		return row;
	bool refund = bill_state_of(t->state) == BILL_REFUND;
	money settled = refund ? t->settled_refund : t->settled;
	row = trade_row(t);
	bool same = !row.kind || row.fen.fen == settled.fen;
	row.kind = same || strcmp(row.kind, "revoked") == 0 ? NULL
		   : refund                                 ? "settled_refund"
							    : "settled_payment";
	row.fen = settled;
	return row;
}
