#include "login/device.h"
#include "oauth/oauth.h"
#include "password.h"

static enum err open_for_staff(
	struct req *r, struct tx *tx, const void *arg, struct grant *grant)
{
	const struct staff_login *checked = arg;
	struct login login = login_of(r, r->in, CLIENT_STAFF, checked->account_id);

	staff_login_unchanged(tx, checked);
	TRY(grant_open(tx, &login, grant));
	grant->device = device_text(r->mem, checked->account_id);
	return E_OK;
}

static enum err by_password(struct req *r)
{
	const struct token_in *in = r->in;
	struct staff_login login;

	if (grant_find(in->grant_type) != GRANT_PASSWORD)
		return E_GRANT_TYPE;
	if (!in->username || !in->password)
		return fail(r, E_BAD_FIELD, in->username ? "password" : "username");
	TRY(password_try(r,
		&(struct staff_login_params){.username = in->username,
			.password = in->password,
			.device = in->device},
		&login));
	return login_and_reply(r, in, open_for_staff, &login);
}

const struct route token_routes[] = {
	{POST, "/oauth2/token", PUBLIC, TX_NONE, by_password, .body = &token_in_shape,
		.flags = FORM | OAUTH, .says = "A token for a staff password"},
	{0},
};
