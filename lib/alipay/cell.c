#include "alipay/cell.h"

#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* One cell, in quotes or not, without the blanks around it: Alipay puts tabs behind
 * numbers. *at is moved behind its comma, or becomes NULL at the end of the line. NULL
 * for a quote that doesn't fit. */
static char *cell(char **at)
{
	char *from = *at, *to, *end;

	while (is_blank(*from))
		from++;
	to = from;
	if (*from == '"') {
		for (end = from + 1; *end && (*end != '"' || end[1] == '"'); end++) {
			end += *end == '"';
			*to++ = *end;
		}
		if (*end++ != '"')
			return NULL;
		while (is_blank(*end))
			end++;
		if (*end && *end != ',')
			return NULL;
	} else {
		to = from + strcspn(from, ",");
		end = to;
	}
	*at = *end ? end + 1 : NULL;
	while (to > from && is_blank(to[-1]))
		to--;
	*to = '\0';
	return from;
}

size_t alipay_cells_split(char *line, char *cells[], size_t max)
{
	size_t n = 0;

	while (line) {
		if (n == max)
			return 0;
		cells[n] = cell(&line);
		if (!cells[n])
			return 0;
		n++;
	}
	return n;
}
