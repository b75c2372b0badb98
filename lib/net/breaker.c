#include "net/breaker.h"

#include <string.h>

enum { PERCENT = 100 };

static void change(struct breaker *b, enum breaker_state state)
{
	b->state = state;
	b->since = b->tickets;
	b->went_well = 0;
	b->in_row = 0;
}

static void trip(struct breaker *b, const struct breaker_rule *rule, int64_t now)
{
	change(b, BREAKER_OPEN);
	b->until_ms = now + rule->recovery_ms;
	b->total.opened++;
}

static void heal(struct breaker *b)
{
	change(b, BREAKER_CLOSED);
	memset(b->buckets, 0, sizeof(b->buckets));
}

/* Of this half-open time; calls from before it may still be under way. */
static bool is_probe(const struct breaker *b, const struct breaker_seat *s)
{
	return b->state == BREAKER_HALF_OPEN && s->ticket > b->since;
}

static void free_seat(
	struct breaker *b, const struct breaker_rule *rule, struct breaker_seat *s, int64_t now)
{
	bool probe = is_probe(b, s);

	*s = (struct breaker_seat){0};
	if (probe)
		trip(b, rule, now);
}

void breaker_tidy(struct breaker *b, const struct breaker_rule *rule, int64_t now,
	bool (*lives)(int64_t pid))
{
	for (size_t i = 0; i < BREAKER_SEATS; i++) {
		struct breaker_seat *s = &b->seats[i];

		if (s->ticket && (now >= s->until_ms || (lives && !lives(s->pid))))
			free_seat(b, rule, s, now);
	}
}

int breaker_in_flight(const struct breaker *b)
{
	int n = 0;

	for (size_t i = 0; i < BREAKER_SEATS; i++)
		n += b->seats[i].ticket != 0;
	return n;
}

int64_t breaker_oldest_ms(const struct breaker *b, int64_t now)
{
	int64_t oldest = 0;

	for (size_t i = 0; i < BREAKER_SEATS; i++)
		if (b->seats[i].ticket && now - b->seats[i].began_ms > oldest)
			oldest = now - b->seats[i].began_ms;
	return oldest;
}

int64_t breaker_wait_ms(const struct breaker *b, int64_t now)
{
	return b->state == BREAKER_OPEN && b->until_ms > now ? b->until_ms - now : 0;
}

static int64_t probes_out(const struct breaker *b)
{
	int64_t n = 0;

	for (size_t i = 0; i < BREAKER_SEATS; i++)
		n += is_probe(b, &b->seats[i]);
	return n;
}

static bool may_probe(
	struct breaker *b, const struct breaker_rule *rule, const struct breaker_params *ask)
{
	if (ask->thing && ask->thing == b->accused &&
		ask->now_ms < b->until_ms + rule->recovery_ms)
		return false;
	if (b->state == BREAKER_OPEN && ask->now_ms >= b->until_ms)
		change(b, BREAKER_HALF_OPEN);
	return b->state == BREAKER_HALF_OPEN && b->went_well + probes_out(b) < rule->probes;
}

static struct breaker_seat *free_one(struct breaker *b, int64_t limit)
{
	if (breaker_in_flight(b) >= limit)
		return NULL;
	for (size_t i = 0; i < BREAKER_SEATS; i++)
		if (!b->seats[i].ticket)
			return &b->seats[i];
	return NULL;
}

/* Whether the others live is asked of the system, so only where it decides. */
enum breaker_pass breaker_enter(struct breaker *b, const struct breaker_rule *rule,
	const struct breaker_params *ask, uint64_t *ticket)
{
	int64_t limit = ask->seats ? ask->seats : BREAKER_SEATS;

	breaker_tidy(b, rule, ask->now_ms, b->state == BREAKER_HALF_OPEN ? ask->lives : NULL);
	if (b->state != BREAKER_CLOSED && !may_probe(b, rule, ask))
		return BREAKER_REFUSED;
	struct breaker_seat *seat = free_one(b, limit);
	if (!seat) {
		breaker_tidy(b, rule, ask->now_ms, ask->lives);
		seat = free_one(b, limit);
	}
	if (!seat)
		return BREAKER_FULL;
	*ticket = ++b->tickets;
	*seat = (struct breaker_seat){
		*ticket, ask->now_ms, ask->now_ms + ask->lease_ms, ask->pid, ask->thing};
	b->total.calls++;
	return BREAKER_PASS;
}

static struct breaker_bucket *bucket_of(
	struct breaker *b, const struct breaker_rule *rule, int64_t now)
{
	int64_t number = now / (rule->window_ms / BREAKER_BUCKETS);
	struct breaker_bucket *bucket = &b->buckets[number % BREAKER_BUCKETS];

	if (bucket->number != number)
		*bucket = (struct breaker_bucket){.number = number};
	return bucket;
}

static bool exceeds(int64_t part, int64_t whole, int64_t percent)
{
	if (percent == 0)
		return false;
	return part * PERCENT > whole * percent || (percent == PERCENT && part == whole);
}

static bool is_too_bad(const struct breaker *b, const struct breaker_rule *rule, int64_t newest)
{
	struct breaker_bucket sum = {0};

	for (size_t i = 0; i < BREAKER_BUCKETS; i++) {
		if (b->buckets[i].number <= newest - BREAKER_BUCKETS)
			continue;
		sum.calls += b->buckets[i].calls;
		sum.slow += b->buckets[i].slow;
		sum.errors += b->buckets[i].errors;
	}
	return sum.calls >= rule->min_calls &&
	       (exceeds(sum.slow, sum.calls, rule->slow_percent) ||
		       exceeds(sum.errors, sum.calls, rule->error_percent) ||
		       (rule->error_count && sum.errors >= rule->error_count));
}

static bool is_bad(const struct breaker_rule *rule, unsigned end)
{
	return end & BREAKER_FAILED || (end & BREAKER_SLOW && rule->slow_percent);
}

/* False: it is counted already in this window. The oldest is forgotten for a new one. */
static bool blame(struct breaker *b, uint64_t thing, int64_t number)
{
	struct breaker_blame *place = b->blames;

	for (struct breaker_blame *e = b->blames; e < b->blames + BREAKER_BLAMES; e++) {
		if (e->thing == thing && e->number > number - BREAKER_BUCKETS)
			return false;
		if (e->number < place->number)
			place = e;
	}
	*place = (struct breaker_blame){thing, number};
	return true;
}

/* Whether that is the last that was missing; what ends well begins the row anew. */
static bool ends_row(
	struct breaker *b, const struct breaker_rule *rule, uint64_t thing, unsigned end)
{
	if (!is_bad(rule, end))
		b->in_row = 0;
	if (!is_bad(rule, end) || rule->in_a_row == 0)
		return false;
	for (int64_t i = 0; thing && i < b->in_row; i++)
		if (b->row[i] == thing)
			return false;
	if (b->in_row < BREAKER_ROW)
		b->row[b->in_row++] = thing;
	return b->in_row >= rule->in_a_row;
}

static void count(struct breaker *b, const struct breaker_rule *rule, uint64_t thing,
	int64_t now, unsigned end)
{
	struct breaker_bucket *bucket = bucket_of(b, rule, now);
	bool row = ends_row(b, rule, thing, end);

	if (!row && thing && is_bad(rule, end) && !blame(b, thing, bucket->number))
		return;
	bucket->calls++;
	bucket->slow += (end & BREAKER_SLOW) != 0;
	bucket->errors += (end & BREAKER_FAILED) != 0;
	if (row || is_too_bad(b, rule, bucket->number)) {
		b->accused = thing;
		trip(b, rule, now);
	}
}

static void probed(struct breaker *b, const struct breaker_rule *rule, uint64_t thing,
	int64_t now, unsigned end)
{
	if (is_bad(rule, end)) {
		b->accused = thing;
		trip(b, rule, now);
	} else if (++b->went_well >= rule->probes) {
		heal(b);
	}
}

void breaker_leave(struct breaker *b, const struct breaker_rule *rule, uint64_t ticket,
	int64_t now, unsigned end)
{
	size_t i = 0;

	breaker_tidy(b, rule, now, NULL);
	while (i < BREAKER_SEATS && b->seats[i].ticket != ticket)
		i++;
	if (i == BREAKER_SEATS)
		return;
	uint64_t thing = b->seats[i].thing;
	b->seats[i] = (struct breaker_seat){0};
	if (end == BREAKER_VOID) {
		b->total.calls--;
		return;
	}
	b->total.slow += (end & BREAKER_SLOW) != 0;
	b->total.errors += (end & BREAKER_FAILED) != 0;
	if (ticket <= b->since)
		return; /* it began under another state */
	if (b->state == BREAKER_HALF_OPEN)
		probed(b, rule, thing, now, end);
	else if (b->state == BREAKER_CLOSED)
		count(b, rule, thing, now, end);
}
