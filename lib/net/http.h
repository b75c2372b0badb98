#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/arena.h"
#include "base/bytes.h"
#include "net/upstream.h"

#include <stdint.h>

/* Calls to upstreams: HTTPS only, certificates always checked, no
 * redirects, no proxy, one connection kept per upstream and process, each call
 * with a limit of its own. */

struct http_call {
	enum upstream upstream; /* whom it is to; each caller names it */
	const char *about;      /* the thing that it is about (upstream.h), or NULL */
	const char *method;     /* GET or POST */
	const char *url;
	const char *const *headers; /* "Name: value" …, NULL; may be NULL */
	struct bytes body;          /* of a POST */
	size_t max;                 /* bytes of the answer's body; 0 is 1 MiB */
	int64_t limit_ms;           /* 0 is ZX_OUT_TIMEOUT_MS */
	/* For what may be large: takes the body of an answer 200 as it comes, at any
	 * length, and none of it is kept. ZX_OUT_TIMEOUT_MS without a byte ends the
	 * call, and so does its "false"; both are E_UNKNOWN. NULL: do without. */
	bytes_fn *sink;
	void *sink_arg;
};

struct http_header {
	const struct http_header *next;
	const char *name, *value;
};

struct http_answer {
	int status;
	struct bytes body; /* with a NUL behind it */
	const struct http_header *headers;
};

/* E_OK: there is an answer, whatever its status, in the arena.
 * E_UPSTREAM: not one byte of the request left this machine (no address, no
 * connection, no trusted certificate; or the upstream's breaker is open, see
 * upstream_wait_s()): the upstream has not done it.
 * E_UNKNOWN: it was sent, the answer is missing, torn or too large: the upstream
 * may have done it. Both are logged here, never with the query string.
 * For the circuit breaker of the upstream a call has failed if there is no answer, or
 * one with a status of 500 or more; a status below 500 is an answer like any other. */
enum err http_send(struct arena *, const struct http_call *, struct http_answer *) CHECKED;

/* For calls that a request waits for: four fifths of ZX_REQUEST_LIMIT_S from now, by
 * clock_ms(); and what is left until then for one call, at most ZX_OUT_TIMEOUT_MS, 0 or
 * less when it is over. */
int64_t http_deadline(void);
int64_t http_time_left(int64_t deadline);

/* A header of the answer, its name in any case. NULL if it is absent, or there
 * twice: then nobody can say which one counts. */
const char *http_header(const struct http_answer *, const char *name);

/* For a path's segment or a query's value: RFC 3986, everything but the
 * unreserved characters becomes %XX. */
char *url_escape(struct arena *, const char *);

#endif
