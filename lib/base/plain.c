#include "base/plain.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
	JOINER = 0x200d,
	TEXT_FORM = 0xfe0e,
	EMOJI_FORM = 0xfe0f,
	KEYCAP = 0x20e3,
	PALEST = 0x1f3fb, /* the tones of skin */
	DARKEST = 0x1f3ff,
	BRAILLE_BLANK = 0x2800
};

/* A character, and what it stands between. */
struct place {
	int32_t last, c, next; /* 0: none */
	bool picture;          /* before it stands an emoji, perhaps with its form and tone */
};

/* Of valid UTF-8. 0 at its end. */
static int32_t character(const char *s, size_t *len)
{
	int32_t c = 0;
	ssize_t n = *s ? utf8proc_iterate((const uint8_t *)s, -1, &c) : 0;

	*len = n > 0 ? (size_t)n : 0;
	return n > 0 ? c : 0;
}

static bool is_picture(int32_t c)
{
	return utf8proc_get_property(c)->boundclass ==
	       UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

static bool is_blank(int32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') ||
	       utf8proc_category(c) == UTF8PROC_CATEGORY_ZS;
}

/* What Unicode reserves for characters that are not seen: the tables know only those that
 * there are. */
static bool is_reserved(int32_t c)
{
	return c == 0x2065 || (c >= 0xfff0 && c <= 0xfff8) || (c >= 0xe0000 && c <= 0xe0fff);
}

static bool is_hidden(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	default:
		return utf8proc_get_property(c)->ignorable || is_reserved(c);
	}
}

/* A hidden character that makes one emoji of several, or says how it is drawn. */
static bool is_of_emoji(const struct place *p)
{
	if (p->c == JOINER)
		return p->picture && is_picture(p->next);
	if (p->c == TEXT_FORM || p->c == EMOJI_FORM)
		return is_picture(p->last) ||
		       (p->next == KEYCAP && p->last > 0 && p->last < 0x80 &&
			       strchr("0123456789#*", p->last));
	return false;
}

static void step(struct place *p)
{
	bool dress =
		p->c == TEXT_FORM || p->c == EMOJI_FORM || (p->c >= PALEST && p->c <= DARKEST);

	p->picture = is_picture(p->c) || (p->picture && dress);
	p->last = p->c;
}

bool text_plain(const char *s, enum plain rule)
{
	struct place p = {0};
	size_t len, ahead;
	bool shows = false;

	if (rule == PLAIN_ANY)
		return true;
	if (!utf8_valid(s, strlen(s)))
		return false;
	for (; (p.c = character(s, &len)); s += len, step(&p)) {
		p.next = character(s + len, &ahead);
		if (p.c == '\n' && rule == PLAIN_LINES)
			continue;
		if (is_hidden(p.c) && !is_of_emoji(&p))
			return false;
		shows |= !is_blank(p.c) && p.c != BRAILLE_BLANK;
	}
	return shows;
}

static char *trim(char *s)
{
	size_t len;
	int32_t c;

	while (is_blank(character(s, &len)))
		s += len;
	char *end = s;
	for (char *at = s; (c = character(at, &len));) {
		at += len;
		if (!is_blank(c))
			end = at;
	}
	if (*s)
		*end = '\0';
	return s;
}

/* The text itself if it is no UTF-8. */
static const char *mapped(struct arena *mem, const char *s, utf8proc_option_t how)
{
	uint8_t *made = NULL;

	if (utf8proc_map((const uint8_t *)s, 0, &made,
		    how | UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE) < 0)
		return s;
	const char *out = arena_strdup(mem, (const char *)made);
	free(made);
	return out;
}

const char *text_tidy(struct arena *mem, char *s, enum plain rule)
{
	if (rule == PLAIN_ANY || !utf8_valid(s, strlen(s)))
		return s;
	return mapped(mem, trim(s), 0);
}

const char *text_folded(struct arena *mem, const char *s)
{
	if (!s || !utf8_valid(s, strlen(s)))
		return s;
	return mapped(mem, trim(arena_strdup(mem, s)), UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
}
