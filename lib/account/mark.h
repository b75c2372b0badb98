#ifndef ACCOUNT_MARK_H
#define ACCOUNT_MARK_H

#include "base/arena.h"

/* What is to be known again but not kept: keyed hashes, HMAC-SHA256 under
 * ZX_HASH_KEY_FILE, so that a copy of the database tells nothing even of what has
 * few possible values (phones, codes, names). */

/* Reads the key, once; ends the program without one. */
void mark_init(void);

/* 64 hex digits in the arena. `kind` keeps one thing's mark from being another's. */
const char *mark_of(struct arena *, const char *kind, const char *what);

#endif
