/* What a word of the channel may do to an order. Money is at stake: besides
 * the table, every combination is held against a second, plain judgement. */
#include "test.h"

#include "base/settings.h"
#include "pay/notice.h"
#include "wechatpay/trade.h"

#include <string.h>

#define OURS "1900000001"
#define APP "wx0123456789abcdef"

/* clang-format off */
static const struct wechatpay_payment paid = {
	.id = "N1", .event_type = "TRANSACTION.SUCCESS", .appid = APP, .mchid = OURS,
	.out_trade_no = "202611230000001024A01", .transaction_id = "4200000001",
	.trade_state = "SUCCESS", .total = { 4000 }, .currency = "CNY",
};
static const struct claim waiting = {
	.attempt_id = 1, .order_id = 2, .venue_id = 3, .attempt_state = "prepaid",
	.order_state = "pending", .amount_fen = { 4000 },
};
/* clang-format on */

/* One member of the good pair, changed. */
enum member { END, EVENT, STATE, MCHID, APPID, CURRENCY, ATTEMPT, TRANSACTION, ORDER, TO };
struct change {
	enum member what;
	const char *to;
};
enum { CHANGES = 4 };

static enum outcome judge(const struct wechatpay_payment *n, const struct claim *c)
{
	struct channel_payment p;

	wechatpay_payment_of(n, &p);
	return notice_judge(&p, c);
}

static void apply(const struct change *changes, struct wechatpay_payment *n, struct claim *c)
{
	const char **const members[] = {[EVENT] = &n->event_type,
		[STATE] = &n->trade_state,
		[MCHID] = &n->mchid,
		[APPID] = &n->appid,
		[CURRENCY] = &n->currency,
		[ATTEMPT] = &c->attempt_state,
		[TRANSACTION] = &c->transaction_id,
		[ORDER] = &c->order_state,
		[TO] = &c->closing_to};

	for (size_t i = 0; i < CHANGES && changes[i].what != END; i++)
		*members[changes[i].what] = changes[i].to;
}

/* clang-format off */
static const struct {
	const char *says;
	enum outcome outcome;
	struct change changes[CHANGES];
	int64_t more_fen;
} cases[] = {
	{ "a payment pays", OUTCOME_PAID, { { END, NULL } }, 0 },
	{ "before we noted the channel's answer", OUTCOME_PAID, { { ATTEMPT, "created" } }, 0 },
	{ "while the order is being closed", OUTCOME_PAID,
	  { { ORDER, "closing" }, { TO, "expired" } }, 0 },
	{ "after the customer gave it up", OUTCOME_LATE,
	  { { ORDER, "closing" }, { TO, "cancelled" } }, 0 },
	{ "a closed attempt, the order still waits",
	  OUTCOME_PAID, { { ATTEMPT, "closed" } }, 0 },
	{ "paid, and something given back before we knew", OUTCOME_RETURNED,
	  { { STATE, "REFUND" } }, 0 },
	{ "that when the order has expired", OUTCOME_RETURNED,
	  { { STATE, "REFUND" }, { ORDER, "expired" } }, 0 },
	{ "that of one known as paid", OUTCOME_REPEAT,
	  { { STATE, "REFUND" }, { TRANSACTION, "4200000001" }, { ORDER, "paid" } }, 0 },
	{ "a refund's notice", OUTCOME_OTHER, { { EVENT, "REFUND.SUCCESS" } }, 0 },
	{ "an event that only begins like ours",
	  OUTCOME_OTHER, { { EVENT, "TRANSACTIONS" } }, 0 },
	{ "the answer to a query has no event", OUTCOME_PAID, { { EVENT, NULL } }, 0 },
	{ "not paid", OUTCOME_NOT_SUCCESS, { { STATE, "NOTPAY" } }, 0 },
	{ "closed at the channel", OUTCOME_NOT_SUCCESS, { { STATE, "CLOSED" } }, 0 },
	{ "still paying", OUTCOME_NOT_SUCCESS, { { STATE, "USERPAYING" } }, 0 },
	{ "a state in small letters", OUTCOME_NOT_SUCCESS, { { STATE, "success" } }, 0 },
	{ "no state", OUTCOME_NOT_SUCCESS, { { STATE, NULL } }, 0 },
	{ "another merchant", OUTCOME_WRONG_MERCHANT, { { MCHID, "1900000002" } }, 0 },
	{ "no merchant", OUTCOME_WRONG_MERCHANT, { { MCHID, NULL } }, 0 },
	{ "another app of the same merchant",
	  OUTCOME_WRONG_MERCHANT, { { APPID, "wxother" } }, 0 },
	{ "no app", OUTCOME_WRONG_MERCHANT, { { APPID, NULL } }, 0 },
	{ "a number that we never gave", OUTCOME_UNKNOWN_NUMBER,
	  { { ATTEMPT, NULL }, { ORDER, NULL } }, 0 },
	{ "a fen too little", OUTCOME_WRONG_AMOUNT, { { END, NULL } }, -1 },
	{ "a fen too much", OUTCOME_WRONG_AMOUNT, { { END, NULL } }, 1 },
	{ "nothing", OUTCOME_WRONG_AMOUNT, { { END, NULL } }, -4000 },
	{ "the sum in dollars", OUTCOME_WRONG_AMOUNT, { { CURRENCY, "USD" } }, 0 },
	{ "no currency, so the usual one", OUTCOME_PAID, { { CURRENCY, NULL } }, 0 },
	{ "the same again", OUTCOME_REPEAT,
	  { { ATTEMPT, "paid" }, { TRANSACTION, "4200000001" }, { ORDER, "paid" } }, 0 },
	{ "another payment on the same number", OUTCOME_PAID_TWICE,
	  { { ATTEMPT, "paid" }, { TRANSACTION, "4200000002" }, { ORDER, "paid" } }, 0 },
	{ "another one on what was booked as surplus", OUTCOME_PAID_TWICE,
	  { { ATTEMPT, "surplus" }, { TRANSACTION, "4200000002" }, { ORDER, "expired" } }, 0 },
	{ "what was booked as surplus, again", OUTCOME_REPEAT,
	  { { ATTEMPT, "surplus" }, { TRANSACTION, "4200000001" }, { ORDER, "expired" } }, 0 },
	{ "a repeat with another sum is no repeat", OUTCOME_WRONG_AMOUNT,
	  { { ATTEMPT, "paid" }, { TRANSACTION, "4200000001" }, { ORDER, "paid" } }, -3999 },
	{ "after the order expired", OUTCOME_LATE, { { ORDER, "expired" } }, 0 },
	{ "after the customer cancelled", OUTCOME_LATE,
	  { { ATTEMPT, "closed" }, { ORDER, "cancelled" } }, 0 },
	{ "after another attempt paid", OUTCOME_SURPLUS, { { ORDER, "paid" } }, 0 },
};
/* clang-format on */

static void notices_are_judged_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct wechatpay_payment n = paid;
		struct claim c = waiting;

		apply(cases[i].changes, &n, &c);
		n.total.fen += cases[i].more_fen;
		enum outcome outcome = judge(&n, &c);
		if (outcome != cases[i].outcome)
			fail_msg("%s: %s", cases[i].says, outcome_word(outcome));
	}
}

static const char *const events[] = {"TRANSACTION.SUCCESS", "REFUND.SUCCESS", NULL};
static const char *const states[] = {"SUCCESS", "REFUND", "NOTPAY", "CLOSED", "REVOKED",
	"USERPAYING", "PAYERROR", "ACCEPT", "", NULL};
static const char *const mchids[] = {OURS, "1900000002", "", NULL};
static const char *const appids[] = {APP, "wxother", "", NULL};
static const char *const currencies[] = {"CNY", "USD", "cny", NULL};
static const int64_t sums[] = {4000, 3999, 4001, 0, -4000, 400000};
static const char *const attempts[] = {"created", "prepaid", "closed", "paid", "surplus", NULL};
static const char *const transactions[] = {NULL, "4200000001", "4200000002"};
static const char *const orders[] = {
	"pending", "closing", "expired", "cancelled", "paid", "", NULL};

/* The first entries of the lists are the good ones; `pick` takes the number
 * apart, digit by digit. */
static size_t pick(size_t *number, size_t count)
{
	size_t digit = *number % count;

	*number /= count;
	return digit;
}

static void nothing_but_a_full_match_pays(void **state)
{
	size_t combinations = COUNT_OF(events) * COUNT_OF(states) * COUNT_OF(mchids) *
			      COUNT_OF(appids) * COUNT_OF(currencies) * COUNT_OF(sums) *
			      COUNT_OF(attempts) * COUNT_OF(transactions) * COUNT_OF(orders);
	size_t paying = 0;

	(void)state;
	for (size_t i = 0; i < combinations; i++) {
		size_t rest = i;
		size_t event = pick(&rest, COUNT_OF(events));
		size_t trade = pick(&rest, COUNT_OF(states));
		size_t mchid = pick(&rest, COUNT_OF(mchids));
		size_t appid = pick(&rest, COUNT_OF(appids));
		size_t currency = pick(&rest, COUNT_OF(currencies));
		size_t sum = pick(&rest, COUNT_OF(sums));
		size_t attempt = pick(&rest, COUNT_OF(attempts));
		size_t transaction = pick(&rest, COUNT_OF(transactions));
		size_t order = pick(&rest, COUNT_OF(orders));
		struct wechatpay_payment n = paid;
		struct claim c = waiting;

		n.event_type = events[event];
		n.trade_state = states[trade];
		n.mchid = mchids[mchid];
		n.appid = appids[appid];
		n.currency = currencies[currency];
		n.total.fen = sums[sum];
		c.attempt_state = attempts[attempt];
		c.transaction_id = transactions[transaction];
		c.order_state = orders[order];
		bool returned = trade == 1 && transaction == 0;
		bool ours = event != 1 && trade <= 1 && mchid == 0 && appid == 0 &&
			    (currency == 0 || !currencies[currency]) && sum == 0 &&
			    attempts[attempt];
		bool want_paid = ours && !returned && transaction == 0 && order <= 1;
		enum outcome outcome = judge(&n, &c);
		paying += want_paid;
		if ((outcome == OUTCOME_PAID) != want_paid)
			fail_msg("combination %zu: %s", i, outcome_word(outcome));
		if ((outcome == OUTCOME_RETURNED) != (ours && returned))
			fail_msg("combination %zu: %s", i, outcome_word(outcome));
		/* money of ours that came is always booked as something */
		if (ours != (outcome == OUTCOME_PAID || outcome == OUTCOME_REPEAT ||
				    outcome == OUTCOME_LATE || outcome == OUTCOME_SURPLUS ||
				    outcome == OUTCOME_PAID_TWICE ||
				    outcome == OUTCOME_RETURNED))
			fail_msg("combination %zu: %s", i, outcome_word(outcome));
	}
	assert_int_equal(paying, 2 * 2 * 5 * 2); /* of half a million */
}

static void what_is_not_set_equals_nothing(void **state)
{
	struct wechatpay_payment n = paid;

	(void)state;
	settings.wx_appid = NULL;
	n.appid = NULL;
	assert_int_equal(judge(&n, &waiting), OUTCOME_WRONG_MERCHANT);
	settings.wx_appid = APP;
}

static void every_outcome_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (enum outcome a = 0; a <= OUTCOME_OTHER; a++) {
		assert_true(strlen(outcome_word(a)) > 0);
		for (enum outcome b = 0; b < a; b++)
			assert_string_not_equal(outcome_word(a), outcome_word(b));
	}
}

static int begin(void **state)
{
	(void)state;
	settings.wxpay_mchid = OURS;
	settings.wx_appid = APP;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notices_are_judged_by_the_table),
		cmocka_unit_test(nothing_but_a_full_match_pays),
		cmocka_unit_test(what_is_not_set_equals_nothing),
		cmocka_unit_test(every_outcome_has_a_word_of_its_own),
	};

	return RUN_TESTS_BETWEEN(begin, tests, NULL);
}
