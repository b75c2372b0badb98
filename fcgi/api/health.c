#include "api.h"
#include "base/time.h"
#include "net/redis.h"

enum { PROOF_MS = 1000 };

static enum err ping(struct req *r)
{
	buf_puts(reply_begin(r, 200), "{\"ok\":true}");
	return reply_end(r);
}

static enum err alive(struct req *r)
{
	buf_puts(reply_begin(r, 200), "{\"status\":\"ok\"}");
	return reply_end(r);
}

SQL(health_probe, "SELECT 1");
/* Nothing is touched, no table grows: a server that can only be read refuses the first,
 * one whose language doesn't load the second, and the third has to reach the disk (and
 * the replicas that a commit waits for). */
SQL(health_change, "UPDATE orders SET state = state WHERE id = 0");
SQL(health_language, "DO 'BEGIN END'");
SQL(health_log, "SELECT pg_logical_emit_message(true, 'zhixing', 'readyz')");

/* A connection from before a failover shows by its first write, and is dropped then:
 * the second try is on a new one. */
static enum err prove(struct req *r, bool write)
{
	enum err err = E_DB_DOWN;

	for (int try = 0; try < 2 && err == E_DB_DOWN; try++) {
		own_begin(r, write ? TX_WRITE : TX_READ);
		bool reused = db_reused(r->db);
		db_queue(&r->tx, &health_probe);
		if (write) {
			db_queue(&r->tx, &health_change);
			db_queue(&r->tx, &health_language);
			db_queue(&r->tx, &health_log);
		}
		err = tx_end(&r->tx, E_OK);
		if (!reused)
			break;
	}
	return err == E_UNKNOWN ? E_DB_DOWN : err; /* nothing was to be kept */
}

/* Without PostgreSQL, and one that can be written to, there is no service; without Redis
 * there is a slower one. However many ask, a worker writes once a second. */
static enum err ready(struct req *r)
{
	static int64_t proven_until;
	bool redis = redis_up(), write = clock_ms() >= proven_until;
	struct buf *b;

	TRY(prove(r, write));
	if (write)
		proven_until = clock_ms() + PROOF_MS;
	b = reply_begin(r, 200);
	json_open(b, NULL, '{');
	json_text(b, "status", redis ? "ok" : "degraded");
	json_text(b, "postgres", "up");
	json_text(b, "redis", redis ? "up" : "down");
	json_close(b, '}');
	return reply_end(r);
}

const struct route health_routes[] = {
	{GET, "/healthz", GUEST, TX_NONE, alive, .says = "The process answers"},
	{GET, "/readyz", GUEST, TX_NONE, ready,
		.says = "The database can be written to; which helpers are down"},
	{GET, "/api/v1/ping", GUEST, TX_NONE, ping,
		.says = "The shortest way through the house"},
	{0},
};
