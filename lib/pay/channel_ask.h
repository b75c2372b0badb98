#ifndef PAY_CHANNEL_ASK_H
#define PAY_CHANNEL_ASK_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* How often a channel is asked the same, and what that proves. Once a try may have
 * arrived, "never sent" is no longer true: E_CHANNEL_UNKNOWN. E_BUSY of a try: told
 * to wait, so nothing more is sent. Two tries, or one where a repeat needs a query
 * first; all within four fifths of ZX_REQUEST_LIMIT_S. */
struct channel_call {
	enum err (*try_once)(struct arena *, void *exchange);
	void *exchange;
	int64_t *deadline; /* out, by clock_ms(): set before the first try */
	bool once;
};
enum err channel_ask(struct arena *, const struct channel_call *) CHECKED;

#endif
