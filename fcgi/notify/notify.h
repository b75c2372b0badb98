#ifndef NOTIFY_POOL_H
#define NOTIFY_POOL_H

#include "pay/notice.h"
#include "web/web.h"

/* The pool by which channels tell us what was paid and what was given back. The
 * signature is the login. What is told is stored before it is acknowledged. */

/* A route for each notify of each channel (routes.c). */
const struct route *notify_routes(void);

/* Store what a channel has told (told.c). E_OK too for what we know already. */
enum err payment_told(struct req *, const struct channel_payment *) CHECKED;
enum err refund_told(struct req *, const struct channel_refund *) CHECKED;

#endif
