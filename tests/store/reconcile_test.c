/* What a day's bills and our rows come to, by class; the edges of the day. */
#include "ledger.h"

static struct reconcile_result r;

static void reconciled(const char *wanted)
{
	assert_int_equal(run(&r), E_OK);
	assert_string_equal(diffs(), wanted);
	assert_string_equal(of_run("state"), "done");
	assert_int_equal(work_where("true"),
		r.only_ours + r.only_theirs + r.amount + r.state); /* one entry each */
	assert_int_equal(count(owner, "SELECT count(*) FROM reconcile_line"), 0);
}

static void what_agrees_leaves_nothing_to_do(void **state)
{
	(void)state;
	int64_t a = make_attempt("AG1", "paid", "10:00:00", "42AG1");
	make_attempt("AG2", "surplus", "11:00:00", "42AG2");
	say(owner, "UPDATE payment_attempt SET refunded_fen = 4000 WHERE out_trade_no = 'AG2'");
	make_attempt("AG3", "closed", NULL, NULL); /* and nobody has paid it */
	make_refund(a, "AG1R01", "succeeded", "12:00:00", 1000);
	make_refund(a, "AG1R02", "accepted", "13:00:00", 500);
	paid_line("10:00:00", "AG1", "42AG1", 4000);
	paid_line("11:00:00", "AG2", "42AG2", 4000);
	refund_line("12:00:00", "AG1R01", "SUCCESS", 1000, "AG1");
	refund_line("13:00:00", "AG1R02", "PROCESSING", 500, "AG1");
	reconciled("");
	assert_int_equal(r.open + r.returned, 0);
	assert_string_equal(of_run("concat_ws(' ', tries, trade_hash, flow_hash, payments,"
				   " payments_fen, refunds, refunds_fen, flows, flow_in_fen,"
				   " flow_back_fen, our_payments, our_payments_fen)"),
		"1 0123 4567 2 8000 2 1500 4 8000 1500 2 8000");
	assert_int_equal(bank->asks, 0);
}

static void payments_that_differ_are_told_by_class(void **state)
{
	(void)state;
	make_attempt("P-OURS", "paid", "10:00:00", "42P1");
	make_attempt("P-SUM", "paid", "10:00:00", "42P2");
	make_attempt("P-OTHER", "paid", "10:00:00", "42P3");
	make_attempt("P-UNPAID", "closed", NULL, NULL);
	make_attempt("P-TAKEN", "paid", "10:00:00", "42P5");
	make_attempt("P-SUM-UNPAID", "closed", NULL, NULL);
	paid_line("10:00:00", "P-SUM", "42P2", 4001);
	paid_line("10:00:00", "P-OTHER", "42ELSE", 4000);
	paid_line("10:00:00", "P-UNPAID", "42P4", 4000);
	paid_line("10:00:00", "P-NOBODY", "42P6", 4000);
	paid_line("10:00:00", "P-TAKEN", "42P5", 4000);
	paid_line("10:00:00", "P-SUM-UNPAID", "42P7", 3999);
	trade_line("REVOKED", "10:05:00", "P-TAKEN", "42P5", 4000);
	reconciled(
		"amount payment P-SUM, amount payment P-SUM-UNPAID,"
		" only_ours payment P-OURS, only_theirs payment P-NOBODY,"
		" state payment P-OTHER, state payment P-TAKEN, state payment P-UNPAID");
	assert_int_equal(bank->asks, 1); /* about P-UNPAID, and nothing new was heard */
	assert_int_equal(r.open, 7);
	assert_int_equal(work_where("order_id IS NOT NULL AND venue_id IS NOT NULL"), 6);
	assert_int_equal(work_where("key = 'reconcile:wechat:' || (detail->>'day') ||"
				    " ':amount:payment:P-SUM' AND detail->>'ours_fen' = '4000'"
				    " AND detail->>'theirs_fen' = '4001' AND done_at IS NULL"),
		1);
}

static void refunds_that_differ_are_told_by_class(void **state)
{
	(void)state;
	int64_t a = make_attempt("R1", "paid", "01:00:00", "42R1");
	/* clang-format off */
	const char *const cases[][3] = {
		{"R-DONE", "succeeded", "SUCCESS"},
		{"R-LAGS", "accepted", "SUCCESS"}, /* told */
		{"R-RUNS", "accepted", "PROCESSING"},
		{"R-UNHEARD", "created", "PROCESSING"}, /* told */
		{"R-STUCK", "stuck", "CHANGE"},
		{"R-BY-HAND", "by_hand", "SUCCESS"}, /* told: paid twice */
		{"R-VOID", "void", "SUCCESS"}, /* told */
		{"R-ENDED", "void", "FAIL"},
		{"R-FAILED", "succeeded", "FAIL"}, /* told */
	};
	/* clang-format on */

	paid_line("01:00:00", "R1", "42R1", 4000);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		make_refund(a, cases[i][0], cases[i][1], "12:00:00", 100);
		refund_line("12:00:00", cases[i][0], cases[i][2], 100, "R1");
	}
	make_refund(a, "R-OURS", "succeeded", "12:00:00", 100);
	make_refund(a, "R-UNSENT", "created", "12:00:00", 100);
	make_refund(a, "R-SUM", "succeeded", "12:00:00", 100);
	make_refund(a, "R-PAYMENT", "succeeded", "12:00:00", 100);
	refund_line("12:00:00", "R-SUM", "SUCCESS", 101, "R1");
	refund_line("12:00:00", "R-PAYMENT", "SUCCESS", 100, "R2");
	refund_line("12:00:00", "R-NOBODY", "SUCCESS", 100, "R1");
	reconciled(
		"amount refund R-SUM, only_ours refund R-OURS, only_theirs refund R-NOBODY,"
		" state refund R-BY-HAND, state refund R-FAILED, state refund R-LAGS,"
		" state refund R-PAYMENT, state refund R-UNHEARD, state refund R-VOID");
	assert_int_equal(r.open, 9);
	assert_string_equal(say(owner,
				    "SELECT string_agg(r.out_refund_no, ' ' ORDER BY 1) FROM"
				    " work_item w JOIN refund r ON r.id = w.refund_id"
				    " WHERE w.kind = 'refunded_twice'"
				    " AND w.key = 'refunded_twice:' || r.id"),
		"R-BY-HAND R-VOID");
	assert_int_equal(work_where("detail->>'number' IN ('R-BY-HAND', 'R-VOID')"), 2);
	assert_string_equal(
		say(owner,
			"SELECT string_agg(out_refund_no, ' ' ORDER BY 1) FROM"
			" refund WHERE run_at <= now() AND out_refund_no LIKE 'R-%'"),
		"R-NOBODY R-LAGS R-UNHEARD"); /* the daemon asks now */
}

/* A coupon that the channel doesn't settle: the account moves by less than the order's sum,
 * there and back, and that is as it should be. */
static void what_a_coupon_paid_is_missed_by_nobody(void **state)
{
	(void)state;
	int64_t a = make_attempt("COUPON", "paid", "01:00:00", "42COUPON");
	int64_t b = make_attempt("WHOLE", "paid", "02:00:00", "42WHOLE");

	make_refund(a, "COUPON-R", "succeeded", "12:00:00", 4000);
	trade_line("SUCCESS", "01:00:00", "COUPON", "42COUPON", 4000);
	bank->trades[0].coupon = 500;
	flow_line("交易", "01:00:00", "COUPON", "42COUPON", 3500);
	refund_line("12:00:00", "COUPON-R", "SUCCESS", 4000, "COUPON");
	bank->trades[1].coupon = 500;
	bank->flows[1].fen = 3500;
	paid_line("02:00:00", "WHOLE", "42WHOLE", 4000);
	for (int i = 0; i < 2; i++)
		reconciled("");
	assert_string_equal(of_run("payments_fen || ' ' || flow_in_fen"), "8000 7500");
	assert_int_equal(
		count(owner,
			arena_printf(mem,
				"SELECT sum(came_fen) FROM ledger_day"
				" WHERE day = (SELECT (paid_at AT TIME ZONE 'Asia/Shanghai')"
				"::date FROM payment_attempt WHERE id = %lld)",
				(long long)b)),
		7500);
	bank->flows[0].fen = 4000; /* and this is not as it should be */
	reconciled("amount flow_payment COUPON");
}

/* Of the day are its first second and its last, and none besides. */
static void the_day_ends_at_midnight_in_china(void **state)
{
	(void)state;
	date day = bank->day;

	make_attempt("E-FIRST", "paid", "00:00:00", "42E1");
	make_attempt("E-LAST", "paid", "23:59:59", "42E2");
	bank->day.days++;
	make_attempt("E-NEXT", "paid", "00:00:00", "42E3");
	bank->day.days -= 2;
	make_attempt("E-BEFORE", "paid", "23:59:59", "42E4");
	bank->day = day;
	reconciled("only_ours payment E-FIRST, only_ours payment E-LAST");
	bank->day.days++;
	reconciled("only_ours payment E-NEXT");
	bank->day.days -= 2;
	reconciled("only_ours payment E-BEFORE");
}

static void a_payment_that_we_date_otherwise_is_no_difference(void **state)
{
	(void)state;
	date day = bank->day;

	make_attempt("D-1", "paid", "23:59:59", "42D1");
	bank->day.days++;
	paid_line("00:00:00", "D-1", "42D1", 4000);
	reconciled("");
	bank->day = day;
}

static void a_refund_near_midnight_may_be_in_the_next_days_bill(void **state)
{
	(void)state;
	int64_t a = make_attempt("N1", "paid", "10:00:00", "42N1");

	paid_line("10:00:00", "N1", "42N1", 4000);
	make_refund(a, "N-FOUND", "succeeded", "23:59:58", 100);
	make_refund(a, "N-LOST", "succeeded", "23:51:00", 100);
	make_refund(a, "N-EARLY", "succeeded", "23:49:59", 100);
	reconciled("only_ours refund N-EARLY");
	no_lines();
	bank->day.days++;
	refund_line("00:00:01", "N-FOUND", "SUCCESS", 100, "N1");
	reconciled("only_ours refund N-LOST");
}

/* Its answer was lost, so we sent it again the next day. */
static void a_refund_may_be_in_an_earlier_bill(void **state)
{
	(void)state;
	int64_t a = make_attempt("L1", "paid", "10:00:00", "42L1");

	paid_line("10:00:00", "L1", "42L1", 4000);
	refund_line("22:00:00", "L-1", "PROCESSING", 100, "L1");
	bank->day.days++;
	make_refund(a, "L-1", "succeeded", "09:00:00", 100);
	bank->day.days--;
	reconciled("");
	no_lines();
	bank->day.days++;
	reconciled("");
}

/* And if it comes in a later one, the entry is closed; unless it is closed already. */
static void a_later_bill_clears_what_was_missed(void **state)
{
	(void)state;
	int64_t a = make_attempt("C1", "paid", "10:00:00", "42C1");

	paid_line("10:00:00", "C1", "42C1", 4000);
	make_refund(a, "C-1", "succeeded", "12:00:00", 100);
	make_refund(a, "C-2", "succeeded", "12:00:00", 100);
	reconciled("only_ours refund C-1, only_ours refund C-2");
	assert_int_equal(r.open, 2);
	say(owner,
		"UPDATE work_item SET done_at = now(), note = '渠道查到了'"
		" WHERE detail->>'number' = 'C-2'");
	no_lines();
	bank->day.days++;
	refund_line("01:00:00", "C-1", "SUCCESS", 100, "C1");
	refund_line("01:00:00", "C-2", "SUCCESS", 100, "C1");
	reconciled("");
	bank->day.days--;
	assert_string_equal(diffs_where("cured_at IS NULL"), "");
	assert_int_equal(work_where("done_at IS NOT NULL"), 2);
	assert_int_equal(work_where("note = '渠道查到了'"), 1);
}

static void the_two_bills_are_compared_with_each_other(void **state)
{
	(void)state;
	int64_t a = make_attempt("F1", "paid", "10:00:00", "42F1");

	make_attempt("F2", "paid", "10:00:00", "42F2");
	make_attempt("F3", "paid", "23:55:00", "42F3");
	make_refund(a, "F-R", "succeeded", "12:00:00", 100);
	paid_line("10:00:00", "F1", "42F1", 4000);
	paid_line("10:00:00", "F2", "42F2", 4000);
	refund_line("12:00:00", "F-R", "SUCCESS", 100, "F1");
	refund_line("12:00:00", "F-FAILED", "FAIL", 100, "F1");
	trade_line("SUCCESS", "23:55:00", "F3", "42F3", 4000); /* booked tomorrow */
	bank->flows[0].fen = 3999;
	bank->flows[1].their_no = "42F4";
	bank->flows[1].no = "F-NOBODY";
	flow_line("交易", "00:05:00", "F0", "42F0", 4000); /* of yesterday */
	flow_line("扣除交易手续费", "10:00:00", "F1", "42F1", -24);
	flow_line("提现", "11:00:00", NULL, "W1", -700);
	reconciled(
		"amount flow_payment F1, only_ours flow_payment F2,"
		" only_theirs flow_payment F-NOBODY, only_theirs refund F-FAILED");
	assert_string_equal(of_run("concat_ws(' ', flow_in_fen, flow_back_fen, flow_fee_fen,"
				   " flow_other_fen)"),
		"11999 100 24 -700");
}

static void without_a_fund_flow_one_entry_says_so(void **state)
{
	(void)state;
	make_attempt("W1", "paid", "10:00:00", "42W1");
	make_attempt("W2", "paid", "10:00:00", "42W2");
	paid_line("10:00:00", "W1", "42W1", 4000);
	paid_line("10:00:00", "W2", "42W2", 4000);
	bank->flow_says = E_NOT_FOUND;
	reconciled("only_ours flow_payment bill");
	assert_string_equal(of_run("flow_hash IS NULL AND trade_hash = '0123'"), "t");
}

static void without_any_business_nothing_is_wrong(void **state)
{
	(void)state;
	bank->trade_says = bank->flow_says = E_NOT_FOUND;
	reconciled("");
}

static void a_number_that_is_in_the_bill_twice_is_a_wrong_sum(void **state)
{
	(void)state;
	make_attempt("T1", "paid", "10:00:00", "42T1");
	paid_line("10:00:00", "T1", "42T1", 4000);
	paid_line("10:00:01", "T1", "42T1", 4000);
	reconciled("amount payment T1");
}

/* Another channel's numbers are its own. */
static void the_other_channels_rows_are_left_alone(void **state)
{
	(void)state;
	int64_t a = make_attempt("A1", "paid", "10:00:00", "42A1");

	make_refund(a, "A-R", "succeeded", "12:00:00", 100);
	say(owner, "UPDATE payment_attempt SET channel = 'alipay' WHERE out_trade_no = 'A1'");
	paid_line("10:00:00", "A1", "42A1", 4000);
	refund_line("12:00:00", "A-R", "SUCCESS", 100, "A1");
	reconciled("only_theirs payment A1, only_theirs refund A-R");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DAY_TEST(what_agrees_leaves_nothing_to_do),
		DAY_TEST(payments_that_differ_are_told_by_class),
		DAY_TEST(refunds_that_differ_are_told_by_class),
		DAY_TEST(what_a_coupon_paid_is_missed_by_nobody),
		DAY_TEST(the_day_ends_at_midnight_in_china),
		DAY_TEST(a_payment_that_we_date_otherwise_is_no_difference),
		DAY_TEST(a_refund_near_midnight_may_be_in_the_next_days_bill),
		DAY_TEST(a_refund_may_be_in_an_earlier_bill),
		DAY_TEST(a_later_bill_clears_what_was_missed),
		DAY_TEST(the_two_bills_are_compared_with_each_other),
		DAY_TEST(without_a_fund_flow_one_entry_says_so),
		DAY_TEST(without_any_business_nothing_is_wrong),
		DAY_TEST(a_number_that_is_in_the_bill_twice_is_a_wrong_sum),
		DAY_TEST(the_other_channels_rows_are_left_alone),
	};

	return RUN_TESTS_BETWEEN(ledger_begin, tests, ledger_end);
}
