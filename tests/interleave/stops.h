#ifndef INTERLEAVE_STOPS_H
#define INTERLEAVE_STOPS_H

#include <stdbool.h>

/* Where a process can be held: before it sends what it has queued to the server. The calls of
 * libpq by which lib/db does so are wrapped by the linker, in this program only. */

enum command {
	GO = 'g',       /* send it and go on */
	KILL = 'k',     /* the process dies before it has sent it */
	CUT = 'c',      /* the connection dies before it */
	CUT_AFTER = 'a' /* it is sent and done, and the answer is lost */
};

/* Asked at each stop, with the backend's process id; NULL: nothing is held. */
extern enum command (*stop_here)(int backend);

#endif
