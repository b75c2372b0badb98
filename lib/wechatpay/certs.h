#ifndef WECHATPAY_CERTS_H
#define WECHATPAY_CERTS_H

#include "wechatpay/sign.h"

/* By whose key WeChat Pay's answers and notifies are verified. */

/* Makes the process' key ring: WeChat Pay's public key, NULL in certificate
 * mode, which becomes the ring's. */
void wechatpay_keys_init(struct key *pubkey);

/* The key of that serial. Platform certificates are fetched when the serial is
 * one we don't know, or when they were last fetched 12 hours ago (4012551764);
 * at most once a minute (five seconds after a failure), so that forged serials
 * can't drive us to it. NULL: nobody we know. The key is good until the next call. */
const struct key *wechatpay_key(
	struct arena *, const char *serial, stamp now, int64_t deadline);

/* Decrypts an answer of /v3/certificates. Adds the certificates whose serial
 * is the announced one; E_CHANNEL_UNKNOWN if there is none. */
enum err wechatpay_certificates_read(struct arena *, struct bytes apiv3, struct bytes body,
	struct wechatpay_keyring *) CHECKED;

#endif
