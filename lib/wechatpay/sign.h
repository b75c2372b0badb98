#ifndef WECHATPAY_SIGN_H
#define WECHATPAY_SIGN_H

#include "base/json.h"
#include "codec/crypto.h"
#include "codec/sign.h"
#include "wechatpay/trade.h"

/* The signatures of WeChat Pay APIv3, without clock, network or settings
 * (pay.weixin.qq.com/doc/v3/merchant/4012365342 and 4013053249). For
 * the files of this folder and its tests. */

struct wechatpay_merchant {
	const char *mchid, *appid;
	const char *serial;    /* of our own certificate, upper-case hex */
	const char *pubkey_id; /* "" in certificate mode */
	const struct key *key; /* our private key */
	struct bytes apiv3;    /* 32 bytes */
};

struct wechatpay_request {
	const char *method;
	const char *target; /* path and query, exactly as sent */
	int64_t at;         /* Unix seconds */
	const char *nonce;  /* up to 32 of 0-9A-Za-z */
	struct bytes body;
};

/* What is signed: five lines, the last one ends with LF too. */
struct bytes wechatpay_signed_text(struct arena *, const struct wechatpay_request *);
/* The value of the Authorization header; NULL if our key can't sign. */
const char *wechatpay_authorization(
	struct arena *, const struct wechatpay_merchant *, const struct wechatpay_request *);
/* paySign of wx.requestPayment for this appid; NULL if our key can't sign. */
const char *wechatpay_pay_sign(
	struct arena *, const struct wechatpay_merchant *, const struct wechatpay_pay_params *);

/* Who signed what we get: WeChat Pay's public key under its PUB_KEY_ID_…, and
 * platform certificates under their serials. */
enum { WECHATPAY_KEYS_MAX = 16, WECHATPAY_SERIAL_MAX = 64 };
struct wechatpay_keyring {
	struct {
		char serial[WECHATPAY_SERIAL_MAX + 1];
		struct key *key;
	} at[WECHATPAY_KEYS_MAX];
	size_t count;
};
/* The key becomes the ring's. False (and the key is freed) if there is no room
 * or the serial is too long. */
bool wechatpay_keyring_add(
	struct wechatpay_keyring *, const char *serial, struct key *) CHECKED;
/* Exact match of the serial, and within a certificate's dates; else NULL. */
const struct key *wechatpay_keyring_find(
	const struct wechatpay_keyring *, const char *serial, stamp now);
void wechatpay_keyring_clear(struct wechatpay_keyring *);

/* What WeChat Pay has signed: the headers Wechatpay-Timestamp, -Nonce, -Signature
 * and -Serial, NULL where absent, and the body as it came. */
struct wechatpay_signed {
	const char *timestamp, *nonce, *signature, *serial;
	struct bytes body;
};
/* All four headers are there and the time is within 300 s of now, before and
 * after. To be asked first: it costs nothing. */
bool wechatpay_is_fresh(const struct wechatpay_signed *, stamp now);
/* The signature fits. Probes that begin with WECHATPAY/SIGNTEST/ don't. */
bool wechatpay_verify(struct arena *, const struct key *, const struct wechatpay_signed *);

/* The resource of a notify, an entry of the certificates: one JSON object
 * {algorithm, nonce, associated_data, ciphertext}. */
bool wechatpay_open(struct arena *, struct bytes apiv3, const cJSON *, struct bytes *plain);

#endif
