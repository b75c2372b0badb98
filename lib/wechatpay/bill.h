#ifndef WECHATPAY_BILL_H
#define WECHATPAY_BILL_H

#include "base/arena.h"
#include "base/bytes.h"
#include "channel/bill.h"

/* The way to WeChat Pay's daily bills; csv.h reads them. */

struct wechatpay_bill {
	const char *download_url; /* good for five minutes */
	const char *hash_type, *hash_value;
	const char *refusal; /* WeChat Pay's own code, if it said no */
};

/* Where the bill of a day is: all trades (4013071227), or the movements of the
 * basic account (4013071235). There from 10:00 of the next day on, for three
 * months. E_NOT_FOUND: no business that day. E_UPSTREAM with a refusal of
 * STATEMENT_CREATING: not yet, ask again in half an hour. */
enum err wechatpay_bill_url(
	struct arena *, enum bill_kind, date, struct wechatpay_bill *) CHECKED;

/* The bill's text in pieces, in constant memory, within ten minutes; packed or
 * not on the way (4013071246). Nothing of it counts until E_OK says that it is
 * whole and has the announced digest. E_INTERNAL: the receiver said no. Every
 * other failure: get another download_url. */
enum err wechatpay_bill_fetch(
	struct arena *, const struct wechatpay_bill *, bytes_fn *take, void *arg) CHECKED;

/* Both, and the lines read: see struct channel. */
enum err wechatpay_bill(struct arena *, enum bill_kind, date, bill_fn *take, void *arg,
	const char **hash) CHECKED;

#endif
