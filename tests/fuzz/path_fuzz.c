/* The path of a request, and which route it takes. The first byte is the method. */
#include "fuzz.h"

#include "web/request.h"

static enum err nothing(struct req *r)
{
	(void)r;
	return E_OK;
}

/* clang-format off */
#define ROUTE(m, p) \
	{ .method = (m), .path = (p), .permission = USER, .fn = nothing, .says = "Does." }
static const struct route routes[] = {
	ROUTE(GET, "/api/v1/orders"),
	ROUTE(POST, "/api/v1/orders"),
	ROUTE(GET, "/api/v1/orders/{order}"),
	ROUTE(GET, "/api/v1/orders/{order}/checkin-code.png"),
	ROUTE(PUT, "/api/v1/staff/venues/{venue}/courts/{court}"),
	ROUTE(DELETE, "/api/v1/staff/venues/{venue}/courts/{court}"),
	{ .path = NULL },
};
/* clang-format on */
static const struct route *const tables[] = {routes, NULL};
static const struct web web = {.name = "fuzz", .tables = tables};

/* The pattern with its numbers back in their places. */
static const char *path_again(const struct req *r)
{
	struct buf b = buf_in(mem, 1 << 12);
	size_t k = 0;

	for (const char *p = r->route->path; *p; p++) {
		if (*p != '{') {
			buf_add(&b, p, 1);
			continue;
		}
		CLAIM(r->arg[k] > 0 && r->arg[k] <= ID_MAX);
		buf_printf(&b, "%lld", (long long)r->arg[k++]);
		p = strchr(p, '}');
	}
	return buf_text(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	begin();
	if (n == 0)
		return 0;
	struct req r = {.web = &web,
		.mem = mem,
		.method = (enum method)(*at % 5),
		.path = text_of(at + 1, n - 1)};
	enum err err = route_find(&r);
	CLAIM(err == E_OK || err == E_NOT_FOUND || err == E_METHOD);
	CLAIM((err == E_NOT_FOUND) == (*routes_allowed(&r) == '\0'));
	CLAIM(err != E_OK || strcmp(path_again(&r), r.path) == 0);
	return 0;
}
