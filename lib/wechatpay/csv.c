#include "wechatpay/csv.h"

#include "base/bytes.h"
#include "channel/lines.h"
#include "wechatpay/cell.h"

enum { LINE_BYTES = 16384, CELLS_MAX = 64, ABSENT = CELLS_MAX, TWICE };

union sums {
	struct wechatpay_trade_sums trade;
	struct wechatpay_flow_sums flow;
};

/* Under which header the fields of a shape are. */
struct columns {
	const struct shape *shape;
	unsigned char at[WECHATPAY_FIELDS_MAX];
	size_t count;
};

struct wechatpay_csv {
	bill_fn *take;
	void *arg;
	enum bill_kind kind;
	enum { HEADER, LINES, SUMS, OVER } part;
	struct columns lines, sums;
	union sums seen;
	struct lines *file;
};

static enum err refuse(struct wechatpay_csv *r, const char *column, const char *why)
{
	return lines_refuse(r->file, column, why);
}

/* Every cell of data has its backtick, so a comma without one is text. Headers have
 * none. Returns how many cells, 0 for too many. */
static size_t split(char *at, const char *between, char *cells[CELLS_MAX])
{
	for (size_t n = 0; n < CELLS_MAX;) {
		cells[n++] = at;
		at = strstr(at, between);
		if (!at)
			return n;
		*at = '\0';
		at += strlen(between);
	}
	return 0;
}

/* The column of the first of these names that is there at all. */
static unsigned char column_of(char *const cells[], size_t count, const char *names)
{
	for (; names; names = strchr(names, '|')) {
		unsigned char found = ABSENT;

		names += *names == '|';
		size_t len = strcspn(names, "|");
		for (size_t i = 0; i < count; i++)
			if (strlen(cells[i]) == len && memcmp(cells[i], names, len) == 0)
				found = found == ABSENT ? (unsigned char)i : TWICE;
		if (found != ABSENT)
			return found;
	}
	return ABSENT;
}

static enum err read_header(struct wechatpay_csv *r, char *line, struct columns *c)
{
	char *cells[CELLS_MAX];

	c->count = split(line, ",", cells);
	for (size_t i = 0; i < c->shape->count; i++) {
		const struct field *f = &c->shape->fields[i];

		c->at[i] = column_of(cells, c->count, f->name);
		if (c->at[i] == TWICE)
			return refuse(r, f->name, "there twice");
		if (c->at[i] == ABSENT && !f->optional)
			return refuse(r, f->name, "no such column");
	}
	return E_OK;
}

static enum err read_cells(
	struct wechatpay_csv *r, char *line, const struct columns *c, void *row)
{
	char *cells[CELLS_MAX];

	memset(row, 0, c->shape->size);
	if (*line != '`')
		return refuse(r, "", "without a backtick in front");
	if (split(line + 1, ",`", cells) != c->count)
		return refuse(r, "", "not as many cells as its header");
	for (size_t i = 0; i < c->shape->count; i++) {
		const struct field *f = &c->shape->fields[i];
		const char *why = c->at[i] == ABSENT
					  ? NULL
					  : wechatpay_cell_read(f, cells[c->at[i]], row);
		if (why)
			return refuse(r, f->name, why);
	}
	return E_OK;
}

static bool add(money *sum, money more)
{
	return !__builtin_add_overflow(sum->fen, more.fen, &sum->fen);
}

static enum err take_trade(struct wechatpay_csv *r, char *line)
{
	struct wechatpay_trade_sums *seen = &r->seen.trade;
	struct bill_trade row;

	TRY(read_cells(r, line, &r->lines, &row));
	enum bill_state state = bill_state_of(row.state);
	if (state == BILL_PAYMENT && row.total.fen == 0)
		return refuse(r, "", "a payment of nothing");
	if (state == BILL_REFUND &&
		(!row.refund_id || !row.out_refund_no || row.refund.fen == 0))
		return refuse(r, "", "a refund of nothing, or without its number");
	seen->lines++;
	if (!add(&seen->total, row.total) || !add(&seen->refund, row.refund))
		return refuse(r, "", "the sum is beyond all limits");
	return r->take(r->arg, &(struct bill_line){r->file->number, &row, NULL});
}

static enum err take_flow(struct wechatpay_csv *r, char *line)
{
	struct wechatpay_flow_sums *seen = &r->seen.flow;
	struct bill_flow row;

	TRY(read_cells(r, line, &r->lines, &row));
	seen->lines++;
	seen->incomes += row.is_income;
	seen->outlays += !row.is_income;
	if (!add(row.is_income ? &seen->income : &seen->outlay, row.amount))
		return refuse(r, "", "the sum is beyond all limits");
	return r->take(r->arg, &(struct bill_line){r->file->number, NULL, &row});
}

/* All that is summed is an int64_t: a number of lines, or fen. */
static enum err check_sums(struct wechatpay_csv *r, char *line)
{
	union sums told;

	TRY(read_cells(r, line, &r->sums, &told));
	for (size_t i = 0; i < r->sums.shape->count; i++) {
		const struct field *f = &r->sums.shape->fields[i];

		if (memcmp((char *)&told + f->offset, (char *)&r->seen + f->offset,
			    sizeof(int64_t)) != 0)
			return refuse(r, f->name, "not what the lines come to");
	}
	return E_OK;
}

static enum err take_line(void *arg, char *line)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct wechatpay_csv *r = arg;
	bool marked = r->file->number == 1 && text_begins(line, bom);

	switch (r->part) {
	case HEADER:
		r->part = LINES;
		return read_header(r, line + (marked ? strlen(bom) : 0), &r->lines);
	case LINES:
		if (*line == '`')
			return r->kind == BILL_TRADE ? take_trade(r, line) : take_flow(r, line);
		r->part = SUMS;
		return read_header(r, line, &r->sums);
	case SUMS:
		r->part = OVER;
		return check_sums(r, line);
	case OVER:
		break;
	}
	return *line ? refuse(r, "", "behind the sums") : E_OK;
}

struct wechatpay_csv *wechatpay_csv_begin(
	struct arena *mem, enum bill_kind kind, bill_fn *take, void *arg)
{
	struct wechatpay_csv *r = NEW(mem, struct wechatpay_csv);

	r->take = take;
	r->arg = arg;
	r->kind = kind;
	r->lines.shape = &wechatpay_line_shapes[kind];
	r->sums.shape = &wechatpay_sum_shapes[kind];
	r->file = lines_begin(mem, LINE_BYTES, take_line, r);
	return r;
}

enum err wechatpay_csv_push(struct wechatpay_csv *r, struct bytes in)
{
	return lines_push(r->file, in);
}

enum err wechatpay_csv_end(struct wechatpay_csv *r)
{
	TRY(lines_end(r->file));
	return r->part == OVER ? E_OK : refuse(r, "", "the file ends before its sums");
}

const char *wechatpay_csv_fault(const struct wechatpay_csv *r)
{
	return r->file->fault;
}
