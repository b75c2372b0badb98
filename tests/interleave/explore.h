#ifndef INTERLEAVE_EXPLORE_H
#define INTERLEAVE_EXPLORE_H

#include "claims.h"

/* Runs of two or three acts that meet on one scene, in every order of their exchanges.
 *
 * An interleaving says at each step who goes on. The first is: each plays to its end. From every
 * run its neighbours follow, which differ in one step and then let everybody play to his end;
 * those with fewer changes of turn come first, so that a limit leaves out the wildest. */

enum { STEPS_MAX = 96 };

struct cast {
	const char *stage, *setup; /* what has happened before: acts, and props of scene.c */
	const struct act *acts[PLAYERS_MAX];
	int count;
};

struct blow { /* what befalls somebody before one of his exchanges */
	enum command command;
	int victim, at;
};

struct tally {
	int64_t casts, runs, blows, deadlocks, faults;
	int64_t failed; /* casts with a fault */
};

struct limits {
	int64_t runs, blows;  /* for each cast, at most */
	bool says_all;        /* a line for each run */
	const char *expected; /* the claim that is to be broken; NULL: none */
	bool met;             /* it was */
};

void explore(const struct cast *, struct hands *, struct limits *, struct tally *);

#endif
