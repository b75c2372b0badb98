#ifndef PAY_SETTLE_H
#define PAY_SETTLE_H

#include "db/db.h"

/* What channels have to be queried about, and what is done about their answers (refunds:
 * settle_refund.c). Every call runs outside of any transaction, between short ones of its
 * own; any number of processes may do this at once, and each may die at any moment. */

/* Query what became of an attempt, and act on it: paid, closed, or nothing new.
 * *open: it may still be paid. E_CHANNEL_UNKNOWN, E_UPSTREAM: no answer. */
enum err settle_attempt(struct db *, struct arena *, int64_t attempt_id, bool *open) CHECKED;

/* Query every attempt of an order that brought no money yet. */
enum err settle_order(struct db *, struct arena *, int64_t order_id) CHECKED;

/* The rounds below look only at what is this channel's from now on; NULL: at all. A channel that
 * is silent holds up whoever waits for it, so each channel has a process of its own. */
void settle_only(const char *channel);
const char *settle_channel(void);

/* One round of each duty of the daemon; *busy is set if there was work. None takes more than
 * two calls of a channel, which are over in 1.6 ZX_REQUEST_LIMIT_S (channel/call.h).
 * Unpaid orders whose time is over → closing. */
enum err settle_expired(struct db *, struct arena *, bool *busy) CHECKED;
/* Closing orders: an attempt is closed at its channel, or paid; then settle_closed(). */
enum err settle_closings(struct db *, struct arena *, bool *busy) CHECKED;
/* Closing orders that wait for no channel any more are freed. */
enum err settle_closed(struct db *, struct arena *, bool *busy) CHECKED;
/* Attempts without an answer: after 5 s, 30 s, 1, 3, 5, 10, 30 minutes
 * (4012075249), then hourly for a day, and once when their time is just over. Of an order
 * that has ended without them they are closed, where the channel can. */
enum err settle_silent(struct db *, struct arena *, bool *busy) CHECKED;
/* What venues have chosen to give back (venue/outside.h). */
enum err settle_outside(struct db *, struct arena *, bool *busy) CHECKED;
/* Refunds: sent, and queried. */
enum err settle_refunds(struct db *, struct arena *, bool *busy) CHECKED;
/* Refunds that don't arrive: people hear of them. */
enum err settle_delayed(struct db *, struct arena *, bool *busy) CHECKED;
/* Bans that have begun or ended: their customers hear of them. */
enum err settle_bans(struct db *, struct arena *, bool *busy) CHECKED;

#endif
