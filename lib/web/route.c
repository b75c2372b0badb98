#include "web/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "/orders/{order}.png" against "/orders/7.png": numbers land in arg[]. A
 * number is 1 … 2^53, without sign or leading zero; anything else is no match. */
static bool path_matches(const char *pattern, const char *path, int64_t arg[ARG_COUNT])
{
	size_t n = 0;

	while (*pattern) {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		size_t digits = strspn(path, "0123456789");
		if (digits == 0 || digits > 15 || *path == '0' || n == ARG_COUNT)
			return false;
		arg[n++] = strtoll(path, NULL, 10);
		path += digits;
		pattern = strchr(pattern, '}') + 1;
	}
	return *path == '\0';
}

const struct route *route_next(const struct route *const **table, const struct route *at)
{
	at = at ? at + 1 : **table;
	while (at && !at->path) {
		(*table)++;
		at = **table;
	}
	return at;
}

enum err route_find(struct req *r)
{
	enum err err = E_NOT_FOUND;
	const struct route *const *table = r->web->tables;

	for (const struct route *route = route_next(&table, NULL); route;
		route = route_next(&table, route)) {
		if (!path_matches(route->path, r->path, r->arg))
			continue;
		if (route->method == r->method) {
			r->route = route;
			return E_OK;
		}
		err = E_METHOD; /* the path exists, so it is 405 and not 404 */
	}
	return err;
}

const char *routes_allowed(struct req *r)
{
	struct buf b = buf_in(r->mem, 64);
	const struct route *const *table = r->web->tables;

	for (const struct route *route = route_next(&table, NULL); route;
		route = route_next(&table, route))
		if (path_matches(route->path, r->path, r->arg))
			buf_printf(&b, "%s%s%s", b.len ? ", " : "", method_name(route->method),
				route->method == GET ? ", HEAD" : "");
	return buf_text(&b);
}

static const char *route_fault(const struct route *route)
{
	if (!route->permission || !*route->permission)
		return "names no permission";
	if (route->method != GET && strcmp(route->permission, GUEST) == 0)
		return "writes for guests: say PUBLIC if that is meant";
	if (route->method == GET && (route->tx == TX_WRITE || route->flags & IDEMPOTENT))
		return "is a GET that writes";
	if (!route->fn || !route->says)
		return "lacks its handler or its sentence";
	return NULL;
}

const char *routes_fault(const struct web *web)
{
	static char why[256];
	const struct route *const *t1 = web->tables;

	for (const struct route *a = route_next(&t1, NULL); a; a = route_next(&t1, a)) {
		const struct route *const *t2 = t1;
		const char *fault = route_fault(a);

		for (const struct route *b = route_next(&t2, a); b && !fault;
			b = route_next(&t2, b))
			if (a->method == b->method && strcmp(a->path, b->path) == 0)
				fault = "stands twice";
		if (fault) {
			snprintf(why, sizeof(why), "route %s %s %s", method_name(a->method),
				a->path, fault);
			return why;
		}
	}
	return NULL;
}
