#include "account/member.h"
#include "guard/limit.h"
#include "login/password.h"
#include "login/password_rule.h"
#include "oauth/oauth.h"
#include "password.h"

#include <string.h>

/* Passwords of staff are set here. These routes take no Idempotency-Key: with it a
 * plain digest of the body would be kept, and of a password nothing is kept but
 * its slow hash. To set the same password again changes nothing. */

enum err password_try(
	struct req *r, const struct staff_login_params *params, struct staff_login *login)
{
	TRY(login_try_take(r, "password"));
	struct staff_login_params here = *params;
	here.place = limit_place(r->mem, r->remote);
	enum err err = staff_login_try(r->db, r->mem, &here, login);
	r->retry_after_s = login->locked_s;
	return err;
}

static enum err make_hash(
	struct req *r, const char *plain, const char *username, const char **hash)
{
	if (!password_good(plain, username))
		return fail(r, E_PASSWORD_WEAK, "new_password");
	*hash = password_hash(r->mem, plain);
	return *hash ? E_OK : fail(r, E_BAD_FIELD, "new_password");
}

struct own_in {
	const char *password, *new_password;
};
static const struct field own_in_fields[] = {
	FIELD(struct own_in, password, .min = 1, .max = PASSWORD_MAX),
	FIELD(struct own_in, new_password, .min = 1, .max = PASSWORD_MAX),
};
static const struct shape own_in_shape = SHAPE(struct own_in, own_in_fields);

/* A wrong old password counts like a wrong one at a login. */
static enum err change_own(struct req *r)
{
	const struct own_in *in = r->in;
	struct staff_login login = {0};
	const char *hash = NULL;

	enum err err = password_try(r,
		&(struct staff_login_params){
			.account_id = r->caller.account_id, .password = in->password},
		&login);
	if (err != E_OK)
		return fail(r, err, err == E_LOGIN_REFUSED ? "password" : NULL);
	if (strcmp(in->password, in->new_password) == 0)
		return fail(r, E_PASSWORD_WEAK, "new_password");
	TRY(make_hash(r, in->new_password, login.username, &hash));
	own_begin(r, TX_WRITE);
	staff_password_change(&r->tx, &login, hash, r->caller.session_id);
	TRY(tx_end(&r->tx, E_OK));
	return reply_empty(r);
}

struct given_in {
	const char *new_password;
};
static const struct field given_in_fields[] = {
	FIELD(struct given_in, new_password, .min = 1, .max = PASSWORD_MAX),
};
static const struct shape given_in_shape = SHAPE(struct given_in, given_in_fields);

/* One's own takes the old one: see above. */
static enum err give(struct req *r)
{
	const struct given_in *in = r->in;
	struct staff_login login = {0};
	const char *hash = NULL;

	if (r->arg[0] == r->caller.account_id)
		return E_OWN_ACCOUNT;
	own_begin(r, TX_READ);
	member_within_reach(&r->tx, r->arg[0]);
	TRY(tx_end(&r->tx, staff_login_load(&r->tx, r->arg[0], &login)));
	TRY(make_hash(r, in->new_password, login.username, &hash));
	own_begin(r, TX_WRITE);
	staff_password_give(&r->tx, &login, hash);
	TRY(tx_end(&r->tx, E_OK));
	return reply_empty(r);
}

const struct route password_routes[] = {
	{POST, "/api/v1/staff/me/password", "staff.password", TX_NONE, change_own,
		.body = &own_in_shape,
		.says = "Change the own password; other logins of it end"},
	{POST, "/api/v1/staff/members/{account}/password", "member", TX_NONE, give,
		.body = &given_in_shape,
		.says = "Give a member of staff a password, to be changed at the first login"},
	{0},
};
