#ifndef ALIPAY_TRADE_H
#define ALIPAY_TRADE_H

#include "channel/channel.h"

/* Payments at Alipay: ordered, asked about, closed. What each function does is said
 * at struct channel. */

const char *alipay_order_body(struct arena *, const struct channel_order *);
enum err alipay_prepay(
	struct arena *, const char *method, const char *body, const char **ticket) CHECKED;

/* A trade as answers and notifies tell it. What they leave out is NULL. */
struct alipay_trade {
	const char *trade_no, *out_trade_no, *trade_status;
	const char *total_amount, *buyer_pay_amount;
	const char *paid_at; /* of an answer send_pay_date, of a notify gmt_payment */
	const char *refund_fee, *refunded_at; /* of a notify: what was given back so far */
	const char *buyer_open_id, *buyer_id;
	const char *trans_currency;
};

/* In the words that all channels share: all but id, event, ours and plaintext. NULL,
 * or what it lacks. */
const char *alipay_payment_of(const struct alipay_trade *, struct channel_payment *);

enum err alipay_query(
	struct arena *, const char *out_trade_no, struct channel_payment *) CHECKED;
enum err alipay_close(struct arena *, const char *out_trade_no) CHECKED;

#endif
