#include "wechatpay/cell.h"

#include "base/json.h"
#include "base/time.h"
#include "channel/yuan.h"

#include <stdio.h>
#include <string.h>

enum { TIME_CHARS = 19 };

/* Names in the order of preference: new and old accounts, one or the other kind of
 * brackets. Optional: the column may be missing, the cell empty. */
static const struct field trade_fields[] = {
	FIELD_AS(struct bill_trade, at, "交易时间"),
	FIELD_AS(struct bill_trade, state, "交易状态"),
	FIELD_AS(struct bill_trade, appid, "公众账号ID", .optional = true),
	FIELD_AS(struct bill_trade, transaction_id, "微信订单号"),
	FIELD_AS(struct bill_trade, out_trade_no, "商户订单号"),
	FIELD_AS(struct bill_trade, total, "订单金额|总金额", .max = FEN_MAX),
	FIELD_AS(struct bill_trade, settled, "应结订单金额|订单金额|总金额", .max = FEN_MAX),
	FIELD_AS(struct bill_trade, refund_id, "微信退款单号", .optional = true),
	FIELD_AS(struct bill_trade, out_refund_no, "商户退款单号", .optional = true),
	FIELD_AS(struct bill_trade, refund_state, "退款状态", .optional = true),
	FIELD_AS(struct bill_trade, refund, "申请退款金额|退款金额", .max = FEN_MAX,
		.optional = true),
	FIELD_AS(struct bill_trade, settled_refund, "退款金额|申请退款金额", .max = FEN_MAX,
		.optional = true),
	FIELD_AS(struct bill_trade, description, "商品名称", .optional = true),
};
static const struct field flow_fields[] = {
	FIELD_AS(struct bill_flow, at, "记账时间"),
	FIELD_AS(struct bill_flow, business_id, "微信支付业务单号", .optional = true),
	FIELD_AS(struct bill_flow, flow_id, "资金流水单号"),
	FIELD_AS(struct bill_flow, name, "业务名称", .optional = true),
	FIELD_AS(struct bill_flow, type, "业务类型", .optional = true),
	FIELD_AS(struct bill_flow, is_income, "收支类型"),
	FIELD_AS(struct bill_flow, amount, "收支金额(元)|收支金额（元）", .max = FEN_MAX),
	FIELD_AS(struct bill_flow, balance, "账户结余(元)|账户结余（元）"),
	FIELD_AS(struct bill_flow, remark, "备注", .optional = true),
	FIELD_AS(struct bill_flow, voucher, "业务凭证号", .optional = true),
};

static const struct field trade_sum_fields[] = {
	FIELD_AS(struct wechatpay_trade_sums, lines, "总交易单数"),
	FIELD_AS(struct wechatpay_trade_sums, total, "订单总金额|总交易额"),
	FIELD_AS(struct wechatpay_trade_sums, refund, "申请退款总金额|总退款金额"),
};
static const struct field flow_sum_fields[] = {
	FIELD_AS(struct wechatpay_flow_sums, lines, "资金流水总笔数"),
	FIELD_AS(struct wechatpay_flow_sums, incomes, "收入笔数"),
	FIELD_AS(struct wechatpay_flow_sums, income, "收入金额"),
	FIELD_AS(struct wechatpay_flow_sums, outlays, "支出笔数"),
	FIELD_AS(struct wechatpay_flow_sums, outlay, "支出金额"),
};

const struct shape wechatpay_line_shapes[] = {
	[BILL_TRADE] = SHAPE(struct bill_trade, trade_fields),
	[BILL_FUNDFLOW] = SHAPE(struct bill_flow, flow_fields),
};
const struct shape wechatpay_sum_shapes[] = {
	[BILL_TRADE] = SHAPE(struct wechatpay_trade_sums, trade_sum_fields),
	[BILL_FUNDFLOW] = SHAPE(struct wechatpay_flow_sums, flow_sum_fields),
};
_Static_assert(COUNT_OF(trade_fields) <= WECHATPAY_FIELDS_MAX, "");
_Static_assert(COUNT_OF(flow_fields) <= WECHATPAY_FIELDS_MAX, "");

/* "2026-01-01 18:00:00", in China. */
static bool time_parse(const char *s, stamp *out)
{
	char text[STAMP_TEXT];

	if (strlen(s) != TIME_CHARS || s[10] != ' ')
		return false;
	snprintf(text, sizeof(text), "%.10sT%s+08:00", s, s + 11);
	return stamp_parse(text, out);
}

/* A comma is written as backslash and blank, a line end as backslash and n. */
static void unescape(char *s)
{
	char *to = strchr(s, '\\');

	if (!to)
		return;
	for (s = to; *s; s++) {
		bool escape = *s == '\\' && (s[1] == ' ' || s[1] == 'n');

		*to++ = (char)(!escape ? *s : s[1] == ' ' ? ',' : '\n');
		s += escape;
	}
	*to = '\0';
}

static const char *read_text(const struct field *f, char *s, const char **out)
{
	unescape(s);
	if (!utf8_valid(s, strlen(s)))
		return "not UTF-8";
	if (*s == '\0' && !f->optional)
		return "empty";
	*out = f->optional && (*s == '\0' || strcmp(s, "0") == 0) ? NULL : s;
	return NULL;
}

static const char *read_money(const struct field *f, const char *s, money *out)
{
	if (!yuan_parse(s, out))
		return "no amount of yuan with at most two decimals";
	if (f->max != 0 && (out->fen < f->min || out->fen > f->max))
		return "not within its limits";
	return NULL;
}

static const char *read_direction(const char *s, bool *is_income)
{
	*is_income = strcmp(s, "收入") == 0;
	return *is_income || strcmp(s, "支出") == 0 ? NULL : "neither 收入 nor 支出";
}

const char *wechatpay_cell_read(const struct field *f, char *cell, void *row)
{
	void *at = (char *)row + f->offset;

	switch ((enum kind)f->kind) {
	case K_TEXT:
		return read_text(f, cell, at);
	case K_MONEY:
		return read_money(f, cell, at);
	case K_STAMP:
		return time_parse(cell, at) ? NULL : "no time";
	case K_BOOL:
		return read_direction(cell, at);
	case K_INT:
		return field_read_text(NULL, f, cell, row) == E_OK ? NULL : "no number";
	default:
		return "of an unknown kind";
	}
}
