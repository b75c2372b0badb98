#ifndef MESSAGE_CONSUME_H
#define MESSAGE_CONSUME_H

#include "message/message.h"

/* Acting on messages, each once per consumer, whatever is delivered twice, dies half way
 * or fails (consume.c has one message, consume_run.c the loop).
 * - The effect and a row in message_done are one transaction.
 * - Trouble that passes (database away, deadlock) is tried again in place.
 * - After an error the message goes back to the relay for a later try, and the
 *   queue behind it moves on.
 * - After CONSUME_TRIES that failed, or crashed the process, it is put into
 *   message_dead, with a log line `message_dead`; see consume_replay. */

enum { CONSUME_TRIES = 5 };

/* The effect, through this transaction and nothing else. */
typedef enum err consume_fn(struct tx *, const struct message *);

struct consumer {
	const char *name, *queue;
	consume_fn *act;
};

/* Take deliveries and act until it is time to stop (job/daemon.h). */
void consume_run(const struct consumer *, struct db *);

/* One delivery of a message. E_OK: settled, acknowledge it. E_NOT_FOUND: there
 * is no such message. Else: trouble that may pass; ask again. */
struct handling {
	const struct consumer *consumer;
	struct db *db;
	struct arena *mem;
	int64_t id;
	bool again; /* it may have been delivered before: the try is counted first */

	int64_t tries; /* private: that were counted, with this one */
	bool known;    /* private: there is such a message */
};
enum err consume_one(struct handling *) CHECKED;

/* The try has failed: a later one, or message_dead. E_OK: settled. */
enum err consume_failed(struct handling *, const char *reason) CHECKED;

/* Hand dead messages out again; id 0 is all. Those whose message is gone stay. */
enum err consume_replay(struct tx *, int64_t id, int64_t *count) CHECKED;

#endif
