#ifndef LOGIN_SESSION_H
#define LOGIN_SESSION_H

#include "base/identity.h"
#include "db/db.h"

/* A session is the row behind a token: it says that the login still stands. A
 * person has one living session per kind of client (a unique index sees to it):
 * a new login ends the one before. It begins with a grant (grant.h).
 *
 * PostgreSQL decides with every request, in the round trip that the request
 * makes anyway, so the end of a session holds at once and can't be raced. Redis
 * is told of ended sessions (for as long as an access token lives): they are
 * final, so its word is never stale, and a caller who was signed out is turned away
 * before the database (guard/admit.h). Without Redis that one saving is lost. */

/* id, name in the database, scope of its tokens */
#define CLIENT_TABLE(X) X(MINI, "mini", "user") X(STAFF, "staff", "staff")

enum client {
#define X(id, name, scope) CLIENT_##id,
	CLIENT_TABLE(X)
#undef X
};
struct client_info {
	const char *name, *scope;
};
extern const struct client_info client_info[];
enum client client_find(const char *name); /* one of the table's */

/* Check a token; E_TOKEN_INVALID, E_TOKEN_EXPIRED. No database. */
enum err session_identify(const char *token, size_t len, struct identity *) CHECKED;

/* Queue: the session lives and its account is not disabled, else E_SESSION_ENDED.
 * For a permission of staff the rest of the transaction sees what the permission
 * covers and nothing else, and is written down as `operation` (staff_enter() in
 * tests/store/schema.sql); the reasons against it come back one by one:
 * E_SESSION_ENDED, E_SESSION_REPLACED, E_PASSWORD_CHANGE, E_FORBIDDEN. */
void session_guard(
	struct tx *, const struct identity *, const char *permission, const char *operation);
/* After E_SESSION_ENDED: E_SESSION_REPLACED if a later login ended it. */
enum err session_why(struct tx *, const struct identity *) CHECKED;

/* Queue: this login is not older than 10 minutes, else E_LOGIN_AGAIN. For what
 * changes the ways in: a token that was left lying about shall not add one. */
void session_fresh(struct tx *, int64_t session_id);

/* Queue the end of one session, or of all of an account but one (0: none is
 * spared). `why` is a word of session.ended_why. */
void session_end(struct tx *, int64_t session_id, const char *why);
void sessions_end(struct tx *, int64_t account_id, int64_t but, const char *why);

/* The error for a session that ended by this word of session.ended_why, or, NULL, by
 * its time: E_SESSION_REPLACED or E_SESSION_ENDED. */
enum err session_end_err(const char *why);

#endif
