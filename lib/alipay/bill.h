#ifndef ALIPAY_BILL_H
#define ALIPAY_BILL_H

#include "base/arena.h"
#include "channel/bill.h"

/* The way to Alipay's daily bills; csv.h reads them. */

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

/* Both: see struct channel. Alipay announces no digest; the sums inside the zip take
 * its place. */
enum err alipay_bill(struct arena *, enum bill_kind, date, bill_fn *take, void *arg,
	const char **hash) CHECKED;

#endif
