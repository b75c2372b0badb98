#ifndef RECONCILE_LOAD_H
#define RECONCILE_LOAD_H

#include "db/db.h"
#include "reconcile/source.h"

struct reconcile_sums {
	int64_t payments, refunds, flows;
	money payments_fen, refunds_fen, flow_in_fen, flow_back_fen, flow_fee_fen,
		flow_other_fen;
};

/* Both bills of a day into reconcile_line, under a number of their own. A NULL hash:
 * no such bill; if we know of payments or refunds that day, this is believed from noon of the
 * next day on, and is E_UPSTREAM before. Errors are those of fetch and copy_end(). */
struct reconcile_load {
	int64_t id, rows;
	const char *trade_hash, *flow_hash;
	bool expects_flow;
	struct reconcile_sums sums;
};
enum err reconcile_load(struct db *, struct arena *, const struct bill_source *, date,
	struct reconcile_load *) CHECKED;

#endif
