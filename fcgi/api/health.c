#include "api.h"
#include "net/redis.h"

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

/* Without PostgreSQL there is no service; without Redis there is a slower one. */
static enum err ready(struct req *r)
{
	bool redis = redis_up();
	struct buf *b;

	TRY(db_run(&r->tx, &health_probe));
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
	{GET, "/readyz", GUEST, TX_READ, ready,
		.says = "The database answers; which helpers are down"},
	{GET, "/api/v1/ping", GUEST, TX_NONE, ping,
		.says = "The shortest way through the house"},
	{0},
};
