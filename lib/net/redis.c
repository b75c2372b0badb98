#include "net/redis.h"

#include "base/log.h"
#include "base/settings.h"
#include "net/upstream.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { SHA1_BYTES = 20 };

static redisContext *conn;
static bool down; /* said so in the log */

void redis_drop(void)
{
	if (conn)
		redisFree(conn);
	conn = NULL;
}

static void fail(const char *why)
{
	if (!down)
		log_error("redis_down", "%s", why);
	down = true;
	redis_drop();
}

static redisContext *connect_once(struct timeval limit)
{
	redisContext *c = redisConnectUnixWithTimeout(settings.redis, limit);

	if (c && c->err == 0 && redisSetTimeout(c, limit) == REDIS_OK)
		return c;
	if (c)
		redisFree(c);
	return NULL;
}

/* hiredis 0.14 takes a signal during connect for a failure: hence twice. */
static bool connected(void)
{
	struct timeval limit = {.tv_sec = settings.redis_timeout_ms / 1000,
		.tv_usec = settings.redis_timeout_ms % 1000 * 1000};

	if (conn)
		return true;
	errno = 0;
	conn = connect_once(limit);
	if (!conn && errno == EINTR)
		conn = connect_once(limit);
	if (!conn)
		fail(errno ? strerror(errno) : "no connection");
	return conn != NULL;
}

static bool is_noscript(const redisReply *r)
{
	return r->type == REDIS_REPLY_ERROR && strncmp(r->str, "NOSCRIPT", 8) == 0;
}

static redisReply *ask_now(size_t argc, const char **argv, const size_t *lens)
{
	if (!connected())
		return NULL;
	errno = 0;
	redisReply *r = redisCommandArgv(conn, (int)argc, argv, lens);
	if (!r)
		fail(errno == EAGAIN ? "time-out" : conn->errstr);
	else if (r->type == REDIS_REPLY_ERROR && !is_noscript(r))
		fail(r->str);
	if (!conn) {
		freeReplyObject(r);
		return NULL;
	}
	if (down)
		log_info("redis_up", "answers again");
	down = false;
	return r;
}

/* NULL if there is no usable answer; the caller frees it. */
static redisReply *ask(size_t argc, const char **argv, const size_t *lens)
{
	struct upstream_call visit;

	/* A connection may be tried twice, and then there is the command. */
	if (!*settings.redis ||
		!upstream_enter(UPSTREAM_REDIS, 3 * settings.redis_timeout_ms, &visit))
		return NULL;
	redisReply *r = ask_now(argc, argv, lens);
	upstream_leave(&visit, r ? BREAKER_WELL : BREAKER_FAILED, false);
	return r;
}

static bool keep_ints(struct arena *mem, const redisReply *r, struct redis_reply *out)
{
	int64_t *at = NEW_N(mem, int64_t, r->elements);

	for (size_t i = 0; i < r->elements; i++) {
		if (r->element[i]->type != REDIS_REPLY_INTEGER)
			return false;
		at[i] = r->element[i]->integer;
	}
	*out = (struct redis_reply){.kind = REDIS_INTS, .at = at, .count = r->elements};
	return true;
}

static bool keep(struct arena *mem, const redisReply *r, struct redis_reply *out)
{
	*out = (struct redis_reply){.kind = REDIS_NIL};
	switch (r->type) {
	case REDIS_REPLY_NIL:
		return true;
	case REDIS_REPLY_INTEGER:
		out->kind = REDIS_INT;
		out->i = r->integer;
		return true;
	case REDIS_REPLY_STATUS:
	case REDIS_REPLY_STRING:
		out->kind = REDIS_TEXT;
		out->count = r->len;
		out->text = memcpy(arena_alloc(mem, r->len + 1, 1), r->str, r->len);
		return true;
	case REDIS_REPLY_ARRAY:
		return keep_ints(mem, r, out);
	default:
		return false;
	}
}

static enum err take(struct arena *mem, redisReply *r, struct redis_reply *out)
{
	if (!r)
		return E_UPSTREAM;
	bool kept = keep(mem, r, out);
	freeReplyObject(r);
	return kept ? E_OK : E_INTERNAL;
}

enum err redis_command(struct arena *mem, struct redis_reply *out, size_t argc,
	const char **argv, const size_t *lens)
{
	return take(mem, ask(argc, argv, lens), out);
}

bool redis_up(void)
{
	redisReply *r = ask(1, (const char *[]){"PING"}, NULL);

	freeReplyObject(r);
	return r != NULL;
}

/* Redis names a script by the SHA-1 of its text. */
static void name_script(struct redis_script *s)
{
	unsigned char sum[SHA1_BYTES];

	if (s->sha1[0])
		return;
	EVP_Digest(s->text, strlen(s->text), sum, NULL, EVP_sha1(), NULL);
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(s->sha1 + 2 * i, 3, "%02x", sum[i]);
}

enum err redis_script(struct arena *mem, struct redis_reply *out, struct redis_script *s,
	size_t keys, size_t argc, const char **argv)
{
	const char *all[REDIS_SCRIPT_ARGS_MAX + 3];
	char number[24];

	if (argc > REDIS_SCRIPT_ARGS_MAX)
		return E_INTERNAL;
	name_script(s);
	snprintf(number, sizeof(number), "%zu", keys);
	all[0] = "EVALSHA";
	all[1] = s->sha1;
	all[2] = number;
	for (size_t i = 0; i < argc; i++)
		all[3 + i] = argv[i];
	redisReply *r = ask(argc + 3, all, NULL);
	if (r && is_noscript(r)) {
		freeReplyObject(r);
		all[0] = "EVAL";
		all[1] = s->text;
		r = ask(argc + 3, all, NULL);
	}
	return take(mem, r, out);
}
