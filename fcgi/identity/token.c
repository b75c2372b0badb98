#include "identity.h"
#include "login/scan.h"
#include "login/sms.h"

#include <string.h>

static enum err token(struct req *r)
{
	const struct token_in *in = r->in;

	if (strcmp(in->grant_type, GRANT_WECHAT) == 0)
		return by_wechat_code(r, in);
	if (strcmp(in->grant_type, GRANT_SCAN) == 0 && wechat_web_on())
		return by_scan(r, in);
	if (strcmp(in->grant_type, GRANT_SMS) == 0 && sms_on())
		return by_sms(r, in);
	return E_GRANT_TYPE;
}

const struct route token_routes[] = {
	{POST, "/oauth2/token", PUBLIC, TX_NONE, token, .body = &token_in_shape,
		.flags = FORM | OAUTH, .says = "A token for a code of WeChat or of an SMS"},
	{0},
};
