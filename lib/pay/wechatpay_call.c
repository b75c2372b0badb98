#include "pay/wechatpay_call.h"

#include "base/settings.h"
#include "base/time.h"

#include <stdio.h>

enum { NONCE_LEN = 32 };

struct wechat_merchant wechat_merchant;

static const char *header(struct arena *mem, const char *name, const char *value)
{
	return arena_printf(mem, "%s: %s", name, value);
}

enum err wechat_send(struct arena *mem, const char *method, const char *target,
	struct bytes body, int64_t deadline, struct http_answer *a)
{
	const struct wechat_merchant *m = &wechat_merchant;
	char nonce[NONCE_LEN + 1];
	const char *headers[5] = {"Accept: application/json"};
	int64_t left = deadline - clock_ms();
	size_t n = 1;

	random_text(nonce, NONCE_LEN);
	struct wechat_request q = {method, target, stamp_now().us / SECOND, nonce, body};
	const char *authorization = wechat_authorization(mem, m, &q);
	if (!authorization)
		return E_INTERNAL;
	if (left <= 0)
		return E_UPSTREAM;
	headers[n++] = header(mem, "Authorization", authorization);
	if (body.len)
		headers[n++] = "Content-Type: application/json";
	if (*m->pubkey_id) /* else the answer is signed by a certificate: 4012154180 */
		headers[n++] = header(mem, "Wechatpay-Serial", m->pubkey_id);
	return http_send(mem,
		&(struct http_call){
			.method = method,
			.url = arena_printf(mem, "%s%s", settings.wxpay_base, target),
			.headers = headers,
			.body = body,
			.limit_ms =
				left < settings.out_timeout_ms ? left : settings.out_timeout_ms,
		},
		a);
}

struct wechat_signed wechat_signed_answer(const struct http_answer *a)
{
	return (struct wechat_signed){
		.timestamp = http_header(a, "Wechatpay-Timestamp"),
		.nonce = http_header(a, "Wechatpay-Nonce"),
		.signature = http_header(a, "Wechatpay-Signature"),
		.serial = http_header(a, "Wechatpay-Serial"),
		.body = a->body,
	};
}
