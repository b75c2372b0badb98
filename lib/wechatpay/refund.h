#ifndef WECHATPAY_REFUND_H
#define WECHATPAY_REFUND_H

#include "base/bytes.h"
#include "channel/channel.h"

/* Money on its way back through WeChat Pay. */

struct wechatpay_refund_request {
	const char *out_trade_no;
	const char *out_refund_no; /* up to 64 of 0-9A-Za-z_-|*@; one refund for ever */
	const char *reason;        /* the customer sees it; cut at 80 bytes; may be NULL */
	money refund, total;       /* total is the whole order's, whatever was returned */
};

/* The parameters as JSON. Like an order's: store it, replay it byte for byte. A
 * new out_refund_no for the same debt may pay it twice, so it is for refunds that
 * ended CLOSED only. */
const char *wechatpay_refund_body(struct arena *, const struct wechatpay_refund_request *);

/* A refund as WeChat Pay tells it: as the answer to the request or a query, or in
 * a notify. What it leaves out is NULL or 0; refund_id to total are always there. */
struct wechatpay_refund {
	const char *id, *event_type; /* of the notify, else NULL */
	const char *mchid;           /* in notifies only */
	const char *refund_id, *out_refund_no, *out_trade_no, *transaction_id;
	const char *status; /* PROCESSING, then SUCCESS CLOSED ABNORMAL */
	stamp success_time;
	money refund, total;
	const char *refusal;   /* WeChat Pay's own code with E_CHANNEL_REFUSED */
	const char *plaintext; /* all of it as it came, for the record */
};

/* From a refund's JSON, as answers and notifies have it; id and event_type stay as
 * they are. False if something is missing. */
bool wechatpay_refund_read(
	struct arena *, struct bytes json, struct wechatpay_refund *) CHECKED;

/* In the words that all channels share. */
void wechatpay_refund_of(const struct wechatpay_refund *, struct channel_refund *);

/* E_OK: accepted (4013071036), so look at the status. E_CHANNEL_REFUSED: cure
 * NOT_ENOUGH and SIGN_ERROR and send the same again; the others are for a person,
 * and nothing is proven: refusals are not signed. E_CHANNEL_UNKNOWN (also if told to
 * wait, 429): query before anything else. Not repeated here. */
enum err wechatpay_refund(struct arena *, const char *body, struct wechatpay_refund *) CHECKED;

/* By our own number (4013071041). E_NOT_FOUND: not accepted, send the same again. */
enum err wechatpay_refund_query(
	struct arena *, const char *out_refund_no, struct wechatpay_refund *) CHECKED;

#endif
