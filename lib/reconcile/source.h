#ifndef RECONCILE_SOURCE_H
#define RECONCILE_SOURCE_H

#include "channel/channel.h"
#include "db/db.h"

/* What reconciling needs of a channel; a test plays one. */
struct bill_source {
	const char *channel;
	bool has_flow;
	/* As `bill` of struct channel. */
	enum err (*fetch)(
		struct arena *, enum bill_kind, date, bill_fn *, void *arg, const char **hash);
	/* settle_attempt(): query what became of an attempt, and act on it. */
	enum err (*query)(struct db *, struct arena *, int64_t attempt_id, bool *open);
};

struct bill_source bill_source_of(const struct channel *);

#endif
