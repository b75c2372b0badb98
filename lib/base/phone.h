#ifndef BASE_PHONE_H
#define BASE_PHONE_H

#include <stdbool.h>

/* Phone numbers: eleven digits of mainland China, without +86. */

enum { PHONE_DIGITS = 11 }; /* no more, no fewer */
bool phone_valid(const char *);

#endif
