#ifndef ACCOUNT_NAME_H
#define ACCOUNT_NAME_H

/* What people call themselves, and what others are shown: PLAIN_LINE of base/plain.h. */

enum { NAME_MAX_CHARACTERS = 32 };

#endif
