#ifndef RECONCILE_RECONCILE_H
#define RECONCILE_RECONCILE_H

#include "reconcile/load.h"
#include "reconcile/source.h"

/* A day's bills of a channel against our rows. The trade bill says which payments
 * and refunds there were, the fund flow what came into the account and left it.
 *
 * What differs is stored once, in reconcile_diff and as an entry of the work list:
 * only_ours    our payment of that day (by the channel's time, to the second) is
 *              not in the bill; or our refund is not in the bill of its day, nor
 *              was in an earlier one
 * only_theirs  a number that we don't know
 * amount       another sum
 * state        not paid here but there; another transaction; a refund that ended
 *              differently, or that we don't know to be accepted
 * A refund's day is the day on which the channel accepted it. We know when we sent
 * it for the last time, moments before; so those of the last ten minutes of a day
 * are missed only if the next day's bill lacks them too, and those whose answer
 * was lost may have been in an earlier bill: billed_on tells. A movement of the
 * account shows what is settled, which is less where a coupon paid a part; it
 * may be booked on the other side of midnight: within ten minutes of it
 * nothing is said of one that the other bill lacks.
 *
 * Afterwards the channel is asked about payments that only it knows of, which
 * fulfils or returns them the usual way; refunds of our payments that only it knows
 * of are written down; refunds that lag or are delayed are polled; money that came twice is sent
 * back. A difference that has gone by then, or by a later run,
 * is marked as cured and its entry in the work list closed.
 *
 * source.h has the bills, row.h what their lines mean, load.h, match.h and cure.h are
 * the steps; day.h knows when a day of China begins. */

struct reconcile_result {
	struct reconcile_sums sums;
	int64_t only_ours, only_theirs, amount, state; /* differences of the day */
	int64_t open;                                  /* of them */
	int64_t returned;                              /* refunds begun now */
};

/* All of it for one day. E_OK: done, whatever differs. E_BUSY: another process is
 * at it. E_UPSTREAM, E_CHANNEL_UNKNOWN, E_BAD_BODY, E_CHANNEL_REFUSED: the bill was
 * not to be had, the run waits. E_DB_DOWN, E_UNKNOWN, E_RETRY: do it again. May be
 * killed anywhere. */
enum err reconcile_day(struct db *, struct arena *, const struct bill_source *, date,
	struct reconcile_result *) CHECKED;

/* Days that aren't done, the oldest first, from the channel's first payment or run
 * up to `last`, at most RECONCILE_DAYS; and of the last RECONCILE_AGAIN_DAYS those in which
 * our payments or refunds are others by now. is_due: its next try is not in the future. */
enum { RECONCILE_DAYS = 90, RECONCILE_AGAIN_DAYS = 7 };
struct reconcile_due {
	date day;
	bool is_due;
};
enum err reconcile_due(
	struct db *, struct arena *, const char *channel, date last, struct list *) CHECKED;

#endif
