#ifndef PAY_WECHATPAY_H
#define PAY_WECHATPAY_H

#include "base/json.h"
#include "io/crypto.h"

/* WeChat Pay APIv3 for one merchant: JSAPI (mini-program) and Native (QR code)
 * orders, queries, notifies. Numbers in comments are pages of
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

struct wechat_prepay {
	const char *description;  /* in the customer's bill; cut at 127 bytes */
	const char *out_trade_no; /* 6 to 32 of 0-9A-Za-z, new for each set of parameters */
	stamp expires;            /* sent in whole seconds */
	money total;
	const char *openid; /* of the payer, under our appid: JSAPI; NULL: Native */
};

/* The parameters as JSON. A number that was used once may only be sent again
 * with the same parameters, so store this text with the attempt and replay it. */
const char *wechat_prepay_body(struct arena *, const struct wechat_prepay *);

struct wechat_prepaid {
	const char *prepay_id; /* JSAPI, good for two hours */
	const char *code_url;  /* Native: what the QR code says, good for two hours */
	const char *refusal;   /* WeChat Pay's own code with E_CHANNEL_REFUSED */
};

/* method is "jsapi" or "native" (4012791856, 4012791877). */
enum err wechat_prepay(
	struct arena *, const char *method, const char *body, struct wechat_prepaid *) CHECKED;

/* What the page hands to wx.requestPayment; the signature contains the appid
 * (4012365339). E_INTERNAL if our key can't sign. */
struct wechat_pay_params {
	const char *time_stamp; /* Unix seconds, as a text */
	const char *nonce_str, *package, *sign_type, *pay_sign;
};
extern const struct shape wechat_pay_params_shape;
enum err wechat_pay_params(
	struct arena *, const char *prepay_id, struct wechat_pay_params *) CHECKED;

/* A payment as WeChat Pay tells it, in a notify or as the answer to a query.
 * What it leaves out is NULL or 0. Once trade_state is SUCCESS or REFUND (paid,
 * and something given back), the rest is there, except id and event_type in
 * the answer to a query. */
struct wechat_notice {
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
bool wechat_is_paid(const struct wechat_notice *);

/* By our own number, in every state (4012791858). E_NOT_FOUND: the order never
 * reached WeChat Pay. NOTPAY is no failure: it may still be paid. */
enum err wechat_query(struct arena *, const char *out_trade_no, struct wechat_notice *) CHECKED;

/* The headers Wechatpay-Timestamp, -Nonce, -Signature and -Serial, NULL where
 * absent, and the body as it came. */
struct wechat_signed {
	const char *timestamp, *nonce, *signature, *serial;
	struct bytes body;
};

/* Verify, decrypt and read a notify (4012791861). E_NOTIFY_REFUSED for whatever
 * is not fresh, not signed by WeChat Pay, not decryptable or not complete: WeChat
 * Pay will send it again. Mchid, appid, order and sum are for the caller to
 * compare. Of events other than TRANSACTION.* only id and event_type are sure.
 * May fetch platform certificates, within four seconds. */
enum err wechat_notice_read(struct arena *, const struct wechat_signed *, stamp now,
	struct wechat_notice *) CHECKED;

#endif
