#ifndef WECHATPAY_WECHATPAY_H
#define WECHATPAY_WECHATPAY_H

#include "channel/channel.h"

/* WeChat Pay APIv3 for one merchant: JSAPI (mini-program) and Native (QR code)
 * orders, queries, closing, refunds, notifies, bills. Numbers in comments are pages of
 * pay.weixin.qq.com/doc/v3/merchant/<number>. Nothing here touches the
 * database; all results are in the arena. The channel is put together in channel.c.
 *
 * What a call can come to:
 * E_OK               an answer that WeChat Pay signed
 * E_CHANNEL_REFUSED  it said no; the same parameters will be refused again, but for
 *                    what refund.h says can be cured
 * E_CHANNEL_UNKNOWN  it may have happened: no answer, or one that proves
 *                    nothing. Ask again with the very same parameters, or query
 * E_UPSTREAM         it has not happened: never sent, or put off (429, which of a
 *                    refund proves nothing and is E_CHANNEL_UNKNOWN) */

extern const struct channel wechatpay_channel;

/* Reads the settings, parses the keys; ends the program with EXIT_CONFIG and
 * the reason if something is wrong. */
void wechatpay_init(void);

#endif
