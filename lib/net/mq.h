#ifndef NET_MQ_H
#define NET_MQ_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RabbitMQ, for the jobs that relay and consume; a web worker never speaks to
 * it. AMQP 0-9-1 with RabbitMQ's publisher confirms.
 *
 * Whatever goes wrong (a time-out, a closed channel, a frame that makes no
 * sense) ends the connection, and everything on it that was not settled is
 * unknown: the publisher publishes again, the broker delivers again. One log
 * line says when the broker goes away, one when it is back.
 *
 * librabbitmq 0.11 can hang in a publish on a silent broker: read what has come
 * before each publish (done here) and keep a watchdog (base/watchdog.h). */

/* The topic exchange that everything is published to, the one that gets what
 * has waited its time, and where queues send what no consumer can make anything
 * of. */
#define MQ_EVENTS "zx.events"
#define MQ_DUE "zx.due"
#define MQ_DEAD "zx.dead"

/* A queue, and the routing keys of the messages that it wants. Every program
 * declares all of them: what is published before the first consumer starts
 * must already wait somewhere. They are quorum queues (durable, safe at kill
 * -9), which dead-letter at least once.
 *
 * A queue with a wait has no consumer: each message stays in it for so long and
 * then goes to MQ_DUE under due_key. One queue per duration: of messages with
 * different lives in one queue, the first holds up those behind it.
 *
 * The broker refuses (406) to declare what exists with other arguments: a queue
 * whose arguments change needs another name. */
enum { MQ_KEYS_MAX = 31 };
struct mq_queue {
	const char *name;
	const char *keys[MQ_KEYS_MAX + 1]; /* up to NULL */
	bool of_due;                       /* bound to MQ_DUE, else to MQ_EVENTS */
	int64_t wait_ms;
	const char *due_key; /* of a queue with a wait */
};

struct mq;
struct mq *mq_new(const char *program, const struct mq_queue *, size_t count);
void mq_free(struct mq *); /* says goodbye if it is connected */

/* Connect and declare, unless that is done. E_UPSTREAM: try again after
 * mq_pause_ms, which grows to 5 s and is never the same for two programs. */
enum err mq_open(struct mq *) CHECKED;
bool mq_is_open(const struct mq *);
int mq_pause_ms(const struct mq *);

/* Read what has come and keep the heartbeat going: call it at least every few
 * seconds while there is nothing else to do. */
enum err mq_poll(struct mq *) CHECKED;

/* How long a publish waits for its confirms, and nothing hangs longer. */
int mq_patience_s(void);

enum mq_fate {
	MQ_UNKNOWN,    /* not sent, or sent and no answer came */
	MQ_CONFIRMED,  /* on the disk of the broker */
	MQ_REFUSED,    /* the broker could not store it */
	MQ_UNROUTABLE, /* no queue wants it; only told of posts that must be routed */
};
struct mq_post {
	int64_t id;             /* its AMQP message_id, in decimal */
	const char *key, *body; /* body: JSON */
	bool must_route;
	enum mq_fate fate; /* out */
	bool settled;      /* private */
};

/* Publish all, wait for all confirms. E_OK: every fate is known. E_UPSTREAM:
 * the connection is gone; what is not MQ_CONFIRMED is to be published again. */
enum err mq_publish(struct mq *, struct mq_post *, size_t count) CHECKED;

/* Consuming: at most MQ_PREFETCH deliveries are out at once. The body is not
 * kept: the message's row in the database is the truth, its id leads there. */
enum { MQ_PREFETCH = 20 };
struct mq_delivery {
	uint64_t tag;
	int64_t id; /* 0: no decent message_id */
	bool again; /* it may have been delivered before */
};
enum err mq_consume(struct mq *, const char *queue) CHECKED; /* after each mq_open */

/* E_NOT_FOUND: none in that time. */
enum err mq_next(struct mq *, int timeout_ms, struct mq_delivery *) CHECKED;
enum err mq_ack(struct mq *, const struct mq_delivery *) CHECKED;
enum err mq_reject(struct mq *, const struct mq_delivery *, bool requeue) CHECKED;

#endif
