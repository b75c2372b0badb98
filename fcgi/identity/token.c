#include "identity.h"

static enum err token(struct req *r)
{
	const struct token_in *in = r->in;

	switch (grant_find(in->grant_type)) {
	case GRANT_WECHAT:
		return by_wechat_code(r, in);
	case GRANT_SCAN:
		return by_scan(r, in);
	case GRANT_SMS:
		return by_sms(r, in);
	default:
		return E_GRANT_TYPE;
	}
}

const struct route token_routes[] = {
	{POST, "/oauth2/token", PUBLIC, TX_NONE, token, .body = &token_in_shape,
		.flags = FORM | OAUTH, .says = "A token for a code of WeChat or of an SMS"},
	{0},
};
