/* A carrier between libpq and the server, in a process of its own, that loses
 * what it is told to lose. One connection at a time; a new one is sound. */
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum fault {
	CUT_QUESTION = 'q', /* what the client sends next is lost, and the connection */
	CUT_ANSWER = 'a',   /* what the server answers next is lost, and the connection */
	MUTE = 'm'          /* answers are lost, and the connection seems to live */
};

struct proxy {
	pid_t child;
	int control;
	char folder[32], path[64];
};

static inline struct sockaddr_un socket_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	return at;
}

static inline bool carry(int from, int to)
{
	char bytes[65536];
	ssize_t n = read(from, bytes, sizeof(bytes));

	return n > 0 && (to < 0 || write(to, bytes, (size_t)n) == n);
}

/* Until one side is gone, or cut. */
static inline void carry_both(int client, int server, int control)
{
	char fault = 0;

	for (bool up = true; up;) {
		struct pollfd p[] = {
			{client,  POLLIN, 0},
                        {server,  POLLIN, 0},
                        {control, POLLIN, 0}
                };

		if (poll(p, 3, -1) < 1)
			return;
		if (p[2].revents &&
			(read(control, &fault, 1) != 1 || write(control, "k", 1) != 1))
			_exit(0); /* the test has ended */
		if (p[0].revents)
			up = fault != CUT_QUESTION && carry(client, server);
		if (p[1].revents)
			up = up && fault != CUT_ANSWER &&
			     carry(server, fault == MUTE ? -1 : client);
	}
}

static inline void proxy_serve(int listener, int control, const char *server_path)
{
	for (;;) {
		struct sockaddr_un at = socket_at(server_path);
		int client = accept(listener, NULL, NULL);
		int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (client < 0 || connect(server, (struct sockaddr *)&at, sizeof(at)) != 0)
			_exit(1);
		carry_both(client, server, control);
		close(client);
		close(server);
	}
}

/* Stands before the server that conn is connected to, in a folder of its own. */
static inline void proxy_start(struct proxy *p, const PGconn *conn)
{
	char server_path[108];
	int ends[2], listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (PQhost(conn)[0] != '/')
		fail_msg("ZX_DB must name the folder of the server's socket");
	snprintf(
		server_path, sizeof(server_path), "%s/.s.PGSQL.%s", PQhost(conn), PQport(conn));
	snprintf(p->folder, sizeof(p->folder), "/tmp/db_proxy_XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->path, sizeof(p->path), "%s/.s.PGSQL.5432", p->folder);
	struct sockaddr_un at = socket_at(p->path);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	p->child = fork();
	if (p->child == 0) {
		close(ends[0]);
		proxy_serve(listener, ends[1], server_path);
	}
	close(ends[1]);
	close(listener);
	p->control = ends[0];
}

/* From now on, for the connection that is open. */
static inline void proxy_fault(const struct proxy *p, enum fault fault)
{
	char letter = (char)fault;

	assert_int_equal(write(p->control, &letter, 1), 1);
	assert_int_equal(read(p->control, &letter, 1), 1);
}

static inline void proxy_stop(const struct proxy *p)
{
	int status;

	kill(p->child, SIGTERM);
	waitpid(p->child, &status, 0);
	close(p->control);
	unlink(p->path);
	rmdir(p->folder);
}
