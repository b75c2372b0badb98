#include "base/phone.h"

#include <stdint.h>
#include <string.h>

bool phone_valid(const char *s)
{
	return strlen(s) == PHONE_DIGITS && strspn(s, "0123456789") == PHONE_DIGITS &&
	       s[0] == '1' && s[1] >= '3';
}

/* Blanks and dashes of all widths, and marks of the direction of writing. */
static bool only_groups(uint32_t c)
{
	return c == 0xa0 || c == 0x3000 || c == 0xff0d || (c >= 0x2000 && c <= 0x2015) ||
	       (c >= 0x202a && c <= 0x202f) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

/* What a character stands for: a digit, '+', ' ' for what only groups, 0 for anything else.
 * Its length is added to *at. */
static char narrow(const char **at)
{
	const unsigned char *s = (const unsigned char *)*at;
	int more = *s < 0x80 ? 0 : *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : 3;
	uint32_t c = more ? *s & (0x3fU >> more) : *s;

	for (int i = 1; i <= more; i++)
		c = c << 6 | (s[i] & 0x3fU);
	*at += more + 1;
	if (c >= 0xff0b && c <= 0xff19 && c != 0xff0d)
		c -= 0xff0b - '+'; /* full width */
	if ((c >= '0' && c <= '9') || c == '+')
		return (char)c;
	return only_groups(c) || (c < 0x80 && strchr(" \t\r\n-()", (char)c)) ? ' ' : 0;
}

static bool are_digits(const char *s, enum digits kind)
{
	bool begun = false;

	while (*s) {
		char c = narrow(&s);
		if (c == 0 || (c == '+' && (begun || kind != DIGITS_PHONE)))
			return false;
		begun |= c != ' ';
	}
	return begun;
}

static void drop_country(char *s)
{
	size_t n = strlen(s), head = n > PHONE_DIGITS ? n - PHONE_DIGITS : 0;

	if ((head == 3 && memcmp(s, "+86", 3) == 0) ||
		(head == 4 && memcmp(s, "0086", 4) == 0) ||
		(head == 2 && memcmp(s, "86", 2) == 0))
		memmove(s, s + head, PHONE_DIGITS + 1);
}

void digits_tidy(char *s, enum digits kind)
{
	const char *from = s;
	char *to = s;

	if (kind == DIGITS_NONE || !are_digits(s, kind))
		return;
	while (*from) {
		char c = narrow(&from);
		if (c != ' ')
			*to++ = c;
	}
	*to = '\0';
	if (kind == DIGITS_PHONE)
		drop_country(s);
}
