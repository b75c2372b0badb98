#include "pools.h"

#include "base/json.h"
#include "base/settings.h"
#include "base/time.h"
#include "net/shared.h"
#include "web/request.h"
#include "web/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 64 * 1024, TABLES_MAX = 20, HEADER_MAX = 200, LINES_MAX = 8 };

static struct pool_kept {
	struct web web;
	const struct route *tables[TABLES_MAX + 1];
} pools[POOL_COUNT];
static enum pool opening;

/* clang-format off */
#define POOLS(X) X(API, api) X(PAY, pay) X(NOTIFY, notify) X(IDENTITY, identity) \
	X(LOGIN, login) X(STAFF, staff) X(DESK, desk)
#define X(id, name) int pool_##name##_main(int argc, char **argv);
POOLS(X)
#undef X
/* clang-format on */

static enum err identify(const char *token, size_t len, struct identity *out)
{
	char text[64], *dot;

	snprintf(text, sizeof(text), "%.*s", (int)len, token);
	out->account_id = strtoll(text, &dot, 10);
	if (*dot != '.')
		return E_TOKEN_INVALID;
	out->session_id = strtoll(dot + 1, NULL, 10);
	return E_OK;
}

/* What a pool's main() calls here in the place of the accept loop. */
int web_main(int argc, char **argv, const struct web *web)
{
	struct pool_kept *kept = &pools[opening];
	size_t n = 0;

	(void)argc, (void)argv;
	for (; web->tables[n]; n++) {
		if (n == TABLES_MAX)
			abort();
		kept->tables[n] = web->tables[n];
	}
	kept->web = *web;
	kept->web.tables = kept->tables;
	kept->web.admit = NULL;
	if (web->identify)
		kept->web.identify = identify;
	if (web->init)
		web->init();
	return 0;
}

void pools_open(void)
{
	/* clang-format off */
	static int (*const mains[])(int, char **) = {
#define X(id, name) [POOL_##id] = pool_##name##_main,
		POOLS(X)
#undef X
	};
	/* clang-format on */
	char *nothing[] = {NULL};

	for (opening = 0; opening < POOL_COUNT; opening++)
		mains[opening](0, nothing);
}

void hands_open(struct hands *h)
{
	*h = (struct hands){.db = db_new(settings.db, "interleave"),
		.staff = db_new(settings.db_staff, "interleave"),
		.mem = arena_new(FIRST_BLOCK)};
}

void hands_close(struct hands *h)
{
	db_free(h->db);
	db_free(h->staff);
	arena_free(h->mem);
}

static char **headers(struct arena *mem, const struct call *c)
{
	char **lines = NEW_N(mem, char *, LINES_MAX), **at = lines;
	bool form = c->body && c->body[0] != '{' && c->body[0] != '[';

	*at++ = arena_printf(mem, "REQUEST_METHOD=%s", c->method);
	*at++ = arena_printf(mem, "CONTENT_TYPE=%s",
		form ? "application/x-www-form-urlencoded" : "application/json");
	*at++ = arena_printf(mem, "REMOTE_ADDR=127.0.0.1");
	*at++ = arena_printf(mem, "HTTP_IF_MATCH=*");
	if (c->account)
		*at++ = arena_printf(mem, "HTTP_AUTHORIZATION=Bearer %" PRId64 ".%" PRId64,
			c->account, c->session);
	if (c->key)
		*at++ = arena_printf(mem, "HTTP_IDEMPOTENCY_KEY=%s", c->key);
	return lines;
}

static void keep(const struct req *r, struct answer *out)
{
	out->status = r->status;
	snprintf(out->body, sizeof(out->body), "%.*s", (int)r->out.len,
		r->out.at ? (const char *)r->out.at : "");
	if (r->status >= 400 && !*answer_text(out, "code", out->code, sizeof(out->code)))
		answer_text(out, "error", out->code, sizeof(out->code));
}

void call_pool(struct hands *h, const struct call *c, struct answer *out)
{
	const struct web *web = &pools[c->pool].web;
	struct req r = {.web = web, .db = web->staff ? h->staff : h->db, .mem = h->mem};

	*out = (struct answer){0};
	json_use(h->mem);
	r.params = headers(h->mem, c);
	r.now = stamp_now();
	r.method = method_find(c->method);
	r.remote = "127.0.0.1";
	r.request_id = "0000000000000000";
	char *path = arena_strdup(h->mem, c->path);
	r.query_text = "";
	r.path = path;
	r.body = c->body ? c->body : "";
	r.body_len = strlen(r.body);
	request_serve(&r, E_OK);
	if (!r.route) { /* it has moved to another pool */
		fprintf(stderr, "%s has no %s %s\n", web->name, c->method, c->path);
		abort();
	}
	keep(&r, out);
	arena_reset(h->mem);
}

static const char *member(const struct answer *a, const char *name)
{
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\":", name);
	const char *at = strstr(a->body, quoted);
	return at ? at + strlen(quoted) : NULL;
}

int64_t answer_number(const struct answer *a, const char *name)
{
	const char *at = member(a, name);

	return at ? strtoll(at + (*at == '"'), NULL, 10) : 0;
}

const char *answer_text(const struct answer *a, const char *name, char *out, size_t size)
{
	const char *at = member(a, name);

	snprintf(out, size, "%s", "");
	if (at && *at == '"')
		snprintf(out, size, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
	return out;
}
