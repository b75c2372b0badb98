#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "web/web.h"

/* Reading a request apart; no I/O. */

/* Pairs of a query or form body, by the rules of a JSON body: unknown or
 * repeated names and bad values are refused and named. */
enum err pairs_read(
	struct req *, const char *text, size_t len, const struct shape *, void *out) CHECKED;

/* Find the route: E_NOT_FOUND, or E_METHOD if only the path fits. */
enum err route_find(struct req *) CHECKED;
/* "GET, POST" for the header Allow. */
const char *routes_allowed(struct req *);

/* What start-up refuses: the reason, or NULL. */
const char *routes_fault(const struct web *);
void routes_print(const struct web *); /* JSON on stdout, for the tests of openapi.yaml */

/* Token, key, body: everything that can be refused before the database. */
enum err request_check(struct req *) CHECKED;

/* Run the route: transaction, retries, replay. `body` says how reading the body
 * went. Afterwards r->status and r->out are the answer. */
void request_serve(struct req *, enum err body);

#endif
