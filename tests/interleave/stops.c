#include "stops.h"

#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

int __real_PQpipelineSync(PGconn *);
int __real_PQsendFlushRequest(PGconn *);
PGresult *__real_PQgetResult(PGconn *);
int __wrap_PQpipelineSync(PGconn *);
int __wrap_PQsendFlushRequest(PGconn *);
PGresult *__wrap_PQgetResult(PGconn *);
int __wrap_usleep(unsigned us);

enum { SERVER_MS = 3000, PIECE = 4096 };

enum command (*stop_here)(int backend);
static bool asked; /* about the exchange that is being sent: a rollback sends two Syncs */

/* The server has worked on all of it when its answer has begun to come and then ceased. What it
 * answers stays unread. */
static void let_it_be_done(PGconn *conn)
{
	struct pollfd fd = {.fd = PQsocket(conn), .events = POLLIN};
	char piece[PIECE];

	while (PQflush(conn) == 1)
		;
	if (poll(&fd, 1, SERVER_MS) == 1)
		while (recv(fd.fd, piece, sizeof(piece), MSG_DONTWAIT) > 0 &&
			poll(&fd, 1, 20) == 1)
			;
}

static int exchange(PGconn *conn, int (*send)(PGconn *))
{
	if (!stop_here || asked)
		return send(conn);
	asked = true;
	enum command command = stop_here(PQbackendPID(conn));
	if (command == KILL)
		raise(SIGKILL);
	if (command == CUT)
		shutdown(PQsocket(conn), SHUT_RDWR);
	int sent = send(conn);
	if (command == CUT_AFTER) {
		let_it_be_done(conn);
		shutdown(PQsocket(conn), SHUT_RDWR);
	}
	asked = command == GO; /* the next exchange is on another connection */
	return sent;
}

int __wrap_PQpipelineSync(PGconn *conn)
{
	return exchange(conn, __real_PQpipelineSync);
}

int __wrap_PQsendFlushRequest(PGconn *conn)
{
	return exchange(conn, __real_PQsendFlushRequest);
}

PGresult *__wrap_PQgetResult(PGconn *conn)
{
	asked = false;
	return __real_PQgetResult(conn);
}

/* The pauses before a lost race is run again. */
int __wrap_usleep(unsigned us)
{
	(void)us;
	return 0;
}
