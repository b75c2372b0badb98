#ifndef CHANNEL_CALL_H
#define CHANNEL_CALL_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* How often a channel is asked the same, and what that proves. Once a try may have
 * arrived, "never sent" is no longer true: E_CHANNEL_UNKNOWN. E_BUSY of a try: told
 * to wait, so nothing more is sent. Two tries, or one where a repeat needs a query
 * first; all within four fifths of ZX_REQUEST_LIMIT_S. */
struct channel_tries {
	enum err (*try_once)(struct arena *, void *exchange);
	void *exchange;
	int64_t *deadline; /* out, by clock_ms(): set before the first try */
	bool once;
};
enum err channel_call(struct arena *, const struct channel_tries *) CHECKED;

/* What http_send() came to, in a channel's words: E_UNKNOWN is E_CHANNEL_UNKNOWN. */
enum err channel_err(enum err);

/* After a call that came to this: for how many seconds its upstream can't be asked at
 * all, because its breaker is open (net/upstream.h). 0: it was asked, or could have been.
 * Such a call was no try: whoever counts tries doesn't count it. */
int64_t channel_wait_s(enum err);

#endif
