#include "base/settings.h"
#include "base/time.h"
#include "codec/crypto.h"
#include "login/refresh.h"
#include "login/token.h"
#include "net/redis.h"

#include <stdio.h>
#include <string.h>

enum { SALT_TEXT = 22 };

static const char *const client_names[] = {"mini", "staff"};
static const char *const client_scopes[] = {"user", "staff"};

enum err session_identify(const char *token, size_t len, struct identity *who)
{
	struct claims claims;

	TRY(token_check(token, len, &claims));
	*who = (struct identity){claims.account_id, claims.session_id};
	return E_OK;
}

SQL(session_live,
	"SELECT 1 FROM session s JOIN account a ON a.id = s.account_id"
	" WHERE s.id = $1 AND s.account_id = $2 AND s.ended_at IS NULL"
	" AND s.expires_at > now() AND a.disabled_at IS NULL");

SQL(session_enter, "SELECT staff_enter($1, $2, $3, $4)");

void session_guard(struct tx *tx, const struct identity *who, const char *permission,
	const char *operation)
{
	if (strcmp(permission, USER) == 0)
		db_queue_one(tx, &session_live, E_SESSION_ENDED, A(who->session_id),
			A(who->account_id));
	else
		db_queue(tx, &session_enter, A(who->session_id), A(who->account_id),
			A(permission), A(operation));
}

struct end {
	const char *why;
};
static const struct field end_fields[] = {FIELD(struct end, why, .optional = true)};
static const struct shape end_shape = SHAPE(struct end, end_fields);

SQL(session_end_reason,
	"SELECT ended_why AS why FROM session WHERE id = $1 AND account_id = $2");

enum err session_why(struct tx *tx, const struct identity *who)
{
	struct end end = {0};
	enum err err = db_one(tx, &session_end_reason, &end_shape, &end, A(who->session_id),
		A(who->account_id));

	if (err != E_OK && err != E_NOT_FOUND)
		return err;
	return end.why && strcmp(end.why, "elsewhere") == 0 ? E_SESSION_REPLACED
							    : E_SESSION_ENDED;
}

struct ended {
	int64_t id;
};
static const struct field ended_fields[] = {FIELD(struct ended, id)};
static const struct shape ended_shape = SHAPE(struct ended, ended_fields);

SQL(session_end_others,
	"UPDATE session SET ended_at = now(),"
	" ended_why = CASE WHEN expires_at > now() THEN 'elsewhere' ELSE 'expired' END"
	" WHERE account_id = $1 AND client = $2 AND ended_at IS NULL RETURNING id");
/* Waits for who disables the account at this moment, and makes him wait; the account
 * before its sessions, as he does. */
SQL(session_account, "SELECT 1 FROM account WHERE id = $1 AND disabled_at IS NULL FOR SHARE");
SQL(session_insert,
	"INSERT INTO session (id, account_id, client, expires_at, salt, agent, remembered)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7)");

static enum err make_tokens(struct tx *tx, const struct claims *claims, struct grant *out)
{
	out->expires_in = settings.token_ttl_s;
	return token_make(tx->mem, claims, &out->access_token);
}

enum err session_open(struct tx *tx, const struct login *login, struct grant *out)
{
	int64_t life_s = login->remember ? settings.session_long_s : settings.session_s;
	stamp now = stamp_now(), end = {now.us + life_s * SECOND};
	struct claims claims = {.account_id = login->account_id, .issued = now};
	char salt[SALT_TEXT + 1];

	random_text(salt, SALT_TEXT);
	TRY(ids_take(tx, 1, &claims.session_id));
	claims.expires.us = now.us + settings.token_ttl_s * SECOND;
	*out = (struct grant){.scope = client_scopes[login->client],
		.refresh_expires_in = life_s,
		.account_id = login->account_id,
		.remembered = login->remember};
	snprintf(claims.scope, sizeof(claims.scope), "%s", out->scope);
	db_queue_one(tx, &session_account, E_LOGIN_REFUSED, A(login->account_id));
	db_ask_all(tx, &session_end_others, &ended_shape, &out->ended, A(login->account_id),
		A(client_names[login->client]));
	db_queue(tx, &session_insert, A(claims.session_id), A(login->account_id),
		A(client_names[login->client]), A(end), A(arena_strdup(tx->mem, salt)),
		A(agent_digest(tx->mem, login->agent)), A(login->remember));
	out->refresh_token = refresh_write(tx->mem, claims.session_id, 1, salt);
	return make_tokens(tx, &claims, out);
}

SQL(session_young,
	"SELECT 1 FROM session WHERE id = $1 AND created_at > now() - interval '10 minutes'");

void session_fresh(struct tx *tx, int64_t session_id)
{
	db_queue_one(tx, &session_young, E_LOGIN_AGAIN, A(session_id));
}

SQL(session_end_one,
	"UPDATE session SET ended_at = now(), ended_why = $2"
	" WHERE id = $1 AND ended_at IS NULL");
SQL(session_end_all,
	"UPDATE session SET ended_at = now(), ended_why = $3"
	" WHERE account_id = $1 AND id <> $2 AND ended_at IS NULL");

void session_end(struct tx *tx, int64_t session_id, const char *why)
{
	db_queue(tx, &session_end_one, A(session_id), A(why));
}

void sessions_end(struct tx *tx, int64_t account_id, int64_t but, const char *why)
{
	db_queue(tx, &session_end_all, A(account_id), A(but), A(why));
}

void session_mark_ended(struct arena *mem, int64_t session_id, const char *why)
{
	char key[48], life[24];
	struct redis_reply r;

	snprintf(key, sizeof(key), "ended:%lld", (long long)session_id);
	snprintf(life, sizeof(life), "%lld", (long long)settings.token_ttl_s);
	enum err ignored =
		redis_command(mem, &r, 5, (const char *[]){"SET", key, why, "EX", life}, NULL);
	(void)ignored;
}

void grant_mark_ended(struct arena *mem, const struct grant *g)
{
	const struct ended *ended = g->ended.at;

	for (size_t i = 0; i < g->ended.count; i++)
		session_mark_ended(mem, ended[i].id, "elsewhere");
}
