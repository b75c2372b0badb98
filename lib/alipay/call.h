#ifndef ALIPAY_CALL_H
#define ALIPAY_CALL_H

#include "alipay/sign.h"
#include "base/arena.h"
#include "base/err.h"

/* The way to Alipay and back, for the files of this folder. */

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
	const char *refusal; /* else NULL */
	bool by_gateway;
	int64_t deadline; /* filled in */
};
#define ALIPAY_NO_TRADE "ACQ.TRADE_NOT_EXIST"
#define ALIPAY_NO_BILL "isp.bill_not_exist"

/* Send, verify, judge by the rules of channel.h. The same goes out a second time if
 * the first told nothing (not with once), never past the request's own limit. */
enum err alipay_call(struct arena *, struct alipay_exchange *) CHECKED;

/* The address of a signed request; its body is biz_content alone. NULL if our key
 * can't sign. */
const char *alipay_url(struct arena *, const struct alipay_exchange *, stamp now);

#endif
