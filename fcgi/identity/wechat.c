#include "account/account.h"
#include "base/settings.h"
#include "guard/limit.h"
#include "identity.h"
#include "wechat/login.h"
#include "wechat/phone.h"

#include <inttypes.h>
#include <stdio.h>

/* The mini-program: its login, and the phone number that its user lends us. */

enum { PER_MINUTE_WECHAT = 600, PHONES_PER_MINUTE = 6 };

static enum err open_for_wechat(
	struct req *r, struct tx *tx, const void *arg, struct grant *grant)
{
	const struct wechat_identity *wechat = arg;
	int64_t account_id;

	TRY(account_of_wechat(
		tx, settings.wx_appid, wechat->openid, wechat->unionid, &account_id));
	struct login login = login_of(r, r->in, CLIENT_MINI, account_id);
	return grant_open(tx, &login, grant);
}

/* A code can be spent once, so a lost race is run again from behind the call. */
enum err by_wechat_code(struct req *r, const struct token_in *in)
{
	struct wechat_identity wechat;

	if (!in->code)
		return fail(r, E_BAD_FIELD, "code");
	TRY(limit_take("wechat-login", limit_place(r->mem, r->remote), PER_MINUTE_WECHAT,
		PER_MINUTE_WECHAT, &r->retry_after_s));
	TRY(wechat_login(r->mem, in->code, &wechat));
	return login_and_reply(r, in, open_for_wechat, &wechat);
}

struct phone_in {
	const char *code;
};
static const struct field phone_in_fields[] = {
	FIELD(struct phone_in, code, .min = 1, .max = WECHAT_CODE_MAX),
};
static const struct shape phone_in_shape = SHAPE(struct phone_in, phone_in_fields);

static enum err bind(struct req *r, const char *phone, struct account *account)
{
	TRY(phone_bind(&r->tx, r->caller.account_id, phone));
	return account_load(&r->tx, r->caller.account_id, account);
}

static enum err phone(struct req *r)
{
	const struct phone_in *in = r->in;
	struct account account;
	const char *number;
	char account_id[24];

	/* WeChat wants money for each answer. */
	snprintf(account_id, sizeof(account_id), "%" PRId64, r->caller.account_id);
	TRY(limit_take(
		"phone", account_id, PHONES_PER_MINUTE, PHONES_PER_MINUTE, &r->retry_after_s));
	enum err err = wechat_phone(r->mem, in->code, &number);
	if (err == E_PHONE_CODE)
		return fail(r, err, "code");
	TRY(err);
	own_begin(r, TX_WRITE);
	TRY(tx_end(&r->tx, bind(r, number, &account)));
	return reply(r, 200, &account_shape, &account);
}

const struct route wechat_routes[] = {
	{POST, "/api/v1/me/phone", USER, TX_NONE, phone, .body = &phone_in_shape,
		.flags = IDEMPOTENT, .says = "Bind the phone number that WeChat vouches for"},
	{0},
};
