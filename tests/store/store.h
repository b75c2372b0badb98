/* What tests against a real database share. ZX_DB is the conninfo of a migrated
 * database as role zx; ZX_DB_OWNER the same as its owner, for the tables that a
 * test needs for itself. */
#include "test.h"

#include "base/settings.h"
#include "base/time.h"
#include "db/db.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct db *db; /* under test */
static PGconn *other; /* a second, plain connection as zx, to look and to meddle */
static PGconn *owner;

/* Rows of this run in the table idempotency, which refers to no other table and
 * from which zx may delete: (mine, key). */
static int64_t mine;

SQL(test_keep,
	"INSERT INTO idempotency (account_id, key, digest, status, answer)"
	" VALUES ($1, $2, 'digest', 1, '')");
SQL(test_pid, "SELECT pg_backend_pid() AS n");

struct number {
	int64_t n;
};
static const struct field number_fields[] = {FIELD(struct number, n)};
static const struct shape number_shape = SHAPE(struct number, number_fields);

/* The first value of the answer, in the arena; "" if there is none. */
static inline const char *say(PGconn *on, const char *sql)
{
	PGresult *res = PQexec(on, sql);
	ExecStatusType status = PQresultStatus(res);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(on));
	const char *first = PQntuples(res) ? PQgetvalue(res, 0, 0) : "";
	first = arena_strdup(mem, first);
	PQclear(res);
	return first;
}

static inline int64_t count(PGconn *on, const char *sql)
{
	return strtoll(say(on, sql), NULL, 10);
}

/* How many rows of this run are stored, and seen by others. */
static inline int64_t kept(void)
{
	return count(other,
		arena_printf(mem, "SELECT count(*) FROM idempotency WHERE account_id = %lld",
			(long long)mine));
}

static inline void keep(struct tx *tx, const char *key)
{
	db_queue(tx, &test_keep, A(mine), A(key));
}

/* Which backend serves the connection under test. */
static inline int64_t backend(void)
{
	struct tx tx;
	struct number pid = {0};

	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_one(&tx, &test_pid, &number_shape, &pid), E_OK);
	return pid.n;
}

static inline PGconn *connection(const char *variable)
{
	const char *conninfo = getenv(variable);

	if (!conninfo || !*conninfo) {
		fprintf(stderr, "%s is not set\n", variable);
		exit(1);
	}
	PGconn *conn = PQconnectdb(conninfo);
	if (PQstatus(conn) != CONNECTION_OK) {
		fprintf(stderr, "%s: %s", variable, PQerrorMessage(conn));
		exit(1);
	}
	PQclear(PQexec(conn, "SET client_min_messages = error"));
	return conn;
}

static inline int store_begin(void **state)
{
	static char name[] = "store_test";

	(void)state;
	settings_load(1, (char *[]){name});
	signal(SIGPIPE, SIG_IGN);
	other = connection("ZX_DB");
	owner = connection("ZX_DB_OWNER");
	db = db_new(settings.db, name);
	mine = -(int64_t)getpid();
	return 0;
}

static inline int store_end(void **state)
{
	(void)state;
	say(other, arena_printf(mem, "DELETE FROM idempotency WHERE account_id = %lld",
			   (long long)mine));
	db_free(db);
	PQfinish(other);
	PQfinish(owner);
	return 0;
}

/* Before each test: no rows of an earlier one, and a connection that is up. */
static inline int fresh(void **state)
{
	(void)state;
	say(other, arena_printf(mem, "DELETE FROM idempotency WHERE account_id = %lld",
			   (long long)mine));
	backend();
	return 0;
}
#define TEST(name) cmocka_unit_test_setup(name, fresh)
