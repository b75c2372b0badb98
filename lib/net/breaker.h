#ifndef NET_BREAKER_H
#define NET_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/* A circuit breaker for calls to one upstream, and the seats of the processes that
 * wait for it. Pure: the time, the process and who is alive are passed in. It holds
 * no pointer, so it can lie in memory that processes share; callers hold a lock.
 *
 * The rules are those of Alibaba's Sentinel (DegradeRule, ResponseTimeCircuitBreaker,
 * ExceptionCircuitBreaker): of the calls that ended within a window, if they are
 * enough, the share that was slow, the share that failed or the number that failed is
 * above its limit; a limit of 100 % is reached by equality. Then nothing is called
 * for recovery_ms; after that a few probes are, all at once or one by one: if all go
 * well it closes and forgets, at the first that doesn't it opens again.
 *
 * Beyond Sentinel:
 * - Each call has a seat with a lease. A probe that is not heard of before its lease
 *   ends, or whose process is gone, has failed: else a killed prober would leave the
 *   breaker half-open for ever (Sentinel's issue 1638).
 * - A call that began before the last change of state says nothing about the time
 *   after it, and doesn't decide anything.
 * - The window slides by a quarter; Sentinel's one bucket forgets all at its end.
 * - A call may be about one thing (a trade). What goes wrong with the same thing again
 *   within a window says nothing new: it is counted once, or one poisoned trade that is
 *   tried again and again would stop all others. For the same reason the thing whose call
 *   opened the breaker is no probe at first: others are, and only when none has come for
 *   another recovery_ms it may.
 * - So many failures of different things in a row, with no success in between, open it,
 *   too: one caller alone, who waits long for each, never has enough within a window. */

enum breaker_state { BREAKER_CLOSED, BREAKER_HALF_OPEN, BREAKER_OPEN };

struct breaker_rule {
	int64_t slow_ms;       /* a call that takes longer is slow */
	int64_t slow_percent;  /* 0: however slow, it doesn't matter */
	int64_t error_percent; /* 0: only their number counts */
	int64_t error_count;   /* so many within a window; 0: only their share counts */
	int64_t min_calls;     /* fewer prove nothing */
	int64_t in_a_row;      /* failures, however slowly they come; 0: doesn't matter */
	int64_t window_ms, recovery_ms, probes;
};

enum { BREAKER_SEATS = 64, BREAKER_BUCKETS = 4, BREAKER_BLAMES = 16, BREAKER_ROW = 8 };

struct breaker {
	int64_t state, until_ms; /* open: no try before */
	int64_t went_well;       /* half-open: probes */
	uint64_t tickets, since; /* handed out; as of the last change of state */
	uint64_t accused;        /* the thing whose call opened it, 0: none */
	struct breaker_blame {
		uint64_t thing;
		int64_t number; /* of the bucket that has it */
	} blames[BREAKER_BLAMES];
	uint64_t row[BREAKER_ROW]; /* the things of the failures since the last success */
	int64_t in_row;
	struct breaker_bucket {
		int64_t number, calls, slow, errors;
	} buckets[BREAKER_BUCKETS];
	struct breaker_seat {
		uint64_t ticket; /* 0: free */
		int64_t began_ms, until_ms, pid;
		uint64_t thing;
	} seats[BREAKER_SEATS];
	struct breaker_total {
		int64_t calls, slow, errors, opened;
	} total;
};

enum breaker_pass {
	BREAKER_PASS,
	BREAKER_REFUSED, /* it is open, or its probes are under way */
	BREAKER_FULL,    /* enough are waiting for this upstream already */
};

struct breaker_params {
	int64_t now_ms;   /* of a clock that never goes back, all processes' same */
	int64_t lease_ms; /* the call surely ends before */
	int64_t pid;
	int64_t seats; /* at most so many calls at once; 0: BREAKER_SEATS */
	bool (*lives)(int64_t pid);
	uint64_t thing; /* what the call is about, 0: nothing by itself */
};

/* With BREAKER_PASS a ticket, for breaker_leave(). */
enum breaker_pass breaker_enter(struct breaker *, const struct breaker_rule *,
	const struct breaker_params *, uint64_t *ticket);

enum breaker_end {
	BREAKER_WELL = 0,
	BREAKER_SLOW = 1,
	BREAKER_FAILED = 2, /* may be slow as well */
	BREAKER_VOID = 4,   /* the upstream was not asked after all: nothing is counted */
};
/* How the call ended, of enum breaker_end. Whose lease was over before, is not heard any more. */
void breaker_leave(struct breaker *, const struct breaker_rule *, uint64_t ticket,
	int64_t now_ms, unsigned end);

/* Bring it to now: leases that are over, and with `lives` the seats of the dead.
 * breaker_enter() does so by itself where it matters. */
void breaker_tidy(struct breaker *, const struct breaker_rule *, int64_t now_ms,
	bool (*lives)(int64_t pid));

/* Milliseconds until a call may pass, 0 unless it is open. */
int64_t breaker_wait_ms(const struct breaker *, int64_t now_ms);

int breaker_in_flight(const struct breaker *);
/* For how long the oldest call that is under way has been so; 0: none is. */
int64_t breaker_oldest_ms(const struct breaker *, int64_t now_ms);

#endif
