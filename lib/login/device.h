#ifndef LOGIN_DEVICE_H
#define LOGIN_DEVICE_H

#include "base/arena.h"

#include <stdint.h>

/* A device by which somebody has logged in with his password. It is given a text, keeps it,
 * and sends it with the next login: strangers' wrong passwords don't lock it out. It
 * opens nothing, and only for its member it is worth anything. keyed_hash_init() was called. */

enum { DEVICE_TEXT_MAX = 128, DEVICE_DAYS = 180 };

const char *device_text(struct arena *, int64_t account_id);
/* Whose device it is; 0: not one of ours, or its days are over. */
int64_t device_account(struct arena *, const char *text);

#endif
