#ifndef WECHATPAY_CALL_H
#define WECHATPAY_CALL_H

#include "net/http.h"
#include "wechatpay/sign.h"

/* The way to WeChat Pay and back, for the files of this module. */

/* Who we are; filled by wechatpay_init(). */
extern struct wechatpay_merchant wechatpay_merchant;

/* One signed request, one try, done by deadline (of clock_ms()). A GET has an
 * empty body. Errors are those of http_send(); the answer is not verified. */
enum err wechatpay_send(struct arena *, const char *method, const char *target,
	struct bytes body, int64_t deadline, struct http_answer *) CHECKED;

/* The headers of such a request, signed now, for http_send(); NULL if our key
 * can't sign. */
const char *const *wechatpay_headers(
	struct arena *, const char *method, const char *target, struct bytes body);

/* What an answer claims to be signed with. */
struct wechatpay_signed wechatpay_signed_answer(const struct http_answer *);

/* A request and what came of it. */
struct wechatpay_exchange {
	const char *method, *target;
	struct bytes body;
	/* Money moves: whatever is neither an answer nor a refusal wants a query
	 * before the next try, 429 too, which may say "being worked on". */
	bool query_first;
	struct http_answer answer; /* with E_OK: verified */
	const char *refusal;       /* with E_CHANNEL_REFUSED */
	int64_t deadline;          /* filled in */
};
/* Send, verify, judge by the rules of wechatpay.h. The same parameters go out a
 * second time if the first told nothing (not with query_first), never past the
 * request's own limit. */
enum err wechatpay_call(struct arena *, struct wechatpay_exchange *) CHECKED;

/* An answer that is no 2xx, logged: unsigned, so a hint. By its status first, by
 * its code only where the status leaves it open (4012081709): E_BUSY for 429,
 * E_CHANNEL_REFUSED and the code, E_CHANNEL_UNKNOWN. */
enum err wechatpay_judge(struct arena *, const char *target, const struct http_answer *,
	const char **refusal) CHECKED;

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

/* Verify and decrypt a notify, whatever it is about. E_NOTIFY_REFUSED, logged. */
struct wechatpay_event {
	const char *id, *event_type;
	struct bytes plain;
};
enum err wechatpay_event_open(struct arena *, const struct wechatpay_signed *, stamp now,
	struct wechatpay_event *) CHECKED;
bool wechatpay_is_about_payment(const char *event_type);
/* Says in the log that what was inside is of no use. */
enum err wechatpay_event_refuse(const char *why);

/* A member that is an object; false if it is there and doesn't fit the shape. */
bool wechatpay_member_read(struct arena *, const cJSON *root, const char *name,
	const struct shape *, void *out) CHECKED;

/* A payment's JSON into a notice whose id and event_type stay as they are.
 * False if it lacks what its state promises. */
bool wechatpay_payment_read(
	struct arena *, struct bytes json, struct wechatpay_notice *) CHECKED;

/* A refund's JSON likewise, as answers and notifies have it. */
bool wechatpay_refund_read(
	struct arena *, struct bytes json, struct wechatpay_refund_state *) CHECKED;

#endif
