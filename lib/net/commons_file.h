#ifndef NET_COMMONS_FILE_H
#define NET_COMMONS_FILE_H

#include "net/commons.h"

/* The file behind commons.h. */

/* Mapped, made if need be; NULL: it can't be had. */
struct commons *commons_attach(const char *path, const char *program);
/* Another program's, as it is; NULL: it isn't there, or isn't fit. */
struct commons *commons_look(const char *path);
void commons_unmap(struct commons *);

void commons_lock_init(pthread_mutex_t *);

#endif
