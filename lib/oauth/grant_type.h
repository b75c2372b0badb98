#ifndef OAUTH_GRANT_TYPE_H
#define OAUTH_GRANT_TYPE_H

#include <stdbool.h>

/* The ways to a token, one line each: the grant_type of POST /oauth2/token, the pool
 * that answers it, and whether it is on here. The pool `login` takes every request and
 * hands it over by this table; the metadata (RFC 8414) advertises what is on. */
#define GRANT_TYPE_TABLE(X)                                           \
	X(REFRESH, "refresh_token", "login", always)                  \
	X(PASSWORD, "password", "password", always)                   \
	X(WECHAT, "urn:zhixing:wechat-code", "identity", always)      \
	X(SCAN, "urn:zhixing:wechat-scan", "identity", wechat_web_on) \
	X(SMS, "urn:zhixing:sms-code", "identity", sms_on)

enum grant_id {
	GRANT_NONE,
#define X(id, name, pool, on) GRANT_##id,
	GRANT_TYPE_TABLE(X)
#undef X
		GRANT_COUNT
};

struct grant_type {
	const char *name, *pool;
	bool (*on)(void);
};
extern const struct grant_type grant_types[GRANT_COUNT]; /* by id; GRANT_NONE's is empty */

/* GRANT_NONE: we don't know it. Whether it is on only the pool that answers it decides,
 * by its own settings. */
enum grant_id grant_named(const char *name);
/* GRANT_NONE: we don't know it, or it is off here. */
enum grant_id grant_find(const char *name);

#endif
