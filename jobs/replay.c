/* replay <message id> | --all: dead messages are handed out again, once the cause
 * of their death is gone. */
#include "base/log.h"
#include "base/settings.h"
#include "message/consume.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 0 is all, -1 nonsense. */
static int64_t read_id(int argc, char **argv)
{
	char *end;

	if (argc == 2 && strcmp(argv[1], "--all") == 0)
		return 0;
	errno = 0;
	long long id = argc == 2 ? strtoll(argv[1], &end, 10) : -1;
	return id <= 0 || errno || *end ? -1 : id;
}

static enum err replay(struct db *db, struct arena *mem, int64_t id, int64_t *count)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	return tx_end(&tx, consume_replay(&tx, id, count));
}

int main(int argc, char **argv)
{
	int64_t id, count = 0;

	settings_load(argc, argv);
	log_init("replay");
	id = read_id(argc, argv);
	if (id < 0) {
		fprintf(stderr, "usage: replay <message id> | --all\n");
		return 1;
	}
	struct db *db = db_new(settings.db, "replay");
	struct arena *mem = arena_new(4096);
	enum err err = replay(db, mem, id, &count);
	if (err != E_OK)
		fprintf(stderr, "replay: %s\n", err_info[err].code);
	else
		printf("%" PRId64 " handed out again\n", count);
	arena_free(mem);
	db_free(db);
	return err == E_OK && (count > 0 || id == 0) ? 0 : 1;
}
