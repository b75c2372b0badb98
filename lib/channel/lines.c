#include "channel/lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct lines *lines_begin(struct arena *mem, size_t max, line_fn *take, void *arg)
{
	struct lines *l = NEW(mem, struct lines);

	l->number = 1;
	l->take = take;
	l->arg = arg;
	l->max = max;
	l->line = arena_alloc(mem, max + 1, 1);
	return l;
}

enum err lines_refuse(struct lines *l, const char *column, const char *why)
{
	snprintf(l->fault, sizeof(l->fault), "line %" PRId64 "%s%s: %s", l->number,
		*column ? ", " : "", column, why);
	return E_BAD_BODY;
}

static enum err end_line(struct lines *l)
{
	if (l->len > 0 && l->line[l->len - 1] == '\r')
		l->len--;
	l->line[l->len] = '\0';
	if (strlen(l->line) != l->len)
		return lines_refuse(l, "", "with a zero byte");
	l->len = 0;
	TRY(l->take(l->arg, l->line));
	l->number++;
	return E_OK;
}

static enum err too_long(struct lines *l)
{
	char why[64];

	snprintf(why, sizeof(why), "longer than %zu bytes", l->max);
	return lines_refuse(l, "", why);
}

static enum err keep(struct lines *l, const void *at, size_t n)
{
	if (n > l->max - l->len)
		return too_long(l);
	memcpy(l->line + l->len, at, n);
	l->len += n;
	return E_OK;
}

enum err lines_push(struct lines *l, struct bytes in)
{
	while (in.len > 0 && l->err == E_OK) {
		const unsigned char *end = memchr(in.at, '\n', in.len);
		size_t n = end ? (size_t)(end - in.at) : in.len;

		l->err = keep(l, in.at, n);
		if (end && l->err == E_OK)
			l->err = end_line(l);
		n += end != NULL;
		in.at += n;
		in.len -= n;
	}
	return l->err;
}

enum err lines_end(struct lines *l)
{
	if (l->err == E_OK && l->len > 0)
		l->err = end_line(l);
	return l->err;
}
