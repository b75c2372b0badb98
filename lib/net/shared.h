#ifndef NET_SHARED_H
#define NET_SHARED_H

#include "base/arena.h"
#include "net/timing.h"
#include "net/upstream.h"

#include <pthread.h>

/* Memory that all processes of a program share: its circuit breakers, the numbers of
 * its processes, counters and how long things took. It is a file of 30 kilobytes in the folder
 * settings.shared, zhixing.<program>.breakers, that each process maps. The file is
 * replaced when its layout or table of upstreams is another, or when it is older than
 * the machine's last start; processes that still map the old one keep it. Only the
 * programs' user may read it. A process that can't map it logs that once and uses
 * memory of its own.
 *
 * Breakers are changed under one robust mutex: a change takes well under a
 * microsecond, a call to an upstream a thousand times as long; and what a breaker
 * decides on (state, window, seats) is more than an atomic instruction can exchange.
 * If the holder is killed, the next process gets the mutex and goes on: each number is
 * right or off by one, and seats have leases. If the holder is stopped, others wait
 * 0.1 s and go on without. Counters are atomic and need no lock. */

enum { SHARED_WORKERS = 128, STATUS_CLASSES = 5, ROUTES_MAX = 128, ROUTE_NAME = 96 };

struct shared {
	struct shared_head {
		char magic[8];
		uint32_t version, size;
		char boot_id[40], program[24], upstreams[160];
	} head;
	pthread_mutex_t lock;
	int64_t pool;                    /* its processes serve requests */
	int64_t workers[SHARED_WORKERS]; /* process numbers, 0: free */
	int64_t signing[SHARED_WORKERS]; /* the mark of the key that each signs by, 0: none */
	struct shared_upstream {
		struct breaker breaker;
		shared_counter refused, full;
		struct timing timing; /* calls that were made */
	} upstream[UPSTREAM_COUNT];
	struct timing database; /* exchanges with PostgreSQL */
	struct timing broker;   /* publishing to RabbitMQ, until it is confirmed */
	struct shared_route {
		char name[ROUTE_NAME]; /* "GET /api/v1/orders", "": free */
		struct timing timing;
	} routes[ROUTES_MAX];
	shared_counter requests[STATUS_CLASSES]; /* 1xx … 5xx */
	shared_counter request_us;               /* all of them together */
	shared_counter limit_refused;
	shared_counter limit_alone;     /* counted without Redis */
	shared_counter refunds_delayed; /* that people were told of */
};

/* Map the program's file; `pool`: its processes serve requests side by side. Ends the
 * program on a wrong setting. A process that never calls this is on its own. */
void shared_open(const char *program, bool pool);
/* For tests: unmap it; the process is on its own again. */
void shared_close(void);

struct shared *shared(void);

/* False: it can't be had within 0.1 s; do without. */
bool shared_lock(struct shared *) CHECKED;
void shared_unlock(struct shared *);

static inline void shared_count(shared_counter *counter, int64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}
void shared_count_request(int status, int64_t us);

void shared_count_database(int64_t us); /* for db_watch() */

/* Where that route is counted; NULL: there is no room left for it. */
struct timing *shared_route(struct shared *, const char *name);

/* Living processes of a pool, this one too. 0: this is no pool. */
int64_t shared_workers(void);

/* This process signs tokens by that key from now on; NULL: by none. */
void shared_signs(const char *kid);
int64_t shared_key_mark(const char *kid); /* never 0 */

bool process_lives(int64_t pid);

/* A copy of each program's shared memory, by name, with leases that are over removed. */
struct shared_view {
	const char *program;
	int64_t workers;
	struct shared all;
};
size_t shared_list(struct arena *, const struct shared_view **);

#endif
