#ifndef WEB_METHOD_H
#define WEB_METHOD_H

/* The methods of HTTP that routes may have. */
#define METHOD_TABLE(X) X(GET) X(POST) X(PUT) X(DELETE)

enum method {
	METHOD_NONE,
#define X(id) id,
	METHOD_TABLE(X)
#undef X
};

const char *method_name(enum method); /* "GET"; of METHOD_NONE "" */

/* HEAD is GET: nginx leaves the body of the answer out. METHOD_NONE for what no
 * route can have, and for NULL. */
enum method method_find(const char *name);

#endif
