#ifndef WECHATPAY_WECHATPAY_H
#define WECHATPAY_WECHATPAY_H

#include "base/json.h"
#include "channel/bill.h"
#include "codec/crypto.h"

/* WeChat Pay APIv3 for one merchant: JSAPI (mini-program) and Native (QR code)
 * orders, queries, closing, refunds, notifies, bills. Numbers in comments are pages of
 * pay.weixin.qq.com/doc/v3/merchant/<number>. Nothing here touches the
 * database; all results are in the arena.
 *
 * What a call can come to:
 * E_OK               an answer that WeChat Pay signed
 * E_CHANNEL_REFUSED  it said no; the same parameters will be refused again
 * E_CHANNEL_UNKNOWN  it may have happened: no answer, or one that proves
 *                    nothing. Ask again with the very same parameters, or query
 * E_UPSTREAM         it has not happened: never sent, or put off (429) */

/* Reads the settings, parses the keys; ends the program with EXIT_CONFIG and
 * the reason if something is wrong. */
void wechatpay_init(void);

struct wechatpay_order {
	const char *description;  /* in the customer's bill; cut at 127 bytes */
	const char *out_trade_no; /* 6 to 32 of 0-9A-Za-z, new for each set of parameters */
	stamp expires;            /* sent in whole seconds */
	money total;
	const char *openid; /* of the payer, under our appid: JSAPI; NULL: Native */
};

/* The parameters as JSON. A number that was used once may only be sent again
 * with the same parameters, so store this text with the attempt and replay it. */
const char *wechatpay_order_body(struct arena *, const struct wechatpay_order *);

struct wechatpay_prepaid {
	const char *prepay_id; /* JSAPI, good for two hours */
	const char *code_url;  /* Native: what the QR code says, good for two hours */
	const char *refusal;   /* WeChat Pay's own code with E_CHANNEL_REFUSED */
};

/* method is "jsapi" or "native" (4012791856, 4012791877). */
enum err wechatpay_prepay(struct arena *, const char *method, const char *body,
	struct wechatpay_prepaid *) CHECKED;

/* What the page hands to wx.requestPayment; the signature contains the appid
 * (4012365339). E_INTERNAL if our key can't sign. */
struct wechatpay_pay_params {
	const char *time_stamp; /* Unix seconds, as a text */
	const char *nonce_str, *package, *sign_type, *pay_sign;
};
extern const struct shape wechatpay_pay_params_shape;
enum err wechatpay_pay_params(
	struct arena *, const char *prepay_id, struct wechatpay_pay_params *) CHECKED;

/* A payment as WeChat Pay tells it, in a notify or as the answer to a query.
 * What it leaves out is NULL or 0. Once trade_state is SUCCESS or REFUND (paid,
 * and something given back), the rest is there, except id and event_type in
 * the answer to a query. */
struct wechatpay_notice {
	const char *id;         /* of the notify, one each */
	const char *event_type; /* "TRANSACTION.SUCCESS" and others */
	const char *appid, *mchid, *out_trade_no;
	const char *transaction_id;
	const char *trade_state; /* SUCCESS REFUND NOTPAY CLOSED … */
	const char *trade_type;  /* JSAPI NATIVE … */
	stamp success_time;
	const char *payer_openid;
	money total;
	const char *currency;
	const char *plaintext; /* all of it as it came, for the record */
};
bool wechatpay_is_paid(const struct wechatpay_notice *);

/* By our own number, in every state (4012791858). E_NOT_FOUND: the order never
 * reached WeChat Pay. NOTPAY is no failure: it may still be paid. */
enum err wechatpay_query(
	struct arena *, const char *out_trade_no, struct wechatpay_notice *) CHECKED;

/* After it an unpaid order can't be paid (4012791860); closing again is fine.
 * E_CHANNEL_REFUSED, most often because it is paid, and E_CHANNEL_UNKNOWN: only
 * a query tells. */
enum err wechatpay_close(struct arena *, const char *out_trade_no) CHECKED;

/* The headers Wechatpay-Timestamp, -Nonce, -Signature and -Serial, NULL where
 * absent, and the body as it came. */
struct wechatpay_signed {
	const char *timestamp, *nonce, *signature, *serial;
	struct bytes body;
};

/* Verify, decrypt and read a notify (4012791861). E_NOTIFY_REFUSED for whatever
 * is not fresh, not signed by WeChat Pay, not decryptable or not complete: WeChat
 * Pay will send it again. Mchid, appid, order and sum are for the caller to
 * compare. Of events other than TRANSACTION.* only id and event_type are sure.
 * May fetch platform certificates, within four seconds. */
enum err wechatpay_notice_read(struct arena *, const struct wechatpay_signed *, stamp now,
	struct wechatpay_notice *) CHECKED;

struct wechatpay_refund_request {
	const char *out_trade_no;
	const char *out_refund_no; /* up to 64 of 0-9A-Za-z_-|*@; one refund for ever */
	const char *reason;        /* the customer sees it; cut at 80 bytes; may be NULL */
	money refund, total;       /* total is the whole order's, whatever was returned */
};

/* The parameters as JSON. Like a prepay's: store it, replay it byte for byte. A
 * new out_refund_no for the same debt may pay it twice, so it is for refunds that
 * ended CLOSED only. */
const char *wechatpay_refund_body(struct arena *, const struct wechatpay_refund_request *);

/* A refund as WeChat Pay tells it: as the answer to the request or a query, or in
 * a notify. What it leaves out is NULL or 0; refund_id to total are always there. */
struct wechatpay_refund_state {
	const char *id, *event_type; /* of the notify, else NULL */
	const char *mchid;           /* in notifies only */
	const char *refund_id, *out_refund_no, *out_trade_no, *transaction_id;
	const char *status; /* PROCESSING, then SUCCESS CLOSED ABNORMAL */
	stamp success_time;
	money refund, total;
	const char *refusal;   /* WeChat Pay's own code with E_CHANNEL_REFUSED */
	const char *plaintext; /* all of it as it came, for the record */
};

/* E_OK: accepted (4013071036), so look at the status. E_CHANNEL_REFUSED: cure
 * NOT_ENOUGH and SIGN_ERROR and send the same again; the others are for a person,
 * and nothing is proven: refusals are not signed. E_CHANNEL_UNKNOWN (told to wait,
 * 429, is that too): query before anything else. Not repeated here. */
enum err wechatpay_refund(
	struct arena *, const char *body, struct wechatpay_refund_state *) CHECKED;

/* By our own number (4013071041). E_NOT_FOUND: not accepted, send the same again. */
enum err wechatpay_refund_query(
	struct arena *, const char *out_refund_no, struct wechatpay_refund_state *) CHECKED;

/* As wechatpay_notice_read(), for a notify about a refund (4013071196). Of events
 * other than REFUND.* only id and event_type are there. */
enum err wechatpay_refund_notice_read(struct arena *, const struct wechatpay_signed *,
	stamp now, struct wechatpay_refund_state *) CHECKED;

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

#endif
