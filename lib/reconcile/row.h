#ifndef RECONCILE_ROW_H
#define RECONCILE_ROW_H

#include "channel/bill.h"

/* What a line says, in the words of reconcile_line; kind is NULL for what is of
 * no interest. A returned payment leaves the account less the fee that comes back;
 * the remark of the flow names its whole sum, and that is fen. Pure. */
struct reconcile_row {
	const char *kind, *our_no, *their_no, *trade_no, *word;
	stamp at;
	money fen;
};
struct reconcile_row reconcile_row_of(const struct bill_line *);

/* Of a payment or refund of which the channel settles another sum: that sum, as a row of the
 * same numbers and of the kind settled_payment or settled_refund; else kind is NULL. Pure. */
struct reconcile_row reconcile_settled_of(const struct bill_line *);

#endif
