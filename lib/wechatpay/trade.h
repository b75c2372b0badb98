#ifndef WECHATPAY_TRADE_H
#define WECHATPAY_TRADE_H

#include "base/bytes.h"
#include "channel/channel.h"

/* Payments at WeChat Pay: ordered, asked about, closed. */

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
struct wechatpay_payment {
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
bool wechatpay_is_paid(const struct wechatpay_payment *);
/* An event about a payment, as against one about a refund and others. */
bool wechatpay_is_about_payment(const char *event_type);

/* From a payment's JSON; id and event_type stay as they are. False if it lacks what
 * its state promises, which only `read` minds. */
bool wechatpay_payment_read(
	struct arena *, struct bytes json, struct wechatpay_payment *) CHECKED;
bool wechatpay_payment_parse(
	struct arena *, struct bytes json, struct wechatpay_payment *) CHECKED;

/* In the words that all channels share. */
void wechatpay_payment_of(const struct wechatpay_payment *, struct channel_payment *);

/* By our own number, in every state (4012791858). E_NOT_FOUND: the order never
 * reached WeChat Pay. NOTPAY is no failure: it may still be paid. */
enum err wechatpay_query(
	struct arena *, const char *out_trade_no, struct wechatpay_payment *) CHECKED;

/* After it an unpaid order can't be paid (4012791860); closing again is fine.
 * E_CHANNEL_REFUSED, most often because it is paid, and E_CHANNEL_UNKNOWN: only
 * a query tells. */
enum err wechatpay_close(struct arena *, const char *out_trade_no) CHECKED;

#endif
