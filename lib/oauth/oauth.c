#include "oauth/oauth.h"

#include "account/member.h"
#include "base/log.h"
#include "base/phone.h"
#include "base/settings.h"
#include "guard/limit.h"
#include "login/device.h"
#include "login/password.h"
#include "login/refresh.h"
#include "login/scan.h"

#include <inttypes.h>
#include <string.h>

enum { TRIES = 4 };

static const struct field token_in_fields[] = {
	FIELD(struct token_in, grant_type, .min = 1, .max = 64),
	FIELD(struct token_in, code, .optional = true, .min = 1, .max = WECHAT_CODE_MAX),
	FIELD(struct token_in, state, .optional = true, .min = 1, .max = SCAN_STATE_MAX),
	FIELD(struct token_in, username, .optional = true, .min = 1,
		.max = USERNAME_MAX_LENGTH),
	FIELD(struct token_in, password, .optional = true, .min = 1, .max = PASSWORD_MAX),
	FIELD(struct token_in, phone, .optional = true, .digits = DIGITS_PHONE,
		.min = PHONE_DIGITS, .max = PHONE_DIGITS),
	FIELD(struct token_in, refresh_token, .optional = true, .min = 1,
		.max = REFRESH_TEXT_MAX),
	FIELD(struct token_in, remember, .optional = true, .one_of = "true|false"),
	FIELD(struct token_in, deliver, .optional = true, .one_of = "body|cookie"),
	FIELD(struct token_in, device, .optional = true, .min = 1, .max = DEVICE_TEXT_MAX),
};
const struct shape token_in_shape = SHAPE(struct token_in, token_in_fields);

static bool is(const char *word, const char *wanted)
{
	return word && strcmp(word, wanted) == 0;
}

bool wants_cookie(const struct token_in *in)
{
	return is(in->deliver, "cookie");
}

enum err login_try_take(struct req *r, const char *way)
{
	int per_minute = (int)settings.login_per_minute;

	return limit_take(
		way, limit_place(r->mem, r->remote), per_minute, per_minute, &r->retry_after_s);
}

struct login login_of(
	const struct req *r, const struct token_in *in, enum client client, int64_t account)
{
	/* A mini-program logs in without the customer's doing, so it may as well be
	 * remembered. A page at a front desk is often shared. */
	bool remember = in->remember ? is(in->remember, "true") : client == CLIENT_MINI;

	return (struct login){.account_id = account,
		.client = client,
		.remember = remember,
		.agent = header(r, "HTTP_USER_AGENT")};
}

static void set_cookie(struct req *r, const struct grant *g)
{
	const char *age = "";

	if (g->remembered)
		age = arena_printf(r->mem, "; Max-Age=%" PRId64, g->refresh_expires_in);
	r->cookie = arena_printf(r->mem,
		REFRESH_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s",
		g->refresh_token, age);
}

void refresh_cookie_clear(struct req *r)
{
	r->cookie = REFRESH_COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";
}

const char *refresh_cookie(const struct req *r, enum err *err)
{
	const char *token = cookie(r, REFRESH_COOKIE);
	const char *origin = header(r, "HTTP_ORIGIN");

	*err = E_OK;
	if (!token || !*token) {
		*err = E_BAD_FIELD;
		return NULL;
	}
	if (!is(origin, settings.issuer)) {
		*err = E_FORBIDDEN;
		return NULL;
	}
	return token;
}

enum err reply_grant(struct req *r, const struct token_in *in, const struct grant *g)
{
	bool by_cookie = wants_cookie(in);
	struct buf *b = reply_begin(r, 200);

	log_info("granted", "%s to account %" PRId64, in->grant_type, g->account_id);
	grant_mark_ended(r->mem, g);
	json_open(b, NULL, '{');
	json_text(b, "access_token", g->access_token);
	json_text(b, "token_type", "Bearer");
	json_int(b, "expires_in", g->expires_in);
	json_text(b, "scope", g->scope);
	json_text(b, "refresh_token", by_cookie ? NULL : g->refresh_token);
	json_int(b, "refresh_expires_in", g->refresh_expires_in);
	json_text(b, "device", g->device);
	json_close(b, '}');
	if (by_cookie)
		set_cookie(r, g);
	return reply_end(r);
}

enum err login_and_reply(
	struct req *r, const struct token_in *in, open_fn *open, const void *arg)
{
	struct grant grant;
	enum err err = E_RETRY;

	for (int i = 0; i < TRIES && err == E_RETRY; i++) {
		own_begin(r, TX_WRITE);
		err = tx_end(&r->tx, open(r, &r->tx, arg, &grant));
	}
	TRY(err);
	return reply_grant(r, in, &grant);
}
