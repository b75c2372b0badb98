#include "venue/clock.h"

#include "venue/day.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *clock_write(char out[CLOCK_TEXT], int64_t minutes)
{
	snprintf(out, CLOCK_TEXT, "%02d:%02d", (int)(minutes / 60), (int)(minutes % 60));
	return out;
}

static bool is_digit(char c)
{
	return isdigit((unsigned char)c) != 0;
}

bool clock_parse(const char *s, int64_t *minutes)
{
	if (strlen(s) != CLOCK_LENGTH || !is_digit(s[0]) || !is_digit(s[1]) || s[2] != ':')
		return false;
	if (strcmp(s + 3, "00") != 0 && strcmp(s + 3, "30") != 0)
		return false;
	*minutes = ((s[0] - '0') * 10 + (s[1] - '0')) * 60 + (s[3] - '0') * 10;
	return *minutes <= DAY_MINUTES_MAX;
}
