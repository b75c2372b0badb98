/* reconcile [--date YYYY-MM-DD] [--channel NAME]: compares the channels'
 * bills of a day with our rows. Without a date: of yesterday, in China, of every earlier
 * day of the last 90 that isn't done, and of the last 7 if something in it has changed.
 * Today is not over, and refused. One line for each day on stdout.
 *
 * To be started from 10:00 (Beijing) on, once or each half hour. Exit status: 0 all
 * is done, whatever differs (that is in the work list); 75 not all, start it again;
 * 64, 78 wrong arguments or settings; 70 our own fault, see the log. */
#include "reconcile/reconcile.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "channel/yuan.h"
#include "net/shared.h"
#include "pay/channels.h"
#include "reconcile/day.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum {
	FIRST_BLOCK = 256 * 1024,
	STATEMENT_MS = 10 * 60 * 1000 /* a million lines take seconds */
};

struct work {
	struct db *db;
	struct arena *mem;
	bool dated;
	date day;
	const char *channel; /* NULL: all */
	int exit_code;
};

/* The worst that happened decides. */
static void note(struct work *w, int code)
{
	if (w->exit_code == EX_OK || code == EX_SOFTWARE)
		w->exit_code = code;
}

static void tell_done(struct arena *mem, const char *channel, const char *day,
	const struct reconcile_result *r)
{
	const struct reconcile_sums *s = &r->sums;

	printf("%s %s: done; %" PRId64 " payments %s, %" PRId64 " refunds %s, %" PRId64
	       " flows;"
	       " only ours %" PRId64 ", only theirs %" PRId64 ", amount %" PRId64
	       ", state %" PRId64 ", of these open %" PRId64 "; sent back %" PRId64 "\n",
		channel, day, s->payments, yuan_write(mem, s->payments_fen), s->refunds,
		yuan_write(mem, s->refunds_fen), s->flows, r->only_ours, r->only_theirs,
		r->amount, r->state, r->open, r->returned);
}

static void reconcile(struct work *w, const struct bill_source *from, date day)
{
	struct arena *mem = arena_new(FIRST_BLOCK);
	struct reconcile_result result;
	char text[DATE_TEXT];
	enum err err = reconcile_day(w->db, mem, from, day, &result);

	date_write(text, day);
	if (err == E_OK) {
		tell_done(mem, from->channel, text, &result);
	} else {
		printf("%s %s: not done: %s\n", from->channel, text,
			err == E_BUSY ? "another process is at it" : err_info[err].code);
		note(w, err == E_INTERNAL ? EX_SOFTWARE : EX_TEMPFAIL);
	}
	fflush(stdout);
	arena_free(mem);
}

static void reconcile_all(struct work *w, const struct bill_source *from)
{
	date yesterday = {china_day(stamp_now()).days - 1};
	struct list due;
	char text[DATE_TEXT];

	if (w->dated) {
		reconcile(w, from, w->day);
		return;
	}
	if (reconcile_due(w->db, w->mem, from->channel, yesterday, &due) != E_OK) {
		note(w, EX_TEMPFAIL);
		return;
	}
	const struct reconcile_due *d = due.at;
	for (size_t i = 0; i < due.count; i++) {
		if (d[i].is_due) {
			reconcile(w, from, d[i].day);
			continue;
		}
		printf("%s %s: not done: tried a moment ago\n", from->channel,
			date_write(text, d[i].day));
		note(w, EX_TEMPFAIL);
	}
}

static bool arguments(struct work *w, int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		const char *value = argv[i + 1]; /* NULL behind the last */

		if (value && strcmp(argv[i], "--date") == 0)
			w->dated = date_parse(value, &w->day);
		else if (value && strcmp(argv[i], "--channel") == 0)
			w->channel = value;
		else
			return false;
		if (strcmp(argv[i], "--date") == 0 && !w->dated)
			return false;
	}
	return !w->dated || w->day.days < china_day(stamp_now()).days;
}

/* How many channels there are to work on: those that the settings name, or the one
 * that was asked for. */
static int run(struct work *w)
{
	int count = 0;

	for (size_t i = 0; channels[i]; i++) {
		struct bill_source source = bill_source_of(channels[i]);

		if ((w->channel && strcmp(w->channel, channels[i]->name) != 0) ||
			!channel_is_on(channels[i]))
			continue;
		reconcile_all(w, &source);
		count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	struct work w = {.exit_code = EX_OK};

	settings_load(argc, argv);
	log_init("reconcile");
	shared_open("reconcile", false);
	signal(SIGPIPE, SIG_IGN);
	if (!arguments(&w, argc, argv)) {
		fprintf(stderr, "usage: reconcile [--date YYYY-MM-DD] [--channel %s]\n",
			CHANNEL_NAMES);
		return EX_USAGE;
	}
	channels_init();
	settings.db_timeout_ms = STATEMENT_MS;
	w.mem = arena_new(FIRST_BLOCK);
	w.db = db_new(settings.db, "reconcile");
	if (run(&w) == 0) {
		fputs("reconcile: the settings name no merchant of that channel\n", stderr);
		w.exit_code = EX_CONFIG;
	}
	db_free(w.db);
	arena_free(w.mem);
	return w.exit_code;
}
