#include "base/json.h"

#include <string.h>

/* Bytes of the UTF-8 sequence at s (of n left), 0 if it is not well formed:
 * table 3-7 of the Unicode standard. */
static size_t utf8_step(const unsigned char *s, size_t n)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	unsigned char low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;

	if (len == 0 || s[0] > 0xf4 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (s[i] < low || s[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return len;
}

bool utf8_valid(const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t step = utf8_step((const unsigned char *)s + i, n - i);
		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

/* The grammar of RFC 8259, read once, keeping nothing. */
struct scan {
	const char *s;
	size_t n, i;
};

static char peek(const struct scan *t)
{
	return t->i < t->n ? t->s[t->i] : '\0';
}

static void blanks(struct scan *t)
{
	while (t->i < t->n && strchr(" \t\r\n", t->s[t->i]) && t->s[t->i])
		t->i++;
}

static bool word(struct scan *t, const char *w)
{
	size_t len = strlen(w);

	if (t->n - t->i < len || memcmp(t->s + t->i, w, len) != 0)
		return false;
	t->i += len;
	return true;
}

static size_t run_of_digits(struct scan *t)
{
	size_t from = t->i;

	while (peek(t) >= '0' && peek(t) <= '9')
		t->i++;
	return t->i - from;
}

static bool number(struct scan *t)
{
	word(t, "-");
	if (!word(t, "0") && run_of_digits(t) == 0)
		return false;
	if (word(t, ".") && run_of_digits(t) == 0)
		return false;
	if (word(t, "e") || word(t, "E")) {
		if (!word(t, "+"))
			word(t, "-");
		return run_of_digits(t) > 0;
	}
	return true;
}

static int hex4(struct scan *t)
{
	int v = 0;

	for (int k = 0; k < 4; k++) {
		const char *all = "0123456789abcdef0123456789ABCDEF";
		const char *at = peek(t) ? strchr(all, peek(t)) : NULL;
		if (!at)
			return -1;
		v = v * 16 + (int)(at - all) % 16;
		t->i++;
	}
	return v;
}

/* Behind "\u": no NUL, surrogates only as a pair. */
static bool unicode_escape(struct scan *t)
{
	int v = hex4(t);

	if (v >= 0xd800 && v <= 0xdbff) {
		int low = word(t, "\\u") ? hex4(t) : -1;
		return low >= 0xdc00 && low <= 0xdfff;
	}
	return v > 0 && (v < 0xdc00 || v > 0xdfff);
}

/* Behind a backslash. */
static bool escape(struct scan *t)
{
	if (word(t, "u"))
		return unicode_escape(t);
	if (peek(t) == '\0' || !strchr("\"\\/bfnrt", peek(t)))
		return false;
	t->i++;
	return true;
}

static bool string(struct scan *t)
{
	if (!word(t, "\""))
		return false;
	while (t->i < t->n) {
		unsigned char c = (unsigned char)t->s[t->i];
		if (c == '"') {
			t->i++;
			return true;
		}
		if (c == '\\') {
			t->i++;
			if (!escape(t))
				return false;
			continue;
		}
		size_t step = utf8_step((const unsigned char *)t->s + t->i, t->n - t->i);
		if (c < 0x20 || step == 0)
			return false;
		t->i += step;
	}
	return false;
}

static bool value(struct scan *t, int depth);

static bool members(struct scan *t, int depth, bool named, const char *end)
{
	blanks(t);
	if (word(t, end))
		return true;
	for (;;) {
		blanks(t);
		if (named) {
			if (!string(t))
				return false;
			blanks(t);
			if (!word(t, ":"))
				return false;
		}
		if (!value(t, depth))
			return false;
		if (word(t, end))
			return true;
		if (!word(t, ","))
			return false;
	}
}

static bool value(struct scan *t, int depth)
{
	bool ok;

	blanks(t);
	if (peek(t) == '{' || peek(t) == '[') {
		bool named = t->s[t->i++] == '{';
		ok = depth < JSON_DEPTH_MAX && members(t, depth + 1, named, named ? "}" : "]");
	} else if (peek(t) == '"') {
		ok = string(t);
	} else {
		ok = word(t, "true") || word(t, "false") || word(t, "null") || number(t);
	}
	blanks(t);
	return ok;
}

bool json_text_valid(const char *text, size_t len, size_t *bad)
{
	struct scan t = {text, len, 0};

	if (value(&t, 0) && t.i == len)
		return true;
	*bad = t.i;
	return false;
}
