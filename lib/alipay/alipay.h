#ifndef ALIPAY_ALIPAY_H
#define ALIPAY_ALIPAY_H

#include "channel/channel.h"

/* Alipay's gateway, version 2, in public-key mode (RSA2) for one merchant: codes
 * to scan (alipay.trade.precreate), payments inside its app (alipay.trade.create),
 * queries, closing, refunds, notifies, bills. Protocol: opendocs.alipay.com/open;
 * names in comments are the gateway's methods. Nothing here touches the database;
 * all results are in the arena. What a call can come to stands in channel.h.
 *
 * A code to scan makes a trade at Alipay only when it is scanned: until then
 * queries and closing say that there is no trade, and yet it may be paid until the
 * time that the request carried. Hence closing gives E_CHANNEL_UNKNOWN for a trade
 * that isn't there; once the attempt's time is over by some minutes, E_NOT_FOUND as
 * the answer to a query says that nobody can pay any more.
 *
 * TRADE_CLOSED is both a trade that was never paid and one whose money went back; the
 * time of payment tells them apart. The channel is put together in channel.c. */

extern const struct channel alipay_channel;

/* Reads the settings, parses the keys; ends the program with EXIT_CONFIG and the
 * reason if something is wrong. Without ZX_ALIPAY_APPID the channel is off. */
void alipay_init(void);
bool alipay_is_on(void);

#endif
