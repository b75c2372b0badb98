#ifndef ACCOUNT_NAME_H
#define ACCOUNT_NAME_H

#include <stdbool.h>

/* What people call themselves, and what others are shown. */

enum { NAME_MAX_CHARACTERS = 32 };

/* Valid UTF-8 that shows something and hides nothing: not blank, no control
 * characters, no line ends, nothing that turns the direction of writing. */
bool name_plain(const char *);

#endif
