#include "hours/date_number.h"

#include "base/time.h"

#include <stdio.h>

bool date_of_number(int64_t number, date *out)
{
	char text[DATE_TEXT];

	if (number < 19700101 || number > 21991231)
		return false;
	snprintf(text, sizeof(text), "%04d-%02d-%02d", (int)(number / 10000),
		(int)(number / 100 % 100), (int)(number % 100));
	return date_parse(text, out);
}
