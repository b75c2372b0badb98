#ifndef BASE_PHONE_H
#define BASE_PHONE_H

#include <stdbool.h>

/* Phone numbers: eleven digits of mainland China, without +86. */

enum { PHONE_DIGITS_MAX = 11 };
bool phone_valid(const char *);

#endif
