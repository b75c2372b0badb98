#ifndef INTERLEAVE_CLAIMS_H
#define INTERLEAVE_CLAIMS_H

#include "players.h"

/* What must hold after each run: the invariants in SQL that tests/race and tests/chaos use, the
 * channels' book against ours, and what each caller was told against what is stored. */

void claims_open(const char *const files[], size_t count);
void claims_prepare(void); /* anew for each connection of the owner */

/* Invariants with more rows than when they were looked at last: into `out`, their names. */
size_t claims_broken(const char *out[], size_t max);

/* When all begin, and whenever one is over. */
void told_begin(void);
void told_over(const struct act *, const struct answer *);
/* Nothing was cut and nobody killed, and yet somebody's request failed by our fault. */
const char *told_trouble(const struct act *const acts[], int playing);
/* NULL: all is well; else what is not. */
const char *told_wrong(const struct act *const acts[], int playing);

#endif
