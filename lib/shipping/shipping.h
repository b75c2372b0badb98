#ifndef SHIPPING_SHIPPING_H
#define SHIPPING_SHIPPING_H

#include "db/db.h"

/* WeChat's shipping duty: which payments are to be reported (report.h), when, and what
 * becomes of each. An order is reported when it is first checked in, or when its last
 * period is over; one that was cancelled as soon as that, if a part of its money is kept. Only payments inside the mini-program (jsapi) are known there. */

/* For programs that call shipping_step: checks the setting, reads the keys. */
void shipping_init(void);

/* Queue: the order was used, its payment is to be reported. Nothing for one
 * that was not paid in the mini-program; a second call changes nothing. */
void shipping_add(struct tx *, int64_t order_id);

/* Report one payment that is due, in short transactions around the call; every
 * ten minutes look for those that nobody has checked in. *busy is set if there
 * was one: there may be more. Any number of processes may do this at once: a payment is
 * claimed for SHIPPING_LEASE_S, tried again after 30 s, 1, 2, 4 … 60 minutes, and
 * after SHIPPING_TRIES (a day) or at a refusal that no repeat cures it becomes
 * work for people. Takes at most five outbound calls. */
enum { SHIPPING_LEASE_S = 120, SHIPPING_TRIES = 30 };
enum err shipping_step(struct db *, struct arena *, bool *busy) CHECKED;

/* Orders of the last days whose periods are all over: their payments too are to
 * be reported. What shipping_step does now and then. */
enum err shipping_sweep(struct tx *) CHECKED;

#endif
