#include "base/json.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "base/watchdog.h"
#include "net/shared.h"
#include "web/request.h"
#include "web/run.h"
#include "web/times.h"

#include <fcgiapp.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The accept loop. libfcgi alone can lose a SIGTERM around accept() and cut a
 * body short at a signal; so signals are blocked except inside ppoll, the
 * listening socket does not block, and a request once begun is finished. */

enum { FIRST_BLOCK = 64 * 1024, REQUEST_ID_MAX = 64 };

static volatile sig_atomic_t stopping;

static void on_stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static void signals_init(sigset_t *while_waiting)
{
	static const int stops[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < COUNT_OF(stops); i++) {
		sigaddset(&blocked, stops[i]);
		sigaction(stops[i], &(struct sigaction){.sa_handler = on_stop}, NULL);
	}
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	sigprocmask(SIG_BLOCK, &blocked, while_waiting);
	for (size_t i = 0; i < COUNT_OF(stops); i++)
		sigdelset(while_waiting, stops[i]);
}

/* nginx's id, or one of our own where it is missing or odd: it goes into logs. */
static const char *request_id(const struct req *r)
{
	const char *given = header(r, "REQUEST_ID");
	size_t n = given ? strlen(given) : 0;

	if (n >= 8 && n <= REQUEST_ID_MAX && strspn(given, "0123456789abcdef-") == n)
		return given;
	return arena_printf(
		r->mem, "%08lx%08lx", (unsigned long)random(), (unsigned long)random());
}

/* All of the body or an error; libfcgi itself does not notice a short one. */
static enum err take_body(struct req *r, FCGX_Stream *in)
{
	const char *length = header(r, "CONTENT_LENGTH");
	char *end = NULL;

	r->body = "";
	if (!length || !*length)
		return r->method == GET || r->method == DELETE ? E_OK : E_LENGTH_REQUIRED;
	long long n = strtoll(length, &end, 10);
	if (*end || n < 0)
		return E_BAD_BODY;
	if (n > settings.body_max)
		return E_TOO_LARGE;
	char *at = arena_alloc(r->mem, (size_t)n + 1, 1);
	int got = n ? FCGX_GetStr(at, (int)n, in) : 0;
	if (got != n || FCGX_GetError(in) != 0)
		return E_BAD_BODY;
	r->body = at;
	r->body_len = (size_t)n;
	return E_OK;
}

static const char *split_query(struct req *r, const char *uri)
{
	size_t path = strcspn(uri, "?");
	char *copy = arena_strdup(r->mem, uri);

	r->query_text = uri[path] ? uri + path + 1 : "";
	copy[path] = '\0';
	return copy;
}

/* draft-ietf-httpapi-ratelimit-headers */
static void write_limits(struct buf *head, const struct admit_answer *a)
{
	if (!a->policy)
		return;
	buf_printf(head, "RateLimit-Policy: \"%s\";q=%" PRId64 ";w=%" PRId64 "\r\n", a->policy,
		a->quota, a->window_s);
	buf_printf(head, "RateLimit: \"%s\";r=%" PRId64 ";t=%" PRId64 "\r\n", a->policy,
		a->remaining, a->reset_s);
}

static bool has_body(const struct req *r)
{
	return r->status != 204 && r->status != 304;
}

static void send_answer(struct req *r, FCGX_Stream *out)
{
	struct buf head = buf_in(r->mem, 4096);

	if (r->other_pool) { /* nginx would keep further headers beside the other's */
		FCGX_FPrintF(
			out, "Status: 200\r\nX-Accel-Redirect: @%s\r\n\r\n", r->other_pool);
		return;
	}
	buf_printf(&head, "Status: %d\r\nX-Request-Id: %s\r\n", r->status, r->request_id);
	if (has_body(r))
		buf_printf(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n",
			r->content_type, r->out.len);
	if (r->status == 405)
		buf_printf(&head, "Allow: %s\r\n", routes_allowed(r));
	if (r->challenge)
		buf_printf(&head, "WWW-Authenticate: Bearer realm=\"zhixing\"%s\r\n",
			r->challenge);
	if (r->status == 503 || r->status == 429)
		buf_printf(&head, "Retry-After: %" PRId64 "\r\n",
			r->retry_after_s ? r->retry_after_s : 1);
	if (r->version && r->status < 400)
		buf_printf(&head, "ETag: \"%" PRId64 "\"\r\n", r->version);
	if (r->cookie)
		buf_printf(&head, "Set-Cookie: %s\r\n", r->cookie);
	write_limits(&head, &r->admitted);
	if (r->replayed)
		buf_puts(&head, "Idempotent-Replay: true\r\n");
	if (r->route && r->route->flags & OAUTH) /* RFC 6749 §5.1 */
		buf_puts(&head, "Pragma: no-cache\r\n");
	bool keep = r->route && r->route->flags & CACHEABLE && r->status == 200 &&
		    r->caller.account_id == 0;
	buf_printf(&head, "Cache-Control: %s\r\n\r\n", keep ? "no-cache" : "no-store");
	FCGX_PutStr(head.at, (int)head.len, out);
	if (has_body(r))
		FCGX_PutStr(r->out.at, (int)r->out.len, out);
}

static void serve(const struct web *web, struct db *db, struct arena *mem, FCGX_Request *fcgi)
{
	struct req r = {.web = web, .db = db, .mem = mem, .params = fcgi->envp};

	watchdog_set((int)settings.request_limit_s, "a request");
	json_use(mem);
	r.now = stamp_now();
	r.method = method_find(header(&r, "REQUEST_METHOD"));
	r.remote = header(&r, "REMOTE_ADDR");
	r.request_id = request_id(&r);
	const char *uri = header(&r, "REQUEST_URI");
	r.path = split_query(&r, uri ? uri : "");
	enum err err = take_body(&r, fcgi->in);
	request_serve(&r, err);
	send_answer(&r, fcgi->out);
	FCGX_Finish_r(fcgi);
	watchdog_off();
	arena_reset(mem);
}

static void loop(const struct web *web, const sigset_t *while_waiting)
{
	struct db *db = db_new(web->staff ? settings.db_staff : settings.db, web->name);
	struct arena *mem = arena_new(FIRST_BLOCK);
	const struct timespec idle = {.tv_sec = 1};
	struct pollfd listening = {.fd = STDIN_FILENO, .events = POLLIN};
	FCGX_Request fcgi;
	int64_t left = settings.recycle_after + random() % (settings.recycle_after / 10 + 1);

	FCGX_InitRequest(&fcgi, STDIN_FILENO, FCGI_FAIL_ACCEPT_ON_INTR);
	while (!stopping && left > 0) {
		if (web->idle)
			web->idle();
		if (ppoll(&listening, 1, web->idle ? &idle : NULL, while_waiting) < 1)
			continue;
		if (FCGX_Accept_r(&fcgi) < 0)
			continue; /* another worker was quicker */
		serve(web, db, mem, &fcgi);
		left--;
	}
	FCGX_Free(&fcgi, 1);
	arena_free(mem);
	db_free(db);
}

static _Noreturn void refuse_to_start(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(EXIT_CONFIG);
}

int web_main(int argc, char **argv, const struct web *web)
{
	sigset_t while_waiting;
	const char *fault = routes_fault(web);

	settings_load(argc, argv);
	log_init(web->name);
	if (fault)
		refuse_to_start(fault);
	if (argc == 2 && web_describe(web, argv[1]))
		return 0;
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* never outlive the supervisor */
	srandom((unsigned)(stamp_now().us ^ getpid()));
	shared_open(web->name, true);
	db_watch(shared_count_database);
	times_begin(web);
	if (web->init)
		web->init();
	signals_init(&while_waiting);
	watchdog_init(web->name);
	if (FCGX_IsCGI() || fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) != 0)
		refuse_to_start("standard input must be a listening socket (spawn-fcgi)");
	FCGX_Init();
	loop(web, &while_waiting);
	return 0;
}
