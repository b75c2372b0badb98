#include "db/db.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "db/rules.h"
#include "db/wire.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_MAX = 64, ID_BLOCK = 256 };

/* A statement that waits for its turn, and where its answer goes. */
struct note {
	struct sql *sql;
	struct db_answer to;
	struct db_params params;
};

enum prepared { UNPREPARED, SENT, PREPARED };

struct db {
	PGconn *conn;
	const char *conninfo, *program;
	uint8_t *prepared; /* by sql.index, of this connection */
	struct note queue[QUEUE_MAX];
	size_t queued;
	bool reused, overflow;
	bool stale;    /* only a new connection helps */
	bool unproven; /* not looked at since the last transaction */
	int64_t id_next, id_end;
};

SQL(begin, "BEGIN");
SQL(commit, "COMMIT");
SQL(rollback, "ROLLBACK");

static size_t sql_count(void)
{
	return (size_t)(__stop_sqls - __start_sqls);
}

struct db *db_new(const char *conninfo, const char *program)
{
	struct db *db = calloc(1, sizeof(*db));

	if (!db)
		abort();
	db->conninfo = conninfo;
	db->program = program;
	db->prepared = calloc(sql_count(), 1);
	if (!db->prepared)
		abort();
	for (size_t i = 0; i < sql_count(); i++)
		__start_sqls[i]->index = (uint16_t)i;
	return db;
}

void db_drop(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
	db->queued = 0;
	db->stale = false;
	memset(db->prepared, UNPREPARED, sql_count());
}

void db_free(struct db *db)
{
	db_drop(db);
	free(db->prepared);
	free(db);
}

bool db_reused(const struct db *db)
{
	return db->reused;
}

static void quiet(void *arg, const char *message)
{
	(void)arg;
	log_debug("db_notice", "%s", message);
}

/* The server gives up on a statement a little before we do, so that a slow one
 * ends as an error and not as a lost connection. */
static enum err connect_now(struct db *db)
{
	char options[160];
	long long ms = settings.db_timeout_ms;

	snprintf(options, sizeof(options),
		"-c statement_timeout=%lld -c lock_timeout=%lld -c jit=off"
		" -c idle_in_transaction_session_timeout=10000",
		ms * 9 / 10, ms * 7 / 10);
	const char *const names[] = {"dbname", "options", "client_encoding",
		"fallback_application_name", "connect_timeout", NULL};
	const char *const values[] = {db->conninfo, options, "UTF8", db->program, "2", NULL};

	db_drop(db);
	db->conn = PQconnectdbParams(names, values, 1);
	PQsetNoticeProcessor(db->conn, quiet, NULL);
	if (PQstatus(db->conn) == CONNECTION_OK && PQsetnonblocking(db->conn, 1) == 0 &&
		PQenterPipelineMode(db->conn) == 1)
		return E_OK;
	log_error("db_connect", "%s", PQerrorMessage(db->conn));
	db_drop(db);
	return E_DB_DOWN;
}

/* A row that no policy lets be written (staff_enter()); a grant that
 * is missing has the same SQLSTATE, but is our own fault. */
static bool is_out_of_scope(const PGresult *res)
{
	const char *function = PQresultErrorField(res, PG_DIAG_SOURCE_FUNCTION);

	return function && strcmp(function, "ExecWithCheckOptions") == 0;
}

static enum err err_of(const PGresult *res, const struct sql *sql)
{
	static const struct {
		const char *constraint;
		enum err err;
	} rules[] = {
#define X(constraint, err) {#constraint, err},
		RULE_TABLE(X)
#undef X
	};
	/* clang-format off */
	static const struct {
		const char *state;
		enum err err;
	} states[] = {
		{"40", E_RETRY},      /* serialization failure, deadlock */
		{"55P03", E_RETRY},   /* lock timeout */
		{"0A000", E_RETRY},   /* cached plan after a migration */
		{"26000", E_RETRY},   /* prepared statement is gone */
		{"08", E_DB_DOWN},    /* connection failure */
		{"53", E_DB_DOWN},    /* out of connections, memory, disk */
		{"57", E_DB_DOWN},    /* shutdown, statement timeout */
		{"25006", E_DB_DOWN}, /* read-only */
	};
	/* clang-format on */
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *rule = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);

	for (size_t i = 0; rule && i < COUNT_OF(rules); i++)
		if (strcmp(rule, rules[i].constraint) == 0)
			return rules[i].err;
	log_error("db_error", "%s: %s %s", sql->name, state ? state : "-",
		PQresultErrorMessage(res));
	for (size_t i = 0; state && i < COUNT_OF(states); i++)
		if (strncmp(state, states[i].state, strlen(states[i].state)) == 0)
			return states[i].err;
	if (is_out_of_scope(res))
		return E_FORBIDDEN;
	return state ? E_INTERNAL : E_DB_DOWN;
}

/* What the server will refuse on this connection again and again: a plan, a prepared
 * name, and any write when it was opened to a server that can only be read (25006). The
 * next one may reach another server of ZX_DB, or this one after its mending. */
static bool is_stale(const PGresult *res)
{
	static const char *const states[] = {"0A000", "26000", "25006"};
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	for (size_t i = 0; state && i < COUNT_OF(states); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

/* Let bytes flow both ways until there is something to read; false when the
 * connection is lost or the time is up. */
static bool wait_readable(struct db *db, int64_t deadline)
{
	for (;;) {
		int unsent = PQflush(db->conn);
		struct pollfd p = {.fd = PQsocket(db->conn),
			.events = (short)(POLLIN | (unsent ? POLLOUT : 0))};
		int64_t left = deadline - clock_ms();

		if (unsent < 0 || left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
			return false;
		if (p.revents & (POLLIN | POLLHUP | POLLERR))
			return PQconsumeInput(db->conn) == 1;
	}
}

/* The next result, NULL between two statements' results; *lost when there is
 * no hope of any. */
static PGresult *next_result(struct db *db, int64_t deadline, bool *lost)
{
	while (PQisBusy(db->conn))
		if (!wait_readable(db, deadline)) {
			*lost = true;
			return NULL;
		}
	return PQgetResult(db->conn);
}

static void clear(void *res)
{
	PQclear(res);
}

static enum err keep_rows(struct tx *tx, const struct db_answer *to, PGresult *res)
{
	size_t rows = (size_t)PQntuples(res);

	if (to->one && rows > 1)
		return E_INTERNAL;
	if (to->one)
		return rows == 0 ? to->err : db_scan(res, 0, to->shape, to->one);
	to->all->count = rows;
	to->all->at =
		arena_alloc(tx->mem, array_size(rows, to->shape->size), _Alignof(max_align_t));
	for (size_t i = 0; i < rows; i++)
		TRY(db_scan(res, (int)i, to->shape, (char *)to->all->at + i * to->shape->size));
	return E_OK;
}

static enum err judge(struct tx *tx, const struct db_answer *to, PGresult *res)
{
	if (to->one || to->all)
		return keep_rows(tx, to, res);
	if (to->want == WANT_ANY)
		return E_OK;
	int64_t touched = PQresultStatus(res) == PGRES_TUPLES_OK
				  ? PQntuples(res)
				  : strtoll(PQcmdTuples(res), NULL, 10);
	return touched == (to->want == WANT_ONE) ? E_OK : to->err;
}

/* Read the answer to one statement. After an error the server skips the rest
 * of the batch: those answers are PIPELINE_ABORTED and say nothing new. */
static enum err read_answer(struct tx *tx, const struct note *n, int64_t deadline, bool *lost)
{
	enum err err = E_OK;
	PGresult *res;

	while ((res = next_result(tx->db, deadline, lost)) != NULL) {
		arena_defer(tx->mem, clear, res);
		switch (PQresultStatus(res)) {
		case PGRES_TUPLES_OK:
		case PGRES_COMMAND_OK:
			err = judge(tx, &n->to, res);
			break;
		case PGRES_PIPELINE_ABORTED:
			err = E_INTERNAL;
			break;
		default:
			err = err_of(res, n->sql);
			tx->broken = true;
			tx->db->stale |= is_stale(res);
			if (err == E_DB_DOWN || PQstatus(tx->db->conn) != CONNECTION_OK)
				*lost = PQstatus(tx->db->conn) != CONNECTION_OK;
		}
	}
	return err;
}

static bool send_note(struct db *db, const struct note *n)
{
	const struct db_params *p = &n->params;

	if (db->prepared[n->sql->index] == UNPREPARED) {
		if (!PQsendPrepare(db->conn, n->sql->name, n->sql->text, p->count, p->types))
			return false;
		db->prepared[n->sql->index] = SENT;
	}
	return PQsendQueryPrepared(db->conn, n->sql->name, p->count, p->values, p->lengths,
		       p->formats, 1) == 1;
}

/* Which notes need a PREPARE first is decided before sending, because reading
 * the answers has to expect the same sequence. */
static size_t send_all(struct db *db, bool prepares[QUEUE_MAX])
{
	for (size_t i = 0; i < db->queued; i++) {
		prepares[i] = db->prepared[db->queue[i].sql->index] == UNPREPARED;
		if (!send_note(db, &db->queue[i]))
			return i;
	}
	return db->queued;
}

static enum err connection_lost(struct tx *tx, bool committing)
{
	log_error("db_lost", "%s", tx->db->conn ? PQerrorMessage(tx->db->conn) : "time-out");
	db_drop(tx->db);
	tx->open = false;
	tx->broken = true;
	return committing ? E_UNKNOWN : E_DB_DOWN;
}

static bool read_sync(struct db *db, int64_t deadline)
{
	for (;;) {
		bool lost = false;
		PGresult *res = next_result(db, deadline, &lost);
		bool sync = PQresultStatus(res) == PGRES_PIPELINE_SYNC;

		PQclear(res);
		if (sync || lost)
			return !lost;
		if (PQstatus(db->conn) != CONNECTION_OK)
			return false;
	}
}

static enum err read_all(
	struct tx *tx, const bool prepares[QUEUE_MAX], int64_t deadline, bool *lost)
{
	struct db *db = tx->db;
	enum err first = E_OK;

	for (size_t i = 0; i < db->queued && !*lost; i++) {
		struct note *n = &db->queue[i];
		enum err err = E_OK;

		if (prepares[i]) {
			struct note bare = {.sql = n->sql};
			err = read_answer(tx, &bare, deadline, lost);
			db->prepared[n->sql->index] = err == E_OK ? PREPARED : UNPREPARED;
		}
		if (!*lost) {
			enum err answer = read_answer(tx, n, deadline, lost);
			err = err == E_OK ? answer : err;
		}
		if (first == E_OK)
			first = err;
	}
	return first;
}

/* Send what is queued and read every answer. A read-only batch ends with Sync
 * and so is its own transaction; a writing or held one ends with Flush and stays
 * open, except that the last (when writing: with COMMIT in it) ends with Sync. */
static enum err send_and_read(struct tx *tx, bool sync)
{
	struct db *db = tx->db;
	bool prepares[QUEUE_MAX] = {0}, lost = false;
	int64_t deadline = clock_ms() + settings.db_timeout_ms;

	if (db->overflow)
		return E_INTERNAL;
	if (send_all(db, prepares) < db->queued ||
		!(sync ? PQpipelineSync(db->conn) : PQsendFlushRequest(db->conn)))
		return connection_lost(tx, false);
	tx->commit_sent = tx->mode == TX_WRITE && sync;
	if (tx->mode != TX_WRITE)
		tx->open = !sync; /* Sync ends it, however it went */
	enum err err = read_all(tx, prepares, deadline, &lost);
	db->queued = 0;
	if (lost || (sync && !read_sync(db, deadline)))
		return connection_lost(tx, tx->commit_sent);
	if (db->stale)
		db_drop(db); /* that rolls back, too */
	return err;
}

static void (*watcher)(int64_t us);

void db_watch(void (*fn)(int64_t us))
{
	watcher = fn;
}

static enum err exchange(struct tx *tx, bool sync)
{
	int64_t began = clock_us();
	enum err err = send_and_read(tx, sync);

	if (watcher)
		watcher(clock_us() - began);
	return err;
}

void tx_begin(struct tx *tx, struct db *db, struct arena *mem, enum tx_mode mode)
{
	*tx = (struct tx){.db = db, .mem = mem, .mode = mode};
	db->queued = 0;
	db->overflow = false;
	db->reused = db->unproven = db->conn != NULL;
}

static void note_add(struct tx *tx, struct sql *sql, const struct db_answer *to,
	const struct db_arg *args, size_t n)
{
	struct db *db = tx->db;

	db->overflow |= db->queued == QUEUE_MAX || n > DB_ARGS_MAX;
	if (db->overflow)
		return;
	struct note *note = &db->queue[db->queued];
	*note = (struct note){.sql = sql, .to = *to};
	db_params_fill(tx->mem, &note->params, args, n);
	db->queued++;
}

/* BEGIN goes before the first statement of a writing transaction. */
void db_note_(struct tx *tx, struct sql *sql, const struct db_answer *to,
	const struct db_arg *args, size_t n)
{
	static const struct db_answer any;

	if (tx->mode == TX_WRITE && !tx->open)
		note_add(tx, &begin, &any, NULL, 0);
	tx->open |= tx->mode == TX_WRITE;
	note_add(tx, sql, to, args, n);
}

/* A connection that died while it was idle shows when it is read: first the
 * server's last words, then the end. Seen here, it costs nobody an error. */
static bool is_alive(struct db *db)
{
	bool alive = true;

	for (int i = 0; db->unproven && i < 2; i++)
		alive &= PQconsumeInput(db->conn) == 1;
	db->unproven = false;
	return alive && PQstatus(db->conn) == CONNECTION_OK;
}

static enum err ready(struct tx *tx)
{
	if (tx->broken)
		return E_INTERNAL; /* somebody went on after an error */
	if (tx->db->conn && is_alive(tx->db))
		return E_OK;
	size_t queued = tx->db->queued;
	enum err err = connect_now(tx->db);
	tx->db->queued = queued; /* the notes are as good on the new connection */
	return err;
}

enum err db_sync(struct tx *tx)
{
	if (tx->db->queued == 0 && !tx->db->overflow)
		return E_OK;
	TRY(ready(tx));
	return exchange(tx, tx->mode != TX_WRITE && !tx->held);
}

static bool commit_must_wait(const struct db *db)
{
	for (size_t i = 0; i < db->queued; i++)
		if (db->queue[i].to.want != WANT_ANY || db->queue[i].to.shape)
			return true;
	return false;
}

static enum err read_end(struct tx *tx)
{
	TRY(ready(tx));
	return exchange(tx, true);
}

enum err tx_commit(struct tx *tx)
{
	if (tx->mode != TX_WRITE)
		return tx->open ? read_end(tx) : db_sync(tx);
	if (!tx->open)
		return tx->broken ? E_INTERNAL : E_OK;
	if (commit_must_wait(tx->db)) /* what only we can judge is judged first */
		TRY(db_sync(tx));
	TRY(ready(tx));
	note_add(tx, &commit, &(struct db_answer){0}, NULL, 0);
	enum err err = exchange(tx, true);
	if (err == E_OK)
		tx->open = false;
	return err;
}

void tx_rollback(struct tx *tx)
{
	struct db *db = tx->db;
	int64_t deadline = clock_ms() + settings.db_timeout_ms;

	db->queued = 0;
	db->overflow = false;
	if (!tx->open || !db->conn) {
		tx->open = false;
		return;
	}
	tx->open = false;
	if (tx->mode != TX_WRITE) { /* was never begun by a word of its own */
		if (!PQpipelineSync(db->conn) || !read_sync(db, deadline))
			db_drop(db);
		return;
	}
	/* The first Sync ends the batch that failed, if the commit's didn't. */
	bool two = !tx->commit_sent;
	struct note note = {.sql = &rollback};
	bool ok = (!two || PQpipelineSync(db->conn)) && send_note(db, &note) &&
		  PQpipelineSync(db->conn) && (!two || read_sync(db, deadline)) &&
		  read_sync(db, deadline);
	if (ok)
		db->prepared[rollback.index] = PREPARED;
	else
		db_drop(db);
}

enum err tx_end(struct tx *tx, enum err err)
{
	if (err == E_OK)
		err = tx_commit(tx);
	if (err != E_OK)
		tx_rollback(tx);
	return err;
}

bool db_wait_notify(struct db *db, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;
	bool some = false;

	if (!db->conn || PQstatus(db->conn) != CONNECTION_OK)
		return false;
	do {
		for (PGnotify *n; (n = PQnotifies(db->conn)) != NULL; PQfreemem(n))
			some = true;
	} while (!some && wait_readable(db, deadline));
	return some;
}

SQL(id_block, "SELECT nextval('id_block') * 256 AS first");

enum err ids_take(struct tx *tx, size_t count, int64_t *first)
{
	struct db *db = tx->db;

	if (count > ID_BLOCK)
		return E_INTERNAL;
	if (db->id_end - db->id_next < (int64_t)count) {
		int64_t block = 0;
		TRY(db_value(tx, &id_block, &block));
		db->id_next = block;
		db->id_end = block + ID_BLOCK;
	}
	*first = db->id_next;
	db->id_next += (int64_t)count;
	return E_OK;
}

size_t db_check_all(struct db *db)
{
	size_t bad = 0;

	if (connect_now(db) != E_OK)
		return sql_count();
	PQexitPipelineMode(db->conn);
	for (size_t i = 0; i < sql_count(); i++) {
		const struct sql *sql = __start_sqls[i];
		PGresult *res = PQprepare(db->conn, sql->name, sql->text, 0, NULL);

		if (PQresultStatus(res) != PGRES_COMMAND_OK) {
			fprintf(stderr, "%s: %s", sql->name, PQerrorMessage(db->conn));
			bad++;
		}
		PQclear(res);
	}
	db_drop(db);
	return bad;
}

const struct sql *sql_find(const char *name)
{
	for (size_t i = 0; i < sql_count(); i++)
		if (strcmp(__start_sqls[i]->name, name) == 0)
			return __start_sqls[i];
	return NULL;
}
