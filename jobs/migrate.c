/* migrate <dir>: brings the database of ZX_DB (as its owner) up to the newest
 * of the files in <dir>, each in a transaction of its own. Any number may be
 * started at once: one works, the others wait and then find nothing to do. */
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "db/schema.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *mem;

static bool refuse(const char *why)
{
	fprintf(stderr, "migrate: %s\n", why);
	return false;
}

static bool ok(PGconn *conn, PGresult *res, const char *what)
{
	ExecStatusType status = PQresultStatus(res);
	bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	PQclear(res);
	return good || refuse(arena_printf(mem, "%s: %s", what, PQerrorMessage(conn)));
}

static bool run(PGconn *conn, const char *sql, const char *what)
{
	return ok(conn, PQexec(conn, sql), what);
}

/* The lock is the session's: it goes when the connection goes. Only after it
 * may waiting for locks be short: a table in use should stop the migration,
 * not the migration everybody who uses the table. */
static bool prepare(PGconn *conn)
{
	return run(conn, "SET client_min_messages = warning; SET statement_timeout = 0",
		       "session") &&
	       run(conn, "SELECT pg_advisory_lock(hashtextextended('schema_migration', 0))",
		       "waiting for another migrate") &&
	       run(conn, "SET lock_timeout = '10s'", "session") &&
	       run(conn,
		       "CREATE TABLE IF NOT EXISTS schema_migration ("
		       " version    bigint PRIMARY KEY,"
		       " name       text NOT NULL,"
		       " checksum   text NOT NULL,"
		       " applied_at timestamptz NOT NULL DEFAULT now())",
		       "schema_migration");
}

static bool applied_load(PGconn *conn, struct list *out)
{
	PGresult *res = PQexec(
		conn, "SELECT version, name, checksum FROM schema_migration ORDER BY version");
	size_t n = PQresultStatus(res) == PGRES_TUPLES_OK ? (size_t)PQntuples(res) : 0;
	struct migration *had = NEW_N(mem, struct migration, n);

	for (size_t i = 0; i < n; i++) {
		int row = (int)i;

		had[i].version = strtoll(PQgetvalue(res, row, 0), NULL, 10);
		had[i].name = arena_strdup(mem, PQgetvalue(res, row, 1));
		had[i].checksum = arena_strdup(mem, PQgetvalue(res, row, 2));
	}
	*out = (struct list){.at = had, .count = n};
	return ok(conn, res, "schema_migration");
}

/* The row is written only if the file's statements left our transaction open:
 * a COMMIT among them would take the mark of SET LOCAL away. */
static bool record(PGconn *conn, const struct migration *m)
{
	const char *version = arena_printf(mem, "%lld", (long long)m->version);
	const char *const values[] = {version, m->name, m->checksum};
	PGresult *res = PQexecParams(conn,
		"INSERT INTO schema_migration (version, name, checksum)"
		" SELECT $1::bigint, $2, $3"
		" WHERE current_setting('zx.migration', true) = $1::text",
		3, NULL, values, NULL, NULL, 0);
	bool kept = strcmp(PQcmdTuples(res), "1") == 0;

	return ok(conn, res, m->name) &&
	       (kept || refuse(arena_printf(
				mem, "%s: ends the transaction that it runs in", m->name)));
}

static bool apply(PGconn *conn, const struct migration *m)
{
	int64_t start = clock_ms();
	const char *begin = arena_printf(
		mem, "BEGIN; SET LOCAL zx.migration = '%lld'", (long long)m->version);

	if (!run(conn, begin, m->name) || !run(conn, m->sql, m->name) || !record(conn, m) ||
		!run(conn, "COMMIT", m->name))
		return false;
	printf("%s applied in %lld ms\n", m->name, (long long)(clock_ms() - start));
	return fflush(stdout) == 0;
}

static bool migrate(PGconn *conn, const struct list *files)
{
	const struct migration *all = files->at;
	struct list applied;

	if (PQstatus(conn) != CONNECTION_OK)
		return refuse(PQerrorMessage(conn));
	if (!prepare(conn) || !applied_load(conn, &applied))
		return false;
	const char *why = schema_compare(mem, files, &applied);
	if (why)
		return refuse(why);
	for (size_t i = applied.count; i < files->count; i++)
		if (!apply(conn, &all[i]))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct list files;

	settings_load(argc, argv);
	log_init("migrate");
	mem = arena_new(65536);
	const char *why =
		argc == 2 ? schema_read(mem, argv[1], &files) : "usage: migrate <dir>";
	bool good = !why || refuse(why);
	if (good) {
		const char *const names[] = {"dbname", "client_encoding",
			"fallback_application_name", "connect_timeout", NULL};
		const char *const values[] = {settings.db, "UTF8", "migrate", "5", NULL};
		PGconn *conn = PQconnectdbParams(names, values, 1);

		good = migrate(conn, &files);
		PQfinish(conn);
	}
	arena_free(mem);
	return good ? 0 : 1;
}
