#ifndef NET_SHARED_FILE_H
#define NET_SHARED_FILE_H

#include "net/shared.h"

/* The file behind shared.h. */

/* Mapped, made if need be; NULL: it can't be had. */
struct shared *shared_attach(const char *path, const char *program);
/* Another program's of the same user (root: of any), as it is; NULL: it isn't there, or isn't
 * fit. */
struct shared *shared_look(const char *path);
void shared_unmap(struct shared *);

void shared_lock_init(pthread_mutex_t *);

#endif
