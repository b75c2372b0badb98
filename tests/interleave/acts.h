#ifndef INTERLEAVE_ACTS_H
#define INTERLEAVE_ACTS_H

#include "scene.h"

/* Everything that can happen to an order, a court, a venue or an account, by a word each. */

struct act {
	const char *name;
	enum pool pool;
	const char *method, *path, *body; /* with <…> for what the scene has: fill() */
	const char *who;                  /* "first", "second", "desk" or "" for nobody */
	const char *key;                  /* NULL: one of its own */
	/* What no request brings about: a daemon's or a consumer's step. */
	enum err (*step)(struct hands *, const struct scene *);
};

const struct act *act_find(const char *name); /* ends the program if there is none */
size_t act_count(void);
const struct act *act_at(size_t);

/* Do it, once. `player` is part of its Idempotency-Key. */
void act_play(
	const struct act *, struct hands *, const struct scene *, int player, struct answer *);

/* <…> replaced by what the scene has, <told> and <fen> by the answer's id and sum; in a buffer
 * until the next call. */
const char *scene_fill(const struct scene *, const struct answer *, const char *text);

#endif
