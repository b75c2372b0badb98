#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/buf.h"
#include "base/err.h"
#include "base/identity.h"
#include "db/db.h"
#include "web/etag.h"
#include "web/method.h"

/* A FastCGI worker: it takes one request at a time (loop.c), runs the handler of its
 * route (run.h), and sends the answer after COMMIT. Parsing, rights, transaction,
 * retries, Idempotency-Key and error answers are done here, by the route's data; a
 * handler is left with the domain, and makes its answer by the functions below
 * (reply.c). */

enum route_flag {
	IDEMPOTENT = 1, /* wants an Idempotency-Key; a repeat gets the same bytes */
	FORM = 2,       /* the body is application/x-www-form-urlencoded */
	RAW_BODY = 4,   /* the body is for the handler, as it came: r->body */
	OAUTH = 8,      /* errors in the form of RFC 6749 §5.2 */
	CACHEABLE = 16, /* the same for all guests: may be kept for a moment */
	IF_MATCH = 32,  /* wants If-Match with the ETag that was read: r->if_match */
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
	const char *says;   /* one sentence for the API page */
	int64_t per_minute; /* so often per user; 0: as reads or writes in general */
	/* If a request is refused after the handler has left a note: queue what is to be
	 * stored of it, in a transaction of its own after the rollback; or look up what
	 * the answer may still say. */
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
	char **params;          /* FastCGI's, for header() */
	struct identity caller; /* zeros: a guest */
	int64_t arg[ARG_COUNT];
	const void *in;    /* the body, by route->body */
	const void *query; /* the query, by route->query */
	const char *body;
	size_t body_len;
	int64_t if_match;         /* of an IF_MATCH request: the version that was read */
	struct etags versions;    /* all that its header names; if_match is one of them */
	void *note;               /* what the handler leaves for route->refused */
	const char *key, *digest; /* of an IDEMPOTENT request */

	const char *field; /* for the error answer */
	stamp until;       /* for the error answer: when it ends */
	raw_json detail;   /* for the error answer: what exactly is in the way */
	int64_t retry_after_s;
	int64_t version;        /* of the thing in the answer, as its ETag; 0: none */
	const char *cookie;     /* a Set-Cookie line's value, or NULL */
	const char *other_pool; /* see hand_over() */
	struct admit_answer admitted;
	int status;
	const char *content_type;
	bool replayed;
	const char *challenge; /* what WWW-Authenticate adds to realm; NULL: no such header */
	struct buf out;
};

/* A pool is its name, its routes and its knowledge of people. */
struct web {
	const char *name;
	const struct route *const *tables; /* up to NULL; each up to a row without path */
	void (*init)(void);                /* load keys; ends the program on a wrong setting */
	void (*idle)(void);                /* now and then, between requests; may be NULL */
	enum err (*identify)(const char *token, size_t len, struct identity *);
	/* E_OK, or why the request goes no further; NULL: nothing is counted. */
	enum err (*admit)(const struct admit_params *, struct admit_answer *);
	/* Queue statements that fail unless the session lives and has the permission.
	 * What follows in the transaction happens under its rights, and is written down
	 * as that operation's. */
	void (*guard)(struct tx *, const struct identity *, const char *permission,
		const char *operation);
	/* After the guard's E_SESSION_ENDED: the exact error. NULL: the guard tells it. */
	enum err (*why)(struct tx *, const struct identity *);
	bool staff; /* connects by ZX_DB_STAFF: sees nothing outside its rights */
};

int web_main(int argc, char **argv, const struct web *);

/* For handlers of TX_NONE routes: begin r->tx, a short transaction that the handler
 * ends by tx_end(). It is under the caller's rights as they are now; its first sync
 * fails if the session has ended since the request came. (A guest's route has no
 * rights to look at.) With TX_READ each sync is a transaction of its own. */
void own_begin(struct req *, enum tx_mode);
/* The same whatever has become of the session: to keep what an outside party has
 * already done for this request. */
void own_begin_unguarded(struct req *, enum tx_mode);

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
/* The same without its end: for more members, json_close() and reply_end(). */
struct buf *reply_page_begin(
	struct req *, const struct shape *, const struct list *, int64_t limit);
enum err reply_bytes(struct req *, const char *content_type, const void *, size_t) CHECKED;
enum err reply_empty(struct req *) CHECKED; /* 204 */
/* With the header ETag: what an IF_MATCH request has to bring back. */
enum err reply_versioned(
	struct req *, int status, int64_t version, const struct shape *, const void *) CHECKED;
/* Let nginx send this request, whole, to its named location "@<pool>": another
 * pool answers it. */
enum err hand_over(struct req *, const char *pool) CHECKED;
/* For answers that no shape describes: write JSON into r->out in between. */
struct buf *reply_begin(struct req *, int status);
enum err reply_end(struct req *) CHECKED;

/* A request header by its CGI name ("HTTP_WECHATPAY_SERIAL"), NULL if absent. */
const char *header(const struct req *, const char *cgi_name);
/* A cookie's value in the arena, NULL if it is absent or there twice. */
const char *cookie(const struct req *, const char *name);

#endif
