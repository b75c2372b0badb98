#include "test.h"

#include "base/err.h"
#include "net/breaker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The cases of Sentinel's tests (CircuitBreakingIntegrationTest, ResponseTime- and
 * ExceptionCircuitBreakerTest) on a clock of our own. A script is a line of words:
 *   ok slow err   a call that ends at once, so       - the next is refused
 *   +N            N milliseconds pass                 ( … ) begin a call, end the oldest:
 *   (             a call begins and stays             )ok )slow )err )void  it ends so
 *   dead          the oldest call's process is gone
 *   =C =O =H      closed, open, half-open             err:a  a call about the thing a */
/* clang-format off */
static const struct breaker_rule slow_ratio = {
	.slow_ms = 50, .slow_percent = 50, .min_calls = 5, .window_ms = 1000,
	.recovery_ms = 4000, .probes = 1};
static const struct breaker_rule all_slow = {
	.slow_ms = 50, .slow_percent = 100, .min_calls = 5, .window_ms = 1000,
	.recovery_ms = 4000, .probes = 1};
static const struct breaker_rule error_ratio = {
	.slow_ms = 50, .error_percent = 50, .min_calls = 5, .window_ms = 1000,
	.recovery_ms = 4000, .probes = 1};
static const struct breaker_rule error_count = {
	.slow_ms = 50, .error_count = 3, .min_calls = 3, .window_ms = 1000,
	.recovery_ms = 4000, .probes = 1};
static const struct breaker_rule three_probes = {
	.slow_ms = 50, .error_percent = 50, .min_calls = 5, .window_ms = 1000,
	.recovery_ms = 4000, .probes = 3};
static const struct breaker_rule in_a_row = {
	.slow_ms = 50, .slow_percent = 80, .error_percent = 50, .min_calls = 5, .in_a_row = 3,
	.window_ms = 1000, .recovery_ms = 4000, .probes = 1};
/* clang-format on */
#define TRIP "err err err err err =O "

static const struct {
	const char *says;
	const struct breaker_rule *rule;
	const char *script;
} cases[] = {
	/* clang-format off */
	{"half of them slow is not more than half", &slow_ratio, "ok ok ok slow slow slow =C"},
	{"more than half slow", &slow_ratio, "ok ok slow slow slow =O -"},
	{"too few prove nothing", &slow_ratio, "slow slow slow slow =C slow =O"},
	{"100 % is reached by equality", &all_slow, "slow slow slow slow slow =O"},
	{"and by nothing less", &all_slow, "ok slow slow slow slow slow slow slow =C"},
	{"errors are no slowness", &slow_ratio, "err err err err err err =C"},
	{"more than half failed", &error_ratio, "ok ok err err err =O -"},
	{"half is not more", &error_ratio, "ok ok ok err err err =C"},
	{"slowness is no error", &error_ratio, "slow slow slow slow slow slow =C"},
	{"so many errors", &error_count, "ok ok ok ok err err =C err =O"},
	{"the window forgets", &error_count, "err err +1000 err ok ok =C"},
	{"but no sooner", &error_count, "err err +700 err =O"},
	{"it slides", &error_count, "+800 err err +400 err =O"},
	{"open until its time is over", &error_ratio, TRIP "+3999 - +1 ok =C"},
	{"a good probe closes and forgets", &error_ratio, TRIP "+4000 ok =C err err err err =C"},
	{"a bad probe opens for as long again", &error_ratio, TRIP "+4000 err =O +3999 - +1 ok =C"},
	{"a slow probe opens where slowness counts", &slow_ratio,
		"slow slow slow slow slow =O +4000 slow =O +4000 ok =C"},
	{"a slow probe is good where only errors count", &error_ratio, TRIP "+4000 slow =C"},
	{"one probe at a time", &error_ratio, TRIP "+4000 ( =H - - )ok =C ok"},
	{"three probes, one by one", &three_probes, TRIP "+4000 ok =H ok =H ok =C"},
	{"three probes at once, no fourth", &three_probes, TRIP "+4000 ( ( ( - )ok )ok =H - )ok =C"},
	{"one bad of three", &three_probes, TRIP "+4000 ok ok err =O -"},
	{"the others of a bad probe are not heard", &three_probes,
		TRIP "+4000 ( ( )err =O )ok =O +4000 ok ok ok =C"},
	{"a call from before doesn't decide", &error_ratio, "( " TRIP "+4000 ( =H )ok =H - )ok =C"},
	{"nor does a late failure", &error_ratio, "( " TRIP "+4000 ok =C )err =C err err err err =C"},
	{"a probe that never ends has failed with its lease", &error_ratio,
		TRIP "+4000 ( =H +4999 - =H +1 - =O +3999 - +1 ok =C"},
	{"so has one whose process is gone", &error_ratio, TRIP "+4000 ( =H dead - =O +4000 ok =C"},
	{"what was never sent is no probe", &error_ratio, TRIP "+4000 ( )void =H ok =C"},
	{"who comes back after his lease is not heard", &error_ratio,
		TRIP "+4000 ( +5000 - =O )ok =O"},
	{"one thing that fails is one failure", &error_count, "err:a err:a err:a err:a =C err:b =C err:c =O"},
	{"once in each window", &error_count, "err:a err:b +1000 err:a err:b err:a =C err:c =O"},
	{"not by its share either", &error_ratio, "err:a err:a err:a err:a err:a err:a =C"},
	{"nor when it is slow", &slow_ratio, "slow:a slow:a slow:a slow:a slow:a err:a =C"},
	{"what it does well counts", &error_ratio, "err:a ok:a ok:a ok:a ok:a err:b err:c =C"},
	{"many things make a breakdown", &error_ratio, "err:a err:b err:c err:d err:e =O"},
	{"whose failure opened it is not the probe", &error_count,
		"err:a err:b err:c =O +4000 -:c =O ok:d =C"},
	{"whose probe failed is not the next", &error_count,
		"err:a err:b err:c +4000 err:a =O +4000 -:a ok:c =C"},
	{"three in a row, however slowly they come", &in_a_row,
		"err:a +6000 err:b +6000 =C err:c =O -:d +4000 ok:d =C err:a err:b =C"},
	{"slow ones and those about nothing, too", &in_a_row, "slow +6000 err +6000 slow:a =O"},
	{"a success ends the row", &in_a_row, "err:a +6000 err:b +6000 ok:a err:c +6000 err:a =C +6000 err:b =O"},
	{"one thing is one of a row", &in_a_row,
		"err:a +6000 err:b +6000 err:a +6000 err:b +6000 err:a =C +6000 err:c =O"},
	{"so has the slow caller's probe another thing", &in_a_row,
		"err:a +6000 err:b +6000 err:c =O +4000 -:c ok:d =C"},
	{"a row does not matter to who counts none", &error_ratio,
		"err:a +6000 err:b +6000 err:c +6000 err:d +6000 err:e =C"},
	{"but is when nobody else comes", &error_count, "err:a err:b err:c +7999 -:c +1 ok:c =C"},
	/* clang-format on */
};

static int64_t now, gone;

static bool lives(int64_t pid)
{
	return pid != gone;
}

enum { HELD = 16, START_MS = 1000000 };

struct play {
	struct breaker b;
	const struct breaker_rule *rule;
	uint64_t held[HELD];
	size_t first, last;
	int64_t pid;
};

static bool enter(struct play *p, const char *word, uint64_t *ticket)
{
	const char *thing = strchr(word, ':');
	const struct breaker_params ask = {.now_ms = now,
		.lease_ms = 5000,
		.pid = ++p->pid,
		.lives = lives,
		.thing = thing ? (uint64_t)thing[1] : 0};

	return breaker_enter(&p->b, p->rule, &ask, ticket) == BREAKER_PASS;
}

static unsigned end_of(const char *word)
{
	return strncmp(word, "slow", 4) == 0   ? BREAKER_SLOW
	       : strncmp(word, "err", 3) == 0  ? BREAKER_FAILED
	       : strncmp(word, "void", 4) == 0 ? BREAKER_VOID
					       : BREAKER_WELL;
}

static bool do_word(struct play *p, const char *word)
{
	static const char letters[] = {'C', 'H', 'O'};
	uint64_t ticket;

	switch (*word) {
	case '+':
		now += strtoll(word + 1, NULL, 10);
		return true;
	case '=':
		return letters[p->b.state] == word[1];
	case '-':
		return !enter(p, word, &ticket);
	case '(':
		return enter(p, word, &p->held[p->last++]);
	case ')':
		breaker_leave(&p->b, p->rule, p->held[p->first++], now, end_of(word + 1));
		return true;
	case 'd':
		gone = p->pid;
		return true;
	default:
		if (!enter(p, word, &ticket))
			return false;
		breaker_leave(&p->b, p->rule, ticket, now, end_of(word));
		return true;
	}
}

static void sentinels_cases_and_ours(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct play p = {.rule = cases[i].rule};
		char script[256], *at = script;

		now = START_MS, gone = 0;
		snprintf(script, sizeof(script), "%s", cases[i].script);
		for (char *word; (word = strtok_r(at, " ", &at));)
			if (!do_word(&p, word))
				fail_msg("%s: at %s", cases[i].says, word);
	}
}

static void who_waits_has_one_of_a_few_seats(void **state)
{
	struct play p = {.rule = &error_ratio};
	struct breaker_params ask = {
		.now_ms = 1000, .lease_ms = 5000, .pid = 1, .seats = 2, .lives = lives};
	uint64_t first, second, third;

	(void)state;
	gone = 0;
	assert_int_equal(breaker_enter(&p.b, p.rule, &ask, &first), BREAKER_PASS);
	ask.pid = 2;
	ask.now_ms = 1500;
	assert_int_equal(breaker_enter(&p.b, p.rule, &ask, &second), BREAKER_PASS);
	assert_int_equal(breaker_enter(&p.b, p.rule, &ask, &third), BREAKER_FULL);
	assert_int_equal(breaker_in_flight(&p.b), 2);
	assert_int_equal(breaker_oldest_ms(&p.b, 1700), 700);
	gone = 1; /* a place of the dead is free at once */
	assert_int_equal(breaker_enter(&p.b, p.rule, &ask, &third), BREAKER_PASS);
	breaker_leave(&p.b, p.rule, second, 1600, BREAKER_WELL);
	assert_int_equal(breaker_enter(&p.b, p.rule, &ask, &second), BREAKER_PASS);
	ask.now_ms = 6500; /* and so is that of who should long have gone */
	assert_int_equal(breaker_enter(&p.b, p.rule, &ask, &first), BREAKER_PASS);
	assert_int_equal(breaker_in_flight(&p.b), 1);
}

/* The reference: a list of all that happened, looked through anew each time. */
enum { EVENTS = 1000000, SEATS = 6, HISTORY = 4096 };

static struct model {
	int64_t state, well, until;
	struct {
		uint64_t ticket;
		int64_t until, pid;
		bool fresh; /* begun under the present state */
	} calls[SEATS];
	size_t n, count;
	struct {
		int64_t at;
		unsigned end;
	} ended[HISTORY]; /* since it closed */
	int64_t row;      /* bad ones since the last good one */
} model;

static void model_change(enum breaker_state to, const struct breaker_rule *rule)
{
	model.state = to;
	model.well = 0;
	model.until = now + rule->recovery_ms;
	model.count = 0;
	model.row = 0;
	for (size_t i = 0; i < model.n; i++)
		model.calls[i].fresh = false;
}

static bool model_take_out(size_t i)
{
	bool fresh = model.calls[i].fresh;

	model.calls[i] = model.calls[--model.n];
	return fresh;
}

static void model_tidy(const struct breaker_rule *rule, bool look)
{
	for (size_t i = 0; i < model.n;) {
		bool over = now >= model.calls[i].until || (look && model.calls[i].pid == gone);
		if (!over)
			i++;
		else if (model_take_out(i) && model.state == BREAKER_HALF_OPEN)
			model_change(BREAKER_OPEN, rule);
	}
}

static bool model_is_too_bad(const struct breaker_rule *rule)
{
	int64_t quarter = rule->window_ms / 4, calls = 0, slow = 0, errors = 0;

	for (size_t i = 0; i < model.count; i++) {
		if (model.ended[i].at / quarter <= now / quarter - 4)
			continue;
		calls++;
		slow += (model.ended[i].end & BREAKER_SLOW) != 0;
		errors += (model.ended[i].end & BREAKER_FAILED) != 0;
	}
	double slowness = (double)slow / (double)calls * 100,
	       failing = (double)errors / (double)calls * 100;
	return calls >= rule->min_calls &&
	       ((rule->slow_percent == 100 && slow == calls) ||
		       (rule->slow_percent && slowness > (double)rule->slow_percent + 1e-9) ||
		       (rule->error_percent && failing > (double)rule->error_percent + 1e-9) ||
		       (rule->error_count && errors >= rule->error_count));
}

static enum breaker_pass model_enter(
	const struct breaker_rule *rule, int64_t lease, int64_t pid)
{
	int64_t probes = 0;

	model_tidy(rule, model.state == BREAKER_HALF_OPEN);
	if (model.state == BREAKER_OPEN && now >= model.until)
		model_change(BREAKER_HALF_OPEN, rule);
	for (size_t i = 0; i < model.n; i++)
		probes += model.calls[i].fresh;
	if (model.state == BREAKER_OPEN ||
		(model.state == BREAKER_HALF_OPEN && model.well + probes >= rule->probes))
		return BREAKER_REFUSED;
	if (model.n == SEATS)
		model_tidy(rule, true);
	if (model.n == SEATS)
		return BREAKER_FULL;
	model.calls[model.n].until = now + lease;
	model.calls[model.n].pid = pid;
	model.calls[model.n++].fresh = true;
	return BREAKER_PASS;
}

static bool is_bad_end(const struct breaker_rule *rule, unsigned end)
{
	return end & BREAKER_FAILED || (rule->slow_percent && end & BREAKER_SLOW);
}

static void model_leave(const struct breaker_rule *rule, uint64_t ticket, unsigned end)
{
	size_t i = 0;

	model_tidy(rule, false);
	while (i < model.n && model.calls[i].ticket != ticket)
		i++;
	if (i == model.n || !model_take_out(i) || end == BREAKER_VOID)
		return;
	if (model.state == BREAKER_HALF_OPEN) {
		bool bad = is_bad_end(rule, end);
		if (bad || ++model.well == rule->probes)
			model_change(bad ? BREAKER_OPEN : BREAKER_CLOSED, rule);
		return;
	}
	model.row = is_bad_end(rule, end) ? model.row + 1 : 0;
	size_t kept = 0;
	for (i = 0; i < model.count; i++)
		if (model.ended[i].at > now - 2 * rule->window_ms)
			model.ended[kept++] = model.ended[i];
	assert_true(kept < HISTORY);
	model.ended[kept].at = now;
	model.ended[kept].end = end;
	model.count = kept + 1;
	if (model_is_too_bad(rule) || (rule->in_a_row && model.row >= rule->in_a_row))
		model_change(BREAKER_OPEN, rule);
}

static uint32_t dice(uint32_t sides)
{
	static uint32_t seed = 20260101;

	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * sides >> 32);
}

/* Good times and bad ones, of one kind of trouble or another. */
static unsigned some_end(void)
{
	static uint32_t trouble, kind;

	if (dice(200) == 0) {
		trouble = dice(101);
		kind = dice(3);
	}
	if (dice(30) == 0)
		return BREAKER_VOID;
	return dice(100) < trouble ? kind + 1 : BREAKER_WELL;
}

/* What happens to both: somebody comes, somebody goes, somebody dies, time passes. */
static void one_event(struct breaker *b, const struct breaker_rule *rule, uint64_t held[SEATS])
{
	int64_t pid = 1 + dice(50), lease = 1 + dice(3000);
	uint32_t i = dice(SEATS), what = dice(10);
	unsigned end = some_end();

	if (what < 5) {
		struct breaker_params ask = {now, lease, pid, SEATS, lives, 0};
		enum breaker_pass pass = breaker_enter(b, rule, &ask, &held[i]);
		assert_int_equal(pass, model_enter(rule, lease, pid));
		if (pass == BREAKER_PASS)
			model.calls[model.n - 1].ticket = held[i];
	} else if (what < 8) {
		breaker_leave(b, rule, held[i], now, end);
		model_leave(rule, held[i], end);
	} else if (what == 8) {
		gone = pid;
	} else {
		now += dice(8) ? dice(40) : dice(1500);
	}
	assert_int_equal(b->state, model.state);
	assert_int_equal(breaker_in_flight(b), model.n);
	assert_int_equal(breaker_wait_ms(b, now),
		model.state == BREAKER_OPEN && model.until > now ? model.until - now : 0);
}

static void a_million_random_events_go_as_the_reference_says(void **state)
{
	static const struct breaker_rule *const rules[] = {
		&slow_ratio, &all_slow, &error_ratio, &error_count, &three_probes, &in_a_row};
	int64_t opened = 0;

	(void)state;
	for (size_t r = 0; r < COUNT_OF(rules); r++) {
		struct breaker b = {0};
		uint64_t held[SEATS] = {0};

		memset(&model, 0, sizeof(model));
		now = START_MS;
		for (int i = 0; i < EVENTS / 6; i++)
			one_event(&b, rules[r], held);
		opened += b.total.opened;
		assert_true(b.total.opened > 10);
	}
	print_message("opened %lld times\n", (long long)opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentinels_cases_and_ours),
		cmocka_unit_test(who_waits_has_one_of_a_few_seats),
		cmocka_unit_test(a_million_random_events_go_as_the_reference_says),
	};

	return RUN_TESTS(tests);
}
