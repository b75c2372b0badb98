#include "wechatpay/csv.h"

#include "wechatpay/cell.h"

#include <stdio.h>

enum { LINE_BYTES = 16384, FAULT_TEXT = 256, CELLS_MAX = 64, ABSENT = CELLS_MAX, TWICE };

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
	enum err err;
	int64_t number;
	size_t len;
	char line[LINE_BYTES + 1];
	char fault[FAULT_TEXT];
};

struct wechatpay_csv *wechatpay_csv_begin(
	struct arena *mem, enum bill_kind kind, bill_fn *take, void *arg)
{
	struct wechatpay_csv *r = NEW(mem, struct wechatpay_csv);

	r->take = take;
	r->arg = arg;
	r->kind = kind;
	r->lines.shape = &wechatpay_line_shapes[kind];
	r->sums.shape = &wechatpay_sum_shapes[kind];
	r->number = 1;
	return r;
}

const char *wechatpay_csv_fault(const struct wechatpay_csv *r)
{
	return r->fault;
}

static enum err refuse(struct wechatpay_csv *r, const char *column, const char *why)
{
	snprintf(r->fault, sizeof(r->fault), "line %lld%s%s: %s", (long long)r->number,
		*column ? ", " : "", column, why);
	return E_BAD_BODY;
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

static enum err read_cells(struct wechatpay_csv *r, const struct columns *c, void *row)
{
	char *cells[CELLS_MAX];

	memset(row, 0, c->shape->size);
	if (*r->line != '`')
		return refuse(r, "", "without a backtick in front");
	if (split(r->line + 1, ",`", cells) != c->count)
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

static enum err take_trade(struct wechatpay_csv *r)
{
	struct wechatpay_trade_sums *seen = &r->seen.trade;
	struct bill_trade row;

	TRY(read_cells(r, &r->lines, &row));
	if (strcmp(row.state, "SUCCESS") == 0 && row.total.fen == 0)
		return refuse(r, "", "a payment of nothing");
	if (strcmp(row.state, "REFUND") == 0 &&
		(!row.refund_id || !row.out_refund_no || row.refund.fen == 0))
		return refuse(r, "", "a refund of nothing, or without its number");
	seen->lines++;
	if (!add(&seen->total, row.total) || !add(&seen->refund, row.refund))
		return refuse(r, "", "the sum is beyond all limits");
	return r->take(r->arg, &(struct bill_line){r->number, &row, NULL});
}

static enum err take_flow(struct wechatpay_csv *r)
{
	struct wechatpay_flow_sums *seen = &r->seen.flow;
	struct bill_flow row;

	TRY(read_cells(r, &r->lines, &row));
	seen->lines++;
	seen->incomes += row.is_income;
	seen->outlays += !row.is_income;
	if (!add(row.is_income ? &seen->income : &seen->outlay, row.amount))
		return refuse(r, "", "the sum is beyond all limits");
	return r->take(r->arg, &(struct bill_line){r->number, NULL, &row});
}

/* All that is summed is an int64_t: a number of lines, or fen. */
static enum err check_sums(struct wechatpay_csv *r)
{
	union sums told;

	TRY(read_cells(r, &r->sums, &told));
	for (size_t i = 0; i < r->sums.shape->count; i++) {
		const struct field *f = &r->sums.shape->fields[i];

		if (memcmp((char *)&told + f->offset, (char *)&r->seen + f->offset,
			    sizeof(int64_t)) != 0)
			return refuse(r, f->name, "not what the lines come to");
	}
	return E_OK;
}

static enum err take_line(struct wechatpay_csv *r)
{
	static const char bom[] = "\xef\xbb\xbf";
	bool marked = r->number == 1 && strncmp(r->line, bom, strlen(bom)) == 0;

	switch (r->part) {
	case HEADER:
		r->part = LINES;
		return read_header(r, r->line + (marked ? strlen(bom) : 0), &r->lines);
	case LINES:
		if (*r->line == '`')
			return r->kind == BILL_TRADE ? take_trade(r) : take_flow(r);
		r->part = SUMS;
		return read_header(r, r->line, &r->sums);
	case SUMS:
		r->part = OVER;
		return check_sums(r);
	case OVER:
		break;
	}
	return *r->line ? refuse(r, "", "behind the sums") : E_OK;
}

static enum err end_line(struct wechatpay_csv *r)
{
	if (r->len > 0 && r->line[r->len - 1] == '\r')
		r->len--;
	r->line[r->len] = '\0';
	if (strlen(r->line) != r->len)
		return refuse(r, "", "with a zero byte");
	r->len = 0;
	TRY(take_line(r));
	r->number++;
	return E_OK;
}

static enum err keep(struct wechatpay_csv *r, const void *at, size_t n)
{
	if (n > LINE_BYTES - r->len)
		return refuse(r, "", "longer than 16384 bytes");
	memcpy(r->line + r->len, at, n);
	r->len += n;
	return E_OK;
}

enum err wechatpay_csv_push(struct wechatpay_csv *r, struct bytes in)
{
	while (in.len > 0 && r->err == E_OK) {
		const unsigned char *end = memchr(in.at, '\n', in.len);
		size_t n = end ? (size_t)(end - in.at) : in.len;

		r->err = keep(r, in.at, n);
		if (end && r->err == E_OK)
			r->err = end_line(r);
		n += end != NULL;
		in.at += n;
		in.len -= n;
	}
	return r->err;
}

enum err wechatpay_csv_end(struct wechatpay_csv *r)
{
	if (r->err == E_OK && r->len > 0)
		r->err = end_line(r);
	if (r->err == E_OK && r->part != OVER)
		r->err = refuse(r, "", "the file ends before its sums");
	return r->err;
}
