#include "net/upstream.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "net/shared.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LEASE_SPARE_MS = 1000,
	PATIENCE_MS = 300, /* for a place, while nobody ahead has waited longer than LATE_MS */
	LATE_MS = 1000,
	PAUSE_MS = 10,
	FULL_WAIT_MS = 1000
};

/* clang-format off */
const struct upstream_info upstream_info[UPSTREAM_COUNT] = {
	{"none", {.min_calls = 1, .window_ms = 1000, .probes = 1}, ""},
#define X(id, name, slow, slow_percent, error_percent, errors, calls, row, window, recovery, probes, says) \
	{name, {slow, slow_percent, error_percent, errors, calls, row, window, recovery, probes}, says},
	UPSTREAM_TABLE(X)
#undef X
};
/* clang-format on */

static int64_t refused_until; /* by clock_ms(), 0: not refused */

static const char *const state_words[] = {[BREAKER_CLOSED] = "closed",
	[BREAKER_HALF_OPEN] = "half-open",
	[BREAKER_OPEN] = "open"};

static void tell(enum upstream upstream, int64_t was, int64_t now)
{
	if (was != now)
		log_write(now == BREAKER_OPEN ? LOG_WARN : LOG_INFO, "breaker",
			"%s is %s, was %s", upstream_info[upstream].name, state_words[now],
			state_words[was]);
}

/* In a program of one process that is the process itself. */
static int64_t seats_for_one(enum upstream upstream)
{
	int64_t workers = shared_workers();

	if (upstream == UPSTREAM_REDIS || workers == 0)
		return 0;
	int64_t kept = workers / 4 > 1 ? workers / 4 : 1;
	return workers > kept ? workers - kept : 1;
}

struct trial {
	struct breaker_params ask;
	int64_t wait_ms;
	bool late; /* somebody waits there for a long time */
};

/* A visit that ended while the lock could not be had: its place is given back at
 * the next chance, or others would find it taken until the lease is over. */
static struct {
	uint64_t ticket;
	unsigned end;
} owed[UPSTREAM_COUNT];

static void give_back(struct breaker *b, enum upstream upstream, int64_t now)
{
	if (owed[upstream].ticket)
		breaker_leave(b, &upstream_info[upstream].rule, owed[upstream].ticket, now,
			owed[upstream].end);
	owed[upstream].ticket = 0;
}

/* Without the lock, which somebody who was stopped may hold, it goes on uncounted:
 * a breaker must not be what breaks. */
static enum breaker_pass try_once(struct upstream_call *v, struct trial *t)
{
	struct shared *c = shared();
	struct breaker *b = &c->upstream[v->upstream].breaker;

	t->ask.now_ms = clock_ms();
	if (!shared_lock(c))
		return BREAKER_PASS;
	int64_t was = b->state;
	give_back(b, v->upstream, t->ask.now_ms);
	enum breaker_pass pass =
		breaker_enter(b, &upstream_info[v->upstream].rule, &t->ask, &v->ticket);
	int64_t now = b->state;
	t->wait_ms = breaker_wait_ms(b, t->ask.now_ms);
	t->late = breaker_oldest_ms(b, t->ask.now_ms) > LATE_MS;
	shared_unlock(c);
	tell(v->upstream, was, now);
	return pass;
}

static enum breaker_pass wait_for_place(struct upstream_call *v, struct trial *t)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	int64_t end = clock_ms() + PATIENCE_MS;
	enum breaker_pass pass = try_once(v, t);

	while (pass == BREAKER_FULL && !t->late && clock_ms() < end) {
		nanosleep(&pause, NULL);
		pass = try_once(v, t);
	}
	return pass;
}

/* FNV-1a; never 0 */
static uint64_t hash_of(const char *thing)
{
	uint64_t h = 0xcbf29ce484222325;

	for (const char *c = thing; *c; c++)
		h = (h ^ (unsigned char)*c) * 0x100000001b3;
	return h | 1;
}

bool upstream_enter(enum upstream upstream, int64_t limit_ms, struct upstream_call *v)
{
	return upstream_enter_for(upstream, NULL, limit_ms, v);
}

bool upstream_enter_for(
	enum upstream upstream, const char *thing, int64_t limit_ms, struct upstream_call *v)
{
	struct trial t = {
		.ask = {.lease_ms = limit_ms + LEASE_SPARE_MS,
			.pid = getpid(),
			.seats = seats_for_one(upstream),
			.thing = thing ? hash_of(thing) : 0,
			.lives = process_lives},
	};

	*v = (struct upstream_call){.upstream = upstream};
	enum breaker_pass pass = wait_for_place(v, &t);
	v->began_ms = t.ask.now_ms;
	if (upstream != UPSTREAM_REDIS)
		refused_until = 0;
	v->began_us = clock_us();
	if (pass == BREAKER_PASS || strcmp(settings.breakers, "off") == 0)
		return true;
	bool full = pass == BREAKER_FULL;
	shared_count(full ? &shared()->upstream[upstream].full
			  : &shared()->upstream[upstream].refused,
		1);
	if (upstream != UPSTREAM_REDIS)
		refused_until = t.ask.now_ms + (full || !t.wait_ms ? FULL_WAIT_MS : t.wait_ms);
	return false;
}

void upstream_leave(const struct upstream_call *v, unsigned end, bool may_take_long)
{
	const struct breaker_rule *rule = &upstream_info[v->upstream].rule;
	struct shared *c = shared();
	struct breaker *b = &c->upstream[v->upstream].breaker;
	int64_t now = clock_ms();

	timing_count(&c->upstream[v->upstream].timing, clock_us() - v->began_us);
	if (now - v->began_ms > rule->slow_ms && !may_take_long)
		end |= BREAKER_SLOW;
	if (!v->ticket)
		return;
	if (!shared_lock(c)) {
		owed[v->upstream].ticket = v->ticket;
		owed[v->upstream].end = end;
		return;
	}
	int64_t was = b->state;
	breaker_leave(b, rule, v->ticket, now, end);
	int64_t is = b->state;
	shared_unlock(c);
	tell(v->upstream, was, is);
}

int64_t upstream_wait_s(void)
{
	int64_t left = refused_until - clock_ms();

	if (!refused_until)
		return 0;
	return left > 1000 ? (left + 999) / 1000 : 1;
}
