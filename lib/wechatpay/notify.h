#ifndef WECHATPAY_NOTIFY_H
#define WECHATPAY_NOTIFY_H

#include "wechatpay/refund.h"
#include "wechatpay/sign.h"
#include "wechatpay/trade.h"

/* What WeChat Pay tells us by itself. Each request carries the address. */
#define WECHATPAY_NOTIFY_PATH "/notify/wechat"
#define WECHATPAY_REFUND_NOTIFY_PATH "/notify/wechat/refund"

/* Verify, decrypt and read a notify (4012791861). E_NOTIFY_REFUSED, logged, for
 * whatever is not fresh, not signed by WeChat Pay, not decryptable or not complete:
 * WeChat Pay will send it again. Mchid, appid, order and sum are for the caller to
 * compare. Of events other than TRANSACTION.* only id and event_type are sure.
 * May fetch platform certificates, within four seconds. */
enum err wechatpay_notice_read(struct arena *, const struct wechatpay_signed *, stamp now,
	struct wechatpay_payment *) CHECKED;

/* The same for a notify about a refund (4013071196). Of events other than REFUND.*
 * only id and event_type are there. */
enum err wechatpay_refund_notice_read(struct arena *, const struct wechatpay_signed *,
	stamp now, struct wechatpay_refund *) CHECKED;

extern const struct channel_notify wechatpay_notifies[];

#endif
