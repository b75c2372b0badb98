#include "alipay/sign.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/time.h"
#include "channel/yuan.h"
#include "codec/crypto.h"

#include <stdio.h>

enum { SIGNED_MAX = 1 << 21, NAME_MAX_BYTES = 64, TIME_CHARS = 19, MILLI_DIGITS = 6 };

bool alipay_param_add(struct alipay_params *p, const char *name, const char *value)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->at[i].name, name) == 0)
			return false;
	if (p->count == ALIPAY_PARAMS_MAX)
		return false;
	p->at[p->count++] = (struct alipay_param){name, value};
	return true;
}

const char *alipay_param_get(const struct alipay_params *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->at[i].name, name) == 0)
			return *p->at[i].value ? p->at[i].value : NULL;
	return NULL;
}

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL for a bad escape, a zero byte, text that is no UTF-8. */
static const char *unescape(struct arena *mem, struct bytes in)
{
	char *out = arena_alloc(mem, in.len + 1, 1), *to = out;

	for (size_t i = 0; i < in.len; i++) {
		int c = in.at[i] == '+' ? ' ' : in.at[i];

		if (c == '%') {
			int high = i + 2 < in.len ? hex_digit(in.at[i + 1]) : -1;
			int low = i + 2 < in.len ? hex_digit(in.at[i + 2]) : -1;
			c = high < 0 || low < 0 ? 0 : high * 16 + low;
			i += 2;
		}
		if (c == 0)
			return NULL;
		*to++ = (char)c;
	}
	*to = '\0';
	return utf8_valid(out, (size_t)(to - out)) ? out : NULL;
}

static bool is_name(struct bytes b)
{
	if (b.len == 0 || b.len > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < b.len; i++)
		if (!b.at[i] || !strchr("0123456789abcdefghijklmnopqrstuvwxyz_", b.at[i]))
			return false;
	return true;
}

bool alipay_form_read(struct arena *mem, struct bytes body, struct alipay_params *p)
{
	p->count = 0;
	while (body.len > 0) {
		const unsigned char *end = memchr(body.at, '&', body.len);
		struct bytes pair = {body.at, end ? (size_t)(end - body.at) : body.len};
		const unsigned char *is = memchr(pair.at, '=', pair.len);

		if (!is)
			return false;
		struct bytes name = {pair.at, (size_t)(is - pair.at)};
		struct bytes raw = {is + 1, pair.len - name.len - 1};
		const char *value = unescape(mem, raw);
		if (!is_name(name) || !value ||
			!alipay_param_add(p,
				arena_printf(mem, "%.*s", (int)name.len, (const char *)name.at),
				value))
			return false;
		body.at += pair.len + (end != NULL);
		body.len -= pair.len + (end != NULL);
		if (end && body.len == 0)
			return false;
	}
	return p->count > 0;
}

/* By name, in place; there are few. */
static void sort(struct alipay_param *at, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct alipay_param p = at[i];
		size_t to = i;

		for (; to > 0 && strcmp(at[to - 1].name, p.name) > 0; to--)
			at[to] = at[to - 1];
		at[to] = p;
	}
}

struct bytes alipay_signed_text(
	struct arena *mem, const struct alipay_params *p, enum alipay_scope scope)
{
	struct alipay_params sorted = *p;
	struct buf b = buf_in(mem, SIGNED_MAX);

	sort(sorted.at, sorted.count);
	for (size_t i = 0; i < sorted.count; i++) {
		const struct alipay_param *one = &sorted.at[i];

		if (!*one->value || strcmp(one->name, "sign") == 0 ||
			(scope == ALIPAY_NOTIFY && strcmp(one->name, "sign_type") == 0))
			continue;
		if (b.len > 0)
			buf_puts(&b, "&");
		buf_puts(&b, one->name);
		buf_puts(&b, "=");
		buf_puts(&b, one->value);
	}
	const char *text = buf_text(&b);
	return (struct bytes){(const unsigned char *)text, b.len};
}

const char *alipay_sign(struct arena *mem, const struct key *key, struct bytes text)
{
	struct bytes signature;

	return rsa_sign(mem, key, text, &signature) ? base64_write(mem, signature) : NULL;
}

bool alipay_verify(
	struct arena *mem, const struct key *key, struct bytes text, const char *signature)
{
	struct bytes raw;

	return base64_read(mem, signature, strlen(signature), &raw) &&
	       rsa_verify(key, text, raw);
}

/* The first byte after the value that begins here. The JSON is known to be valid, and
 * the value to be inside an object. */
static const unsigned char *value_end(const unsigned char *at)
{
	int depth = 0;

	do {
		if (*at == '"')
			for (at++; *at != '"'; at++)
				at += *at == '\\';
		else if (*at == '{' || *at == '[')
			depth++;
		else if (*at == '}' || *at == ']')
			depth--;
		at++;
	} while (depth > 0);
	return at;
}

static const unsigned char *skip(const unsigned char *at, const char *these)
{
	while (*at && strchr(these, *at))
		at++;
	return at;
}

bool alipay_answer_part(struct bytes json, const char *name, struct bytes *out)
{
	size_t bad, len = strlen(name);

	if (!json_text_valid((const char *)json.at, json.len, &bad))
		return false;
	const unsigned char *at = skip(json.at, " \t\r\n");
	if (*at != '{')
		return false;
	for (at = skip(at + 1, " \t\r\n"); *at == '"'; at = skip(at, ", \t\r\n")) {
		const unsigned char *key = at + 1, *key_end = value_end(at) - 1;
		const unsigned char *value = skip(key_end + 1, ": \t\r\n");
		bool found = (size_t)(key_end - key) == len && memcmp(key, name, len) == 0;

		at = value_end(value);
		if (found && *value == '{') {
			*out = (struct bytes){value, (size_t)(at - value)};
			return true;
		}
		/* of a number or a word only the first character is behind us */
		while (!strchr(",} \t\r\n", *at))
			at++;
	}
	return false;
}

bool alipay_verify_answer(
	struct arena *mem, const struct key *key, struct bytes part, const char *signature)
{
	unsigned char *plain = arena_alloc(mem, part.len + 1, 1);
	size_t n = 0;

	if (alipay_verify(mem, key, part, signature))
		return true;
	for (size_t i = 0; i < part.len; i++) {
		i += part.at[i] == '\\' && i + 1 < part.len && part.at[i + 1] == '/';
		plain[n++] = part.at[i];
	}
	return n < part.len && alipay_verify(mem, key, (struct bytes){plain, n}, signature);
}

const char *alipay_time(struct arena *mem, stamp at)
{
	char text[STAMP_TEXT];

	stamp_write(text, (stamp){at.us / SECOND * SECOND});
	return arena_printf(mem, "%.10s %.8s", text, text + 11);
}

bool alipay_time_parse(const char *s, stamp *out)
{
	char text[STAMP_TEXT];
	size_t len = strlen(s);

	if (len < TIME_CHARS || len > TIME_CHARS + 1 + MILLI_DIGITS || s[10] != ' ')
		return false;
	snprintf(text, sizeof(text), "%.10sT%s+08:00", s, s + 11);
	return stamp_parse(text, out);
}

bool alipay_yuan_parse(const char *s, money *out)
{
	return yuan_parse(s, out) && *s != '-' && out->fen <= FEN_MAX;
}

const char *alipay_words(struct arena *mem, const char *s, size_t max)
{
	char *out = arena_strdup(mem, s);

	for (char *c = out; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f || strchr("/=&,\"\\'", *c))
			*c = ' ';
	out[text_cut(out, max)] = '\0';
	return out;
}
