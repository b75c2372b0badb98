#ifndef WECHATPAY_CALL_H
#define WECHATPAY_CALL_H

#include "base/json.h"
#include "net/http.h"
#include "wechatpay/sign.h"

/* The way to WeChat Pay and back, for the files of this folder. */

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
	const char *refusal;       /* with E_CHANNEL_REFUSED, else NULL */
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

/* A member of an answer that is an object; false if it is there, not null, and doesn't
 * fit the shape. */
bool wechatpay_member_read(struct arena *, const cJSON *root, const char *name,
	const struct shape *, void *out) CHECKED;

#endif
