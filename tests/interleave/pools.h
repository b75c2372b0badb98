#ifndef INTERLEAVE_POOLS_H
#define INTERLEAVE_POOLS_H

#include "db/db.h"

/* The workers' own routes, called without nginx and FastCGI: each pool is linked as it is,
 * its main() renamed, and what it hands to web_main() is kept. A request then takes the way
 * of every request, from the route table through rights, retries and Idempotency-Key to the
 * bytes of the answer. Only the token is not a signed one: "<account>.<session>". */

enum pool {
	POOL_API,
	POOL_PAY,
	POOL_NOTIFY,
	POOL_IDENTITY,
	POOL_LOGIN,
	POOL_STAFF,
	POOL_DESK,
	POOL_COUNT
};

enum { ANSWER_KEPT = 4096 };

struct answer {
	int64_t status; /* of HTTP; 0: there was none */
	char code[48];  /* of the error, or "" */
	char body[ANSWER_KEPT];
};

struct call {
	enum pool pool;
	const char *method, *path, *body;
	int64_t account, session; /* 0: nobody */
	const char *key;          /* Idempotency-Key, or NULL */
};

/* A process's hands: connections as the programs have them. */
struct hands {
	struct db *db, *staff;
	struct arena *mem;
};

void pools_open(void); /* once, before the processes are made */
void hands_open(struct hands *);
void hands_close(struct hands *);
void call_pool(struct hands *, const struct call *, struct answer *);

/* A member of the answer, as a number; 0 if it isn't there. */
int64_t answer_number(const struct answer *, const char *name);
/* As a text, in a buffer of the caller; "" if it isn't there. */
const char *answer_text(const struct answer *, const char *name, char *out, size_t size);

#endif
