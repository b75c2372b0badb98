#include "account/name.h"

#include "base/json.h"

#include <stdint.h>
#include <string.h>

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

/* General categories Cc, Zl, Zp, and the bidirectional ones of Cf. */
static bool hides(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e ||
	       c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0xfeff;
}

static bool blank(uint32_t c)
{
	return c == ' ' || c == 0xa0 || (c >= 0x2000 && c <= 0x200d) || c == 0x3000 ||
	       c == 0x2060;
}

bool name_plain(const char *s)
{
	bool shows = false;

	if (!utf8_valid(s, strlen(s)))
		return false;
	while (*s) {
		uint32_t c = next(&s);
		if (hides(c))
			return false;
		shows |= !blank(c);
	}
	return shows;
}
