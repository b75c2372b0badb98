#include "account/session.h"

#include "account/token.h"
#include "base/settings.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

static const struct field grant_fields[] = {
	FIELD(struct grant, access_token),
	FIELD(struct grant, token_type),
	FIELD(struct grant, expires_in),
	FIELD(struct grant, scope),
};
const struct shape grant_shape = SHAPE(struct grant, grant_fields);

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

SQL(session_permitted,
	"SELECT 1 FROM account_role ar JOIN role_permission p ON p.role = ar.role"
	" JOIN session s ON s.account_id = ar.account_id"
	" WHERE s.id = $1 AND s.client = 'staff' AND p.permission = $2 LIMIT 1");

void session_guard(struct tx *tx, const struct identity *who, const char *permission)
{
	db_queue_one(
		tx, &session_live, E_SESSION_ENDED, A(who->session_id), A(who->account_id));
	if (strcmp(permission, USER) != 0)
		db_queue_one(
			tx, &session_permitted, E_FORBIDDEN, A(who->session_id), A(permission));
}

SQL(session_insert,
	"INSERT INTO session (id, account_id, client, expires_at)"
	" VALUES ($1, $2, $3, $4)");

enum err session_open(struct tx *tx, int64_t account_id, enum client client, struct grant *out)
{
	stamp now = stamp_now();
	struct claims claims = {.account_id = account_id, .issued = now};

	TRY(ids_take(tx, 1, &claims.session_id));
	claims.expires.us = now.us + settings.token_ttl_s * SECOND;
	snprintf(claims.scope, sizeof(claims.scope), "%s", client_scopes[client]);
	db_queue(tx, &session_insert, A(claims.session_id), A(account_id),
		A(client_names[client]), A(claims.expires));
	*out = (struct grant){.token_type = "Bearer",
		.scope = client_scopes[client],
		.expires_in = settings.token_ttl_s};
	return token_make(tx->mem, &claims, &out->access_token);
}
