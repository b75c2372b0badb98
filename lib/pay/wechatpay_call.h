#ifndef PAY_WECHATPAY_CALL_H
#define PAY_WECHATPAY_CALL_H

#include "io/http.h"
#include "pay/wechatpay_sign.h"

/* The way to WeChat Pay and back, for the files of this module. */

/* Who we are; filled by wechatpay_init(). */
extern struct wechat_merchant wechat_merchant;

/* One signed request, one try, done by deadline (of clock_ms()). A GET has an
 * empty body. Errors are those of http_send(); the answer is not verified. */
enum err wechat_send(struct arena *, const char *method, const char *target, struct bytes body,
	int64_t deadline, struct http_answer *) CHECKED;

/* What an answer claims to be signed with. */
struct wechat_signed wechat_signed_answer(const struct http_answer *);

/* Makes the process' key ring: WeChat Pay's public key, NULL in certificate
 * mode, which becomes the ring's. */
void wechat_keys_init(struct key *pubkey);

/* The key of that serial. Platform certificates are fetched when the serial is
 * one we don't know, or when they were last fetched 12 hours ago (4012551764);
 * at most once a minute (five seconds after a failure), so that forged serials
 * can't drive us to it. NULL: nobody we know. The key is good until the next call. */
const struct key *wechat_key(struct arena *, const char *serial, stamp now, int64_t deadline);

/* Decrypts an answer of /v3/certificates. Adds the certificates whose serial
 * is the announced one; E_CHANNEL_UNKNOWN if there is none. */
enum err wechat_certificates_read(
	struct arena *, struct bytes apiv3, struct bytes body, struct wechat_keyring *) CHECKED;

/* A payment's JSON into a notice whose id and event_type stay as they are.
 * False if it lacks what its state promises. */
bool wechat_payment_read(struct arena *, struct bytes json, struct wechat_notice *) CHECKED;

#endif
