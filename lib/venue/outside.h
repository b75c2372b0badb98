#ifndef VENUE_OUTSIDE_H
#define VENUE_OUTSIDE_H

#include "base/words.h"
#include "db/db.h"

/* Sold periods that lie outside of what their venue offers now: staff have changed its
 * hours, blocked a court, or ended a court or the venue. The order stands as it was sold,
 * until people choose for each period: it is kept, or the venue cancels it and gives it
 * back in full. Each is a row of the table outside_item; those without a choice are on the
 * work list, and leave it when there is one, when their customer gives them up, or when they
 * are inside again. What is chosen to be given back is the work of the daemon settle
 * (pay/settle.h), an order at a time; no choice takes that back. */

/* What a request that closes something says of it, as its member `sold`. */
#define OUTSIDE_CHOICES(X)                                                      \
	X(OUTSIDE_ASK, "ask")   /* nothing: refuse the change, and list them */ \
	X(OUTSIDE_KEEP, "keep") /* they stay as they were sold */               \
	X(OUTSIDE_REFUND, "refund_all")
enum outside_choice { OUTSIDE_CHOICES(WORD_ID) OUTSIDE_CHOICE_COUNT };

/* Members of the body of such a request: the choice, and the reason that customers read. */
struct outside_in {
	const char *sold, *sold_reason; /* may be NULL */
};
enum { OUTSIDE_REASON_LENGTH = 26 }; /* WeChat Pay takes 80 bytes: so many Chinese characters */
#define OUTSIDE_IN(T, m)                                                                    \
	FIELD_AS(T, m.sold, "sold", .optional = true, .one_of = WORDS_OF(OUTSIDE_CHOICES)), \
		FIELD_AS(T, m.sold_reason, "sold_reason", .optional = true,                 \
			.plain = PLAIN_LINE, .min = 1, .max = OUTSIDE_REASON_LENGTH)

struct outside {
	int64_t order_id, item_id, court_id;
	const char *no, *court_name, *timezone;
	const char *choice; /* NULL: none yet */
	date date;
	stamp start, end;
};
extern const struct shape outside_shape;
enum { OUTSIDE_MAX = 500 }; /* are listed */

/* After a change, which holds what orders read of it against them (frame, court, floor). */
struct outside_params {
	int64_t venue_id;           /* 0: all venues */
	date day;                   /* of this date; 0: of all to come */
	int64_t court_id, block_id; /* of this court, under this block; 0: of all */
	struct outside_in in;
	const char *reason; /* what customers read if in.sold_reason is NULL; or NULL */
};

/* Write down what lies outside now, forget what doesn't any more, and choose. E_SOLD_OUTSIDE
 * for OUTSIDE_ASK if any of them has no choice; the detail lists them. Otherwise *out is the
 * list. Rows are written for all of the venue and date, and chosen for in the scope. */
enum err outside_settle(
	struct tx *, const struct outside_params *, struct list *out, raw_json *detail) CHECKED;

/* What still waits for a choice or for its money, by item, from behind `after`. */
enum err outside_list(
	struct tx *, int64_t venue_id, int64_t after, int64_t limit, struct list *) CHECKED;

/* Choose for these items, or for all that are undecided: OUTSIDE_KEEP, OUTSIDE_REFUND. Of
 * items that are named kept ones may be given back after all. E_NOT_FOUND for one that
 * doesn't lie outside. Those that are to be given back already stay so. */
enum err outside_choose(struct tx *, int64_t venue_id, const struct outside_in *,
	struct ints items, struct list *out) CHECKED;

#endif
