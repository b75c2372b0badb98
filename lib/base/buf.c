#include "base/buf.h"

#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = b->comma = false;
}

static bool room(struct buf *b, size_t n)
{
	if (b->full || n > b->max - b->len) {
		b->full = true;
		return false;
	}
	if (b->len + n > b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 1024;
		while (cap < b->len + n)
			cap *= 2;
		char *at = arena_alloc(b->mem, cap, 1);
		if (b->len)
			memcpy(at, b->at, b->len);
		b->at = at;
		b->cap = cap;
	}
	return true;
}

void buf_add(struct buf *b, const void *s, size_t n)
{
	if (n == 0 || !room(b, n))
		return;
	memcpy(b->at + b->len, s, n);
	b->len += n;
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0 && room(b, (size_t)n + 1)) {
		vsnprintf(b->at + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

const char *buf_text(struct buf *b)
{
	if (!room(b, 1))
		return "";
	b->at[b->len] = '\0';
	return b->at;
}

/* Bytes that JSON wants escaped: the quote, the backslash, controls; and DEL,
 * which some terminals act upon. */
static bool plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

static void quoted(struct buf *b, const char *s, size_t n)
{
	size_t from = 0;

	buf_add(b, "\"", 1);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		char esc[8];

		if (plain(c))
			continue;
		buf_add(b, s + from, i - from);
		int len = c == '"' || c == '\\' ? snprintf(esc, sizeof(esc), "\\%c", c)
						: snprintf(esc, sizeof(esc), "\\u%04x", c);
		buf_add(b, esc, (size_t)len);
		from = i + 1;
	}
	buf_add(b, s + from, n - from);
	buf_add(b, "\"", 1);
}

static void key(struct buf *b, const char *name)
{
	if (b->comma)
		buf_add(b, ",", 1);
	b->comma = true;
	if (!name)
		return;
	quoted(b, name, strlen(name));
	buf_add(b, ":", 1);
}

void json_open(struct buf *b, const char *name, char bracket)
{
	key(b, name);
	buf_add(b, &bracket, 1);
	b->comma = false;
}

void json_close(struct buf *b, char bracket)
{
	buf_add(b, &bracket, 1);
	b->comma = true;
}

void json_text_n(struct buf *b, const char *name, const char *s, size_t n)
{
	key(b, name);
	quoted(b, s, n);
}

void json_text(struct buf *b, const char *name, const char *s)
{
	if (s)
		json_text_n(b, name, s, strlen(s));
	else
		json_null(b, name);
}

void json_int(struct buf *b, const char *name, int64_t v)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	key(b, name);
	do
		*--at = (char)('0' + u % 10);
	while ((u /= 10) > 0);
	if (v < 0)
		*--at = '-';
	buf_add(b, at, (size_t)(digits + sizeof(digits) - at));
}

void json_bool(struct buf *b, const char *name, bool v)
{
	json_raw(b, name, v ? "true" : "false");
}

void json_null(struct buf *b, const char *name)
{
	json_raw(b, name, "null");
}

void json_raw(struct buf *b, const char *name, const char *json)
{
	key(b, name);
	buf_puts(b, json);
}

void json_stamp(struct buf *b, const char *name, stamp t)
{
	char text[STAMP_TEXT];

	json_text(b, name, stamp_write_in(text, t, b->zone));
}

static void date_or_null(struct buf *b, const struct field *f, date d)
{
	char text[DATE_TEXT];

	json_text(b, f->name, f->optional && d.days == 0 ? NULL : date_write(text, d));
}

static void number(struct buf *b, const struct field *f, int64_t v)
{
	if (f->optional && v == 0)
		json_null(b, f->name);
	else
		json_int(b, f->name, v);
}

static void member(struct buf *b, const struct field *f, const void *at)
{
	switch ((enum kind)f->kind) {
	case K_BOOL:
		json_bool(b, f->name, *(const bool *)at);
		break;
	case K_TEXT:
		json_text(b, f->name, *(const char *const *)at);
		break;
	case K_INT:
		number(b, f, *(const int64_t *)at);
		break;
	case K_MONEY:
		number(b, f, ((const money *)at)->fen);
		break;
	case K_STAMP:
		if (f->optional && ((const stamp *)at)->us == 0)
			json_null(b, f->name);
		else
			json_stamp(b, f->name, *(const stamp *)at);
		break;
	case K_DATE:
		date_or_null(b, f, *(const date *)at);
		break;
	case K_JSON:
		json_raw(b, f->name,
			((const raw_json *)at)->text ? ((const raw_json *)at)->text : "null");
		break;
	case K_LIST:
		json_list(b, f->name, f->of, at);
		break;
	}
}

void json_shape(struct buf *b, const char *name, const struct shape *sh, const void *obj)
{
	const char *around = b->zone;

	json_open(b, name, '{');
	for (size_t i = 0; i < sh->count; i++) {
		const void *at = (const char *)obj + sh->fields[i].offset;

		if (sh->fields[i].zone)
			b->zone = *(const char *const *)at;
		else if (!sh->fields[i].hidden)
			member(b, &sh->fields[i], at);
	}
	json_close(b, '}');
	b->zone = around;
}

void json_list(struct buf *b, const char *name, const struct shape *sh, const struct list *list)
{
	json_open(b, name, '[');
	for (size_t i = 0; i < list->count; i++) {
		const char *at = (const char *)list->at + i * sh->size;

		if (shape_is_bare(sh))
			member(b, &sh->fields[0], at + sh->fields[0].offset);
		else
			json_shape(b, NULL, sh, at);
	}
	json_close(b, ']');
}
