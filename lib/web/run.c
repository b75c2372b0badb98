#include "web/run.h"

#include "base/log.h"
#include "base/time.h"
#include "net/shared.h"
#include "web/enter.h"
#include "web/refuse.h"
#include "web/replay.h"
#include "web/request.h"
#include "web/times.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIES_MAX = 4, ANSWER_MAX = 4 << 20, PATIENCE_MS = 1000 };

/* Had the connection died while it was idle? That shows at once. A caller who has
 * waited in vain for a database that hangs is told so, and does not wait twice. */
static bool found_dead(const struct req *r, int64_t began)
{
	return db_reused(r->db) && clock_ms() - began < PATIENCE_MS;
}

static enum err check_first(struct req *r)
{
	tx_begin(&r->tx, r->db, r->mem, TX_READ);
	enter(r, &r->tx);
	replay_check(r, &r->tx);
	return tx_commit(&r->tx);
}

/* A handler with transactions of its own: the checks go in one before it, the
 * answer is kept in one after it. Its work is repeatable by itself. */
static enum err run_own(struct req *r)
{
	int64_t began = clock_ms();
	enum err err = check_first(r);

	if (err == E_DB_DOWN && found_dead(r, began))
		err = check_first(r);
	TRY(err);
	TRY(r->route->fn(r));
	if (!r->key)
		return E_OK;
	runner_begin(r, &r->tx, TX_WRITE);
	replay_store(r, &r->tx);
	return tx_commit(&r->tx);
}

static enum err run_once(struct req *r)
{
	bool first = enter_first(r->route);

	tx_begin(&r->tx, r->db, r->mem, r->route->tx);
	if (first)
		tx_hold(&r->tx);
	enter(r, &r->tx);
	replay_check(r, &r->tx);
	if (first)
		TRY(db_sync(&r->tx));
	TRY(r->route->fn(r));
	replay_store(r, &r->tx);
	return tx_commit(&r->tx);
}

static enum err why_ended(struct req *r)
{
	struct tx tx;

	tx_begin(&tx, r->db, r->mem, TX_READ);
	return tx_end(&tx, r->web->why(&tx, &r->caller));
}

static void record_refusal(struct req *r, enum err why)
{
	struct tx tx;

	runner_begin(r, &tx, TX_WRITE);
	r->route->refused(r, &tx, why);
	enum err err = tx_commit(&tx);
	if (err == E_OK)
		return;
	tx_rollback(&tx);
	log_error("refusal_lost", "%s: %s", r->route->path, err_info[err].code);
}

/* A list in If-Match names several versions: is there one that has not been tried? */
static bool next_version(struct req *r)
{
	for (size_t i = 0; i + 1 < r->versions.count; i++)
		if (r->versions.version[i] == r->if_match) {
			r->if_match = r->versions.version[i + 1];
			return true;
		}
	return false;
}

/* Lost races are run again, with a growing random pause. So is a request that
 * found its idle connection dead: nothing of it can have been stored. */
static enum err run(struct req *r)
{
	enum err err = E_INTERNAL;
	int64_t began = clock_ms();

	for (int try = 0; try < TRIES_MAX; try++) {
		err = r->route->tx == TX_NONE ? run_own(r) : run_once(r);
		if (err != E_OK)
			tx_rollback(&r->tx);
		bool stale = err == E_DB_DOWN && try == 0 && r->route->tx != TX_NONE &&
			     found_dead(r, began);
		if (err != E_RETRY && !stale)
			break;
		usleep((useconds_t)(random() % (5000 << try)));
	}
	bool hangs = err == E_UNKNOWN && clock_ms() - began >= PATIENCE_MS;
	if (replay_possible(r, err) && !hangs)
		err = replay(r, err);
	if (err == E_SESSION_ENDED && r->web->why)
		err = why_ended(r);
	if (err == E_VERSION_CHANGED && next_version(r))
		return run(r);
	if (err_info[err].http / 100 == 4 && r->route->refused && r->note)
		record_refusal(r, err);
	return err;
}

static bool wants_body(const struct route *route)
{
	return route->body || route->flags & RAW_BODY;
}

static enum err serve(struct req *r, enum err body)
{
	TRY(route_find(r));
	if (body != E_LENGTH_REQUIRED || wants_body(r->route))
		TRY(body);
	TRY(request_check(r));
	TRY(run(r));
	if (r->method == GET && r->status == 200 && r->version && request_has(r, r->version))
		r->status = 304;
	return E_OK;
}

void request_serve(struct req *r, enum err body)
{
	int64_t began = stamp_now().us, us;
	enum err err;

	r->out = buf_in(r->mem, ANSWER_MAX);
	log_request(r->request_id);
	err = serve(r, body);
	if (err != E_OK)
		refuse(r, err);
	us = stamp_now().us - began;
	if (!r->other_pool) { /* that one counts it */
		shared_count_request(r->status, us);
		times_count(r->route, us);
	}
	log_access(&(struct log_access){.method = header(r, "REQUEST_METHOD"),
		.route = r->route ? r->route->path : "-",
		.status = r->status,
		.us = us,
		.user_id = r->caller.account_id,
		.code = err == E_OK ? NULL : err_info[err].code});
	log_request(NULL);
}
