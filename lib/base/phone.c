#include "base/phone.h"

#include <string.h>

bool phone_valid(const char *s)
{
	return strlen(s) == PHONE_DIGITS && strspn(s, "0123456789") == PHONE_DIGITS &&
	       s[0] == '1' && s[1] >= '3';
}
