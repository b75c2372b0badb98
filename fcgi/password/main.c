#include "account/account.h"
#include "account/password.h"
#include "account/refresh.h"
#include "account/token.h"
#include "base/settings.h"
#include "guard/limit.h"
#include "oauth/oauth.h"

#include <string.h>

/* Whatever hashes a password, which takes long by design: nobody else waits in
 * this pool's queue. */

static enum err password_wrong(struct req *r, const struct staff_login *login)
{
	if (!login->hash)
		return E_LOGIN_REFUSED;
	tx_begin(&r->tx, r->db, r->mem, TX_WRITE);
	staff_login_failed(&r->tx, login->account_id);
	TRY(tx_commit(&r->tx));
	return E_LOGIN_REFUSED;
}

static enum err open_for_staff(
	struct req *r, struct tx *tx, const void *arg, struct grant *grant)
{
	const struct staff_login *login = arg;
	struct login who = login_of(r, r->in, CLIENT_STAFF, login->account_id);

	staff_login_passed(tx, login->account_id);
	return session_open(tx, &who, grant);
}

/* An unknown name takes as long as a wrong password and says the same. */
static enum err by_password(struct req *r)
{
	const struct token_in *in = r->in;
	struct staff_login login;
	int per_minute = (int)settings.login_per_minute;

	if (strcmp(in->grant_type, GRANT_PASSWORD) != 0)
		return E_GRANT_TYPE;
	if (!in->username || !in->password)
		return fail(r, E_BAD_FIELD, in->username ? "password" : "username");
	TRY(limit_take("password", r->remote ? r->remote : "-", per_minute, per_minute,
		&r->retry_after_s));
	tx_begin(&r->tx, r->db, r->mem, TX_READ);
	enum err err = staff_login_load(&r->tx, in->username, &login);
	if (err == E_NOT_FOUND)
		login = (struct staff_login){0};
	else
		TRY(err);
	tx_rollback(&r->tx);
	bool right = password_matches(login.hash, in->password);
	r->retry_after_s = login.locked_s;
	if (login.locked_s > 0)
		return E_LOGIN_LOCKED;
	if (!right)
		return password_wrong(r, &login);
	return login_and_reply(r, in, open_for_staff, &login);
}

static const struct route password_routes[] = {
	{POST,    "/oauth2/token", PUBLIC, TX_NONE, by_password, .body = &token_in_shape,
         .flags = FORM | OAUTH, .says = "A token for a staff password"},
	{0},
};

static void init(void)
{
	tokens_init();
	refresh_init();
}

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {password_routes, NULL};
	static const struct web password = {.name = "password",
		.tables = tables,
		.init = init,
		.identify = session_identify,
		.guard = session_guard,
		.why = session_why};

	return web_main(argc, argv, &password);
}
