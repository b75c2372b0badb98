#include "test.h"

#include "base/time.h"
#include "reconcile/day.h"
#include "reconcile/row.h"

#include <string.h>

static stamp at(const char *text)
{
	stamp out;

	assert_true(stamp_parse(text, &out));
	return out;
}

static void a_trade_is_a_payment_a_refund_or_revoked(void **state)
{
	struct bill_trade t = {.state = "SUCCESS",
		.transaction_id = "42",
		.out_trade_no = "A01",
		.total = {4000},
		.refund_id = "50",
		.out_refund_no = "R01",
		.refund_state = "PROCESSING",
		.refund = {100}};
	struct bill_line line = {.trade = &t};
	struct reconcile_row row = reconcile_row_of(&line);

	(void)state;
	assert_string_equal(row.kind, "payment");
	assert_string_equal(row.our_no, "A01");
	assert_string_equal(row.their_no, "42");
	assert_int_equal(row.fen.fen, 4000);
	t.state = "REFUND";
	row = reconcile_row_of(&line);
	assert_string_equal(row.kind, "refund");
	assert_string_equal(row.our_no, "R01");
	assert_string_equal(row.their_no, "50");
	assert_string_equal(row.trade_no, "A01");
	assert_string_equal(row.word, "PROCESSING");
	assert_int_equal(row.fen.fen, 100);
	t.state = "REVOKED";
	row = reconcile_row_of(&line);
	assert_string_equal(row.kind, "revoked");
	assert_string_equal(row.our_no, "A01");
	t.state = "NEW";
	assert_null(reconcile_row_of(&line).kind);
}

static void what_is_settled_is_told_where_it_is_another_sum(void **state)
{
	struct bill_trade t = {.state = "SUCCESS",
		.transaction_id = "42",
		.out_trade_no = "A01",
		.total = {4000},
		.settled = {4000},
		.refund_id = "50",
		.out_refund_no = "R01",
		.refund = {100},
		.settled_refund = {100}};
	struct bill_flow flow = {.type = "交易"};
	struct bill_line line = {.trade = &t}, movement = {.flow = &flow};

	(void)state;
	assert_null(reconcile_settled_of(&line).kind);
	t.settled.fen = 3500;
	struct reconcile_row row = reconcile_settled_of(&line);
	assert_string_equal(row.kind, "settled_payment");
	assert_string_equal(row.their_no, "42");
	assert_int_equal(row.fen.fen, 3500);
	t.state = "REFUND";
	assert_null(reconcile_settled_of(&line).kind);
	t.settled_refund.fen = 80;
	row = reconcile_settled_of(&line);
	assert_string_equal(row.kind, "settled_refund");
	assert_string_equal(row.their_no, "50");
	assert_int_equal(row.fen.fen, 80);
	t.state = "REVOKED";
	assert_null(reconcile_settled_of(&line).kind);
	assert_null(reconcile_settled_of(&movement).kind);
}

static void a_movement_is_told_by_its_type_and_direction(void **state)
{
	static const struct {
		const char *type, *name;
		bool is_income;
		const char *kind;
		int64_t fen;
	} cases[] = {
		{"交易", "x", true, "flow_payment", 700},
		{"交易", "x", false, "flow_other", -700},
		{NULL, "交易", true, "flow_payment", 700},
		{"退款", "x", false, "flow_refund", 700},
		{"退款", "x", true, "flow_other", 700}, /* it failed */
		{"扣除交易手续费", "x", false, "flow_fee", 700},
		{"退还交易手续费", "x", true, "flow_fee", -700},
		{"提现", "x", false, "flow_other", -700},
		{NULL, NULL, true, "flow_other", 700},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bill_flow f = {.type = cases[i].type,
			.name = cases[i].name,
			.is_income = cases[i].is_income,
			.amount = {700},
			.flow_id = "F"};
		struct reconcile_row row = reconcile_row_of(&(struct bill_line){.flow = &f});

		if (strcmp(row.kind, cases[i].kind) != 0 || row.fen.fen != cases[i].fen)
			fail_msg("case %zu: %s %lld", i, row.kind, (long long)row.fen.fen);
	}
}

static void a_movement_has_the_best_number_that_is_there(void **state)
{
	struct bill_flow f = {.business_id = "42", .voucher = "A01", .flow_id = "F"};
	struct bill_line line = {.flow = &f};

	(void)state;
	assert_string_equal(reconcile_row_of(&line).their_no, "42");
	f.business_id = NULL;
	assert_string_equal(reconcile_row_of(&line).their_no, "A01");
	f.voucher = NULL;
	assert_string_equal(reconcile_row_of(&line).their_no, "F");
	assert_null(reconcile_row_of(&line).our_no);
}

/* With the fee that came back taken off; the remark has the whole sum. */
static void a_returned_payment_is_counted_whole(void **state)
{
	static const struct {
		const char *remark;
		int64_t fen;
	} cases[] = {
		{NULL, 994},
		{"", 994},
		{"退款总金额10.00元;含手续费0.06元", 1000},
		{"备注 退款总金额10元;含手续费0.06元", 1000},
		{"退款总金额9.00元;含手续费0.06元", 994}, /* less than what left */
		{"退款总金额十元", 994},
		{"退款总金额10.00", 994},
		{"退款总金额10.001元;含手续费0.061元", 994},
		{"退款总金额00000000000000000000000000010元", 994},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bill_flow f = {.type = "退款",
			.amount = {994},
			.remark = cases[i].remark,
			.flow_id = "F"};
		struct reconcile_row row = reconcile_row_of(&(struct bill_line){.flow = &f});

		if (row.fen.fen != cases[i].fen)
			fail_msg("%s: %lld", cases[i].remark, (long long)row.fen.fen);
	}
}

static void a_day_begins_at_midnight_in_china(void **state)
{
	static const struct {
		const char *at, *day;
	} cases[] = {
		{"2026-11-22T00:00:00+08:00", "2026-11-22"},
		{"2026-11-22T23:59:59.999999+08:00", "2026-11-22"},
		{"2026-11-21T16:00:00Z", "2026-11-22"},
		{"2026-11-21T15:59:59Z", "2026-11-21"},
		{"1970-01-01T00:00:00+08:00", "1970-01-01"},
		{"1970-01-01T00:00:00+14:00", "1969-12-31"},
	};
	char text[DATE_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		date day = china_day(at(cases[i].at));

		assert_string_equal(date_write(text, day), cases[i].day);
		assert_true(china_midnight(day).us <= at(cases[i].at).us);
		assert_true(china_midnight((date){day.days + 1}).us > at(cases[i].at).us);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trade_is_a_payment_a_refund_or_revoked),
		cmocka_unit_test(what_is_settled_is_told_where_it_is_another_sum),
		cmocka_unit_test(a_movement_is_told_by_its_type_and_direction),
		cmocka_unit_test(a_movement_has_the_best_number_that_is_there),
		cmocka_unit_test(a_returned_payment_is_counted_whole),
		cmocka_unit_test(a_day_begins_at_midnight_in_china),
	};

	return RUN_TESTS(tests);
}
