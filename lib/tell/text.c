#include "tell/text.h"

#include "message/bindings.h"
#include "order/state.h"

#include <inttypes.h>
#include <string.h>

static const char *yuan(struct arena *mem, money m)
{
	return arena_printf(mem, "%" PRId64 ".%02" PRId64 " 元", m.fen / 100, m.fen % 100);
}

static const char *what(struct arena *mem, const struct inbox_facts *t)
{
	if (t->periods <= PLACES_NAMED)
		return arena_printf(mem, "%s %s", t->venue, t->places);
	return arena_printf(mem, "%s %s等 %" PRId64 " 场", t->venue, t->places, t->periods);
}

static bool paid(
	struct arena *mem, const struct inbox_facts *t, const char **title, const char **text)
{
	bool kept = order_state_of(t->state) == ORDER_PAID;
	const char *cost =
		t->sum.fen ? arena_printf(mem, "已付 %s", yuan(mem, t->sum)) : "免费";

	*title = t->sum.fen ? "支付成功" : "预订成功";
	*text = arena_printf(mem, "%s，%s%s。", what(mem, t), cost,
		kept ? "。到场出示核销码即可入场" : "，其后已取消");
	return true;
}

/* Money that came when it was over. */
static const char *late(struct arena *mem, const struct inbox_facts *t)
{
	if (t->late_fen.fen == 0)
		return "";
	return arena_printf(mem, "之后才到账的 %s 全额退款。", yuan(mem, t->late_fen));
}

/* Nothing is told of an order that has come back to life since. */
static bool ended(
	struct arena *mem, const struct inbox_facts *t, const char **title, const char **text)
{
	enum order_state state = order_state_of(t->state);

	if (state == ORDER_EXPIRED) {
		*title = "订单已超时";
		*text = arena_printf(mem,
			"%s 的订单未在规定时间内支付，已自动取消，场地不再保留。%s",
			what(mem, t), late(mem, t));
		return true;
	}
	*title = "订单已取消";
	const char *free = t->late_fen.fen ? "" : "，未产生费用";
	*text = t->reason ? arena_printf(mem, "球馆取消了 %s 的订单，原因：%s%s。%s",
				    what(mem, t), t->reason, free, late(mem, t))
			  : arena_printf(mem, "%s 的订单已取消%s。%s", what(mem, t), free,
				    late(mem, t));
	return state == ORDER_CANCELLED;
}

static bool cancelled(
	struct arena *mem, const struct inbox_facts *t, const char **title, const char **text)
{
	bool cost = t->sum.fen > 0;

	*title = "场地已取消";
	*text = t->reason ? arena_printf(mem, "球馆取消了 %s，原因：%s。%s", what(mem, t),
				    t->reason,
				    cost ? "该订单的款项此前已经退还。" : "该订单未产生费用。")
			  : arena_printf(mem, "您取消了 %s。%s", what(mem, t),
				    cost ? "按该订单的退改规则，这次没有退款。"
					 : "该订单未产生费用。");
	return true;
}

static bool retaken(
	struct arena *mem, const struct inbox_facts *t, const char **title, const char **text)
{
	*title = "付款已到账，场地仍为您保留";
	*text = arena_printf(mem,
		"付款到账时订单已超时，但场地尚未被他人预订，订单已恢复：%s，已付 %s。",
		what(mem, t), yuan(mem, t->sum));
	return true;
}

static const char *why(struct arena *mem, const struct inbox_facts *t)
{
	switch (refund_cause_of(t->cause)) {
	case CAUSE_LATE:
		return arena_printf(mem, "付款到账时%s", t->reason);
	case CAUSE_SURPLUS:
		return "同一订单收到了不止一笔付款，多付的一笔全额退款";
	case CAUSE_VENUE:
		return arena_printf(mem, "球馆取消了您的预订，原因：%s，全额退款", t->reason);
	case CAUSE_CANCEL:
		return "您取消了预订，按该订单的退改规则退款";
	default:
		return arena_printf(mem, "球馆退款，原因：%s", t->reason);
	}
}

static bool refund_created(
	struct arena *mem, const struct inbox_facts *t, const char **title, const char **text)
{
	*title = refund_cause_of(t->cause) == CAUSE_VENUE ? "球馆取消了您的预订" : "退款已受理";
	*text = arena_printf(mem, "%s（%s）。退款 %s，将原路退回您的支付账户。", why(mem, t),
		what(mem, t), yuan(mem, t->sum));
	return true;
}

/* Nothing is told of one that has arrived since. */
static bool refund_delayed(
	struct arena *mem, const struct inbox_facts *t, const char **title, const char **text)
{
	enum refund_state state = refund_state_of(t->state);

	*title = "退款延迟";
	*text = arena_printf(mem,
		"%s 的退款 %s 暂未完成，系统和球馆会继续处理，无需重复申请，到账后会通知您。",
		what(mem, t), yuan(mem, t->sum));
	return state == REFUND_CREATED || state == REFUND_ACCEPTED || state == REFUND_STUCK;
}

/* People see to it; nothing is told once they have. */
static bool refund_stuck(
	struct arena *mem, const struct inbox_facts *t, const char **title, const char **text)
{
	*title = "退款未能原路退回";
	*text = arena_printf(mem,
		"%s 的退款 %s 未能退回您的支付账户。您的申请仍然有效，球馆会重新发起或以其他方式"
		"退还，无需再次申请。",
		what(mem, t), yuan(mem, t->sum));
	return refund_state_of(t->state) == REFUND_STUCK;
}

static bool refund_done(
	struct arena *mem, const struct inbox_facts *t, const char **title, const char **text)
{
	bool by_hand = refund_state_of(t->state) == REFUND_BY_HAND;

	*title = "退款已完成";
	*text = arena_printf(mem, "%s 的退款 %s %s。", what(mem, t), yuan(mem, t->sum),
		by_hand ? "已由球馆以其他方式退还" : "已原路退回您的支付账户");
	return true;
}

/* Nothing is told of one that is over already, nor of an end while another goes on. */
static bool ban_created(
	struct arena *mem, const struct inbox_facts *t, const char **title, const char **text)
{
	*title = "暂停预订";
	*text = arena_printf(mem,
		"%s，暂停预订，%s 恢复。已付款的订单不受影响，如有疑问请联系球馆。", t->reason,
		t->until);
	return strcmp(t->state, "in_force") == 0;
}

static bool ban_ended(
	struct arena *mem, const struct inbox_facts *t, const char **title, const char **text)
{
	(void)mem;
	*title = "恢复预订";
	*text = "暂停预订已结束，您可以正常预订了。";
	return strcmp(t->state, "over") == 0;
}

bool inbox_text_write(struct arena *mem, const char *kind, const struct inbox_facts *t,
	const char **title, const char **text)
{
	switch (message_kind_of(kind)) {
	case MESSAGE_ORDER_PAID:
		return paid(mem, t, title, text);
	case MESSAGE_ORDER_ENDED:
		return ended(mem, t, title, text);
	case MESSAGE_ORDER_RETAKEN:
		return retaken(mem, t, title, text);
	case MESSAGE_ORDER_CANCELLED:
		return cancelled(mem, t, title, text);
	case MESSAGE_REFUND_CREATED:
		return refund_created(mem, t, title, text);
	case MESSAGE_REFUND_DELAYED:
		return refund_delayed(mem, t, title, text);
	case MESSAGE_REFUND_STUCK:
		return refund_stuck(mem, t, title, text);
	case MESSAGE_REFUND_DONE:
		return refund_done(mem, t, title, text);
	case MESSAGE_BAN_CREATED:
		return ban_created(mem, t, title, text);
	case MESSAGE_BAN_ENDED:
		return ban_ended(mem, t, title, text);
	default:
		return false;
	}
}
