#include "base/plain.h"

#include "base/json.h"

#include <string.h>

struct range {
	uint32_t first, last;
};

/* General categories Cc, Zl, Zp, and of Cf what turns the writing or is not seen. */
static const struct range hidden[] = {
	{0x00, 0x1f},
	{0x7f, 0x9f},
	{0xad, 0xad},
	{0x61c, 0x61c},
	{0x180e, 0x180e},
	{0x200b, 0x200b},
	{0x200e, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x206f},
	{0xfeff, 0xfeff},
	{0xfff9, 0xfffb},
	{0xe0001, 0xe0001},
};

/* Spaces, and what shows nothing without a character before it. */
static const struct range blank[] = {
	{' ', ' '},
	{0xa0, 0xa0},
	{0x34f, 0x34f},
	{0x115f, 0x1160},
	{0x1680, 0x1680},
	{0x2000, 0x200d},
	{0x202f, 0x202f},
	{0x205f, 0x205f},
	{0x2800, 0x2800},
	{0x3000, 0x3000},
	{0x3164, 0x3164},
	{0xfe00, 0xfe0f},
	{0xffa0, 0xffa0},
	{0xe0020, 0xe007f},
	{0xe0100, 0xe01ef},
};

static bool is_in(const struct range *ranges, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* The next character of valid UTF-8. */
static uint32_t next(const char **at)
{
	const unsigned char *s = (const unsigned char *)*at;
	int more = *s < 0x80 ? 0 : *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : 3;
	uint32_t c = more ? *s & (0x3fU >> more) : *s;

	for (int i = 1; i <= more; i++)
		c = c << 6 | (s[i] & 0x3fU);
	*at += more + 1;
	return c;
}

bool text_plain(const char *s, enum plain rule)
{
	bool shows = false;

	if (rule == PLAIN_ANY)
		return true;
	if (!utf8_valid(s, strlen(s)))
		return false;
	while (*s) {
		uint32_t c = next(&s);
		if (c == '\n' && rule == PLAIN_LINES)
			continue;
		if (is_in(hidden, COUNT_OF(hidden), c))
			return false;
		shows |= !is_in(blank, COUNT_OF(blank), c);
	}
	return shows;
}
