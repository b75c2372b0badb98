#ifndef ALIPAY_NOTIFY_H
#define ALIPAY_NOTIFY_H

#include "base/bytes.h"
#include "channel/channel.h"

/* What Alipay tells us by itself. Each request carries the address. */
#define ALIPAY_NOTIFY_PATH "/notify/alipay"

/* Verify and read a notify: the body of a POST, form-urlencoded, as it came.
 * E_NOTIFY_REFUSED, logged, for whatever is not signed by Alipay, not about the
 * last seven days, ambiguous (a name twice, a bad escape) or not complete: Alipay
 * sends it again. Merchant, app, order and sum are for the caller to compare. A
 * refund is told as the same trade once more, with a new id; it is still
 * PAYMENT_PAID. */
enum err alipay_notice_read(
	struct arena *, struct bytes body, stamp now, struct channel_payment *) CHECKED;

extern const struct channel_notify alipay_notifies[];

#endif
