#include "login/sms.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/settings.h"
#include "codec/sign.h"
#include "net/http.h"

#include <inttypes.h>
#include <time.h>

enum { TRIES = 3, PAUSE_MS = 300, BODY_MAX = 1024, ANSWER_MAX = 65536 };

static const char *secret;

void sms_gateway_init(void)
{
	if (strncmp(settings.sms_url, "https://", 8) != 0)
		setting_refuse("ZX_SMS_URL", "wants https://");
	secret = secret_read("ZX_SMS_SECRET_FILE", settings.sms_secret_file, NULL);
}

static const char *body_of(struct arena *mem, const struct sms *sms)
{
	struct buf b = buf_in(mem, BODY_MAX);

	json_open(&b, NULL, '{');
	json_text(&b, "id", arena_printf(mem, "%" PRId64, sms->id));
	json_text(&b, "phone", arena_printf(mem, "+86%s", sms->phone));
	json_text(&b, "purpose", "staff_login");
	json_text(&b, "code", sms->code);
	json_int(&b, "minutes", SMS_LIFE_S / 60);
	json_close(&b, '}');
	return buf_text(&b);
}

/* E_BUSY: it may go better in a moment. */
static enum err send_once(struct arena *mem, const struct http_call *call, int64_t id)
{
	struct http_answer a;

	if (http_send(mem, call, &a) != E_OK)
		return upstream_wait_s() ? E_UPSTREAM : E_BUSY;
	if (a.status / 100 == 2)
		return E_OK;
	log_error("sms", "text %" PRId64 ": the gateway says %d", id, a.status);
	return a.status == 429 || a.status >= 500 ? E_BUSY : E_UPSTREAM;
}

enum err sms_send(struct arena *mem, const struct sms *sms)
{
	const char *headers[] = {"Content-Type: application/json",
		arena_printf(mem, "Authorization: Bearer %s", secret), NULL};
	struct http_call call = {.upstream = UPSTREAM_SMS,
		.method = "POST",
		.url = settings.sms_url,
		.headers = headers,
		.body = bytes_of(body_of(mem, sms)),
		.max = ANSWER_MAX};
	enum err err = E_BUSY;

	for (int i = 0; i < TRIES && err == E_BUSY; i++) {
		if (i > 0)
			nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
		err = send_once(mem, &call, sms->id);
	}
	return err == E_OK ? E_OK : E_UPSTREAM;
}
