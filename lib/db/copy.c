#include "db/copy.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "db/wire.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

enum { PIECE_BYTES = 65536, ROW_ARENA = 4096 };

/* Binary rows (PostgreSQL 15, «COPY», file formats) gather in `piece`. */
struct db_copy {
	PGconn *conn;
	struct arena *row; /* of one row's values */
	enum err err;
	size_t len;
	char piece[PIECE_BYTES];
};

void copy_drop(struct db_copy *c)
{
	PQfinish(c->conn);
	c->conn = NULL;
	if (c->err == E_OK)
		c->err = E_INTERNAL; /* for whoever goes on */
}

static void close_copy(void *arg)
{
	struct db_copy *c = arg;

	PQfinish(c->conn);
	arena_free(c->row);
}

/* What the server says to a statement that may run into the data's trouble, but
 * into nobody's rules. */
static enum err refused(struct db_copy *c, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *down[] = {"08", "53", "57", "25006"};

	log_error("db_copy", "%s %s", state ? state : "-", PQerrorMessage(c->conn));
	for (size_t i = 0; state && i < COUNT_OF(down); i++)
		if (strncmp(state, down[i], strlen(down[i])) == 0)
			return E_DB_DOWN;
	return state ? E_INTERNAL : E_DB_DOWN;
}

/* Until there is something to read or room to write; false when nothing has
 * moved for ZX_DB_TIMEOUT_MS. */
static bool wait_for(struct db_copy *c, short events)
{
	struct pollfd p = {.fd = PQsocket(c->conn), .events = (short)(events | POLLIN)};
	int n;

	do
		n = poll(&p, 1, (int)settings.db_timeout_ms);
	while (n < 0 && errno == EINTR);
	return n > 0 &&
	       (!(p.revents & (POLLIN | POLLHUP | POLLERR)) || PQconsumeInput(c->conn) == 1);
}

static void lose(struct db_copy *c, enum err err)
{
	log_error("db_copy", "lost: %s", PQerrorMessage(c->conn));
	c->err = err;
}

/* libpq keeps what it can't send, so each piece is sent to its last byte. */
static void send_piece(struct db_copy *c)
{
	int unsent = 1;

	if (c->err != E_OK)
		return;
	if (PQputCopyData(c->conn, c->piece, (int)c->len) != 1)
		lose(c, E_DB_DOWN);
	c->len = 0;
	while (c->err == E_OK && (unsent = PQflush(c->conn)) != 0)
		if (unsent < 0 || !wait_for(c, POLLOUT))
			lose(c, E_DB_DOWN);
}

static void add(struct db_copy *c, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n > 0 && c->err == E_OK) {
		size_t room = PIECE_BYTES - c->len, now = n < room ? n : room;

		memcpy(c->piece + c->len, at, now);
		c->len += now;
		at += now;
		n -= now;
		if (c->len == PIECE_BYTES)
			send_piece(c);
	}
}

static bool begin(struct db_copy *c, const char *sql)
{
	if (PQstatus(c->conn) != CONNECTION_OK) {
		log_error("db_copy", "%s", PQerrorMessage(c->conn));
		return false;
	}
	PGresult *res = PQexec(c->conn, sql);
	bool good = PQresultStatus(res) == PGRES_COPY_IN;
	if (!good)
		refused(c, res);
	PQclear(res);
	return good && PQsetnonblocking(c->conn, 1) == 0;
}

struct db_copy *copy_begin(struct arena *mem, const char *conninfo, const char *sql)
{
	static const char head[] =
		"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"; /* no flags, nothing more */
	const char *const names[] = {"dbname", "client_encoding", "fallback_application_name",
		"connect_timeout", NULL};
	const char *const values[] = {conninfo, "UTF8", "copy", "2", NULL};
	struct db_copy *c = NEW(mem, struct db_copy);

	c->row = arena_new(ROW_ARENA);
	c->conn = PQconnectdbParams(names, values, 1);
	arena_defer(mem, close_copy, c);
	if (!begin(c, sql))
		return NULL;
	add(c, head, sizeof(head) - 1);
	return c;
}

enum err copy_row_(struct db_copy *c, const struct db_arg *args, size_t n)
{
	struct db_params p;
	uint16_t columns = htobe16((uint16_t)n);

	if (n > DB_ARGS_MAX)
		return E_INTERNAL;
	arena_reset(c->row);
	db_params_fill(c->row, &p, args, n);
	add(c, &columns, sizeof(columns));
	for (size_t i = 0; i < n; i++) {
		uint32_t len = htobe32(p.values[i] ? (uint32_t)p.lengths[i] : UINT32_MAX);

		add(c, &len, sizeof(len));
		if (p.values[i])
			add(c, p.values[i], (size_t)p.lengths[i]);
	}
	return c->err;
}

/* From here on the server may have stored all of it. */
static enum err final_word(struct db_copy *c)
{
	while (PQisBusy(c->conn))
		if (!wait_for(c, 0)) {
			lose(c, E_UNKNOWN);
			return c->err;
		}
	PGresult *res = PQgetResult(c->conn);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		c->err =
			PQresultErrorField(res, PG_DIAG_SQLSTATE) ? refused(c, res) : E_UNKNOWN;
	PQclear(res);
	return c->err;
}

static enum err end(struct db_copy *c)
{
	static const char mark[] = {'\377', '\377'};
	int unsent;

	add(c, mark, sizeof(mark));
	send_piece(c);
	if (c->err != E_OK)
		return c->err;
	if (PQputCopyEnd(c->conn, NULL) != 1)
		lose(c, E_DB_DOWN);
	while (c->err == E_OK && (unsent = PQflush(c->conn)) != 0)
		if (unsent < 0 || !wait_for(c, POLLOUT))
			lose(c, E_UNKNOWN);
	return c->err == E_OK ? final_word(c) : c->err;
}

enum err copy_end(struct db_copy *c)
{
	enum err err = end(c);

	copy_drop(c);
	return err;
}
