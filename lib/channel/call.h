#ifndef CHANNEL_CALL_H
#define CHANNEL_CALL_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Send the same request until a channel has answered: at most twice, once where a repeat
 * needs a query first, and all within four fifths of ZX_REQUEST_LIMIT_S. A try that gives
 * E_BUSY was told to wait, so nothing more is sent. As soon as one try may have arrived,
 * no answer is E_CHANNEL_UNKNOWN; before that it is E_UPSTREAM. */
struct channel_tries {
	enum err (*try_once)(struct arena *, void *exchange);
	void *exchange;
	int64_t *deadline; /* out, by clock_ms(): set before the first try */
	bool once;
};
enum err channel_call(struct arena *, const struct channel_tries *) CHECKED;

/* The payment that a request is about: its member out_trade_no. NULL: none. */
const char *channel_trade_of(struct arena *, struct bytes json);

/* What http_send() came to, in a channel's words: E_UNKNOWN is E_CHANNEL_UNKNOWN. */
enum err channel_err(enum err);

/* After a call that came to this: for how many seconds its upstream can't be asked at
 * all, because its breaker is open (net/upstream.h). 0: it was asked, or could have been.
 * Such a call was no try: whoever counts tries doesn't count it. */
int64_t channel_wait_s(enum err);

#endif
