#include "guard/admit.h"

#include "base/settings.h"
#include "base/time.h"
#include "guard/limit.h"
#include "net/shared.h"

#include <inttypes.h>
#include <stdio.h>

enum { KEY_MAX = 256, NUMBER_MAX = 24, WINDOW_S = 60, BURST_PART = 4, BURST_MIN = 10 };
enum { MEMORY = 1024 };

/* {wait, left, reset}; or {-1} for an ended session and {-2} for a replaced one, which
 * are not counted. */
struct redis_script admit_script = {
	.text = "local why = redis.call('GET', KEYS[2])\n"
		"if why then return {why == 'elsewhere' and -2 or -1} end\n" GCRA_IN_LUA
		"return {wait, math.floor((now + room - tat) / interval), tat - now}\n",
};
enum { ENDED = -1, REPLACED = -2 };

static void ended_key(char key[KEY_MAX], int64_t session_id)
{
	snprintf(key, KEY_MAX, "ended:%" PRId64, session_id);
}

void admit_mark_replaced(struct arena *mem, int64_t session_id)
{
	char key[KEY_MAX], life[NUMBER_MAX];
	struct redis_reply r;

	ended_key(key, session_id);
	snprintf(life, sizeof(life), "%" PRId64, settings.token_ttl_s);
	enum err ignored = redis_command(
		mem, &r, 5, (const char *[]){"SET", key, "elsewhere", "EX", life}, NULL);
	(void)ignored;
}

static enum err take_at_redis(
	const char *key, const char *mark, struct gcra g, int64_t *wait, struct gcra_left *left)
{
	static struct arena *mem;
	char interval[NUMBER_MAX], burst[NUMBER_MAX];
	struct redis_reply r;

	if (!mem)
		mem = arena_new(MEMORY);
	arena_reset(mem);
	snprintf(interval, sizeof(interval), "%" PRId64, g.interval_us);
	snprintf(burst, sizeof(burst), "%" PRId64, g.burst);
	TRY(redis_script(
		mem, &r, &admit_script, 2, 4, (const char *[]){key, mark, interval, burst}));
	if (r.kind != REDIS_INTS || (r.count != 1 && r.count != 3))
		return E_UPSTREAM;
	*wait = r.at[0];
	if (r.count == 3)
		*left = (struct gcra_left){r.at[1], r.at[2]};
	return E_OK;
}

static int64_t up_to_seconds(int64_t us)
{
	return (us + SECOND - 1) / SECOND;
}

static int64_t burst_of(int64_t per_minute)
{
	int64_t burst = per_minute / BURST_PART;

	if (burst >= BURST_MIN)
		return burst;
	return per_minute < BURST_MIN ? per_minute : BURST_MIN;
}

static int64_t quota_of(const struct admit_params *params)
{
	if (params->per_minute)
		return params->per_minute;
	return params->writes ? settings.writes_per_minute : settings.reads_per_minute;
}

enum err admit_take(const struct admit_params *params, struct admit_answer *out)
{
	const char *policy = params->per_minute ? "route" : params->writes ? "writes" : "reads";
	int64_t quota = quota_of(params), wait = 0;
	struct gcra g = gcra_of(quota, burst_of(quota));
	struct gcra_left left = {0};
	char key[KEY_MAX], mark[KEY_MAX];

	snprintf(key, sizeof(key), "admit:%" PRId64 ":%s%s", params->account_id, policy,
		params->per_minute ? params->route : "");
	ended_key(mark, params->session_id);
	*out = (struct admit_answer){0};
	if (take_at_redis(key, mark, g, &wait, &left) != E_OK)
		wait = limit_take_here(key, g, &left);
	if (wait == ENDED || wait == REPLACED)
		return wait == REPLACED ? E_SESSION_REPLACED : E_SESSION_ENDED;
	*out = (struct admit_answer){.policy = policy,
		.quota = quota,
		.window_s = WINDOW_S,
		.remaining = left.count,
		.reset_s = up_to_seconds(left.reset_us),
		.retry_after_s = up_to_seconds(wait)};
	if (wait == 0)
		return E_OK;
	shared_count(&shared()->limit_refused, 1);
	return E_BUSY;
}
