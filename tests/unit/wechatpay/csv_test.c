#include "test.h"

#include "bills.h"

/* The same text with every line end made CRLF. */
static const char *with_crlf(const char *text)
{
	struct buf b = buf_in(mem, 1 << 16);

	for (; *text; text++) {
		if (*text == '\n')
			buf_puts(&b, "\r");
		buf_add(&b, text, 1);
	}
	return buf_text(&b);
}

static const char *without_last(const char *text)
{
	char *copy = arena_strdup(mem, text);

	copy[strlen(copy) - 1] = '\0';
	return copy;
}

static void a_bill_says_the_same_however_it_is_cut(void **state)
{
	const struct {
		const char *says;
		enum bill_kind kind;
		const char *text, *told;
	} cases[] = {
		{"trades", BILL_TRADE, TRADE_BILL, TRADE_TOLD},
		{"trades behind a mark", BILL_TRADE, BOM TRADE_BILL, TRADE_TOLD},
		{"trades, CRLF", BILL_TRADE, with_crlf(BOM TRADE_BILL), TRADE_TOLD},
		{"trades, no end of line", BILL_TRADE, without_last(TRADE_BILL), TRADE_TOLD},
		{"trades, empty lines behind", BILL_TRADE, with_crlf(TRADE_BILL "\n\n"),
			TRADE_TOLD},
		{"movements", BILL_FUNDFLOW, FLOW_BILL, FLOW_TOLD},
		{"movements, CRLF", BILL_FUNDFLOW, with_crlf(BOM FLOW_BILL), FLOW_TOLD},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bytes all = bytes_of(cases[i].text);

		print_message("  %s\n", cases[i].says);
		for (size_t cut = 0; cut <= all.len; cut++) {
			struct wechatpay_csv *r = begin(cases[i].kind);

			assert_int_equal(
				wechatpay_csv_push(r, (struct bytes){all.at, cut}), E_OK);
			assert_int_equal(wechatpay_csv_push(r,
						 (struct bytes){all.at + cut, all.len - cut}),
				E_OK);
			assert_int_equal(wechatpay_csv_end(r), E_OK);
			assert_string_equal(buf_text(&told), cases[i].told);
		}
		struct wechatpay_csv *r = begin(cases[i].kind);
		for (size_t at = 0; at < all.len; at++)
			assert_int_equal(
				wechatpay_csv_push(r, (struct bytes){all.at + at, 1}), E_OK);
		assert_int_equal(wechatpay_csv_end(r), E_OK);
		assert_string_equal(buf_text(&told), cases[i].told);
	}
}

static void columns_are_found_by_name(void **state)
{
	/* clang-format off */
	static const struct {
		const char *says, *text, *told;
		enum bill_kind kind;
	} cases[] = {
		{"an account from before 2018",
			"交易时间,公众账号ID,微信订单号,商户订单号,交易状态,总金额,微信退款单号,"
			"商户退款单号,退款金额,退款状态,商品名称,手续费\n"
			"`2018-08-20 14:40:09,`wx1,`42,`2018082010,`SUCCESS,`0.01,`0,`0,`0,`,`x,`0\n"
			"总交易单数,总交易额,总退款金额,总代金券或立减优惠退款金额,手续费总金额\n"
			"`1,`0.01,`0.0,`0.0,`0",
			"2 2018-08-20T14:40:09+08:00 SUCCESS wx1 42 2018082010 1 - - - 0 x\n",
			BILL_TRADE},
		{"payments alone, in another order",
			"商户订单号,订单金额,交易状态,微信订单号,公众账号ID,交易时间,又一列\n"
			"`A,`1.5,`SUCCESS,`T,`wx1,`2026-01-01 00:00:00,`\n"
			"申请退款总金额,订单总金额,总交易单数\n`0,`1.50,`1\n",
			"2 2026-01-01T00:00:00+08:00 SUCCESS wx1 T A 150 - - - 0 -\n", BILL_TRADE},
		{"full-width brackets",
			"记账时间,资金流水单号,收支类型,收支金额（元）,账户结余（元）\n"
			"`2026-01-01 00:00:00,`F,`支出,`1,`-0.01\n" FLOW_SUMS "`1,`0,`0,`1,`1.0\n",
			"2 2026-01-01T00:00:00+08:00 - F - - out 100 -1 - -\n", BILL_FUNDFLOW},
		{"no business", TRADE SUMS "`0,`0.00,`0.00,`0.00,`0.00000,`0.00,`0.00\n", "",
			BILL_TRADE},
		{"no movement", FLOW FLOW_SUMS "`0,`0,`0.00,`0,`0.00\n", "", BILL_FUNDFLOW},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *fault;

		print_message("  %s\n", cases[i].says);
		assert_int_equal(
			read_bill(cases[i].kind, bytes_of(cases[i].text), &fault), E_OK);
		assert_string_equal(fault, "");
		assert_string_equal(buf_text(&told), cases[i].told);
	}
}

static enum err keep_trade(void *arg, const struct bill_line *line)
{
	struct bill_trade *kept = arg;

	kept[line->number - 2] = *line->trade;
	return E_OK;
}

/* A coupon of the merchant's: the order's sum is not what is settled. */
static void what_is_settled_stands_beside_the_orders_sum(void **state)
{
	static const char text[] =
		"交易时间,微信订单号,商户订单号,交易状态,应结订单金额,代金券金额,微信退款单号,"
		"商户退款单号,退款金额,退款状态,订单金额,申请退款金额\n"
		"`2026-01-01 10:00:00,`42,`A,`SUCCESS,`35.00,`5.00,`0,`0,`0.00,`,`40.00,`0.00\n"
		"`2026-01-01 11:00:00,`42,`A,`REFUND,`0.00,`0.00,`50,`R,`17.50,`SUCCESS,`0.00,`20.00\n"
		"总交易单数,订单总金额,申请退款总金额\n`2,`40.00,`20.00\n";
	struct bill_trade kept[2] = {0};
	struct wechatpay_csv *r = wechatpay_csv_begin(mem, BILL_TRADE, keep_trade, kept);

	(void)state;
	assert_int_equal(wechatpay_csv_push(r, bytes_of(text)), E_OK);
	assert_int_equal(wechatpay_csv_end(r), E_OK);
	assert_int_equal(kept[0].total.fen, 4000);
	assert_int_equal(kept[0].settled.fen, 3500);
	assert_int_equal(kept[1].refund.fen, 2000);
	assert_int_equal(kept[1].settled_refund.fen, 1750);
}

static void the_takers_no_ends_the_reading(void **state)
{
	struct wechatpay_csv *r = begin(BILL_TRADE);

	(void)state;
	answer = E_DB_DOWN;
	assert_int_equal(wechatpay_csv_push(r, bytes_of(TRADE_BILL)), E_DB_DOWN);
	assert_int_equal(wechatpay_csv_push(r, bytes_of(TRADE_BILL)), E_DB_DOWN);
	assert_int_equal(wechatpay_csv_end(r), E_DB_DOWN);
	assert_int_equal(strncmp(buf_text(&told), "2 ", 2), 0);
	assert_null(strstr(buf_text(&told), "\n3 "));
}

static void yuan_become_fen_without_rounding(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		int64_t fen;
		bool good;
	} cases[] = {
		{"0", 0, true}, {"0.00", 0, true}, {"0.01", 1, true}, {"0.1", 10, true},
		{"120.5", 12050, true}, {"120.05", 12005, true}, {"1", 100, true},
		{"-0.30", -30, true}, {"-1", -100, true}, {"007.00", 700, true},
		{"0.29", 29, true}, {"1.15", 115, true}, {"4.35", 435, true}, /* doubles fall short */
		{"92233720368547758.07", INT64_MAX, true},
		{"92233720368547758.08", 0, false}, {"92233720368547759", 0, false},
		{"922337203685477580.7", 0, false}, {"18446744073709551616", 0, false},
		{"0.001", 0, false}, {"0.000", 0, false}, {"1.", 0, false}, {".5", 0, false},
		{"", 0, false}, {"-", 0, false}, {"--1", 0, false}, {"+1", 0, false},
		{" 1", 0, false}, {"1 ", 0, false}, {"1,000.00", 0, false}, {"1e2", 0, false},
		{"0x10", 0, false}, {"1.2.3", 0, false}, {"1.-2", 0, false}, {"１", 0, false},
		{"¥1", 0, false}, {"inf", 0, false}, {"nan", 0, false},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		money m = {-7};

		if (yuan_parse(cases[i].text, &m) != cases[i].good)
			fail_msg("«%s»", cases[i].text);
		if (cases[i].good)
			assert_int_equal(m.fen, cases[i].fen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bill_says_the_same_however_it_is_cut),
		cmocka_unit_test(columns_are_found_by_name),
		cmocka_unit_test(what_is_settled_stands_beside_the_orders_sum),
		cmocka_unit_test(the_takers_no_ends_the_reading),
		cmocka_unit_test(yuan_become_fen_without_rounding),
	};

	return RUN_TESTS(tests);
}
