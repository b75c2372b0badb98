#include "base/json.h"
#include "web/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const method_names[] = {"", "GET", "POST", "PUT", "DELETE"};

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

static const struct route *next_route(const struct route *const **table, const struct route *at)
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

	for (const struct route *route = next_route(&table, NULL); route;
		route = next_route(&table, route)) {
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

	for (const struct route *route = next_route(&table, NULL); route;
		route = next_route(&table, route))
		if (path_matches(route->path, r->path, r->arg))
			buf_printf(&b, "%s%s", b.len ? ", " : "", method_names[route->method]);
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

	for (const struct route *a = next_route(&t1, NULL); a; a = next_route(&t1, a)) {
		const struct route *const *t2 = t1;
		const char *fault = route_fault(a);

		for (const struct route *b = next_route(&t2, a); b && !fault;
			b = next_route(&t2, b))
			if (a->method == b->method && strcmp(a->path, b->path) == 0)
				fault = "stands twice";
		if (fault) {
			snprintf(why, sizeof(why), "route %s %s %s", method_names[a->method],
				a->path, fault);
			return why;
		}
	}
	return NULL;
}

static const char *const text_words[] = {
	[PLAIN_ANY] = NULL, [PLAIN_LINE] = "line", [PLAIN_LINES] = "lines"};

static void describe_fields(struct buf *b, const char *name, const struct shape *sh)
{
	static const char *const kinds[] = {
		"boolean", "integer", "string", "date-time", "date", "fen", "json", "array"};

	if (!sh) {
		json_null(b, name);
		return;
	}
	json_open(b, name, '[');
	for (size_t i = 0; i < sh->count; i++) {
		const struct field *f = &sh->fields[i];

		json_open(b, NULL, '{');
		json_text(b, "name", f->name);
		json_text(b, "kind", kinds[f->kind]);
		json_bool(b, "optional", f->optional);
		json_int(b, "min", f->min);
		json_int(b, "max", f->max);
		json_text(b, "one_of", f->one_of);
		json_text(b, "text", text_words[f->plain]);
		if (f->of)
			describe_fields(b, "of", f->of);
		json_close(b, '}');
	}
	json_close(b, ']');
}

void routes_print(const struct web *web)
{
	struct arena *mem = arena_new(65536);
	struct buf b = buf_in(mem, 1 << 20);
	const struct route *const *table = web->tables;

	json_open(&b, NULL, '[');
	for (const struct route *at = next_route(&table, NULL); at;
		at = next_route(&table, at)) {
		json_open(&b, NULL, '{');
		json_text(&b, "pool", web->name);
		json_text(&b, "method", method_names[at->method]);
		json_text(&b, "path", at->path);
		json_text(&b, "permission", at->permission);
		json_bool(&b, "idempotent", at->flags & IDEMPOTENT);
		json_bool(&b, "if_match", at->flags & IF_MATCH);
		json_bool(&b, "form", at->flags & FORM);
		describe_fields(&b, "body", at->body);
		describe_fields(&b, "query", at->query);
		json_text(&b, "says", at->says);
		json_close(&b, '}');
	}
	json_close(&b, ']');
	puts(buf_text(&b));
	arena_free(mem);
}
