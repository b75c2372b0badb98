#include "explore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RENEW_AFTER = 250,
	QUEUE_MAX = 4096,
	CHANGES_MAX = 8,
	BROKEN_MAX = 16,
	CULPRITS_MAX = 2
};

struct plan {
	uint8_t who[STEPS_MAX];
	int length;
	struct blow blow; /* command 0: none */
};

/* How a run went: who made each step, and who else could have. */
struct course {
	uint8_t who[STEPS_MAX], able[STEPS_MAX]; /* able: a bit for each */
	int length, deadlocks;
	int exchanges[PLAYERS_MAX];
};

/* Plans that wait for their turn, by how often they take somebody's turn away. */
static struct queue {
	struct plan plans[QUEUE_MAX];
	int begin, end;
} queues[CHANGES_MAX + 1];

static int64_t run_number, runs_since;

/* ---- One run */

static unsigned able_now(int playing)
{
	unsigned able = 0;

	for (int i = 0; i < playing; i++)
		if (players[i].where == STOPPED)
			able |= 1u << i;
	return able;
}

static bool all_over(int playing)
{
	for (int i = 0; i < playing; i++)
		if (players[i].where == STOPPED || players[i].where == BLOCKED)
			return false;
	return true;
}

/* As the plan says; behind its end, or if he can't, who was on; else the first who can. */
static int choose(const struct plan *plan, const struct course *course, unsigned able)
{
	int step = course->length, wanted = -1;

	if (step < plan->length)
		wanted = plan->who[step];
	else if (step > 0)
		wanted = course->who[step - 1];
	if (wanted >= 0 && able & 1u << wanted)
		return wanted;
	return __builtin_ctz(able);
}

static void step(const struct plan *plan, struct course *course, int playing)
{
	unsigned able = able_now(playing);

	if (able == 0) {
		course->deadlocks++;
		players_untie(playing);
		return;
	}
	int who = choose(plan, course, able);
	const struct blow *blow = &plan->blow;
	bool hit = blow->command && blow->victim == who && blow->at == course->exchanges[who];

	course->who[course->length] = (uint8_t)who;
	course->able[course->length++] = (uint8_t)able;
	course->exchanges[who]++;
	player_go(who, hit ? blow->command : GO, playing);
}

/* Looks at who has come to his end by this step. */
static void hear_ends(const struct cast *cast, bool over[PLAYERS_MAX])
{
	for (int i = 0; i < cast->count; i++)
		if (players[i].where == DONE && !over[i]) {
			over[i] = true;
			told_over(cast->acts[i], &stage->told[i]);
		}
}

static void perform(const struct cast *cast, const struct plan *plan, struct course *course)
{
	bool over[PLAYERS_MAX] = {false};

	*course = (struct course){0};
	told_begin();
	for (int i = 0; i < cast->count; i++)
		player_begin(i, cast->acts[i]);
	while (!all_over(cast->count)) {
		if (course->length == STEPS_MAX) {
			fprintf(stderr, "%s: no end of it\n", cast->stage);
			exit(3);
		}
		step(plan, course, cast->count);
		hear_ends(cast, over);
	}
}

/* Who heard no answer asks again, with the same key. */
static void ask_again(const struct cast *cast)
{
	for (int i = 0; i < cast->count; i++) {
		const struct answer *told = &stage->told[i];

		if (players[i].where != DEAD && told->status != 0 && told->status < 500)
			continue;
		player_begin(i, cast->acts[i]);
		while (players[i].where == STOPPED)
			player_go(i, GO, 1);
	}
}

/* The channels are asked about what they have taken, everything that waits is done. */
static void finish(struct hands *h)
{
	scene_drain(h);
	for (int64_t i = 0; i < bank->trade_count; i++) {
		struct scene s = {0};

		if (bank->trades[i].state != TRADE_CHARGED)
			continue;
		s.order = strtoll(ask("SELECT coalesce(min(order_id), 0) FROM payment_attempt"
				      " WHERE out_trade_no = '%s' AND transaction_id IS NULL",
					  bank->trades[i].no),
			NULL, 10);
		if (s.order)
			act_play(act_find("query"), h, &s, 0, &(struct answer){0});
	}
	act_play(act_find("cure"), h, &stage->scene, 0, &(struct answer){0});
	scene_drain(h);
}

static void say_run(
	const struct cast *cast, const struct plan *plan, const struct course *course)
{
	printf("    %s:", cast->stage);
	for (int i = 0; i < cast->count; i++)
		printf(" %c %s → %" PRId64 " %s%s", 'A' + i, cast->acts[i]->name,
			stage->told[i].status, stage->told[i].code,
			i + 1 < cast->count ? "," : "; ");
	for (int i = 0; i < course->length; i++)
		putchar('A' + course->who[i]);
	if (plan->blow.command)
		printf(", %c %s before his exchange %d", 'A' + plan->blow.victim,
			plan->blow.command == KILL  ? "killed"
			: plan->blow.command == CUT ? "cut off"
						    : "left without the answer",
			plan->blow.at + 1);
	puts(course->deadlocks ? ", all waited" : "");
}

/* What was told is looked at at once; the invariants at the end of the cast. */
static const char *run(const struct cast *cast, struct hands *h, const struct plan *plan,
	struct course *course)
{
	if (!scene_make(&stage->scene, h, ++run_number, cast->setup)) {
		fprintf(stderr, "the stage «%s» can't be set\n", cast->stage);
		exit(3);
	}
	perform(cast, plan, course);
	const char *trouble = plan->blow.command ? NULL : told_trouble(cast->acts, cast->count);
	if (plan->blow.command || trouble)
		ask_again(cast);
	finish(h);
	const char *wrong = told_wrong(cast->acts, cast->count);
	if (course->deadlocks && !plan->blow.command)
		trouble = "they waited for each other: locks have an order";
	return wrong ? wrong : trouble;
}

/* ---- All runs of a cast */

static void queue_plan(const struct plan *plan, int changes)
{
	struct queue *q = &queues[changes < CHANGES_MAX ? changes : CHANGES_MAX];

	if (q->end < QUEUE_MAX)
		q->plans[q->end++] = *plan;
}

/* Of those with the fewest changes; not one behind the other, so that a limit leaves some of
 * each kind. */
static bool next_plan(struct plan *out)
{
	static int turn;

	for (int i = 0; i <= CHANGES_MAX; i++) {
		struct queue *q = &queues[i];

		if (q->begin == q->end)
			continue;
		struct plan *chosen = &q->plans[q->begin + turn++ * 5 % (q->end - q->begin)];
		*out = *chosen;
		*chosen = q->plans[q->begin++];
		return true;
	}
	return false;
}

/* How often somebody who could have gone on had to wait. */
static int changes_of(const struct plan *plan, const struct course *course)
{
	int changes = 0;

	for (int i = 1; i < plan->length; i++)
		changes += plan->who[i] != plan->who[i - 1] &&
			   course->able[i] & 1u << plan->who[i - 1];
	return changes;
}

/* All that differ from this course at one step behind what its plan said. */
static void queue_neighbours(const struct plan *plan, const struct course *course)
{
	for (int i = plan->length; i < course->length; i++)
		for (int who = 0; who < PLAYERS_MAX; who++) {
			struct plan next = {.length = i + 1};

			if (who == course->who[i] || !(course->able[i] & 1u << who))
				continue;
			memcpy(next.who, course->who, (size_t)i);
			next.who[i] = (uint8_t)who;
			queue_plan(&next, changes_of(&next, course));
		}
}

static void note_fault(const char *what, const struct cast *cast, const struct plan *plan,
	const struct course *course, struct limits *limits, struct tally *tally)
{
	bool expected = limits->expected && strcmp(limits->expected, what) == 0;

	limits->met |= expected;
	tally->faults += !expected;
	printf("  %s: %s\n", expected ? "as expected" : "BROKEN", what);
	say_run(cast, plan, course);
}

/* Plans that were played, to be played again one by one if something is broken. */
static struct plan played[QUEUE_MAX];
static int played_count;

static void check(
	const struct cast *cast, struct hands *h, struct limits *limits, struct tally *tally);

/* Not before the invariants were looked at. */
static void renew(
	const struct cast *cast, struct hands *h, struct limits *limits, struct tally *tally)
{
	check(cast, h, limits, tally);
	players_close();
	hands_close(h);
	scene_renew();
	claims_prepare();
	hands_open(h);
	runs_since = 0;
}

static void play(const struct cast *cast, struct hands *h, const struct plan *plan,
	struct limits *limits, struct tally *tally, struct course *course)
{
	if (runs_since++ >= RENEW_AFTER)
		renew(cast, h, limits, tally);
	const char *wrong = run(cast, h, plan, course);

	tally->deadlocks += course->deadlocks;
	if (limits->says_all)
		say_run(cast, plan, course);
	if (wrong)
		note_fault(wrong, cast, plan, course, limits, tally);
	if (played_count < QUEUE_MAX)
		played[played_count++] = *plan;
}

/* The invariants have been broken by one of the runs: by which? */
static void find_culprits(
	const struct cast *cast, struct hands *h, struct limits *limits, struct tally *tally)
{
	const char *broken[BROKEN_MAX];
	struct course course;
	int64_t before = tally->faults;

	for (int i = 0; i < played_count && tally->faults < before + CULPRITS_MAX; i++) {
		run(cast, h, &played[i], &course);
		size_t n = claims_broken(broken, BROKEN_MAX);
		for (size_t k = 0; k < n; k++)
			note_fault(broken[k], cast, &played[i], &course, limits, tally);
		if (limits->met)
			return;
	}
	if (tally->faults == before && !limits->met) {
		printf("  BROKEN, and not again: %s\n", cast->stage);
		tally->faults++;
	}
}

static void check(
	const struct cast *cast, struct hands *h, struct limits *limits, struct tally *tally)
{
	const char *broken[BROKEN_MAX];
	size_t n = claims_broken(broken, BROKEN_MAX);

	for (size_t i = 0; i < n; i++)
		printf("  %s + %s on «%s»: %s\n", cast->acts[0]->name, cast->acts[1]->name,
			cast->stage, broken[i]);
	if (n)
		find_culprits(cast, h, limits, tally);
	played_count = 0;
}

/* The n-th blow: at each exchange of each, while the next of them has come some way. */
static struct plan blow_at(const struct cast *cast, const struct course *whole, int n)
{
	static const enum command blows[] = {KILL, CUT_AFTER, CUT};
	struct plan plan = {.blow = {blows[n % 3], 0, n / 3}};
	struct blow *blow = &plan.blow;

	while (blow->at >= whole->exchanges[blow->victim])
		blow->at -= whole->exchanges[blow->victim++];
	for (int i = 0; i < blow->at; i++)
		plan.who[plan.length++] = (uint8_t)blow->victim;
	for (int i = 0; i < blow->at % 3; i++)
		plan.who[plan.length++] = (uint8_t)((blow->victim + 1) % cast->count);
	plan.who[plan.length++] = (uint8_t)blow->victim;
	return plan;
}

/* All of them, or, under a limit, others for each cast. */
static void strike(const struct cast *cast, struct hands *h, const struct course *whole,
	struct limits *limits, struct tally *tally)
{
	struct course course;
	int total = 0;

	for (int i = 0; i < cast->count; i++)
		total += 3 * whole->exchanges[i];
	for (int n = 0; n < total && n < limits->blows; n++) {
		struct plan plan = blow_at(cast, whole, (n + 7 * (int)tally->casts) % total);

		play(cast, h, &plan, limits, tally, &course);
		tally->blows++;
	}
}

void explore(
	const struct cast *cast, struct hands *h, struct limits *limits, struct tally *tally)
{
	struct course course, first = {0};
	struct plan plan;
	int64_t before = tally->faults;

	memset(queues, 0, sizeof(queues));
	played_count = 0;
	for (int who = cast->count - 1; who >= 0; who--)
		queue_plan(&(struct plan){.who = {(uint8_t)who}, .length = 1}, 0);
	for (int64_t n = 0; n < limits->runs && !limits->met && next_plan(&plan); n++) {
		play(cast, h, &plan, limits, tally, &course);
		queue_neighbours(&plan, &course);
		if (n == 0)
			first = course;
		tally->runs++;
	}
	if (!limits->met)
		strike(cast, h, &first, limits, tally);
	check(cast, h, limits, tally);
	tally->casts++;
	tally->failed += tally->faults > before;
}
