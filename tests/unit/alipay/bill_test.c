/* Alipay's bill: the file's lines, and the way there. */
#include "test.h"

#include "alipay/csv.h"
#include "alishop.h"
#include "upstream.h"
#include "zipped.h"

#include <iconv.h>

#define HEAD                                                                                           \
	"#支付宝业务明细查询\n#账号：[" SELLER                                                         \
	"0156]\n"                                                                                      \
	"#起始日期：[2026年11月22日 00:00:00]   终止日期：[2026年11月23日 00:00:00]\n" \
	"#-----------------------------------------业务明细列表-----------------------\n"
#define COLUMNS_                                                                                                                      \
	"支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员," \
	"终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,"             \
	"支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"        \
	"卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注\n"
#define PAID                                                                                              \
	"2026112222001\t,A01\t,交易\t,羽毛球 3号场,2026-11-22 09:59:00,2026-11-22 10:00:00,\t,\t," \
	"\t,\t,*明(138****0000),120.00,119.00,0.00,0.00,0.00,1.00,0.00,,0.00\t,0.00,\t,-0.72,"           \
	"0.00,\n"
#define BACK                                                                                        \
	"2026112222001\t,A01\t,退款\t,\"场, \"\"夜\"\"\" ,2026-11-22 09:59:00,"                 \
	"2026-11-22 23:59:59,\t,\t,\t,\t,*明,-50.00,-50.00,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00," \
	"A01R01\t,0.00,0.00,下雨\n"
#define LINES_END "#-----------------------------------------业务明细列表结束-----------\n"
#define SUM_PAID "#交易合计：1笔，商家实收共119.00元，商家优惠共1.00元\n"
#define SUM_BACK "#退款合计：1笔，商家实收退款共-50.00元，商家优惠退款共0.00元\n"
#define MADE "#导出时间：[2026年11月23日 05:46:49]\n"
#define BILL HEAD COLUMNS_ PAID BACK LINES_END SUM_PAID SUM_BACK MADE
#define TOLD                                                                                    \
	"6 2026-11-22T10:00:00+08:00 SUCCESS 2026112222001 A01 12000 - - 0 羽毛球 3号场\n" \
	"7 2026-11-22T23:59:59+08:00 REFUND 2026112222001 A01 0 A01R01 SUCCESS 5000 场, "      \
	"\"夜\"\n"

static struct buf told;
static enum err answer;
static date day;

static enum err take(void *arg, const struct bill_line *line)
{
	const struct bill_trade *t = line->trade;
	char at[STAMP_TEXT];

	assert_ptr_equal(arg, &told);
	assert_null(line->flow);
	buf_printf(&told, "%lld %s %s %s %s %lld %s %s %lld %s\n", (long long)line->number,
		stamp_write(at, t->at), t->state, t->transaction_id, t->out_trade_no,
		(long long)t->total.fen, t->out_refund_no ? t->out_refund_no : "-",
		t->refund_state ? t->refund_state : "-", (long long)t->refund.fen,
		t->description ? t->description : "-");
	return answer;
}

static enum err read_text(struct bytes text, size_t cut, const char **fault)
{
	struct alipay_csv *r;

	told = buf_in(mem, 1 << 16);
	answer = E_OK;
	r = alipay_csv_begin(mem, SELLER, day, take, &told);
	enum err err = alipay_csv_push(r, (struct bytes){text.at, cut});
	if (err == E_OK)
		err = alipay_csv_push(r, (struct bytes){text.at + cut, text.len - cut});
	if (err == E_OK)
		err = alipay_csv_end(r);
	*fault = alipay_csv_fault(r);
	return err;
}

static void a_bill_is_the_same_however_it_is_cut(void **state)
{
	struct bytes text = bytes_of(BILL);
	const char *fault;

	(void)state;
	for (size_t cut = 0; cut <= text.len; cut += 7) {
		assert_int_equal(read_text(text, cut, &fault), E_OK);
		assert_string_equal(fault, "");
		assert_string_equal(buf_text(&told), TOLD);
	}
}

/* clang-format off */
static const struct {
	const char *says, *text, *fault; /* NULL: it is fine */
} files[] = {
	{"as it is", BILL, NULL},
	{"no business", HEAD COLUMNS_ LINES_END, NULL},
	{"no business, and it says so", HEAD COLUMNS_ LINES_END
		"#交易合计：0笔，商家实收共0.00元，商家优惠共0.00元\n" MADE, NULL},
	{"narrow brackets", HEAD "支付宝交易号,商户订单号,业务类型,商品名称,完成时间,订单金额(元),"
		"商家实收(元),退款批次号/请求号\nT1,A01,交易,,2026-11-22 10:00:00,1.00,1,\n" LINES_END
		"#交易合计：1笔，商家实收共1.00元\n", NULL},
	{"another kind of business", HEAD COLUMNS_ "1,A01,转账,,,2026-11-22 10:00:00,,,,,,1.00,1.00,"
		",,,,,,,,,,,\n" LINES_END, NULL},
	{"a kind that is named as we name payments", HEAD COLUMNS_
		"1,A01,SUCCESS,,,2026-11-22 10:00:00,,,,,,-1,-1,,,,,,,,,,,,\n", "业务类型: a kind"},
	{"a kind that is named as we name refunds", HEAD COLUMNS_
		"1,A01,REFUND,,,2026-11-22 10:00:00,,,,,,1,1,,,,,,,,,,,,\n", "业务类型: a kind"},
	{"nothing", "", "the file ends before its sums"},
	{"another merchant's", "#账号：[20880012345678910156]\n", "line 1: another merchant's"},
	{"another day's", "#起始日期：[2026年11月21日 00:00:00]\n", "line 1: of another day"},
	{"nobody's", COLUMNS_, "nothing said whose bill it is"},
	{"without a column", HEAD "支付宝交易号,商户订单号\n", "业务类型: no such column"},
	{"a column twice", HEAD "支付宝交易号,支付宝交易号\n", "支付宝交易号: there twice"},
	{"too few cells", HEAD COLUMNS_ "1,A01,交易\n", "not as many cells as its header"},
	{"a broken quote", HEAD COLUMNS_ "\"1,A01\n", "not as many cells as its header"},
	{"something behind a quote", HEAD COLUMNS_ "\"1\"x,A01\n", "not as many cells"},
	{"65 cells", HEAD COLUMNS_ ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n",
		"not as many cells as its header"},
	{"no number", HEAD COLUMNS_ ",A01,交易,,,2026-11-22 10:00:00,,,,,,1,1,,,,,,,,,,,,\n",
		"without a number"},
	{"no time", HEAD COLUMNS_ "1,A01,交易,,,,,,,,,1,1,,,,,,,,,,,,\n", "no time"},
	{"no amount", HEAD COLUMNS_ "1,A01,交易,,,2026-11-22 10:00:00,,,,,,,1,,,,,,,,,,,,\n",
		"订单金额（元）: no amount"},
	{"a payment of nothing", HEAD COLUMNS_
		"1,A01,交易,,,2026-11-22 10:00:00,,,,,,0,0,,,,,,,,,,,,\n", "a payment of nothing"},
	{"a negative payment", HEAD COLUMNS_
		"1,A01,交易,,,2026-11-22 10:00:00,,,,,,-1,-1,,,,,,,,,,,,\n", "a payment of nothing"},
	{"a refund that adds", HEAD COLUMNS_
		"1,A01,退款,,,2026-11-22 10:00:00,,,,,,1,1,,,,,,,,,R1,,,\n", "a refund of nothing"},
	{"a refund of no number", HEAD COLUMNS_
		"1,A01,退款,,,2026-11-22 10:00:00,,,,,,-1,-1,,,,,,,,,,,,\n", "or without its number"},
	{"another sum", HEAD COLUMNS_ PAID LINES_END
		"#交易合计：1笔，商家实收共119.01元\n", "not what the lines come to"},
	{"another count", HEAD COLUMNS_ PAID LINES_END
		"#交易合计：2笔，商家实收共119.00元\n", "not what the lines come to"},
	{"11 for 1", HEAD COLUMNS_ PAID LINES_END
		"#交易合计：11笔，商家实收共119.00元\n", "not what the lines come to"},
	{"another sum of refunds", HEAD COLUMNS_ PAID BACK LINES_END SUM_PAID
		"#退款合计：1笔，商家实收退款共50.00元\n", "not what the lines come to"},
	{"a sum twice", HEAD COLUMNS_ PAID LINES_END SUM_PAID SUM_PAID, "no sum, or one more"},
	{"a sum without yuan", HEAD COLUMNS_ PAID LINES_END "#交易合计：1笔\n", "no sum"},
	{"no sum", HEAD COLUMNS_ PAID LINES_END MADE, "the file ends before its sums"},
	{"no sum of refunds", HEAD COLUMNS_ PAID BACK LINES_END SUM_PAID,
		"the file ends before its sums"},
	{"lines that don't end", HEAD COLUMNS_ PAID, "the file ends before its sums"},
	{"lines that end otherwise", HEAD COLUMNS_ PAID SUM_PAID, "the lines end without their end"},
	{"a line behind the end", HEAD COLUMNS_ PAID LINES_END SUM_PAID PAID, "behind the lines"},
	{"no UTF-8", HEAD COLUMNS_ "\xff\n", "not UTF-8"},
};
/* clang-format on */

static void a_file_counts_if_it_is_whole_and_ours(void **state)
{
	const char *fault;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		enum err err = read_text(bytes_of(files[i].text), 0, &fault);

		if (err != (files[i].fault ? E_BAD_BODY : E_OK) ||
			(files[i].fault && !strstr(fault, files[i].fault)))
			fail_msg("%s: %s, %s", files[i].says, err_info[err].code, fault);
	}
	assert_int_equal(
		read_text((struct bytes){(const unsigned char *)"#\0\n", 3}, 0, &fault),
		E_BAD_BODY);
	char *endless = arena_alloc(mem, 9000, 1);
	memset(endless, 'x', 8999);
	assert_int_equal(read_text(bytes_of(endless), 0, &fault), E_BAD_BODY);
}

static void carriage_returns_make_no_difference(void **state)
{
	struct buf b = buf_in(mem, 1 << 16);
	const char *fault;

	(void)state;
	for (const char *c = BILL; *c; c++) {
		buf_puts(&b, *c == '\n' ? "\r" : "");
		buf_add(&b, c, 1);
	}
	assert_int_equal(read_text(bytes_of(buf_text(&b)), 0, &fault), E_OK);
	assert_string_equal(buf_text(&told), TOLD);
}

/* --- the way there --- */

static struct bytes gbk(const char *text)
{
	char *out = arena_alloc(mem, 2 * strlen(text) + 1, 1), *to = out;
	char *in = arena_strdup(mem, text);
	size_t left = strlen(text), room = 2 * strlen(text);
	iconv_t how = iconv_open("GBK", "UTF-8");

	assert_int_equal(iconv(how, &in, &left, &to, &room), 0);
	iconv_close(how);
	return (struct bytes){(unsigned char *)out, (size_t)(to - out)};
}

enum { WHOLE, TORN, ALONE, TWO, NOT_GBK, OTHER_DAY, NO_ZIP, SHELF };
static struct bytes shelf[SHELF];

static void fill_shelf(void)
{
	const char *name = (const char *)gbk(SELLER "0156_20261122_业务明细.csv").at;
	const char *sums = (const char *)gbk(SELLER "0156_20261122_业务明细(汇总).csv").at;
	const struct zip_file good[] = {
		{sums, gbk("#支付宝业务汇总查询\n"), false, false},
		{name, gbk(BILL), false, false},
		{"业务明细.csv", gbk(BILL), false, true},
		{name, bytes_of("#\xff\xff\n"), false, false},
		{name, gbk("#起始日期：[2026年11月21日 00:00:00]\n"), true, false},
	};
	shelf[WHOLE] = zipped(mem, good, 2);
	shelf[TORN] = (struct bytes){shelf[WHOLE].at, shelf[WHOLE].len - 1};
	shelf[ALONE] = zipped(mem, good, 1);
	shelf[TWO] = zipped(mem, good, 3);
	shelf[NOT_GBK] = zipped(mem, good + 3, 1);
	shelf[OTHER_DAY] = zipped(mem, good + 4, 1);
	shelf[NO_ZIP] = gbk(BILL);
}

static bool act(SSL *ssl, const char *path, int seen)
{
	unsigned long which = strtoul(path + 1, NULL, 10);

	(void)seen;
	if (which >= SHELF) {
		say(ssl, "HTTP/1.1 403 No\r\nContent-Length: 7\r\n\r\nexpired");
		return true;
	}
	say(ssl, arena_printf(mem, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
			 shelf[which].len));
	SSL_write(ssl, shelf[which].at, (int)shelf[which].len);
	return true;
}

static enum err fetch(const char *scheme, int which)
{
	struct alipay_bill bill = {.day = day,
		.download_url = arena_printf(
			mem, "%s127.0.0.1:%d/%d?fileId=1", scheme, upstream_port, which)};

	told = buf_in(mem, 1 << 16);
	return alipay_bill_fetch(mem, &bill, take, &told);
}

static void the_right_file_is_found_and_read(void **state)
{
	(void)state;
	answer = E_OK;
	assert_int_equal(fetch("https://", WHOLE), E_OK);
	assert_string_equal(buf_text(&told), TOLD);
	assert_int_equal(fetch("http://", WHOLE), E_OK); /* by TLS all the same */
	assert_string_equal(buf_text(&told), TOLD);
	answer = E_DB_DOWN;
	assert_int_equal(fetch("https://", WHOLE), E_DB_DOWN);
	answer = E_OK;
}

static void what_is_no_bill_is_refused(void **state)
{
	(void)state;
	for (int i = TORN; i < SHELF; i++)
		assert_int_equal(fetch("https://", i), E_BAD_BODY);
	assert_int_equal(fetch("https://", SHELF), E_CHANNEL_UNKNOWN);
	assert_int_equal(fetch("ftp://", WHOLE), E_CHANNEL_UNKNOWN);
	assert_int_equal(fetch("https:///", WHOLE), E_CHANNEL_UNKNOWN);
	assert_int_equal(fetch("https://a@", WHOLE), E_CHANNEL_UNKNOWN);
	assert_int_equal(fetch("", WHOLE), E_CHANNEL_UNKNOWN);
}

static int begin_all(void **state)
{
	(void)state;
	alishop_begin();
	assert_true(date_parse("2026-11-22", &day));
	fill_shelf();
	upstream_begin(act);
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	upstream_end();
	alishop_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bill_is_the_same_however_it_is_cut),
		cmocka_unit_test(a_file_counts_if_it_is_whole_and_ours),
		cmocka_unit_test(carriage_returns_make_no_difference),
		cmocka_unit_test(the_right_file_is_found_and_read),
		cmocka_unit_test(what_is_no_bill_is_refused),
	};

	return RUN_TESTS_BETWEEN(begin_all, tests, end_all);
}
