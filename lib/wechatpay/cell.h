#ifndef WECHATPAY_CELL_H
#define WECHATPAY_CELL_H

#include "channel/bill.h"

/* The columns of both kinds of bills, for csv.c. */

/* What the last line says, and what the lines came to. */
struct wechatpay_trade_sums {
	int64_t lines;
	money total, refund;
};
struct wechatpay_flow_sums {
	int64_t lines, incomes, outlays;
	money income, outlay;
};

/* By kind of bill. A field's name is a list of headers, the best first. */
enum { WECHATPAY_FIELDS_MAX = 16 };
extern const struct shape wechatpay_line_shapes[], wechatpay_sum_shapes[];

/* A bill's cell without its backtick, with a NUL behind it, into the member that
 * the field describes; texts stay where they are, their escapes undone. Returns
 * what is wrong, or NULL. */
const char *wechatpay_cell_read(const struct field *, char *cell, void *row);

#endif
