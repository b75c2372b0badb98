#ifndef NET_REDIS_H
#define NET_REDIS_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Redis makes things fast and is never the truth: every caller has an answer
 * for E_UPSTREAM. A process has one connection, to the unix socket of
 * settings.redis, opened when first needed.
 *
 * After any error (time-out, broken connection, an error as reply) the
 * connection is thrown away, because hiredis 0.14 would hand the late reply of
 * one command to the next. Each error counts for the breaker of upstream.h that all
 * workers of a pool share: at three in a second every call fails at once for a
 * second, so that a dead Redis costs a pool little more than three
 * settings.redis_timeout_ms a second. One log line of a process says when it goes,
 * one when it is back. */

enum redis_kind { REDIS_NIL, REDIS_INT, REDIS_TEXT, REDIS_INTS };

struct redis_reply {
	enum redis_kind kind;
	int64_t i;         /* REDIS_INT */
	const char *text;  /* REDIS_TEXT: with a NUL behind it, may have some inside */
	const int64_t *at; /* REDIS_INTS */
	size_t count;      /* of at, or bytes of text */
};

/* Asks (PING), unless it is known to be down. */
bool redis_up(void);

/* Lengths may be NULL for arguments that are plain text. Reply in the arena. */
enum err redis_command(struct arena *, struct redis_reply *out, size_t argc, const char **argv,
	const size_t *lens) CHECKED;

/* A Lua script, sent whole only when the server does not know it yet. `keys` of
 * the argc arguments are KEYS, the others ARGV. */
enum { REDIS_SCRIPT_ARGS_MAX = 12 };
struct redis_script {
	const char *text;
	char sha1[41]; /* filled at first use */
};
enum err redis_script(struct arena *, struct redis_reply *out, struct redis_script *,
	size_t keys, size_t argc, const char **argv) CHECKED;

void redis_drop(void); /* close the connection, if any; also after fork() */

#endif
