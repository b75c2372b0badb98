#include "alipay/csv.h"

#include "alipay/cell.h"
#include "alipay/sign.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/time.h"
#include "channel/lines.h"
#include "channel/yuan.h"

#include <inttypes.h>

enum { LINE_BYTES = 8192, CELLS_MAX = 64 };

/* What we read of a line; brackets may be of either width. */
/* clang-format off */
enum { TRADE_NO, ORDER_NO, TYPE, SUBJECT, DONE_AT, AMOUNT, RECEIVED, REQUEST_NO, COLUMNS };
static const char *const headers[COLUMNS][3] = {
	[TRADE_NO] = {"支付宝交易号"},
	[ORDER_NO] = {"商户订单号"},
	[TYPE] = {"业务类型"},
	[SUBJECT] = {"商品名称"},
	[DONE_AT] = {"完成时间"},
	[AMOUNT] = {"订单金额（元）", "订单金额(元)"},
	[RECEIVED] = {"商家实收（元）", "商家实收(元)"},
	[REQUEST_NO] = {"退款批次号/请求号", "退款批次号"},
};
/* clang-format on */

struct sum {
	int64_t lines;
	money received;
	bool told;
};

struct alipay_csv {
	bill_fn *take;
	void *arg;
	struct arena *mem;
	const char *account, *since; /* how the lines about those two begin */
	enum { HEAD, LINES, SUMS } part;
	bool account_told, since_told;
	size_t at[COLUMNS], cells;
	struct sum paid, given_back;
	struct lines *file;
};

#define ACCOUNT "#账号：["
#define SINCE "#起始日期：["
#define PAID_SUM "#交易合计："
#define BACK_SUM "#退款合计："
#define LINES_END "业务明细列表结束"

static enum err refuse(struct alipay_csv *r, const char *column, const char *why)
{
	return lines_refuse(r->file, column, why);
}

static bool is_named(const char *cell_text, const char *const names[3])
{
	for (size_t i = 0; i < 3 && names[i]; i++)
		if (strcmp(cell_text, names[i]) == 0)
			return true;
	return false;
}

static enum err read_header(struct alipay_csv *r, char *line)
{
	char *cells[CELLS_MAX];

	r->cells = alipay_cells_split(line, cells, CELLS_MAX);
	for (size_t c = 0; c < COLUMNS; c++) {
		size_t found = 0;

		for (size_t i = 0; i < r->cells; i++)
			if (is_named(cells[i], headers[c])) {
				r->at[c] = i;
				found++;
			}
		if (found != 1)
			return refuse(
				r, headers[c][0], found ? "there twice" : "no such column");
	}
	if (!r->account_told || !r->since_told)
		return refuse(r, "", "nothing said whose bill it is, or of which day");
	r->part = LINES;
	return E_OK;
}

/* Refunds are negative there. */
static enum err read_money(struct alipay_csv *r, char *const *cells, size_t c, money *out)
{
	if (!yuan_parse(cells[r->at[c]], out) || out->fen > FEN_MAX || out->fen < -FEN_MAX)
		return refuse(r, headers[c][0], "no amount of yuan with at most two decimals");
	return E_OK;
}

static const char *text_or_null(const char *s)
{
	return *s ? s : NULL;
}

static enum err note(struct alipay_csv *r, struct sum *sum, money received)
{
	sum->lines++;
	if (__builtin_add_overflow(sum->received.fen, received.fen, &sum->received.fen))
		return refuse(r, "", "the sum is beyond all limits");
	return E_OK;
}

static enum err read_refund(struct alipay_csv *r, char *const *cells, struct bill_trade *row)
{
	row->state = bill_state_word(BILL_REFUND);
	row->refund_state = "SUCCESS";
	row->refund = (money){-row->total.fen};
	row->total = (money){0};
	row->out_refund_no = text_or_null(cells[r->at[REQUEST_NO]]);
	if (row->refund.fen <= 0 || !row->out_refund_no)
		return refuse(r, "", "a refund of nothing, or without its number");
	return E_OK;
}

/* Kinds other than the two go on under their own name, outside the sums; under one of
 * ours they would pass for what has been checked against the sums. */
static enum err read_line(struct alipay_csv *r, char *line)
{
	char *cells[CELLS_MAX];
	money received;

	if (!utf8_valid(line, strlen(line)))
		return refuse(r, "", "not UTF-8");
	if (alipay_cells_split(line, cells, CELLS_MAX) != r->cells)
		return refuse(r, "", "not as many cells as its header");
	struct bill_trade row = {
		.state = cells[r->at[TYPE]],
		.transaction_id = text_or_null(cells[r->at[TRADE_NO]]),
		.out_trade_no = text_or_null(cells[r->at[ORDER_NO]]),
		.description = text_or_null(cells[r->at[SUBJECT]]),
	};
	if (!row.transaction_id || !row.out_trade_no)
		return refuse(r, "", "without a number");
	if (!alipay_time_parse(cells[r->at[DONE_AT]], &row.at))
		return refuse(r, headers[DONE_AT][0], "no time");
	TRY(read_money(r, cells, AMOUNT, &row.total));
	TRY(read_money(r, cells, RECEIVED, &received));
	row.settled = received;
	row.settled_refund = (money){-received.fen};
	if (strcmp(row.state, "交易") == 0) {
		row.state = bill_state_word(BILL_PAYMENT);
		if (row.total.fen <= 0)
			return refuse(r, "", "a payment of nothing");
		TRY(note(r, &r->paid, received));
	} else if (strcmp(row.state, "退款") == 0) {
		TRY(read_refund(r, cells, &row));
		TRY(note(r, &r->given_back, received));
	} else if (bill_state_of(row.state) != BILL_OTHER) {
		return refuse(r, headers[TYPE][0], "a kind that would pass for counted");
	}
	return r->take(r->arg, &(struct bill_line){r->file->number, &row, NULL});
}

/* "#交易合计：6笔，商家实收共0.06元，商家优惠共0.00元" */
static enum err check_sum(struct alipay_csv *r, const char *at, struct sum *seen)
{
	char *text = arena_strdup(r->mem, at);
	char *amount = strstr(text, "共"), *yuan = amount ? strstr(amount, "元") : NULL;
	money received;

	if (seen->told || !yuan)
		return refuse(r, "", "no sum, or one more");
	*yuan = '\0';
	const char *count = arena_printf(r->mem, "%" PRId64 "笔", seen->lines);
	if (!yuan_parse(amount + strlen("共"), &received) ||
		received.fen != seen->received.fen || !text_begins(text, count))
		return refuse(r, "", "not what the lines come to");
	seen->told = true;
	return E_OK;
}

static enum err read_remark(struct alipay_csv *r, const char *line)
{
	if (r->part == HEAD && text_begins(line, ACCOUNT)) {
		r->account_told = text_begins(line, r->account);
		return r->account_told ? E_OK : refuse(r, "", "another merchant's");
	}
	if (r->part == HEAD && text_begins(line, SINCE)) {
		r->since_told = text_begins(line, r->since);
		return r->since_told ? E_OK : refuse(r, "", "of another day");
	}
	if (r->part == LINES) {
		r->part = SUMS;
		return strstr(line, LINES_END)
			       ? E_OK
			       : refuse(r, "", "the lines end without their end");
	}
	if (r->part == SUMS && text_begins(line, PAID_SUM))
		return check_sum(r, line + strlen(PAID_SUM), &r->paid);
	if (r->part == SUMS && text_begins(line, BACK_SUM))
		return check_sum(r, line + strlen(BACK_SUM), &r->given_back);
	return E_OK;
}

static enum err take_line(void *arg, char *line)
{
	struct alipay_csv *r = arg;

	for (size_t len = strlen(line); len > 0 && line[len - 1] == '\r'; len--)
		line[len - 1] = '\0';
	if (*line == '#')
		return read_remark(r, line);
	if (r->part == SUMS && *line)
		return refuse(r, "", "behind the lines");
	if (!*line)
		return E_OK;
	return r->part == HEAD ? read_header(r, line) : read_line(r, line);
}

struct alipay_csv *alipay_csv_begin(
	struct arena *mem, const char *seller_id, date day, bill_fn *take, void *arg)
{
	struct alipay_csv *r = NEW(mem, struct alipay_csv);
	char text[DATE_TEXT];

	date_write(text, day);
	r->mem = mem;
	r->take = take;
	r->arg = arg;
	r->account = arena_printf(mem, ACCOUNT "%s", seller_id);
	r->since = arena_printf(
		mem, SINCE "%.4s年%.2s月%.2s日 00:00:00]", text, text + 5, text + 8);
	r->file = lines_begin(mem, LINE_BYTES, take_line, r);
	return r;
}

enum err alipay_csv_push(struct alipay_csv *r, struct bytes in)
{
	return lines_push(r->file, in);
}

enum err alipay_csv_end(struct alipay_csv *r)
{
	TRY(lines_end(r->file));
	bool told = (r->paid.lines == 0 || r->paid.told) &&
		    (r->given_back.lines == 0 || r->given_back.told);
	return r->part == SUMS && told ? E_OK : refuse(r, "", "the file ends before its sums");
}

const char *alipay_csv_fault(const struct alipay_csv *r)
{
	return r->file->fault;
}
