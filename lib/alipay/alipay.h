#ifndef ALIPAY_ALIPAY_H
#define ALIPAY_ALIPAY_H

#include "base/bytes.h"
#include "channel/bill.h"
#include "channel/channel.h"

/* Alipay's gateway, version 2, in public-key mode (RSA2) for one merchant: codes
 * to scan (alipay.trade.precreate), payments inside its app (alipay.trade.create),
 * queries, closing, refunds, notifies, bills. `alipay_channel` of channel.h is all
 * of that but for what stands here. Protocol: opendocs.alipay.com/open; names in
 * comments are the gateway's methods.
 *
 * Nothing here touches the database; all results are in the arena.
 *
 * A code to scan makes a trade at Alipay only when it is scanned: until then
 * queries and closing say that there is no trade, and yet it may be paid until the
 * time that the request carried. Hence alipay_channel.close gives E_CHANNEL_UNKNOWN
 * for a trade that isn't there; once the attempt's time is over by some minutes,
 * E_NOT_FOUND as the answer to a query says that nobody can pay any more.
 *
 * Queries and closing may look odd for TRADE_CLOSED, which is both a trade that was
 * never paid and one whose money went back; the time of payment tells them apart. */

/* Reads the settings, parses the keys; ends the program with EXIT_CONFIG and the
 * reason if something is wrong. Without ZX_ALIPAY_APPID the channel is off. */
void alipay_init(void);
bool alipay_is_on(void);

/* Verify and read a notify: the body of a POST, form-urlencoded, as it came.
 * E_NOTIFY_REFUSED, logged, for whatever is not signed by Alipay, not about the
 * last seven days, ambiguous (a name twice, a bad escape) or not complete: Alipay
 * sends it again. Merchant, app, order and sum are for the caller to compare. A
 * refund is told as the same trade once more, with a new id; it is still
 * PAYMENT_PAID. The answer to all that was recorded is the body `success`. */
enum err alipay_notice_read(
	struct arena *, struct bytes body, stamp now, struct channel_payment *) CHECKED;

struct alipay_bill {
	date day;
	const char *download_url; /* good for 30 seconds */
	const char *refusal;      /* Alipay's own code, if it said no */
};

/* Where the bill of a day's trades is (alipay.data.dataservice.bill.downloadurl
 * .query). There from about 9:00 of the next day on. E_NOT_FOUND: no business that
 * day, or not made yet; Alipay doesn't say which, so believe it only when nothing
 * is expected or at noon. */
enum err alipay_bill_url(struct arena *, date, struct alipay_bill *) CHECKED;

/* Fetch a bill and read it, line by line as struct bill_trade: a zip of CSV files
 * in GBK. A payment's state is SUCCESS; a refund's is REFUND, its refund_state
 * SUCCESS, its number out_refund_no; appid and refund_id are NULL. The time of a
 * refund's line may be that of its payment. Nothing of it counts until E_OK says
 * that it is whole, of this merchant and day, and that its sums are those of its
 * lines. E_BAD_BODY, logged: this is no such bill. Anything but E_OK that take
 * gives comes out. Every other failure: get another download_url. */
enum err alipay_bill_fetch(
	struct arena *, const struct alipay_bill *, bill_fn *take, void *arg) CHECKED;

#endif
