#ifndef WECHATPAY_CHANNEL_H
#define WECHATPAY_CHANNEL_H

#include "channel/channel.h"
#include "wechatpay/wechatpay.h"

/* What WeChat Pay tells, in the words that all channels share. */
void wechatpay_payment_of(const struct wechatpay_notice *, struct channel_payment *);
void wechatpay_refund_of(const struct wechatpay_refund_state *, struct channel_refund *);

#endif
