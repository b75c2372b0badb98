#ifndef ALIPAY_REFUND_H
#define ALIPAY_REFUND_H

#include "channel/channel.h"

/* Money on its way back through Alipay. What each function does is said at struct
 * channel. */

const char *alipay_refund_body(struct arena *, const struct channel_refund_request *);
enum err alipay_refund(struct arena *, const char *body, struct channel_refund *) CHECKED;
enum err alipay_refund_query(struct arena *, const char *out_trade_no,
	const char *out_refund_no, struct channel_refund *) CHECKED;

#endif
