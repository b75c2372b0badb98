#ifndef INTERLEAVE_SCENE_H
#define INTERLEAVE_SCENE_H

#include "bank.h"
#include "pools.h"

#include <libpq-fe.h>

/* What one run plays on: a venue, customers and an order of its own, so that runs leave each
 * other alone and nothing has to be cleared away in between. */

enum { PLAYERS_MAX = 3, CUSTOMERS = 2, COURTS = 5, WORD_MAX = 64 };

struct scene {
	int64_t number; /* of the run */
	int64_t phone;  /* that somebody may bind */
	int64_t venue, units[2],
		courts[COURTS]; /* 0 and 1: halves of a floor; 2: the whole of it */
	int64_t customers[CUSTOMERS], sessions[CUSTOMERS];
	int64_t admin, desk; /* who keeps the venue, and the session */
	char date[WORD_MAX], start[WORD_MAX], end[WORD_MAX], hour[WORD_MAX];
	/* What the first customer has at the moment; 0 or "": nothing of the kind. */
	int64_t order, item, refund, ban, violation, message;
	int64_t orders; /* how many the venue has */
	char began[WORD_MAX], checked_in[WORD_MAX];
	char order_no[WORD_MAX], first_no[WORD_MAX], second_no[WORD_MAX]; /* of attempts */
	char refund_no[WORD_MAX], refresh[2 * WORD_MAX];
};

/* The test's own connection, as the owner of the tables. */
extern PGconn *owner;
/* What the first column of the answer's first row says, in a buffer until the next call; ends
 * the program on an error. */
const char *ask(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A database that is as new, and who keeps all its venues: ZX_INTERLEAVE_TEMPLATE is copied over
 * the one of ZX_DB, ZX_DB_STAFF and ZX_DB_OWNER by who is named in ZX_DB_ADMIN. What runs leave
 * behind makes the next ones slower. */
void scene_renew(void);
/* A venue and customers, and then what the words of `acts` do, one after the other; false
 * if one of them was refused. */
bool scene_make(struct scene *, struct hands *, int64_t number, const char *acts);
/* Look up what the first customer has. */
void scene_look(struct scene *);

/* All that waits is done: messages are published and acted on, orders closed, refunds sent. */
void scene_drain(struct hands *);

#endif
