#include "guard/limit.h"

#include "base/time.h"
#include "codec/crypto.h"
#include "net/redis.h"
#include "net/shared.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 256, WAYS = 4, SETS = 1024 };

static struct redis_script script = {.text = GCRA_IN_LUA "return wait\n"};

bool gcra_take(struct gcra g, int64_t now, int64_t *tat, int64_t *wait_us)
{
	int64_t room = g.interval_us * g.burst;
	int64_t from = *tat < now || *tat > now + room ? now : *tat;

	*wait_us = from + g.interval_us - room - now;
	if (*wait_us > 0)
		return false;
	*tat = from + g.interval_us;
	*wait_us = 0;
	return true;
}

struct gcra gcra_of(int64_t per_minute, int64_t burst)
{
	return (struct gcra){(MINUTE + per_minute - 1) / per_minute, burst};
}

struct gcra_left gcra_left(struct gcra g, int64_t now, int64_t tat)
{
	int64_t ahead = tat > now ? tat - now : 0;

	return (struct gcra_left){(g.interval_us * g.burst - ahead) / g.interval_us, ahead};
}

/* The worker's own memory: a fixed number of places. Where all places of a set
 * are taken, the one that is closest to being free again is given away. */
static struct place {
	uint64_t key;
	int64_t tat;
} places[SETS][WAYS];

/* FNV-1a from a random start, so that nobody outside can pick a name that falls on
 * another's place. */
static uint64_t key_of(const char *text)
{
	static uint64_t start;

	if (!start)
		random_bytes(&start, sizeof(start));
	uint64_t h = start;
	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 1099511628211U;
	return h;
}

static struct place *place_of(uint64_t key)
{
	struct place *set = places[key % SETS], *oldest = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].tat < oldest->tat)
			oldest = &set[i];
	}
	*oldest = (struct place){.key = key};
	return oldest;
}

int64_t limit_take_here(const char *key, struct gcra g, struct gcra_left *left)
{
	int64_t wait, now = clock_ms() * 1000;
	struct place *place = place_of(key_of(key));

	gcra_take(g, now, &place->tat, &wait);
	if (left)
		*left = gcra_left(g, now, place->tat);
	shared_count(&shared()->limit_alone, 1);
	return wait;
}

static enum err take_at_redis(const char *key, struct gcra g, int64_t *wait)
{
	char interval[24], burst[24];
	struct redis_reply r;

	snprintf(interval, sizeof(interval), "%" PRId64, g.interval_us);
	snprintf(burst, sizeof(burst), "%" PRId64, g.burst);
	TRY(redis_script(NULL, &r, &script, 1, 3, (const char *[]){key, interval, burst}));
	*wait = r.i;
	return r.kind == REDIS_INT ? E_OK : E_UPSTREAM;
}

const char *limit_place(struct arena *mem, const char *address)
{
	struct in6_addr a;

	if (!address || inet_pton(AF_INET6, address, &a) != 1 || IN6_IS_ADDR_V4MAPPED(&a))
		return address ? address : "-";
	memset(a.s6_addr + 8, 0, 8);
	char *text = arena_alloc(mem, INET6_ADDRSTRLEN, 1);
	return inet_ntop(AF_INET6, &a, text, INET6_ADDRSTRLEN);
}

enum err limit_take(
	const char *name, const char *caller, int per_minute, int burst, int64_t *retry_after_s)
{
	struct gcra g = gcra_of(per_minute, burst);
	char key[KEY_MAX];
	int64_t wait;

	/* A name that is cut shares its limit with others: no way around it. */
	snprintf(key, sizeof(key), "limit:%s:%s", name, caller);
	if (take_at_redis(key, g, &wait) != E_OK)
		wait = limit_take_here(key, g, NULL);
	if (wait > 0)
		shared_count(&shared()->limit_refused, 1);
	if (retry_after_s)
		*retry_after_s = (wait + SECOND - 1) / SECOND;
	return wait > 0 ? E_BUSY : E_OK;
}
