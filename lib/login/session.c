#include "login/session.h"

#include "login/token.h"

#include <string.h>

const struct client_info client_info[] = {
#define X(id, name, scope) [CLIENT_##id] = {name, scope},
	CLIENT_TABLE(X)
#undef X
};

enum client client_find(const char *name)
{
	size_t i = 0;

	while (i + 1 < COUNT_OF(client_info) && strcmp(name, client_info[i].name) != 0)
		i++;
	return (enum client)i;
}

enum err session_identify(const char *token, size_t len, struct identity *caller)
{
	struct claims claims;

	TRY(token_check(token, len, &claims));
	*caller = (struct identity){claims.account_id, claims.session_id};
	return E_OK;
}

SQL(session_live,
	"SELECT 1 FROM session s JOIN account a ON a.id = s.account_id"
	" WHERE s.id = $1 AND s.account_id = $2 AND s.ended_at IS NULL"
	" AND s.expires_at > now() AND a.disabled_at IS NULL");

SQL(session_enter, "SELECT staff_enter($1, $2, $3, $4)");

void session_guard(struct tx *tx, const struct identity *caller, const char *permission,
	const char *operation)
{
	if (strcmp(permission, USER) == 0 || strcmp(permission, ANYBODY) == 0)
		db_queue_one(tx, &session_live, E_SESSION_ENDED, A(caller->session_id),
			A(caller->account_id));
	else
		db_queue(tx, &session_enter, A(caller->session_id), A(caller->account_id),
			A(permission), A(operation));
}

enum err session_end_err(const char *why)
{
	return why && strcmp(why, "elsewhere") == 0 ? E_SESSION_REPLACED : E_SESSION_ENDED;
}

SQL(session_end_reason,
	"SELECT coalesce(ended_why, '') FROM session WHERE id = $1 AND account_id = $2");

enum err session_why(struct tx *tx, const struct identity *caller)
{
	const char *why = NULL;
	enum err err = db_value(
		tx, &session_end_reason, &why, A(caller->session_id), A(caller->account_id));

	return err == E_OK || err == E_NOT_FOUND ? session_end_err(why) : err;
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
