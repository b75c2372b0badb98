#include "login/sms.h"
#include "base/phone.h"
#include "identity.h"

/* Staff who log in by a code that comes by SMS. */

struct sms_in {
	const char *phone;
};
static const struct field sms_in_fields[] = {
	FIELD(struct sms_in, phone, .digits = DIGITS_PHONE, .min = PHONE_DIGITS,
		.max = PHONE_DIGITS),
};
static const struct shape sms_in_shape = SHAPE(struct sms_in, sms_in_fields);

struct asked {
	int64_t expires_in;
};
static const struct field asked_fields[] = {FIELD(struct asked, expires_in)};
static const struct shape asked_shape = SHAPE(struct asked, asked_fields);

static enum err ask(struct req *r)
{
	const struct sms_in *in = r->in;
	static const struct asked asked = {SMS_LIFE_S};

	if (!sms_on())
		return E_GRANT_TYPE;
	if (!phone_valid(in->phone))
		return fail(r, E_BAD_FIELD, "phone");
	TRY(login_try_take(r, "sms"));
	TRY(sms_code_take(&r->tx, in->phone, &r->retry_after_s));
	return reply(r, 202, &asked_shape, &asked);
}

static enum err open_for_sms(struct req *r, struct tx *tx, const void *arg, struct grant *grant)
{
	int64_t account_id;

	TRY(sms_account(tx, arg, &account_id));
	struct login login = login_of(r, r->in, CLIENT_STAFF, account_id);
	return grant_open(tx, &login, grant);
}

enum err by_sms(struct req *r, const struct token_in *in)
{
	bool right;

	if (!in->phone || !in->code)
		return fail(r, E_BAD_FIELD, in->phone ? "code" : "phone");
	char *code = arena_strdup(r->mem, in->code);
	digits_tidy(code, DIGITS_NUMBER);
	TRY(login_try_take(r, "sms-login"));
	own_begin(r, TX_WRITE);
	TRY(tx_end(&r->tx, sms_try(&r->tx, in->phone, code, &right)));
	return right ? login_and_reply(r, in, open_for_sms, in->phone) : E_LOGIN_REFUSED;
}

const struct route sms_routes[] = {
	{POST, "/oauth2/sms", PUBLIC, TX_WRITE, ask, .body = &sms_in_shape,
		.flags = FORM | OAUTH,
		.says = "Send a code by SMS, if it is the phone of staff"},
	{0},
};
