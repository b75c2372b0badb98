#include "tell/tell.h"

#include <string.h>

enum { NAMED = 3 }; /* periods that places names: see tell.c */

static const char *yuan(struct arena *mem, money m)
{
	return arena_printf(
		mem, "%lld.%02lld 元", (long long)(m.fen / 100), (long long)(m.fen % 100));
}

static const char *what(struct arena *mem, const struct tidings *t)
{
	if (t->periods <= NAMED)
		return arena_printf(mem, "%s %s", t->venue, t->places);
	return arena_printf(mem, "%s %s等 %lld 场", t->venue, t->places, (long long)t->periods);
}

static bool paid(
	struct arena *mem, const struct tidings *t, const char **title, const char **text)
{
	*title = "支付成功";
	*text = arena_printf(
		mem, "%s，已付 %s。到场出示核销码即可入场。", what(mem, t), yuan(mem, t->sum));
	return true;
}

/* An order that has come back to life since has nothing ended. */
static bool ended(
	struct arena *mem, const struct tidings *t, const char **title, const char **text)
{
	if (strcmp(t->state, "expired") == 0) {
		*title = "订单已超时";
		*text = arena_printf(mem,
			"%s 的订单未在规定时间内支付，已自动取消，场地不再保留。",
			what(mem, t));
		return true;
	}
	*title = "订单已取消";
	*text = arena_printf(mem, "%s 的订单已取消，未产生费用。", what(mem, t));
	return strcmp(t->state, "cancelled") == 0;
}

static bool retaken(
	struct arena *mem, const struct tidings *t, const char **title, const char **text)
{
	*title = "付款已到账，场地仍为您保留";
	*text = arena_printf(mem,
		"付款到账时订单已超时，但场地尚未被他人预订，订单已恢复：%s，已付 %s。",
		what(mem, t), yuan(mem, t->sum));
	return true;
}

static const char *why(struct arena *mem, const struct tidings *t)
{
	static const struct {
		const char *cause, *words;
	} known[] = {
		{"late", "付款到账时订单已关闭，场地未能保留，全额退款"},
		{"surplus", "同一订单收到了不止一笔付款，多付的一笔全额退款"},
		{"cancel", "您取消了预订，按该订单的退改规则退款"},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(known[i].cause, t->cause) == 0)
			return known[i].words;
	return arena_printf(mem, "球馆退款，原因：%s", t->reason);
}

static bool refund_created(
	struct arena *mem, const struct tidings *t, const char **title, const char **text)
{
	*title = "退款已受理";
	*text = arena_printf(mem, "%s（%s）。退款 %s，将原路退回您的支付账户。", why(mem, t),
		what(mem, t), yuan(mem, t->sum));
	return true;
}

static bool refund_done(
	struct arena *mem, const struct tidings *t, const char **title, const char **text)
{
	bool by_hand = strcmp(t->state, "by_hand") == 0;

	*title = "退款已完成";
	*text = arena_printf(mem, "%s 的退款 %s %s。", what(mem, t), yuan(mem, t->sum),
		by_hand ? "已由球馆以其他方式退还" : "已原路退回您的支付账户");
	return true;
}

bool tidings_write(struct arena *mem, const char *kind, const struct tidings *t,
	const char **title, const char **text)
{
	static const struct {
		const char *kind;
		bool (*write)(
			struct arena *, const struct tidings *, const char **, const char **);
	} writers[] = {
		{"order.paid", paid},
		{"order.ended", ended},
		{"order.retaken", retaken},
		{"refund.created", refund_created},
		{"refund.done", refund_done},
	};

	for (size_t i = 0; i < COUNT_OF(writers); i++)
		if (strcmp(writers[i].kind, kind) == 0)
			return writers[i].write(mem, t, title, text);
	return false;
}
