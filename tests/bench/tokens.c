/* What it costs to know who asks: in one process, without nginx.
 *
 *   tokens PAGES DATE
 *
 * Times a token that the worker has seen before, one that it hasn't, and the page
 * of a day (GET …/availability) read from the database alone, and with the check of
 * the session in the same round trip; both PAGES times, in turns of TURN. Settings
 * come from the environment. Prints one line of JSON, microseconds each. */
#include "login/session.h"
#include "login/token.h"
#include "base/settings.h"
#include "base/time.h"
#include "venue/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOKENS = 4000, KNOWN = 400000, TURN = 50, ACCOUNT = 201, VENUE = 101 };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void must(enum err err, const char *what)
{
	if (err == E_OK)
		return;
	fprintf(stderr, "tokens: %s: %s\n", what, err_info[err].code);
	exit(1);
}

static double time_tokens(const char **tokens, size_t count, size_t times)
{
	struct claims claims;
	double began = now_us();

	for (size_t i = 0; i < times; i++)
		must(token_check(tokens[i % count], strlen(tokens[i % count]), &claims),
			"a token");
	return (now_us() - began) / (double)times;
}

static void page(struct db *db, struct arena *mem, date on, const struct identity *who)
{
	struct day day;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_READ);
	if (who)
		session_guard(&tx, who, USER, "bench");
	must(day_load_sport(&tx, VENUE, on, "badminton", 0, &day), "a page");
	must(tx_commit(&tx), "a page");
	arena_reset(mem);
}

static double turn(struct db *db, struct arena *mem, date on, const struct identity *who)
{
	double began = now_us();

	for (int i = 0; i < TURN; i++)
		page(db, mem, on, who);
	return now_us() - began;
}

int main(int argc, char **argv)
{
	struct arena *mem = arena_new(1 << 20), *kept = arena_new(1 << 20);
	const struct identity who = {ACCOUNT, ACCOUNT};
	const char **tokens = NEW_N(kept, const char *, TOKENS);
	long pages = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
	double alone = 0, checked = 0;
	date on;

	settings_load(1, argv);
	if (pages < TURN || !date_parse(argv[2], &on)) {
		fprintf(stderr, "usage: tokens PAGES DATE\n");
		return 2;
	}
	tokens_init();
	for (int64_t i = 0; i < TOKENS; i++) {
		stamp now = stamp_now();
		struct claims claims = {.account_id = ACCOUNT + i,
			.session_id = ACCOUNT + i,
			.issued = now,
			.expires = {now.us + HOUR}};
		must(token_make(kept, &claims, &tokens[i]), "making a token");
	}
	double fresh = time_tokens(tokens, TOKENS, TOKENS);
	double known = time_tokens(tokens, 1, KNOWN);

	struct db *db = db_new(settings.db, "bench");
	turn(db, mem, on, NULL);
	turn(db, mem, on, &who);
	for (long done = 0; done < pages; done += TURN) {
		alone += turn(db, mem, on, NULL);
		checked += turn(db, mem, on, &who);
	}
	printf("{\"token_new_us\":%.2f,\"token_known_us\":%.3f,\"page_us\":%.1f,"
	       "\"page_checked_us\":%.1f}\n",
		fresh, known, alone / (double)pages, checked / (double)pages);
	db_free(db);
	return 0;
}
