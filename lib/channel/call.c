#include "channel/call.h"

#include "base/json.h"
#include "base/time.h"
#include "net/http.h"

#include <time.h>

enum { TRIES = 2, PAUSE_MS = 200 };

static bool time_for_another(int64_t deadline)
{
	if (clock_ms() + 2LL * PAUSE_MS > deadline)
		return false;
	nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
	return true;
}

struct trade {
	const char *out_trade_no;
};
static const struct field trade_fields[] = {
	FIELD(struct trade, out_trade_no, .optional = true),
};
static const struct shape trade_shape = SHAPE(struct trade, trade_fields);

const char *channel_trade_of(struct arena *mem, struct bytes json)
{
	struct trade t = {0};
	struct json_fault fault = {0};

	if (json.len == 0 || json_load(mem, (const char *)json.at, json.len, &trade_shape,
				     JSON_LENIENT, &t, &fault) != E_OK)
		return NULL;
	return t.out_trade_no;
}

enum err channel_err(enum err err)
{
	return err == E_UNKNOWN ? E_CHANNEL_UNKNOWN : err;
}

int64_t channel_wait_s(enum err err)
{
	return err == E_UPSTREAM ? upstream_wait_s() : 0;
}

enum err channel_call(struct arena *mem, const struct channel_tries *c)
{
	enum err err = E_UPSTREAM;
	bool perhaps = false;

	*c->deadline = http_deadline();
	for (int i = 0; i < (c->once ? 1 : TRIES); i++) {
		if (i > 0 && !time_for_another(*c->deadline))
			break;
		err = c->try_once(mem, c->exchange);
		if (err == E_OK || err == E_CHANNEL_REFUSED || err == E_INTERNAL)
			return err;
		perhaps |= err == E_CHANNEL_UNKNOWN;
		if (err == E_BUSY || upstream_wait_s() > 0)
			break;
	}
	return perhaps ? E_CHANNEL_UNKNOWN : E_UPSTREAM;
}
