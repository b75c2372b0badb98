#ifndef LOGIN_SESSION_H
#define LOGIN_SESSION_H

#include "base/identity.h"
#include "db/db.h"

/* A session is the row behind a token: it says that the login still stands. A
 * person has one living session per kind of client (a unique index sees to it):
 * a new login ends the one before.
 *
 * PostgreSQL decides with every request, in the round trip that the request
 * makes anyway, so the end of a session holds at once and can't be raced. Redis
 * is told of ended sessions (for as long as an access token lives): they are
 * final, so its word is never stale, and who was signed out is turned away before
 * the database (lib/guard/admit.h). Without Redis that one saving is lost. */

enum client { CLIENT_MINI, CLIENT_STAFF };

/* Check a token; E_TOKEN_INVALID, E_TOKEN_EXPIRED. No database. */
enum err session_identify(const char *token, size_t len, struct identity *) CHECKED;

/* Queue: the session lives and its account is not disabled, else E_SESSION_ENDED.
 * For a permission of staff the rest of the transaction sees what the permission
 * covers and nothing else, and is written down as `operation` (staff_enter() in
 * migrations/0010_rights.sql); the reasons against it come back one by one:
 * E_SESSION_ENDED, E_SESSION_REPLACED, E_PASSWORD_CHANGE, E_FORBIDDEN. */
void session_guard(
	struct tx *, const struct identity *, const char *permission, const char *operation);
/* After E_SESSION_ENDED: E_SESSION_REPLACED if a later login ended it. */
enum err session_why(struct tx *, const struct identity *) CHECKED;

/* Queue: this login is not older than 10 minutes, else E_LOGIN_AGAIN. For what
 * changes the ways in: a token that was left lying about shall not add one. */
void session_fresh(struct tx *, int64_t session_id);

struct login {
	int64_t account_id;
	enum client client;
	bool remember;     /* ZX_SESSION_LONG_S instead of ZX_SESSION_S */
	const char *agent; /* the User-Agent; NULL: none */
};
struct grant {
	const char *access_token, *scope, *refresh_token;
	int64_t expires_in, refresh_expires_in; /* seconds */
	int64_t account_id;                     /* for the log */
	bool remembered;
	struct list ended; /* of int64_t: sessions that this one ended, after the commit */
};

/* Queue the end of the account's other session of that kind and a new one, and
 * make tokens for it. E_RETRY by the commit if two log in at once. */
enum err session_open(struct tx *, const struct login *, struct grant *) CHECKED;

/* Queue the end of one session, or of all of an account but one (0: none is
 * spared). `why` is a word of session.ended_why. */
void session_end(struct tx *, int64_t session_id, const char *why);
void sessions_end(struct tx *, int64_t account_id, int64_t but, const char *why);

/* After the commit: tell Redis. It may fail. */
void session_mark_ended(struct arena *, int64_t session_id, const char *why);
void grant_mark_ended(struct arena *, const struct grant *);

#endif
