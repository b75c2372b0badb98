/* The words that customers read. */
#include "test.h"

#include "base/err.h"
#include "tell/text.h"

#include <string.h>

static const struct inbox_facts order = {.state = "paid",
	.venue = "星河羽毛球馆",
	.places = "11月24日 20:00–21:00 1 号场",
	.periods = 1,
	.sum = {6005}};

static const struct {
	const char *kind, *state, *cause, *title, *text;
} cases[] = {
	{"order.paid", "paid", NULL, "支付成功",
		"星河羽毛球馆 11月24日 20:00–21:00 1 号场，已付 60.05 元。"
		"到场出示核销码即可入场。"},
	{"order.ended", "expired", NULL, "订单已超时",
		"星河羽毛球馆 11月24日 20:00–21:00 1 号场 的订单未在规定时间内支付，"
		"已自动取消，场地不再保留。"},
	{"order.ended", "cancelled", NULL, "订单已取消",
		"星河羽毛球馆 11月24日 20:00–21:00 1 号场 的订单已取消，未产生费用。"},
	{"order.paid", "cancelled", NULL, "支付成功",
		"星河羽毛球馆 11月24日 20:00–21:00 1 号场，已付 60.05 元，其后已取消。"},
	{"order.cancelled", "paid", NULL, "场地已取消",
		"您取消了 星河羽毛球馆 11月24日 20:00–21:00 1 号场。"
		"按该订单的退改规则，这次没有退款。"},
	{"ban.created", "in_force", NULL, "暂停预订",
		"漏水，暂停预订，2026年12月30日 20:15 恢复。"
		"已付款的订单不受影响，如有疑问请联系球馆。"},
	{"ban.ended", "over", NULL, "恢复预订", "暂停预订已结束，您可以正常预订了。"},
	{"order.ended", "cancelled", "venue", "订单已取消",
		"球馆取消了 星河羽毛球馆 11月24日 20:00–21:00 1 号场 的订单，"
		"原因：漏水，未产生费用。"},
	{"order.cancelled", "paid", "venue", "场地已取消",
		"球馆取消了 星河羽毛球馆 11月24日 20:00–21:00 1 号场，原因：漏水。"
		"该订单的款项此前已经退还。"},
	{"order.retaken", "paid", NULL, "付款已到账，场地仍为您保留",
		"付款到账时订单已超时，但场地尚未被他人预订，订单已恢复："
		"星河羽毛球馆 11月24日 20:00–21:00 1 号场，已付 60.05 元。"},
	{"refund.created", "created", "late", "退款已受理",
		"付款到账时漏水"
		"（星河羽毛球馆 11月24日 20:00–21:00 1 号场）。"
		"退款 60.05 元，将原路退回您的支付账户。"},
	{"refund.created", "created", "cancel", "退款已受理",
		"您取消了预订，按该订单的退改规则退款"
		"（星河羽毛球馆 11月24日 20:00–21:00 1 号场）。"
		"退款 60.05 元，将原路退回您的支付账户。"},
	{"refund.created", "accepted", "staff", "退款已受理",
		"球馆退款，原因：漏水"
		"（星河羽毛球馆 11月24日 20:00–21:00 1 号场）。"
		"退款 60.05 元，将原路退回您的支付账户。"},
	{"refund.created", "created", "venue", "球馆取消了您的预订",
		"球馆取消了您的预订，原因：漏水，全额退款"
		"（星河羽毛球馆 11月24日 20:00–21:00 1 号场）。"
		"退款 60.05 元，将原路退回您的支付账户。"},
	{"refund.delayed", "created", "late", "退款延迟",
		"星河羽毛球馆 11月24日 20:00–21:00 1 号场 的退款 60.05 元 暂未完成，"
		"系统和球馆会继续处理，无需重复申请，到账后会通知您。"},
	{"refund.stuck", "stuck", "cancel", "退款未能原路退回",
		"星河羽毛球馆 11月24日 20:00–21:00 1 号场 的退款 60.05 元 未能退回您的支付账户。"
		"您的申请仍然有效，球馆会重新发起或以其他方式退还，无需再次申请。"},
	{"refund.done", "succeeded", "late", "退款已完成",
		"星河羽毛球馆 11月24日 20:00–21:00 1 号场 的退款 60.05 元 "
		"已原路退回您的支付账户。"},
	{"refund.done", "by_hand", "late", "退款已完成",
		"星河羽毛球馆 11月24日 20:00–21:00 1 号场 的退款 60.05 元 "
		"已由球馆以其他方式退还。"},
};

static void each_kind_has_its_words(void **state)
{
	const char *title, *text;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct inbox_facts t = order;

		t.state = cases[i].state;
		t.cause = cases[i].cause;
		t.reason = cases[i].cause || strcmp(cases[i].kind, "ban.created") == 0 ? "漏水"
										       : NULL;
		t.until = "2026年12月30日 20:15";
		assert_true(inbox_text_write(mem, cases[i].kind, &t, &title, &text));
		assert_string_equal(title, cases[i].title);
		assert_string_equal(text, cases[i].text);
	}
}

static void what_came_back_to_life_has_not_ended(void **state)
{
	const char *title, *text;

	(void)state;
	assert_false(inbox_text_write(mem, "order.ended", &order, &title, &text));
	assert_false(inbox_text_write(mem, "order.created", &order, &title, &text));
}

static void of_a_ban_only_what_is_still_true_is_told(void **state)
{
	const char *title, *text;
	struct inbox_facts t = order;

	(void)state;
	t.state = "over";
	assert_false(inbox_text_write(mem, "ban.created", &t, &title, &text));
	t.state = "in_force";
	assert_false(inbox_text_write(mem, "ban.ended", &t, &title, &text));
}

static void an_order_that_ended_before_its_money_came_is_not_called_free(void **state)
{
	const char *title, *text;
	struct inbox_facts t = order;

	(void)state;
	t.late_fen = (money){6005};
	t.state = "cancelled";
	assert_true(inbox_text_write(mem, "order.ended", &t, &title, &text));
	assert_non_null(strstr(text, "的订单已取消。之后才到账的 60.05 元 全额退款。"));
	t.state = "expired";
	assert_true(inbox_text_write(mem, "order.ended", &t, &title, &text));
	assert_non_null(strstr(text, "场地不再保留。之后才到账的 60.05 元 全额退款。"));
}

static void a_free_order_that_is_given_up_has_cost_nothing(void **state)
{
	const char *title, *text;
	struct inbox_facts t = order;

	(void)state;
	t.sum = (money){0};
	assert_true(inbox_text_write(mem, "order.cancelled", &t, &title, &text));
	assert_non_null(strstr(text, "未产生费用"));
}

static void a_free_order_is_booked_and_not_paid(void **state)
{
	const char *title, *text;
	struct inbox_facts t = order;

	(void)state;
	t.sum = (money){0};
	assert_true(inbox_text_write(mem, "order.paid", &t, &title, &text));
	assert_string_equal(title, "预订成功");
	assert_non_null(strstr(text, "，免费。到场出示核销码即可入场。"));
}

static void of_many_periods_the_number_is_told(void **state)
{
	const char *title, *text;
	struct inbox_facts t = order;

	(void)state;
	t.places = "甲、乙、丙";
	t.periods = 3;
	assert_true(inbox_text_write(mem, "order.paid", &t, &title, &text));
	assert_non_null(strstr(text, "甲、乙、丙，"));
	t.periods = 4;
	assert_true(inbox_text_write(mem, "order.paid", &t, &title, &text));
	assert_non_null(strstr(text, "甲、乙、丙等 4 场，"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_words),
		cmocka_unit_test(what_came_back_to_life_has_not_ended),
		cmocka_unit_test(of_a_ban_only_what_is_still_true_is_told),
		cmocka_unit_test(an_order_that_ended_before_its_money_came_is_not_called_free),
		cmocka_unit_test(a_free_order_that_is_given_up_has_cost_nothing),
		cmocka_unit_test(a_free_order_is_booked_and_not_paid),
		cmocka_unit_test(of_many_periods_the_number_is_told),
	};

	return RUN_TESTS(tests);
}
