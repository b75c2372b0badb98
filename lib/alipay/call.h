#ifndef ALIPAY_CALL_H
#define ALIPAY_CALL_H

#include "alipay/alipay.h"
#include "alipay/sign.h"

/* The way to Alipay and back, for the files of this module. */

/* Who we are; filled by alipay_init(). */
struct alipay_merchant {
	const char *appid, *seller_id;
	struct key *key;    /* our private key */
	struct key *alipay; /* Alipay's public key */
};
extern struct alipay_merchant alipay_merchant;

/* A request and what came of it. */
struct alipay_exchange {
	const char *method;
	const char *biz;   /* biz_content, JSON */
	bool notify;       /* Alipay is to tell what becomes of it */
	bool once;         /* money moves: one try */
	const char *plain; /* with E_OK: the signed object, JSON */
	/* With E_CHANNEL_REFUSED: Alipay's sub_code, and whether the gateway said it
	 * before any business was done: our key, our app, our rights. */
	const char *refusal;
	bool by_gateway;
	int64_t deadline; /* filled in */
};

/* Send, verify, judge by the rules of channel.h. The same goes out a second time if
 * the first told nothing (not with once), never past the request's own limit. */
enum err alipay_call(struct arena *, struct alipay_exchange *) CHECKED;

/* The address of a signed request; its body is biz_content alone. NULL if our key
 * can't sign. */
const char *alipay_url(struct arena *, const struct alipay_exchange *, stamp now);

/* A trade as answers and notifies tell it. What they leave out is NULL. */
struct alipay_trade {
	const char *trade_no, *out_trade_no, *trade_status;
	const char *total_amount, *buyer_pay_amount;
	const char *paid_at; /* of an answer send_pay_date, of a notify gmt_payment */
	const char *buyer_open_id, *buyer_id;
	const char *trans_currency;
};

/* Fills all but id, event, ours and plaintext. NULL, or what it lacks. */
const char *alipay_payment_of(const struct alipay_trade *, struct channel_payment *);

enum err alipay_query(
	struct arena *, const char *out_trade_no, struct channel_payment *) CHECKED;
enum err alipay_close(struct arena *, const char *out_trade_no) CHECKED;
const char *alipay_order_body(struct arena *, const struct channel_order *);
enum err alipay_prepay(
	struct arena *, const char *method, const char *body, const char **ticket) CHECKED;
const char *alipay_refund_body(struct arena *, const struct channel_refund_request *);
enum err alipay_refund(struct arena *, const char *body, struct channel_refund *) CHECKED;
enum err alipay_refund_query(struct arena *, const char *out_trade_no,
	const char *out_refund_no, struct channel_refund *) CHECKED;

#endif
