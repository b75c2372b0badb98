#include "base/settings.h"
#include "login.h"
#include "oauth/oauth.h"

#include <string.h>

static enum err exchange(struct req *r, const char *token, struct grant *grant)
{
	bool reused = false;

	own_begin(r, TX_WRITE);
	TRY(tx_end(&r->tx,
		grant_refresh(&r->tx, token, header(r, "HTTP_USER_AGENT"), grant, &reused)));
	return reused ? E_TOKEN_INVALID : E_OK;
}

/* From the body, or from the page's cookie; then the next one goes there too. */
static enum err refresh(struct req *r, struct token_in *in)
{
	struct grant grant;
	enum err err = E_OK;
	const char *token = in->refresh_token;

	if (!token) {
		token = refresh_cookie(r, &err);
		in->deliver = "cookie";
		if (err == E_BAD_FIELD)
			return fail(r, err, "refresh_token");
		TRY(err);
	}
	err = exchange(r, token, &grant);
	if (err == E_RETRY) /* a lost race, as the runner does for others */
		err = exchange(r, token, &grant);
	TRY(err);
	return reply_grant(r, in, &grant);
}

/* Otherwise another site could sign a browser in under an account of its choice: a form
 * may be sent anywhere. Browsers say where a POST comes from. */
static bool is_of_another_site(const struct req *r, const struct token_in *in)
{
	const char *origin = header(r, "HTTP_ORIGIN");

	return wants_cookie(in) && origin && strcmp(origin, settings.issuer) != 0;
}

/* All grants come through here first, before anything of them is spent. */
static enum err token(struct req *r)
{
	struct token_in in = *(const struct token_in *)r->in;
	enum grant_id grant = grant_named(in.grant_type);

	if (is_of_another_site(r, &in))
		return E_FORBIDDEN;
	if (grant == GRANT_REFRESH)
		return refresh(r, &in);
	return grant ? hand_over(r, grant_types[grant].pool) : E_GRANT_TYPE;
}

const struct route token_routes[] = {
	{POST, "/oauth2/token", PUBLIC, TX_NONE, token, .body = &token_in_shape,
		.flags = FORM | OAUTH,
		.says = "A token for a code, a password, or the refresh token before"},
	{0},
};
