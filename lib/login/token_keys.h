#ifndef LOGIN_TOKEN_KEYS_H
#define LOGIN_TOKEN_KEYS_H

#include "codec/sign.h"

#include <stdbool.h>

/* The folder of keys, for token.c. */

enum { KID_MAX = 64 };

struct token_key {
	char kid[KID_MAX + 1];
	struct key *key;
};

/* Ends the program if there is nothing usable. */
void token_keys_init(void);

/* Looks at the folder, at most once in ZX_TOKEN_KEYS_LOOK_S. Returns the generation of the
 * keys: another number than before means other keys. If the folder can't be
 * used any more, the old keys stay. */
int64_t token_keys_look(void);
/* The next token_keys_look() looks at once. */
void token_keys_due(void);
/* A token names a key that isn't known: it may be a new one. True, and the next
 * token_keys_look() looks at once; false within a second of the last time, so that
 * forged names cost nothing. */
bool token_keys_stranger(void);

/* The keys of this generation: all, *count of them; the one of that name,
 * exactly, or NULL; the one that signs, or NULL where there is none. */
const struct token_key *token_keys(size_t *count);
const struct token_key *token_key_find(const char *kid);
const struct token_key *token_key_current(void);

#endif
