#include "base/settings.h"
#include "login.h"
#include "login/token.h"
#include "oauth/oauth.h"

static enum err jwks(struct req *r)
{
	jwks_write(reply_begin(r, 200));
	return reply_end(r);
}

static enum err metadata(struct req *r)
{
	struct buf *b = reply_begin(r, 200);
	const char *base = settings.issuer;

	json_open(b, NULL, '{');
	json_text(b, "issuer", base);
	json_text(b, "token_endpoint", arena_printf(r->mem, "%s/oauth2/token", base));
	json_text(b, "revocation_endpoint", arena_printf(r->mem, "%s/oauth2/revoke", base));
	json_text(b, "jwks_uri", arena_printf(r->mem, "%s/oauth2/jwks", base));
	json_open(b, "grant_types_supported", '[');
	for (int i = GRANT_NONE + 1; i < GRANT_COUNT; i++)
		if (grant_types[i].on())
			json_text(b, NULL, grant_types[i].name);
	json_close(b, ']');
	/* There is no authorization endpoint; but clients want this list, and not an empty one. */
	json_raw(b, "response_types_supported", "[\"none\"]");
	json_raw(b, "token_endpoint_auth_methods_supported", "[\"none\"]");
	json_raw(b, "revocation_endpoint_auth_methods_supported", "[\"none\"]");
	json_raw(b, "scopes_supported", "[\"user\",\"staff\"]");
	json_close(b, '}');
	return reply_end(r);
}

const struct route metadata_routes[] = {
	{GET, "/oauth2/jwks", GUEST, TX_NONE, jwks, .flags = CACHEABLE,
		.says = "Public keys of our tokens"},
	{GET, "/.well-known/oauth-authorization-server", GUEST, TX_NONE, metadata,
		.flags = CACHEABLE, .says = "What the token endpoint can do (RFC 8414)"},
	{0},
};
