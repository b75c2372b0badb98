#ifndef STORE_MESSAGES_H
#define STORE_MESSAGES_H

/* What the tests of the message table share. ZX_DB: a migrated database, as
 * role zx, that no relay works on meanwhile. */
#include "test.h"

#include "base/settings.h"
#include "base/time.h"
#include "message/consume.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 1000 };

static struct db *db;
static char name[32]; /* of this run's consumer */

/* Seen by all processes. */
static struct shared {
	int claims[MANY];
	int starts;
} * shared;

SQL(test_add,
	"INSERT INTO message (id, kind, subject_id, body)"
	" SELECT g, $3, g - $1, '{}' FROM generate_series($1, $1 + $2 - 1) g");
SQL(test_clean, "DELETE FROM message WHERE kind LIKE 'test.%'");
SQL(test_age, "UPDATE message SET run_at = now() - interval '1 s' WHERE id = $1");
SQL(test_effect,
	"INSERT INTO message (id, kind, subject_id, body)"
	" VALUES (nextval('id_block') * 256, 'test.effect', $1, '{}')");

struct facts {
	int64_t rows, effects, tries, dead, attempts, due_in_s;
	bool published;
	const char *last_error;
};
static const struct field facts_fields[] = {
	FIELD(struct facts, rows),
	FIELD(struct facts, effects),
	FIELD(struct facts, tries),
	FIELD(struct facts, dead),
	FIELD(struct facts, attempts, .optional = true),
	FIELD(struct facts, due_in_s, .optional = true),
	FIELD(struct facts, published),
	FIELD(struct facts, last_error, .optional = true),
};
static const struct shape facts_shape = SHAPE(struct facts, facts_fields);
SQL(test_facts,
	"SELECT (m.id IS NOT NULL)::int AS rows,"
	" (SELECT count(*) FROM message WHERE kind = 'test.effect' AND subject_id = $1) AS effects,"
	" coalesce((SELECT t.tries FROM message_try t"
	"  WHERE t.message_id = $1 AND t.consumer = $2), 0) AS tries,"
	" (SELECT count(*) FROM message_dead d WHERE d.message_id = $1 AND d.consumer = $2"
	"  AND d.replayed_at IS NULL) AS dead, m.attempts,"
	" ceil(extract(epoch FROM m.run_at - now()))::bigint AS due_in_s,"
	" m.published_at IS NOT NULL AS published, m.last_error"
	" FROM (SELECT 1) one LEFT JOIN message m ON m.id = $1");

static inline void must(enum err err)
{
	if (err != E_OK)
		fail_msg("%s", err_info[err].code);
}

static inline struct tx begin(void)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	return tx;
}

/* Ids of new messages that nobody has claimed. */
static inline int64_t add(int64_t count, const char *kind)
{
	struct tx tx = begin();
	int64_t first;

	must(ids_take(&tx, 256, &first)); /* blocks are not neighbours: hence far away */
	first += 1000000000000 + first * 100;
	db_queue(&tx, &test_add, A(first), A(count), A(kind));
	must(tx_commit(&tx));
	return first;
}

static inline struct facts facts(int64_t id)
{
	struct facts f;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_READ);
	must(db_one(&tx, &test_facts, &facts_shape, &f, A(id), A(name)));
	return f;
}

#define RUN(sql, ...)                                \
	do {                                         \
		struct tx run_ = begin();            \
		db_queue(&run_, sql, ##__VA_ARGS__); \
		must(tx_commit(&run_));              \
	} while (0)

static inline struct list claim(int limit)
{
	struct tx tx = begin();
	struct list out;

	must(message_claim(&tx, limit, &out));
	must(tx_commit(&tx));
	return out;
}

/* Claim whatever there is: was this message among it? */
static inline bool claim_one(int64_t id, struct message *out)
{
	struct list got = claim(100000);
	const struct message *m = got.at;

	for (size_t i = 0; i < got.count; i++)
		if (m[i].id == id) {
			*out = m[i];
			return true;
		}
	return false;
}

static inline struct message_refs refs_of(const struct message *m)
{
	return (struct message_refs){
		.ids = {&m->id,       1},
                  .attempts = {&m->attempts, 1}
        };
}

static inline void tell_published(const struct message *m)
{
	struct message_refs refs = refs_of(m);
	struct tx tx = begin();

	message_published(&tx, &refs);
	must(tx_commit(&tx));
}

/* Run fn in so many processes, each with a connection of its own. */
static inline void in_processes(int count, void (*fn)(int64_t), int64_t arg, int exit_code)
{
	db_drop(db);
	for (int i = 0; i < count; i++)
		if (fork() == 0) {
			alarm(60);
			db = db_new(settings.db, "a process of the tests"); /* ids of its own */
			fn(arg);
			_exit(0);
		}
	for (int status, i = 0; i < count; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), exit_code);
	}
}

static inline int setup(void **state)
{
	static char program[] = "message tests";

	(void)state;
	settings_load(1, (char *[]){program});
	if (!*settings.db)
		return fprintf(stderr, "ZX_DB is not set\n"), -1;
	snprintf(name, sizeof(name), "test%d", (int)getpid());
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		-1, 0);
	db = db_new(settings.db, program);
	RUN(&test_clean);
	return shared == MAP_FAILED;
}

static inline int teardown(void **state)
{
	(void)state;
	if (!db)
		return 0;
	RUN(&test_clean);
	db_free(db);
	munmap(shared, sizeof(*shared));
	return 0;
}

#endif
