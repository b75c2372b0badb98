#ifndef PAY_REFUND_H
#define PAY_REFUND_H

#include "channel/channel.h"
#include "db/db.h"
#include "order/state.h"

/* Money on its way back. The row and the exact request are there before the
 * channel is called, the sum is reserved on the attempt in the same transaction:
 * a constraint keeps the sum of all refunds within what was paid.
 *
 * created → accepted → succeeded; stuck: people must help (work list), and may
 * try again, pay by hand, or (ended without money at the channel) have another
 * number take its place. Delayed: created or accepted for long or after many tries;
 * it is tried on, and people know and may help. The daemon `settle` sends them and queries
 * the channel. What becomes of one stands in refund_moves.c. */

struct refund_new {
	int64_t attempt_id;
	money amount;
	enum refund_cause cause;
	const char *reason; /* the customer reads it */
	int64_t by_account; /* 0: nobody, a rule */
};

/* Write the refund down, with its sum reserved, its message (refund.created) and
 * the daemon woken. The caller holds the order's row. Money of the paid attempt
 * also counts as given back on the order. E_REFUND_TOO_MUCH, at the next sync or
 * at COMMIT; E_ORDER_UNPAID if the attempt brought no money. */
enum err refund_add(struct tx *, const struct refund_new *, int64_t *id) CHECKED;

/* Another number for one that is void; the sum is reserved already. */
enum err refund_replace(
	struct tx *, const struct refund_new *, int64_t old, int64_t *id) CHECKED;

/* One that the channel has taken from somebody else: people in its console, or us before
 * an older state of the database was restored. Written down as accepted, so that the
 * daemon queries how it ends. E_REFUND_TOO_MUCH: all of that sum is taken already. */
struct refund_found {
	int64_t attempt_id;
	const char *out_refund_no;
	money amount;
	date day; /* whose bill has it */
};
enum err refund_adopt(struct tx *, const struct refund_found *) CHECKED;

struct refund {
	int64_t id, order_id, venue_id, attempt_id;
	const char *channel, *out_trade_no, *out_refund_no, *state, *request;
	money amount_fen;
	int64_t tries;
};

/* A claim is a lease of four ZX_REQUEST_LIMIT_S. Of one payment only one refund is sent
 * within ZX_REFUND_GAP_S: WeChat Pay wants a minute between them. */
enum err refunds_claim(struct tx *, const char *channel, int limit,
	struct list *) CHECKED; /* struct refund; NULL: every channel's */
/* Queue: it is about to be sent. */
void refund_sending(struct tx *, const struct refund *);

/* Where the channel pays one of these after all, it is paid twice: one work item. */
#define REFUND_SETTLED_OTHERWISE(r) r ".state IN ('by_hand', 'void')"
#define REFUNDED_TWICE_KEY(r) "'refunded_twice:' || " r ".id"

/* What the channel said of it, whoever heard it: the next state, its message,
 * its entry in the work list. The caller has claimed or locked the row; one that
 * has moved on is left alone. */
enum err refund_note(struct tx *, const struct refund *, const struct channel_refund *) CHECKED;
/* Queue: it is sure that nothing of it that we have sent will be paid. */
void refund_answered(struct tx *, const struct refund *);
/* No final word: again after 1, 2, 4 … 30 minutes (60 s at least once accepted). */
void refund_later(struct tx *, const struct refund *, const char *trouble);
/* The channel could not be called at all: again in a while, and this was no try. */
void refund_wait(struct tx *, const struct refund *, int64_t seconds);
/* Refused: people must look. */
enum err refund_stuck(struct tx *, const struct refund *, const char *trouble) CHECKED;

/* One that is in work for ZX_REFUND_DELAY_S, or was tried ZX_REFUND_TRIES times, and is
 * not on the work list: E_NOT_FOUND if there is none. */
enum err refund_delayed_find(struct tx *, int64_t *id) CHECKED;
/* Put it there, once until that is done, and tell its customer, once for ever. */
enum err refund_delay(struct tx *, const struct refund *) CHECKED;

/* By our number or its id, locked with its order. E_NOT_FOUND. */
enum err refund_by_no(
	struct tx *, const char *channel, const char *out_refund_no, struct refund *) CHECKED;
enum err refund_by_id(struct tx *, int64_t id, struct refund *) CHECKED;

/* Staff: a stuck one again or a delayed one now (E_REFUND_STATE), or settled another
 * way: one that is stuck, or delayed and created (E_REFUND_STATE; E_REFUND_MAY_ARRIVE:
 * the channel may still pay what it was sent). */
enum err refund_retry(struct tx *, const struct refund *, int64_t member_id) CHECKED;
enum err refund_by_hand(
	struct tx *, const struct refund *, int64_t member_id, const char *note) CHECKED;

#endif
