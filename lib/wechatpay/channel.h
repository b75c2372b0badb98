#ifndef WECHATPAY_CHANNEL_H
#define WECHATPAY_CHANNEL_H

#include "channel/channel.h"
#include "wechatpay/wechatpay.h"

/* What WeChat Pay tells, in the words that all channels share. */
void wechat_payment(const struct wechat_notice *, struct channel_payment *);
void wechat_refund_told(const struct wechat_refund_state *, struct channel_refund *);

#endif
