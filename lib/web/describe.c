#include "base/json.h"
#include "web/request.h"

#include <stdio.h>
#include <string.h>

static void write_fields(struct buf *b, const char *name, const struct shape *sh)
{
	static const char *const kinds[] = {
		"boolean", "integer", "string", "date-time", "date", "fen", "json", "array"};
	static const char *const texts[] = {
		[PLAIN_ANY] = NULL, [PLAIN_LINE] = "line", [PLAIN_LINES] = "lines"};

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
		json_text(b, "text", texts[f->plain]);
		if (f->of)
			write_fields(b, "of", f->of);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void write_route(struct buf *b, const struct web *web, const struct route *route)
{
	static const char *const transactions[] = {"none", "read", "write"};

	json_open(b, NULL, '{');
	json_text(b, "pool", web->name);
	json_text(b, "method", method_name(route->method));
	json_text(b, "path", route->path);
	json_text(b, "permission", route->permission);
	json_text(b, "transaction", transactions[route->tx]);
	json_bool(b, "idempotent", route->flags & IDEMPOTENT);
	json_bool(b, "if_match", route->flags & IF_MATCH);
	json_bool(b, "form", route->flags & FORM);
	json_bool(b, "raw_body", route->flags & RAW_BODY);
	json_bool(b, "oauth", route->flags & OAUTH);
	write_fields(b, "body", route->body);
	write_fields(b, "query", route->query);
	json_text(b, "says", route->says);
	json_close(b, '}');
}

static void write_routes(struct buf *b, const struct web *web)
{
	const struct route *const *table = web->tables;

	for (const struct route *at = route_next(&table, NULL); at; at = route_next(&table, at))
		write_route(b, web, at);
}

static void write_errors(struct buf *b)
{
	for (size_t i = 0; i < ERR_COUNT; i++) {
		if (i == E_OK || i == E_REPLAY) /* nobody is told */
			continue;
		json_open(b, NULL, '{');
		json_text(b, "code", err_info[i].code);
		json_int(b, "status", err_info[i].http);
		json_text(b, "message", err_info[i].text);
		json_close(b, '}');
	}
}

bool web_describe(const struct web *web, const char *option)
{
	bool routes = strcmp(option, "--routes") == 0, errors = strcmp(option, "--errors") == 0;

	if (!routes && !errors)
		return false;
	struct arena *mem = arena_new(65536);
	struct buf b = buf_in(mem, 1 << 20);

	json_open(&b, NULL, '[');
	if (routes)
		write_routes(&b, web);
	else
		write_errors(&b);
	json_close(&b, ']');
	puts(buf_text(&b));
	arena_free(mem);
	return true;
}
