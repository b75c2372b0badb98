#ifndef JOB_RUN_H
#define JOB_RUN_H

#include "db/db.h"

/* A daemon that is a list of steps. In each round every step does one piece of work at
 * most, between short transactions; *busy is set if there was one. A round without work
 * rests for a second, or until a NOTIFY comes: the scan is the guarantee. After trouble it
 * rests the second whole. */
typedef enum err step_fn(struct db *, struct arena *, bool *busy);
struct step {
	const char *doing; /* for the watchdog, whose patience is four ZX_REQUEST_LIMIT_S */
	step_fn *fn;
};

/* After daemon_begin(), until it is time to stop. `listen`: its statement LISTEN, or NULL. */
void daemon_run(const char *program, const struct step *, size_t count, struct sql *listen);

#endif
