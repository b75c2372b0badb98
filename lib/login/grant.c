#include "login/grant.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "codec/crypto.h"
#include "guard/admit.h"
#include "login/refresh.h"
#include "login/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SALT_TEXT = 22 };

/* Sign the access token, and put into the grant what is told of it. */
static enum err sign_access(struct tx *tx, int64_t session_id, enum client client,
	int64_t life_s, struct grant *out)
{
	stamp now = stamp_now();
	struct claims claims = {.account_id = out->account_id,
		.session_id = session_id,
		.issued = now,
		.expires = {now.us + life_s * SECOND}};

	out->scope = client_info[client].scope;
	out->expires_in = life_s;
	snprintf(claims.scope, sizeof(claims.scope), "%s", out->scope);
	return token_make(tx->mem, &claims, &out->access_token);
}

SQL(session_end_others,
	"UPDATE session SET ended_at = now(),"
	" ended_why = CASE WHEN expires_at > now() THEN 'elsewhere' ELSE 'expired' END"
	" WHERE account_id = $1 AND client = $2 AND ended_at IS NULL RETURNING id");
/* Waits for a transaction that disables the account, and makes it wait; it too takes
 * the account before its sessions. */
SQL(session_account, "SELECT 1 FROM account WHERE id = $1 AND disabled_at IS NULL FOR SHARE");
SQL(session_insert,
	"INSERT INTO session (id, account_id, client, expires_at, salt, agent, remembered)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7)");

enum err grant_open(struct tx *tx, const struct login *login, struct grant *out)
{
	int64_t id, life_s = login->remember ? settings.session_long_s : settings.session_s;
	stamp end = {stamp_now().us + life_s * SECOND};
	const char *client = client_info[login->client].name;
	char *salt = arena_alloc(tx->mem, SALT_TEXT + 1, 1);

	random_text(salt, SALT_TEXT);
	TRY(ids_take(tx, 1, &id));
	*out = (struct grant){.refresh_token = refresh_write(tx->mem, id, 1, salt),
		.refresh_expires_in = life_s,
		.account_id = login->account_id,
		.remembered = login->remember};
	db_queue_one(tx, &session_account, E_LOGIN_REFUSED, A(login->account_id));
	db_ask_values(
		tx, &session_end_others, int64_t, &out->ended, A(login->account_id), A(client));
	db_queue(tx, &session_insert, A(id), A(login->account_id), A(client), A(end), A(salt),
		A(agent_digest(tx->mem, login->agent)), A(login->remember));
	return sign_access(tx, id, login->client, settings.token_ttl_s, out);
}

struct family {
	int64_t account_id, generation, left_s, since_s;
	const char *client, *salt, *agent, *ended_why;
	bool living, remembered;
};
static const struct field family_fields[] = {
	FIELD(struct family, account_id),
	FIELD(struct family, generation),
	FIELD(struct family, left_s),
	FIELD(struct family, since_s),
	FIELD(struct family, client),
	FIELD(struct family, salt),
	FIELD(struct family, agent),
	FIELD(struct family, ended_why, .optional = true),
	FIELD(struct family, living),
	FIELD(struct family, remembered),
};
static const struct shape family_shape = SHAPE(struct family, family_fields);

SQL(session_family,
	"SELECT s.account_id, s.generation, s.client, s.salt, s.agent, s.ended_why,"
	" s.remembered,"
	" floor(extract(epoch FROM s.expires_at - now()))::bigint AS left_s,"
	" floor(extract(epoch FROM now() - s.rotated_at))::bigint AS since_s,"
	" s.ended_at IS NULL AND s.expires_at > now() AND a.disabled_at IS NULL AS living"
	" FROM session s JOIN account a ON a.id = s.account_id WHERE s.id = $1"
	" FOR UPDATE OF s");
SQL(session_rotate,
	"UPDATE session SET generation = generation + 1, rotated_at = now(), agent = $3"
	" WHERE id = $1 AND generation = $2 AND ended_at IS NULL");

/* The family, locked, of a token that we have made. */
static enum err family_load(
	struct tx *tx, const char *token, struct refresh_parts *parts, struct family *family)
{
	if (!refresh_read(tx->mem, token, parts))
		return E_TOKEN_INVALID;
	enum err err = db_one(tx, &session_family, &family_shape, family, A(parts->session_id));
	if (err == E_NOT_FOUND)
		return E_TOKEN_INVALID;
	TRY(err);
	return refresh_genuine(parts, family->salt) ? E_OK : E_TOKEN_INVALID;
}

static enum err give(struct tx *tx, int64_t session_id, const struct family *f,
	int64_t generation, struct grant *out)
{
	int64_t life_s =
		f->left_s < settings.token_ttl_s ? f->left_s + 1 : settings.token_ttl_s;

	*out = (struct grant){
		.refresh_token = refresh_write(tx->mem, session_id, generation, f->salt),
		.refresh_expires_in = f->left_s,
		.account_id = f->account_id,
		.remembered = f->remembered};
	return sign_access(tx, session_id, client_find(f->client), life_s, out);
}

/* Is it the exchange before, asked for again because its answer was lost? */
static bool is_repeat(int64_t generation, const struct family *f, const char *agent)
{
	return generation == f->generation - 1 && f->since_s < REFRESH_GRACE_S &&
	       strcmp(agent, f->agent) == 0;
}

enum err grant_refresh(
	struct tx *tx, const char *token, const char *agent, struct grant *out, bool *reused)
{
	const char *digest = agent_digest(tx->mem, agent);
	struct refresh_parts parts;
	struct family f;

	*reused = false;
	TRY(family_load(tx, token, &parts, &f));
	if (!f.living)
		return session_end_err(f.ended_why);
	if (parts.generation == f.generation) {
		db_queue_one(tx, &session_rotate, E_RETRY, A(parts.session_id), A(f.generation),
			A(digest));
		return give(tx, parts.session_id, &f, f.generation + 1, out);
	}
	if (is_repeat(parts.generation, &f, digest))
		return give(tx, parts.session_id, &f, f.generation, out);
	log_warn("refresh_reused",
		"session %" PRId64 " of account %" PRId64 ": generation %" PRId64
		" after %" PRId64,
		parts.session_id, f.account_id, parts.generation, f.generation);
	session_end(tx, parts.session_id, "reuse");
	*reused = true;
	return E_OK;
}

enum err grant_revoke(struct tx *tx, const char *token)
{
	struct refresh_parts parts;
	struct family f;
	enum err err = family_load(tx, token, &parts, &f);

	if (err == E_TOKEN_INVALID)
		return E_OK;
	TRY(err);
	session_end(tx, parts.session_id, "logout");
	return E_OK;
}

void grant_mark_ended(struct arena *mem, const struct grant *g)
{
	const int64_t *ended = g->ended.at;

	for (size_t i = 0; i < g->ended.count; i++)
		admit_mark_replaced(mem, ended[i]);
}
