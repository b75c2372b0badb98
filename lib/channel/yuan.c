#include "channel/yuan.h"

#include <inttypes.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool append(int64_t *n, int digit)
{
	return !__builtin_mul_overflow(*n, 10, n) && !__builtin_add_overflow(*n, digit, n);
}

bool yuan_parse(const char *s, money *out)
{
	bool minus = *s == '-';
	int64_t fen = 0;
	int places = 2;

	s += minus;
	if (!is_digit(*s))
		return false;
	for (; is_digit(*s); s++)
		if (!append(&fen, *s - '0'))
			return false;
	if (*s == '.' && is_digit(s[1]))
		for (s++; is_digit(*s) && places > 0; s++, places--)
			if (!append(&fen, *s - '0'))
				return false;
	for (; places > 0; places--)
		if (!append(&fen, 0))
			return false;
	out->fen = minus ? -fen : fen;
	return *s == '\0';
}

const char *yuan_write(struct arena *mem, money m)
{
	return arena_printf(mem, "%" PRId64 ".%02" PRId64, m.fen / 100, m.fen % 100);
}
