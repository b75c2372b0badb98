#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "web/web.h"

/* Reading a request apart (request.c), finding its route (route.c), and describing the
 * routes (describe.c). No I/O but for the last. */

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

/* The routes of all tables: `*table` begins as web->tables, `at` as NULL. NULL: the end. */
const struct route *route_next(const struct route *const **table, const struct route *at);

/* Print JSON that nginx/docs/api/builder makes the API's description from: "--routes" the
 * program's routes, "--errors" all errors that can be told. False for any other option. */
bool web_describe(const struct web *, const char *option);

/* Does the caller, by If-None-Match, have this version already? */
bool request_has(const struct req *, int64_t version);

/* Token, key, body: everything that can be refused before the database. */
enum err request_check(struct req *) CHECKED;

#endif
