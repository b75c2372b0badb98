#ifndef CHANNEL_BILL_H
#define CHANNEL_BILL_H

#include "base/err.h"
#include "base/shape.h"
#include "base/words.h"

/* The daily bills of the channels, line by line, in words that all of them share.
 * The trade bill says which payments and refunds there were, the fund flow what came
 * into the account and left it. The readers are each channel's csv.h. */

enum bill_kind { BILL_TRADE, BILL_FUNDFLOW };

/* What a line of the trade bill is; a channel may have more of them. */
/* clang-format off */
#define BILL_STATES(X) \
	X(BILL_PAYMENT, "SUCCESS") \
	X(BILL_REFUND, "REFUND") \
	X(BILL_REVOKED, "REVOKED") /* a payment that the channel took back */
/* clang-format on */
enum bill_state { BILL_STATES(WORD_ID) BILL_OTHER };
enum bill_state bill_state_of(const char *word);
const char *bill_state_word(enum bill_state); /* of one of the table */

/* A payment or a refund of the day. Texts that the bill leaves empty are NULL. */
struct bill_trade {
	stamp at;          /* when it was paid; of a refund: when that was accepted */
	const char *state; /* of the table, or the channel's own word */
	const char *appid, *transaction_id, *out_trade_no;
	money total; /* of the order; 0 in the line of a refund */
	/* What the channel settles of it, less where a coupon paid a part; of a refund: what
	 * leaves the account. That is what the fund flow shows. */
	money settled, settled_refund;
	const char *refund_id, *out_refund_no;
	const char *refund_state; /* SUCCESS PROCESSING FAIL CHANGE, when the bill was made */
	money refund;             /* the sum that was asked for */
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

/* Takes a line. Anything but E_OK ends the reading and comes out of it. */
typedef enum err bill_fn(void *arg, const struct bill_line *);

#endif
