#ifndef CHANNEL_BILL_H
#define CHANNEL_BILL_H

#include "base/shape.h"
#include "codec/crypto.h"

/* The daily bills of WeChat Pay, read as they come, in constant memory
 * (pay.weixin.qq.com/doc/v3/merchant/4013071227 and 4013071235): a header, a
 * line for each trade or movement, a second header and the sums. Columns are
 * found by their names: which ones there are, and where, depends on the kind of
 * bill and the age of the account. */

enum bill_kind { BILL_TRADE, BILL_FUNDFLOW };

/* A payment or a refund of the day. Texts that are empty or "0" are NULL. */
struct bill_trade {
	stamp at;          /* when it was paid; of a refund: when that was accepted */
	const char *state; /* SUCCESS: a payment; REFUND; REVOKED */
	const char *appid, *transaction_id, *out_trade_no;
	money total; /* of the order; 0 in the line of a refund */
	const char *refund_id, *out_refund_no;
	const char *refund_state; /* SUCCESS PROCESSING FAIL CHANGE, as it was that night */
	money refund;             /* as it was asked for */
	const char *description;
};

/* A movement of the account. */
struct bill_flow {
	stamp at;
	const char *business_id, *flow_id;
	const char *name, *type; /* 交易, 退款, 扣除交易手续费 … */
	bool is_income;
	money amount, balance;
	const char *voucher; /* our own number */
	const char *remark;
};

/* One of the two is not NULL; its texts are good during the call. */
struct bill_line {
	int64_t number; /* in the file, the header is 1 */
	const struct bill_trade *trade;
	const struct bill_flow *flow;
};

/* Anything but E_OK ends the reading and comes out of it. */
typedef enum err bill_fn(void *arg, const struct bill_line *);

struct bill_reader;
struct bill_reader *bill_begin(struct arena *, enum bill_kind, bill_fn *, void *arg);

/* The file in pieces of any size. E_BAD_BODY, and from then on always: this is
 * no such bill. */
enum err bill_push(struct bill_reader *, struct bytes) CHECKED;

/* The file is over. E_OK: it was whole, and its sums are those of its lines. Only
 * now do the lines count. */
enum err bill_end(struct bill_reader *) CHECKED;

/* With E_BAD_BODY: in which line, in which column, what. */
const char *bill_fault(const struct bill_reader *);

/* "120.5" → 12050 fen. Digits, one point, one or two decimals, a minus in front;
 * false for anything else or more than an int64_t holds. */
bool yuan_parse(const char *, money *) CHECKED;

#endif
