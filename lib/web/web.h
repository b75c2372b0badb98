#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/buf.h"
#include "base/err.h"
#include "base/identity.h"
#include "io/db.h"

/* A FastCGI worker: it takes one request at a time, runs the handler of its
 * route, and sends the answer after COMMIT. Parsing, rights, transaction,
 * retries, Idempotency-Key and error answers are done here, by the route's
 * data; a handler is left with the domain. */

enum method { GET = 1, POST, PUT, DELETE };

enum route_flag {
	IDEMPOTENT = 1, /* wants an Idempotency-Key; a repeat gets the same bytes */
	FORM = 2,       /* the body is application/x-www-form-urlencoded */
	RAW_BODY = 4,   /* the body is for the handler, as it came: r->body */
	OAUTH = 8,      /* errors in the form of RFC 6749 §5.2 */
	CACHEABLE = 16, /* the same for everybody: may be kept for a moment */
};

struct req;
struct route {
	enum method method;
	const char *path; /* "/api/v1/orders/{order}": numbers land in r->arg[] */
	const char *permission;
	enum tx_mode tx; /* TX_NONE: the handler opens its own, short ones */
	enum err (*fn)(struct req *);
	const struct shape *body, *query;
	unsigned flags;
	const char *says; /* one sentence for the API page */
	/* Queue what has to be written down of a refused request; it gets a
	 * transaction of its own, after the rollback. */
	void (*refused)(struct req *, struct tx *, enum err);
};

enum { ARG_COUNT = 2 };

struct req {
	const struct web *web;
	const struct route *route;
	struct arena *mem;
	struct db *db;
	struct tx tx;
	stamp now;
	enum method method;
	const char *path, *query_text, *request_id, *remote;
	char **params; /* FastCGI's, for header() */
	struct identity who;
	int64_t arg[ARG_COUNT];
	const void *in;    /* the body, by route->body */
	const void *query; /* the query, by route->query */
	const char *body;
	size_t body_len;
	void *note;               /* what the handler leaves for route->refused */
	const char *key, *digest; /* of an IDEMPOTENT request */

	const char *field; /* for the error answer */
	stamp until;       /* for the error answer: when it ends */
	int64_t retry_after_s;
	int status;
	const char *content_type;
	bool replayed;
	struct buf out;
};

/* A pool is its name, its routes and its knowledge of people. */
struct web {
	const char *name;
	const struct route *const
		*tables;    /* NULL-terminated list of tables, each ended by path NULL */
	void (*init)(void); /* load keys; ends the program on a wrong setting */
	enum err (*identify)(const char *token, size_t len, struct identity *);
	/* Queue statements that fail unless the session lives and has the permission. */
	void (*guard)(struct tx *, const struct identity *, const char *permission);
};

int web_main(int argc, char **argv, const struct web *);

/* For handlers. */
enum err fail(struct req *, enum err, const char *field) CHECKED;
enum err reply(struct req *, int status, const struct shape *, const void *) CHECKED;
/* Lists page by cursor: the id of the last item that the reader has. */
struct page {
	int64_t cursor, limit;
};
enum { PAGE_MAX = 100 };
/* clang-format off */
/* For route->query; a query with more in it begins with a struct page and has
 * these two fields first. */
#define PAGE_FIELDS(T, m)                                                                  \
	FIELD_AS(T, m.cursor, "cursor", .optional = true, .min = 1, .max = ID_MAX),        \
		FIELD_AS(T, m.limit, "limit", .optional = true, .min = 1, .max = PAGE_MAX)
/* clang-format on */
extern const struct shape page_shape;
int64_t page_limit(const struct req *, int64_t otherwise);
/* {"items":[…],"next_cursor":…}; the shape's first field is the id. */
enum err reply_page(
	struct req *, const struct shape *, const struct list *, int64_t limit) CHECKED;
enum err reply_bytes(struct req *, const char *content_type, const void *, size_t) CHECKED;
enum err reply_empty(struct req *) CHECKED; /* 204 */
/* For answers that no shape describes: write JSON into r->out in between. */
struct buf *reply_begin(struct req *, int status);
enum err reply_end(struct req *) CHECKED;

/* A request header by its CGI name ("HTTP_WECHATPAY_SERIAL"), NULL if absent. */
const char *header(const struct req *, const char *cgi_name);

#endif
