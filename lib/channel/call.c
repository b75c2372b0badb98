#include "channel/call.h"

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
