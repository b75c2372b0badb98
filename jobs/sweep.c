/* sweep: deletes what nobody asks for any more, when it starts and each hour: messages that
 * are done with, stored answers to requests, sessions that are over. Any number may run at
 * once. How long each is kept stands with the function that deletes it. */
#include "account/sweep.h"
#include "base/log.h"
#include "base/settings.h"
#include "job/daemon.h"
#include "message/message.h"

#include <inttypes.h>

enum {
	BATCH = 1000,
	PAUSE_MS = 250, /* between two batches, for those who work meanwhile */
	EVERY_MS = 3600 * 1000,
	TROUBLE_MS = 60 * 1000,
	WATCHDOG_S = 30,
	FIRST_BLOCK = 4096,
};

static const struct kept {
	const char *what;
	enum err (*sweep)(struct tx *, int limit, int64_t *deleted);
} all[] = {
	{"messages", message_sweep},
	{"answers", answers_sweep},
	{"sessions", sessions_sweep},
};

static enum err sweep_batch(
	struct db *db, struct arena *mem, const struct kept *k, int64_t *deleted)
{
	struct tx tx;

	watchdog_set(WATCHDOG_S, "deleting what is old");
	arena_reset(mem);
	tx_begin(&tx, db, mem, TX_WRITE);
	enum err err = tx_end(&tx, k->sweep(&tx, BATCH, deleted));
	watchdog_off();
	return err;
}

/* Batch by batch, until nothing old is left. */
static enum err sweep(struct db *db, struct arena *mem, const struct kept *k)
{
	int64_t deleted = 0, sum = 0;
	enum err err;

	while ((err = sweep_batch(db, mem, k, &deleted)) == E_OK && deleted > 0) {
		sum += deleted;
		daemon_sleep(PAUSE_MS);
		if (daemon_stopping())
			break;
	}
	if (sum)
		log_info("sweep", "%" PRId64 " old %s deleted", sum, k->what);
	return err;
}

int main(int argc, char **argv)
{
	settings_load(argc, argv);
	daemon_begin("sweep");
	struct db *db = db_new(settings.db, "sweep");
	struct arena *mem = arena_new(FIRST_BLOCK);
	while (!daemon_stopping()) {
		bool trouble = false;

		for (size_t i = 0; i < COUNT_OF(all) && !daemon_stopping(); i++)
			trouble |= sweep(db, mem, &all[i]) != E_OK;
		db_drop(db); /* an hour later it may be gone */
		daemon_sleep(trouble ? TROUBLE_MS : EVERY_MS);
	}
	db_free(db);
	arena_free(mem);
	return 0;
}
