/* interleave: every pair of operations in every order. See README («Tests»).
 *   interleave [--most N] [--blows N] [--stage NAME] [--acts A,B[,C]]
 *              [--some] [--expect CLAIM] [--all] FILE.sql…
 * The files hold the invariants. --most: interleavings of each cast; --blows: of those in
 * which somebody is killed. --expect: exit status 0 if this claim, and no other, is broken. */
#include "explore.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What has happened before, and what may happen then: each pair of it is tried, and each with
 * its own like. With --some those behind the bar are left out. */
#define ONCE "order due expire close "
#define PAID "order pay charge notice drain "
static const struct scenery {
	const char *name, *setup, *acts;
} sceneries[] = {
	{"free", "",
		"order order_again order_other order_whole units hours block court_end"
		" | order_more units_joined zone exception window slots prices venue_end"},
	{"people", "login",
		"order refresh login leave disable bind bind_other"
		" | logout enable rename order_more"},
	{"pending", "order",
		"pay give_up order_more leave court_end hours_refund"
		" | pay_second order_other units venue_end hours block disable relay"
		" consume sweep"},
	{"charged", "order pay charge",
		"notice notice_again notice_other check give_up pay_second"
		" | query pay leave disable hours block relay consume"},
	{"due", "order pay due",
		"pay give_up expire close check | pay_second expired query order_other leave disable"},
	{"due, charged", "order pay charge due",
		"notice give_up expire close check | notice_other expired query order_other leave"},
	{"closing", "order pay due expire",
		"close check order_other leave | give_up pay pay_second query disable expire"},
	{"closing, charged", "order pay charge due expire",
		"close notice check | notice_other query give_up order_other leave"},
	{"late", "order pay due expire overdue silent close loud charge",
		"notice notice_other order order_other units hours disable"
		" | check query zone exception block court_end venue_end leave order_more"},
	{"paid", PAID,
		"cancel cancel_part staff_refund staff_release checkin hours hours_refund leave"
		" | notice_other hours_keep block_refund zone exception units court_end venue_end block disable"
		" order_other consume sweep"},
	{"unfulfilled", "order pay charge notice",
		"consume relay checkin cancel | sweep leave staff_release"},
	{"twice", "order pay pay_second charge charge_second",
		"notice notice_second give_up check | query leave"},
	{"refunding", PAID "cancel", "send by_hand retry | leave staff_refund sweep consume"},
	{"paid out", PAID "cancel payout", "send notice_refund by_hand | retry leave"},
	{"stuck", PAID "cancel refuse send",
		"retry by_hand send | leave order_other staff_refund"},
	{"used", PAID "checkin",
		"undo cancel cancel_part staff_refund checkin block_refund hours_refund"
		" | staff_release leave order_other"},
	{"in the bill", "order pay charge billed",
		"cure notice check | query give_up leave expire"},
	{"third", ONCE ONCE "order pay due expire",
		"close order_one lift_violation leave | order_other check give_up"},
	{"third, late", ONCE ONCE "order pay due expire overdue silent close loud charge",
		"notice order_one lift_ban | lift_violation order_other leave check"},
	{"banned", ONCE ONCE ONCE,
		"order lift_ban lift_violation leave bind | login disable order_one bind_other"},
};

/* Three at once, where two of them meet on one thing and the third on another. */
static const struct triple {
	const char *stage, *acts;
} triples[] = {
	{"free", "order order_other units"},
	{"free", "order order_whole hours"},
	{"free", "order_other order_whole block"},
	{"people", "order login refresh"},
	{"people", "order bind bind_other"},
	{"pending", "pay give_up order_other"},
	{"charged", "notice check give_up"},
	{"charged", "notice notice_other give_up"},
	{"due, charged", "notice expire close"},
	{"closing, charged", "close notice check"},
	{"late", "notice order hours"},
	{"late", "notice order_other units"},
	{"paid", "cancel_part staff_release checkin"},
	{"paid", "cancel checkin leave"},
	{"paid", "cancel_part hours_refund staff_refund"},
	{"twice", "notice notice_second check"},
	{"stuck", "retry by_hand send"},
	{"in the bill", "cure notice check"},
	{"third", "close order_one leave"},
};

enum { ACTS_MAX = 64 };

struct options {
	struct limits limits;
	const char *stage, *acts;
	bool some;
};

static struct options options_read(int argc, char **argv)
{
	static const struct option known[] = {{"most", required_argument, NULL, 'm'},
		{"blows", required_argument, NULL, 'b'},
		{"stage", required_argument, NULL, 's'}, {"acts", required_argument, NULL, 'a'},
		{"expect", required_argument, NULL, 'e'}, {"all", no_argument, NULL, 'v'},
		{"some", no_argument, NULL, 'c'}, {0}};
	struct options o = {.limits = {.runs = INT64_MAX, .blows = INT64_MAX}};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (c) {
		case 'm':
			o.limits.runs = strtoll(optarg, NULL, 10);
			break;
		case 'b':
			o.limits.blows = strtoll(optarg, NULL, 10);
			break;
		case 's':
			o.stage = optarg;
			break;
		case 'a':
			o.acts = optarg;
			break;
		case 'e':
			o.limits.expected = optarg;
			break;
		case 'c':
			o.some = true;
			break;
		case 'v':
			o.limits.says_all = true;
			break;
		default:
			exit(2);
		}
	return o;
}

static size_t words(char *text, const char *by, const struct act *out[], size_t max)
{
	size_t n = 0;

	for (char *word; n < max && (word = strsep(&text, by)) != NULL;)
		if (*word)
			out[n++] = act_find(word);
	return n;
}

static void play_cast(
	const struct cast *cast, struct hands *h, struct options *o, struct tally *t)
{
	struct tally before = *t;
	int64_t began = clock_ms();

	explore(cast, h, &o->limits, t);
	printf("%s: %s + %s%s%s: %" PRId64 " + %" PRId64 " in %.1f s\n", cast->stage,
		cast->acts[0]->name, cast->acts[1]->name, cast->count > 2 ? " + " : "",
		cast->count > 2 ? cast->acts[2]->name : "", t->runs - before.runs,
		t->blows - before.blows, (double)(clock_ms() - began) / 1000);
	if (t->deadlocks > before.deadlocks)
		printf("  %" PRId64 " deadlocks\n", t->deadlocks - before.deadlocks);
	fflush(stdout);
}

/* The words of it; with --some only those before the bar. */
static size_t acts_of(const struct scenery *s, const struct options *o, const struct act *out[])
{
	char *text = strdup(s->acts), *bar = strchr(text, '|');

	*bar = o->some ? '\0' : ' ';
	size_t n = words(text, " ", out, ACTS_MAX);
	free(text);
	return n;
}

static void play_pairs(
	const struct scenery *s, struct hands *h, struct options *o, struct tally *t)
{
	const struct act *acts[ACTS_MAX];
	size_t n = acts_of(s, o, acts);

	for (size_t i = 0; i < n; i++)
		for (size_t k = i; k < n; k++)
			play_cast(&(struct cast){s->name, s->setup, {acts[i], acts[k]}, 2}, h,
				o, t);
}

static void play_words(const struct scenery *s, const char *list, struct hands *h,
	struct options *o, struct tally *t)
{
	struct cast cast = {.stage = s->name, .setup = s->setup};
	char *text = strdup(list);

	cast.count = (int)words(text, " ,", cast.acts, PLAYERS_MAX);
	if (cast.count > 1)
		play_cast(&cast, h, o, t);
	free(text);
}

static void play_triples(
	const struct scenery *s, struct hands *h, struct options *o, struct tally *t)
{
	for (size_t i = 0; i < COUNT_OF(triples); i++)
		if (strcmp(triples[i].stage, s->name) == 0)
			play_words(s, triples[i].acts, h, o, t);
}

static void play_all(struct hands *h, struct options *o, struct tally *t)
{
	for (size_t i = 0; i < COUNT_OF(sceneries); i++) {
		const struct scenery *s = &sceneries[i];

		if (o->stage && strcmp(o->stage, s->name) != 0)
			continue;
		if (o->acts) {
			play_words(s, o->acts, h, o, t);
			continue;
		}
		play_pairs(s, h, o, t);
		play_triples(s, h, o, t);
	}
}

/* The last line is for tests/run.sh, which counts. */
static void tell(const struct tally *t, const struct options *o, int64_t ms)
{
	bool met = !o->limits.expected || o->limits.met;
	int64_t failed = t->failed + !met;

	printf("%" PRId64 " casts, %" PRId64 " interleavings and %" PRId64
	       " with a blow, %" PRId64 " deadlocks, %" PRId64 " s\n",
		t->casts, t->runs, t->blows, t->deadlocks, ms / 1000);
	if (!met)
		printf("not found: %s\n", o->limits.expected);
	printf("[  PASSED  ] %" PRId64 " casts\n", t->casts - t->failed);
	if (failed)
		printf("[  FAILED  ] %" PRId64 " casts\n", failed);
}

int main(int argc, char **argv)
{
	int64_t began = clock_ms();
	char *name[] = {argv[0], NULL};
	struct tally t = {0};
	struct hands hands;

	settings_load(1, name);
	log_init("interleave");
	struct options o = options_read(argc, argv);
	bank_open();
	pools_open();
	players_open();
	claims_open((const char *const *)argv + optind, (size_t)(argc - optind));
	scene_renew();
	claims_prepare();
	hands_open(&hands);
	play_all(&hands, &o, &t);
	players_close();
	hands_close(&hands);
	PQfinish(owner);
	bool good = !t.faults && (!o.limits.expected || o.limits.met);
	tell(&t, &o, clock_ms() - began);
	return good ? 0 : 1;
}
