#include "wechat/phone.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/phone.h"
#include "base/settings.h"
#include "wechat/app.h"
#include "wechat/token.h"

#include <inttypes.h>
#include <string.h>

#define PATH "/wxa/business/getuserphonenumber"

enum { BODY_MAX = 4096 };

static const char *member(const cJSON *of, const char *name)
{
	const cJSON *m = cJSON_GetObjectItemCaseSensitive(of, name);

	return cJSON_IsString(m) ? m->valuestring : "";
}

/* Seen as a string and as a number. */
static bool is_of_china(const cJSON *code)
{
	if (cJSON_IsNumber(code))
		return code->valueint == 86;
	return cJSON_IsString(code) && strcmp(code->valuestring, "86") == 0;
}

static enum err read_number(struct arena *mem, const char *text, const char **phone)
{
	const cJSON *root, *info;
	struct json_fault fault = {0};

	TRY(json_parse(mem, text, strlen(text), &root, &fault));
	info = cJSON_GetObjectItemCaseSensitive(root, "phone_info");
	if (!cJSON_IsObject(info)) {
		log_error("wechat_phone", "no phone_info in the answer");
		return E_UPSTREAM;
	}
	const cJSON *mark = cJSON_GetObjectItemCaseSensitive(info, "watermark");
	if (strcmp(member(mark, "appid"), settings.wx_appid) != 0) {
		log_error("wechat_phone", "a number for another app");
		return E_PHONE_CODE;
	}
	const char *number = member(info, "purePhoneNumber");
	if (!is_of_china(cJSON_GetObjectItemCaseSensitive(info, "countryCode")) ||
		!phone_valid(number))
		return E_PHONE_CODE;
	*phone = arena_strdup(mem, number);
	return E_OK;
}

static enum err meaning(struct arena *mem, const struct wechat_answer *said, const char **phone)
{
	switch (said->errcode) {
	case 0:
		return read_number(mem, said->text, phone);
	case WECHAT_CODE_INVALID:
	case WECHAT_CODE_USED:
		return E_PHONE_CODE;
	case WECHAT_BUSY:
	case WECHAT_TOO_OFTEN:
		log_warn("wechat_phone", "errcode %" PRId64, said->errcode);
		return E_UPSTREAM;
	default:
		log_error("wechat_phone", "errcode %" PRId64 ": %s", said->errcode,
			said->errmsg ? said->errmsg : "");
		return E_UPSTREAM;
	}
}

enum err wechat_phone(struct arena *mem, const char *code, const char **phone)
{
	struct buf b = buf_in(mem, BODY_MAX);
	struct wechat_answer said;

	json_open(&b, NULL, '{');
	json_text(&b, "code", code);
	json_close(&b, '}');
	if (b.full || wechat_token_post(mem, PATH, buf_text(&b), &said) != E_OK)
		return E_UPSTREAM;
	return meaning(mem, &said, phone);
}
