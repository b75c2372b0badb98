#ifndef ACCOUNT_KEYED_HASH_H
#define ACCOUNT_KEYED_HASH_H

#include "base/arena.h"

/* For what must be recognised later but not stored: an HMAC-SHA256 under the key in
 * ZX_HASH_KEY_FILE. A copy of the database tells nothing, even of values of which
 * there are few (phones, codes, names). */

/* Read the key, once; end the program without one. */
void keyed_hash_init(void);

/* 64 hex digits in the arena. `kind` keeps equal values of two kinds apart: a phone's
 * hash is never an openid's. */
const char *keyed_hash(struct arena *, const char *kind, const char *value);

#endif
