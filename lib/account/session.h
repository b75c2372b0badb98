#ifndef ACCOUNT_SESSION_H
#define ACCOUNT_SESSION_H

#include "base/identity.h"
#include "io/db.h"

/* A session is the row behind a token: it says that the login still stands. */

enum client { CLIENT_MINI, CLIENT_STAFF };

/* Check a token; E_TOKEN_INVALID, E_TOKEN_EXPIRED. No database. */
enum err session_identify(const char *token, size_t len, struct identity *) CHECKED;

/* Queue: the session lives and its account is not disabled, else
 * E_SESSION_ENDED; it has the permission somewhere, else E_FORBIDDEN. */
void session_guard(struct tx *, const struct identity *, const char *permission);

struct grant {
	const char *access_token, *token_type, *scope;
	int64_t expires_in; /* seconds */
};
extern const struct shape grant_shape;

/* Queue a new session of the account, and make the token for it. */
enum err session_open(struct tx *, int64_t account_id, enum client, struct grant *) CHECKED;

#endif
