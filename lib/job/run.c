#include "job/run.h"

#include "base/settings.h"
#include "job/daemon.h"

#include <stdio.h>

enum { IDLE_MS = 1000, TROUBLE_MS = 1000, FIRST_BLOCK = 64 * 1024 };

struct loop {
	struct db *db;
	struct listener listener;
	struct arena *mem;
	int patience_s;
};

static void do_round(struct loop *l, const struct step *steps, size_t count)
{
	bool busy = false, trouble = false;

	for (size_t i = 0; i < count && !daemon_stopping(); i++) {
		watchdog_set(l->patience_s, steps[i].doing);
		arena_reset(l->mem);
		trouble |= steps[i].fn(l->db, l->mem, &busy) != E_OK;
	}
	watchdog_set(l->patience_s, "resting");
	arena_reset(l->mem);
	if (trouble)
		daemon_sleep(TROUBLE_MS);
	else if (!busy)
		daemon_rest(&l->listener, l->mem, IDLE_MS);
}

void daemon_run(const char *program, const struct step *steps, size_t count, struct sql *listen)
{
	static char ears[32]; /* what pg_stat_activity calls the second connection */

	snprintf(ears, sizeof(ears), "%s ears", program);
	struct loop l = {
		.db = db_new(settings.db, program),
		.listener = {db_new(settings.db, ears), listen, false},
		.mem = arena_new(FIRST_BLOCK),
		.patience_s = (int)settings.request_limit_s * 4,
	};
	while (!daemon_stopping())
		do_round(&l, steps, count);
	watchdog_off();
	db_free(l.listener.db);
	db_free(l.db);
	arena_free(l.mem);
}
