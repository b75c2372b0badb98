#ifndef WORK_WORK_H
#define WORK_WORK_H

#include "db/db.h"

/* The list of what only people can settle. */

struct work_new {
	const char *key;  /* names the trouble: found again, it makes no second entry */
	const char *kind; /* refund_stuck strange_payment reconcile */
	int64_t venue_id, order_id, refund_id; /* 0: none */
	const char *detail;                    /* JSON */
};
enum err work_add(struct tx *, const struct work_new *) CHECKED;

#endif
