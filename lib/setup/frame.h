#ifndef SETUP_FRAME_H
#define SETUP_FRAME_H

#include "db/db.h"

/* What all edits of a venue's frame (hours, courts, prices …) have in common.
 * The venue is taken first, then everything is written, then what the
 * transaction now sees is looked at as a whole: so hours that one desk saves
 * and prices that another saves can't leave an open hour without a price together. */

/* Why an edit was refused, besides its error. */
struct refusal {
	const char *field; /* of the body, in the arena; NULL: none */
	raw_json detail;   /* text NULL: none */
};

/* Queue the venue's lock, until the transaction's end: other edits of it wait,
 * orders don't. E_NOT_FOUND. */
void frame_lock(struct tx *, int64_t venue_id);

/* Queue the question whether the caller sees it at all: E_NOT_FOUND. */
void frame_ask(struct tx *, int64_t venue_id);

/* Queue a lock on the calendar, for which frame_lock() of any venue waits. */
void frame_lock_calendar(struct tx *);

/* E_PRICE_HOLE with `field` if an open half hour of the venue has no price:
 * detail {"venue_id","court_id","court","sport","weekday","date","day_kind",
 * "day_name","from","to"}. Only what is open today or later counts. */
enum err frame_priced(
	struct tx *, int64_t venue_id, const char *field, struct refusal *) CHECKED;

/* Which orders stand in the way. */
struct sold_ask {
	int64_t court_id; /* 0: all of the venue's */
	date from; /* only periods not given up, of this play date or later; 0: ever sold */
	bool unfinished; /* only those that are not over, nor given up */
};
/* E_IN_USE with `field`: detail {"orders": [{"id","no","date"}], "total"}; the
 * first 20 are named. Exact if the court (or the venue) was locked against orders. */
enum err frame_unsold(struct tx *, int64_t venue_id, const struct sold_ask *, const char *field,
	struct refusal *) CHECKED;

/* A list of sold periods that lie outside of the opening hours; the order stands
 * as it was sold, and people have to see to it. */
struct outside {
	int64_t order_id, item_id, court_id;
	const char *no, *court_name;
	date date;
	stamp start, end;
};
extern const struct shape outside_shape;
enum { OUTSIDE_MAX = 500 };
/* Queue the question; venue 0: of all venues; day 0: of all days to come. */
void frame_ask_outside(struct tx *, int64_t venue_id, date, struct list *out);

/* One row with a boolean or a number, for questions that have no more. */
struct verdict {
	bool yes;
};
extern const struct shape verdict_shape;

static inline struct db_arg arg_date_or_null(date v)
{
	return (struct db_arg){.kind = ARG_DATE, .null = v.days == 0, .i = v.days};
}

#endif
