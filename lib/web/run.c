#include "base/log.h"
#include "base/time.h"
#include "net/shared.h"
#include "web/request.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIES_MAX = 4, ANSWER_MAX = 4 << 20, PATIENCE_MS = 1000 };

/* The answer to an earlier request with the same key. */
struct stored {
	const char *digest, *answer;
	int64_t status;
};
static const struct field stored_fields[] = {
	FIELD(struct stored, digest),
	FIELD(struct stored, status),
	FIELD(struct stored, answer),
};
static const struct shape stored_shape = SHAPE(struct stored, stored_fields);

SQL(idempotency_known, "SELECT 1 FROM idempotency WHERE account_id = $1 AND key = $2");
SQL(idempotency_load,
	"SELECT digest, status, answer FROM idempotency WHERE account_id = $1 AND key = $2");
SQL(idempotency_keep,
	"INSERT INTO idempotency (account_id, key, digest, status, answer)"
	" VALUES ($1, $2, $3, $4, $5)");

static void queue_checks(struct req *r, struct tx *tx)
{
	if (r->who.session_id)
		r->web->guard(tx, &r->who, r->route->permission, r->request_id);
	if (r->key)
		db_queue_none(
			tx, &idempotency_known, E_REPLAY, A(r->who.account_id), A(r->key));
}

/* The idle connection was dead. That shows at once; who has waited in vain for a
 * database that hangs is told so, and does not wait twice. */
static bool found_dead(const struct req *r, int64_t began)
{
	return db_reused(r->db) && clock_ms() - began < PATIENCE_MS;
}

static void queue_answer(struct req *r, struct tx *tx)
{
	db_queue(tx, &idempotency_keep, A(r->who.account_id), A(r->key), A(r->digest),
		A(r->status), A(buf_text(&r->out)));
}

/* What staff do is done under their rights, in each transaction anew. */
static void begin_as_staff(struct req *r, struct tx *tx, enum tx_mode mode)
{
	tx_begin(tx, r->db, r->mem, mode);
	if (r->web->staff && r->who.session_id)
		r->web->guard(tx, &r->who, r->route->permission, r->request_id);
}

static enum err check_first(struct req *r)
{
	tx_begin(&r->tx, r->db, r->mem, TX_READ);
	queue_checks(r, &r->tx);
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
	begin_as_staff(r, &r->tx, TX_WRITE);
	queue_answer(r, &r->tx);
	return tx_commit(&r->tx);
}

/* Customers' routes touch only what is their own; what staff may do is decided
 * before the handler does or tells anything. */
static bool for_staff(const struct route *route)
{
	return strcmp(route->permission, GUEST) != 0 &&
	       strcmp(route->permission, PUBLIC) != 0 && strcmp(route->permission, USER) != 0;
}

static enum err run_once(struct req *r)
{
	enum err err;

	if (r->route->tx == TX_NONE) {
		err = run_own(r);
	} else {
		tx_begin(&r->tx, r->db, r->mem, r->route->tx);
		if (for_staff(r->route))
			tx_hold(&r->tx);
		queue_checks(r, &r->tx);
		err = for_staff(r->route) ? db_sync(&r->tx) : E_OK;
		if (err == E_OK)
			err = r->route->fn(r);
		if (err == E_OK && r->key)
			queue_answer(r, &r->tx);
		if (err == E_OK)
			err = tx_commit(&r->tx);
	}
	if (err != E_OK)
		tx_rollback(&r->tx);
	return err;
}

/* Errors after which the first of two equal requests may just have won. */
static bool may_be_repeat(const struct req *r, enum err err)
{
	return r->key && (err == E_REPLAY || err == E_UNKNOWN || err_info[err].http == 409);
}

static enum err replay(struct req *r, enum err err)
{
	struct stored s;
	struct tx tx;

	begin_as_staff(r, &tx, TX_READ);
	if (db_one(&tx, &idempotency_load, &stored_shape, &s, A(r->who.account_id),
		    A(r->key)) != E_OK)
		return err == E_REPLAY ? E_RETRY : err;
	if (strcmp(s.digest, r->digest) != 0)
		return E_KEY_REUSED;
	buf_puts(reply_begin(r, (int)s.status), s.answer);
	r->replayed = true;
	return reply_end(r);
}

static enum err why_ended(struct req *r)
{
	struct tx tx;

	tx_begin(&tx, r->db, r->mem, TX_READ);
	return tx_end(&tx, r->web->why(&tx, &r->who));
}

static void record_refusal(struct req *r, enum err why)
{
	struct tx tx;

	begin_as_staff(r, &tx, TX_WRITE);
	r->route->refused(r, &tx, why);
	enum err err = tx_commit(&tx);
	if (err == E_OK)
		return;
	tx_rollback(&tx);
	log_error("refusal_lost", "%s: %s", r->route->path, err_info[err].code);
}

/* Lost races are run again, with a growing random pause. So is a request that
 * found its idle connection dead: nothing of it can have been stored. */
static enum err run(struct req *r)
{
	enum err err = E_INTERNAL;
	int64_t began = clock_ms();

	for (int try = 0; try < TRIES_MAX; try++) {
		err = run_once(r);
		bool stale = err == E_DB_DOWN && try == 0 && r->route->tx != TX_NONE &&
			     found_dead(r, began);
		if (err != E_RETRY && !stale)
			break;
		usleep((useconds_t)(random() % (5000 << try)));
	}
	bool hangs = err == E_UNKNOWN && clock_ms() - began >= PATIENCE_MS;
	if (may_be_repeat(r, err) && !hangs)
		err = replay(r, err);
	if (err == E_SESSION_ENDED && r->web->why)
		err = why_ended(r);
	if (err_info[err].http / 100 == 4 && r->route->refused && r->note)
		record_refusal(r, err);
	return err;
}

/* RFC 6749 §5.2 has words of its own for some of our codes. */
static const char *oauth_code(enum err err)
{
	switch (err) {
	case E_BAD_FIELD:
	case E_UNKNOWN_FIELD:
	case E_BAD_REQUEST:
	case E_BAD_BODY:
	case E_MEDIA_TYPE:
	case E_LENGTH_REQUIRED:
		return "invalid_request";
	case E_SESSION_ENDED: /* of a refresh token */
	case E_SESSION_REPLACED:
	case E_TOKEN_INVALID:
	case E_TOKEN_EXPIRED:
		return "invalid_grant";
	case E_UPSTREAM:
	case E_DB_DOWN:
	case E_RETRY:
		return "temporarily_unavailable";
	case E_INTERNAL:
		return "server_error";
	default:
		return err_info[err].code;
	}
}

static void write_oauth_error(struct req *r, struct buf *b, enum err err)
{
	const char *code = oauth_code(err);

	if (strcmp(code, "invalid_request") == 0 || strcmp(code, "invalid_grant") == 0)
		r->status = 400;
	json_open(b, NULL, '{');
	json_text(b, "error", code);
	json_text(b, "message", err_info[err].text); /* error_description is for ASCII */
	if (r->field)
		json_text(b, "field", r->field);
	if (strcmp(code, "invalid_grant") == 0 && err != E_LOGIN_REFUSED)
		json_text(b, "code", err_info[err].code); /* ours says it more exactly */
	json_text(b, "request_id", r->request_id);
	json_close(b, '}');
}

/* Whom nobody has asked yet: his breaker knows when he may be asked again. */
static void note_wait(struct req *r, enum err err)
{
	if (err == E_UPSTREAM && !r->retry_after_s)
		r->retry_after_s = upstream_wait_s();
}

/* RFC 6750 §3: why the token, or none, does not open what was asked for. */
static const char *challenge_of(const struct req *r, enum err err)
{
	if (r->route && r->route->flags & OAUTH)
		return NULL;
	switch (err) {
	case E_TOKEN_INVALID:
	case E_TOKEN_EXPIRED:
	case E_SESSION_ENDED:
	case E_SESSION_REPLACED:
		return ", error=\"invalid_token\"";
	case E_FORBIDDEN:
	case E_PASSWORD_CHANGE:
		return ", error=\"insufficient_scope\"";
	case E_LOGIN_AGAIN: /* RFC 9470 §3 */
		return ", error=\"insufficient_user_authentication\", max_age=\"600\"";
	default:
		return err_info[err].http == 401 ? "" : NULL;
	}
}

static void write_error(struct req *r, enum err err)
{
	struct buf *b = reply_begin(r, err_info[err].http);

	note_wait(r, err);
	r->other_pool = NULL;
	r->challenge = challenge_of(r, err);
	if (r->route && r->route->flags & OAUTH) {
		write_oauth_error(r, b, err);
		return;
	}
	json_open(b, NULL, '{');
	json_open(b, "error", '{');
	json_text(b, "code", err_info[err].code);
	json_text(b, "message", err_info[err].text);
	if (r->field)
		json_text(b, "field", r->field);
	if (r->until.us)
		json_stamp(b, "until", r->until);
	if (r->detail.text)
		json_raw(b, "detail", r->detail.text);
	json_text(b, "request_id", r->request_id);
	json_close(b, '}');
	json_close(b, '}');
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
	return run(r);
}

void request_serve(struct req *r, enum err body)
{
	int64_t began = stamp_now().us, us;
	enum err err;

	r->out = buf_in(r->mem, ANSWER_MAX);
	log_request(r->request_id);
	err = serve(r, body);
	if (err != E_OK)
		write_error(r, err);
	us = stamp_now().us - began;
	if (!r->other_pool) /* that one counts it */
		shared_count_request(r->status, us);
	log_access(&(struct log_access){.method = header(r, "REQUEST_METHOD"),
		.route = r->route ? r->route->path : "-",
		.status = r->status,
		.us = us,
		.user_id = r->who.account_id,
		.code = err == E_OK ? NULL : err_info[err].code});
	log_request(NULL);
}
