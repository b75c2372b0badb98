#ifndef JOB_DAEMON_H
#define JOB_DAEMON_H

#include "base/watchdog.h" /* whose line names the program from daemon_begin() on */
#include "db/db.h"

/* A program that works until SIGTERM or SIGINT. Both are blocked all the time
 * and only looked at between two pieces of work, so that no call ends half way
 * because of them; no piece may take longer than the supervisor waits. */
void daemon_begin(const char *program);
bool daemon_stopping(void);
void daemon_sleep(int ms); /* shorter if it is time to stop */

/* A connection that only hears a NOTIFY, by its statement LISTEN. */
struct listener {
	struct db *db;
	struct sql *listen; /* NULL: there is nothing to hear */
	bool listening;
};
/* Until a NOTIFY comes or the time is up. A wait that ends early without one tells
 * that the connection is gone: then the rest is slept, and LISTEN said again. */
void daemon_rest(struct listener *, struct arena *, int ms);

#endif
