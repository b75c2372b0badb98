#include "test.h"

#include "bills.h"

/* A bill of five columns, one line and the sums of one yuan. */
#define HEAD "交易时间,交易状态,微信订单号,商户订单号,订单金额\n"
#define TAIL "总交易单数,订单总金额,申请退款总金额\n`1,`1.00,`0\n"
#define LINE(at, state, id, no, total) "`" at ",`" state ",`" id ",`" no ",`" total "\n"
#define GOOD LINE("2026-01-01 00:00:00", "SUCCESS", "T", "A", "1.00")
#define WITH(line) HEAD line TAIL
#define AT(text) WITH(LINE(text, "SUCCESS", "T", "A", "1.00"))
#define OF(total) WITH(LINE("2026-01-01 00:00:00", "SUCCESS", "T", "A", total))
#define REFUNDS \
	"交易时间,交易状态,微信订单号,商户订单号,订单金额,微信退款单号,商户退款单号,申请退款金额\n"
#define REFUND(id, no, fen) \
	REFUNDS "`2026-01-01 00:00:00,`REFUND,`T,`A,`0,`" id ",`" no ",`" fen "\n" TAIL

/* clang-format off */
static const struct {
	const char *says, *text, *fault;
} none[] = {
	{"nothing wrong", WITH(GOOD), NULL},
	{"nothing at all", "", "line 1: the file ends"},
	{"a mark alone", BOM, "line 1, 交易时间: no such"},
	{"an error in JSON", "{\"code\":\"NO_AUTH\"}", "line 1, 交易时间: no such"},
	{"the wrong kind", FLOW_BILL, "line 1, 交易时间: no such"},
	{"a column missing", "交易时间,交易状态,微信订单号,商户订单号\n" GOOD TAIL,
		"line 1, 订单金额|总金额: no such"},
	{"a column twice", "交易时间,交易状态,微信订单号,商户订单号,订单金额,商户订单号\n",
		"line 1, 商户订单号: there twice"},
	{"a mark in a later line", HEAD BOM GOOD TAIL, "line 2, 总交易单数: no such"},
	{"a cell too few", WITH("`2026-01-01 00:00:00,`SUCCESS,`T,`A\n"), "line 2: not as many"},
	{"a cell too many", WITH(LINE("2026-01-01 00:00:00", "SUCCESS", "T", "A", "1,`")),
		"line 2: not as many"},
	{"a cell without a backtick", WITH("`2026-01-01 00:00:00,SUCCESS,`T,`A,`1.00\n"),
		"line 2: not as many"},
	{"a line without backticks", WITH("2026-01-01 00:00:00,SUCCESS,T,A,1.00\n"),
		"line 2, 总交易单数: no such"},
	{"an empty line", WITH(GOOD "\n"), "line 3, 总交易单数: no such"},
	{"no order number", WITH(LINE("2026-01-01 00:00:00", "SUCCESS", "T", "", "1.00")),
		"line 2, 商户订单号: empty"},
	{"bad UTF-8", WITH(LINE("2026-01-01 00:00:00", "SUCCESS", "T", "\xff", "1.00")),
		"line 2, 商户订单号: not UTF-8"},
	{"no such day", AT("2026-02-30 00:00:00"), "line 2, 交易时间: no time"},
	{"no such hour", AT("2026-01-01 24:00:00"), "line 2, 交易时间: no time"},
	{"half a time", AT("2026-01-01 00:00"), "line 2, 交易时间: no time"},
	{"a time with a T", AT("2026-01-01T00:00:00"), "line 2, 交易时间: no time"},
	{"a time elsewhere", AT("2026-01-01 00:00:00Z"), "line 2, 交易时间: no time"},
	{"no amount", OF(""), "line 2, 订单金额|总金额: no amount"},
	{"three decimals", OF("1.000"), "line 2, 订单金额|总金额: no amount"},
	{"a word for an amount", OF("null"), "line 2, 订单金额|总金额: no amount"},
	{"beyond all limits", OF("99999999999999999999.00"), "line 2, 订单金额|总金额: no amount"},
	{"more than there is", OF("99999999999999.00"), "line 2, 订单金额|总金额: not within"},
	{"less than nothing", OF("-1.00"), "line 2, 订单金额|总金额: not within"},
	{"a payment of nothing", OF("0.00"), "line 2: a payment of nothing"},
	{"a refund without a number", REFUND("50", "0", "1"), "line 2: a refund of nothing"},
	{"a refund without WeChat's", REFUND("0", "R1", "1"), "line 2: a refund of nothing"},
	{"a refund of nothing", REFUND("50", "R1", "0"), "line 2: a refund of nothing"},
	{"no sums", HEAD GOOD, "line 3: the file ends"},
	{"a header of the sums alone", HEAD GOOD "总交易单数,订单总金额,申请退款总金额\n",
		"line 4: the file ends"},
	{"half a header", HEAD GOOD "总交易单数,订单总", "line 3, 订单总金额|总交易额: no such"},
	{"a line more than the sums", WITH(GOOD GOOD), "line 5, 总交易单数: not what"},
	{"a line less than the sums", WITH(""), "line 3, 总交易单数: not what"},
	{"another sum", OF("1.01"), "line 4, 订单总金额|总交易额: not what"},
	{"a count that is none", HEAD GOOD "总交易单数,订单总金额,申请退款总金额\n`+1,`1.00,`0\n",
		"line 4, 总交易单数: no number"},
	{"sums without a backtick", HEAD GOOD "总交易单数,订单总金额,申请退款总金额\n1,1.00,0\n",
		"line 4: without a backtick"},
	{"two sums", WITH(GOOD) "`1,`1.00,`0\n", "line 5: behind the sums"},
	{"two bills", WITH(GOOD) WITH(GOOD), "line 5: behind the sums"},
};
/* clang-format on */

static void bills_that_are_none_are_refused_by_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(none); i++) {
		const char *fault, *want = none[i].fault;

		print_message("  %s\n", none[i].says);
		assert_int_equal(read_bill(BILL_TRADE, bytes_of(none[i].text), &fault),
			want ? E_BAD_BODY : E_OK);
		if (want && strncmp(fault, want, strlen(want)) != 0)
			fail_msg("«%s» instead of «%s»", fault, want);
	}
}

static void movements_go_in_or_out(void **state)
{
	const char *fault;

	(void)state;
	assert_int_equal(
		read_bill(BILL_FUNDFLOW,
			bytes_of("记账时间,资金流水单号,收支类型,收支金额(元),账户结余(元)\n"
				 "`2026-01-01 00:00:00,`F,`转移,`1,`1\n"),
			&fault),
		E_BAD_BODY);
	assert_string_equal(fault, "line 2, 收支类型: neither 收入 nor 支出");
	assert_int_equal(
		read_bill(BILL_FUNDFLOW,
			bytes_of(FLOW FLOW_LINES FLOW_SUMS "`2,`1,`120.00,`1,`0.73\n"), &fault),
		E_BAD_BODY);
	assert_string_equal(fault, "line 5, 支出金额: not what the lines come to");
}

/* The header with one more column, whose cell is of that many bytes. */
static struct bytes bill_with_line_of(size_t bytes)
{
	const char *front = "`2026-01-01 00:00:00,`SUCCESS,`T,`A,`1.00,`";
	struct buf b = buf_in(mem, 1 << 20);

	buf_puts(&b, "交易时间,交易状态,微信订单号,商户订单号,订单金额,商户数据包\n");
	buf_puts(&b, front);
	for (size_t i = strlen(front); i < bytes; i++)
		buf_puts(&b, "x");
	buf_puts(&b, "\n" TAIL);
	return (struct bytes){(const unsigned char *)b.at, b.len};
}

static void lines_end_at_16_KiB(void **state)
{
	const char *fault;

	(void)state;
	assert_int_equal(read_bill(BILL_TRADE, bill_with_line_of(16384), &fault), E_OK);
	assert_int_equal(read_bill(BILL_TRADE, bill_with_line_of(16385), &fault), E_BAD_BODY);
	assert_string_equal(fault, "line 2: longer than 16384 bytes");
	assert_int_equal(read_bill(BILL_TRADE, bill_with_line_of(500000), &fault), E_BAD_BODY);
}

static void zero_bytes_and_hundreds_of_columns_are_refused(void **state)
{
	struct buf b = buf_in(mem, 1 << 16);
	const char *fault;

	(void)state;
	struct bytes zero = {
		(const unsigned char *)HEAD "`2026\0\n", sizeof(HEAD "`2026\0\n") - 1};
	assert_int_equal(read_bill(BILL_TRADE, zero, &fault), E_BAD_BODY);
	assert_string_equal(fault, "line 2: with a zero byte");
	for (int i = 0; i < 300; i++)
		buf_puts(&b, "x,");
	assert_int_equal(
		read_bill(BILL_TRADE, (struct bytes){(unsigned char *)b.at, b.len}, &fault),
		E_BAD_BODY);
	assert_string_equal(fault, "line 1, 交易时间: no such column");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bills_that_are_none_are_refused_by_line),
		cmocka_unit_test(movements_go_in_or_out),
		cmocka_unit_test(lines_end_at_16_KiB),
		cmocka_unit_test(zero_bytes_and_hundreds_of_columns_are_refused),
	};

	return RUN_TESTS(tests);
}
