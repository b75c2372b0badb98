#ifndef WORK_WORK_H
#define WORK_WORK_H

#include "base/words.h"
#include "db/db.h"

/* The list of what only people can settle: programs add to it, staff see it and say what
 * is done (list.c). */

/* The kinds, by the words of the table work_item and of the API. A store test holds them
 * against the constraint work_item_kind_known. */
#define WORK_KINDS(X)                                                                        \
	X(WORK_REFUND_STUCK, "refund_stuck")       /* a refund that doesn't arrive */        \
	X(WORK_STRANGE_PAYMENT, "strange_payment") /* money or a refund that isn't ours */   \
	X(WORK_RECONCILE, "reconcile")             /* a channel's bill says otherwise */     \
	X(WORK_REFUNDED_TWICE, "refunded_twice")   /* by hand or anew, and by the channel */ \
	X(WORK_SHIPPING_STUCK, "shipping_stuck")   /* WeChat doesn't take the report */      \
	X(WORK_SOLD_OUTSIDE, "sold_outside")       /* closed, and nobody has chosen */
enum work_kind { WORK_KINDS(WORD_ID) WORK_KIND_COUNT };
const char *work_word(enum work_kind);

struct work_new {
	const char *key; /* names the trouble: found again, it makes no second entry */
	enum work_kind kind;
	int64_t venue_id, order_id, refund_id; /* 0: none */
	const char *detail;                    /* JSON */
};
enum err work_add(struct tx *, const struct work_new *) CHECKED;

/* Queue: whatever is open about this refund is done. member_id 0: a program found it so. */
void work_refund_done(struct tx *, int64_t refund_id, int64_t member_id, const char *note);

/* As staff see it: what is in the transaction's scope (session_guard in login/session.h).
 * What belongs to no venue is for those who may do this everywhere. */
struct work_row {
	int64_t id, venue_id, order_id, refund_id; /* but for the first, 0: none */
	const char *kind, *venue_name, *timezone, *order_no, *note, *done_by;
	raw_json detail;
	stamp opened_at, done_at;
};
extern const struct shape work_row_shape;

/* What is open, the oldest first, from behind the entry `behind`; kind NULL: all. */
enum err work_list(
	struct tx *, const char *kind, int64_t behind, int64_t limit, struct list *) CHECKED;

/* Somebody has seen to it. E_NOT_FOUND, also if it is done already;
 * E_REFUND_STATE: that refund is still stuck or delayed, or a venue's choice to give back is
 * still under way: they have ways of their own to be done. What is sold outside and
 * undecided is kept by it. */
enum err work_done(struct tx *, int64_t id, int64_t member_id, const char *note,
	struct work_row *) CHECKED;

#endif
