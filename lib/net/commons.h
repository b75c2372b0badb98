#ifndef NET_COMMONS_H
#define NET_COMMONS_H

#include "base/arena.h"
#include "net/party.h"

#include <pthread.h>
#include <stdatomic.h>

/* What all processes of a program know in common: its breakers, who its processes
 * are, and what they have counted. A file of some kilobytes in the folder
 * settings.shared, zhixing.<program>.breakers, mapped by each of them. It is made
 * anew when it is not of this layout, of this table of parties, or not from since
 * the machine has started; who still has the old one keeps it. It belongs to the
 * programs' user and to nobody else. A process that can't have it says so once and
 * uses memory of its own.
 *
 * Breakers are changed under one robust mutex: a change takes well under a
 * microsecond, a call outside a thousand times as long; and what a breaker decides on
 * (state, window, seats) doesn't fit into what an atomic instruction can exchange. Is
 * its holder killed, the next one gets it and goes on: each number is right or one
 * off, and seats have leases. Is its holder stopped, others wait a tenth of a
 * second and go on without. Counters are atomic and need no lock. */

enum { COMMONS_WORKERS = 128, STATUS_CLASSES = 5 };

typedef _Atomic int64_t commons_counter;

struct commons {
	struct commons_head {
		char magic[8];
		uint32_t version, size;
		char boot_id[40], program[24], parties[160];
	} head;
	pthread_mutex_t lock;
	int64_t pool;                     /* its processes serve requests */
	int64_t workers[COMMONS_WORKERS]; /* process numbers, 0: free */
	struct commons_party {
		struct breaker breaker;
		commons_counter refused, full;
	} party[PARTY_COUNT];
	commons_counter requests[STATUS_CLASSES]; /* 1xx … 5xx */
	commons_counter request_us;               /* all of them together */
	commons_counter limit_refused;
	commons_counter limit_alone; /* counted without Redis */
};

/* Take part in the program's; `pool`: its processes serve requests side by side. Ends
 * the program on a wrong setting. Without it each process is alone. */
void commons_open(const char *program, bool pool);
/* Tests: do without again. */
void commons_close(void);

struct commons *commons(void);

/* False: not now, and never mind. */
bool commons_lock(struct commons *) CHECKED;
void commons_unlock(struct commons *);

static inline void commons_count(commons_counter *counter, int64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}
void commons_count_request(int status, int64_t us);

/* Living processes of a pool, this one too. 0: this is no pool. */
int64_t commons_workers(void);

bool process_lives(int64_t pid);

/* A copy of each program's, brought to now, by name. */
struct commons_view {
	const char *program;
	int64_t workers;
	struct commons all;
};
size_t commons_list(struct arena *, const struct commons_view **);

#endif
