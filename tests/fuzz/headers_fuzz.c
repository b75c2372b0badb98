/* Headers and a body, one CGI variable a line, an empty line, the body. The first
 * byte says which kind of route is asked. */
#include "fuzz.h"

#include "web/request.h"

enum { PARAMS_MAX = 32, KEY_MAX = 255 };

struct in {
	const char *name;
};
static const struct field in_fields[] = {FIELD(struct in, name, .min = 1, .max = 8)};
static const struct shape in_shape = SHAPE(struct in, in_fields);

/* clang-format off */
static const struct route routes[] = {
	{.method = POST, .path = "/a", .permission = USER, .body = &in_shape, .flags = IDEMPOTENT},
	{.method = PUT, .path = "/b", .permission = USER, .body = &in_shape, .flags = IF_MATCH},
	{.method = POST, .path = "/c", .permission = PUBLIC, .body = &in_shape, .flags = FORM},
	{.method = PUT, .path = "/d", .permission = USER, .flags = IDEMPOTENT | IF_MATCH},
};
/* clang-format on */

static enum err known(const char *token, size_t len, struct identity *who)
{
	CLAIM(strlen(token) == len);
	who->account_id = who->session_id = 1;
	return len == 5 && memcmp(token, "token", 5) == 0 ? E_OK : E_TOKEN_INVALID;
}
static const struct web web = {.name = "fuzz", .identify = known};

static void check_key(const struct req *r)
{
	size_t n = strlen(r->key);

	CLAIM(n >= 1 && n <= KEY_MAX && r->digest && strlen(r->digest) == SHA256_HEX - 1);
	for (size_t i = 0; i < n; i++)
		CLAIM(r->key[i] > ' ' && r->key[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	char *params[PARAMS_MAX + 1] = {NULL};
	const char *line;

	begin();
	if (n == 0)
		return 0;
	const struct route *route = &routes[*at++ % COUNT_OF(routes)];
	n--;
	for (size_t i = 0; i < PARAMS_MAX && n > 0 && *(line = line_of(&at, &n)); i++)
		params[i] = arena_strdup(mem, line);
	char *body = arena_alloc(mem, n + 1, 1);
	memcpy(body, at, n);
	struct req r = {.web = &web,
		.route = route,
		.mem = mem,
		.method = route->method,
		.path = route->path,
		.query_text = "",
		.params = params,
		.body = body,
		.body_len = n};
	const char *crumb = cookie(&r, "__Host-zx_scan"), *all = header(&r, "HTTP_COOKIE");
	CLAIM(!crumb || (!strchr(crumb, ';') && strstr(all, crumb)));
	if (request_check(&r) != E_OK)
		return 0;
	CLAIM(!(route->flags & IF_MATCH) || (r.if_match >= 0 && r.if_match <= ID_MAX));
	CLAIM((r.caller.account_id == 1) == (route->permission != routes[2].permission));
	if (route->flags & IDEMPOTENT)
		check_key(&r);
	return 0;
}
