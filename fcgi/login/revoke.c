#include "login.h"
#include "login/token.h"
#include "oauth/oauth.h"

#include <string.h>

enum { REVOKED_MAX = 2048 }; /* several times what ours are long */

struct revoke_in {
	const char *token, *token_type_hint;
};
static const struct field revoke_in_fields[] = {
	FIELD(struct revoke_in, token, .optional = true, .min = 1, .max = REVOKED_MAX),
	FIELD(struct revoke_in, token_type_hint, .optional = true, .min = 1, .max = 64),
};
static const struct shape revoke_in_shape = SHAPE(struct revoke_in, revoke_in_fields);

/* An access token ends its session too. A wrong token is no error: it opens
 * nothing, which is what was wanted (RFC 7009 §2.2). */
static enum err end_of(struct req *r, const char *token)
{
	struct claims claims;

	own_begin(r, TX_WRITE);
	if (token_check(token, strlen(token), &claims) == E_OK)
		session_end(&r->tx, claims.session_id, "logout");
	else
		TRY(grant_revoke(&r->tx, token));
	return E_OK;
}

static enum err revoke(struct req *r)
{
	const struct revoke_in *in = r->in;
	const char *token = in->token;
	enum err err = E_OK;

	if (!token) {
		token = refresh_cookie(r, &err);
		if (err == E_BAD_FIELD)
			return fail(r, err, "token");
		TRY(err);
		refresh_cookie_clear(r);
	}
	TRY(tx_end(&r->tx, end_of(r, token)));
	buf_puts(reply_begin(r, 200), "{}");
	return reply_end(r);
}

const struct route revoke_routes[] = {
	{POST, "/oauth2/revoke", PUBLIC, TX_NONE, revoke, .body = &revoke_in_shape,
		.flags = FORM | OAUTH, .says = "End the session behind a token"},
	{0},
};
