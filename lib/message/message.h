#ifndef MESSAGE_MESSAGE_H
#define MESSAGE_MESSAGE_H

#include "db/db.h"
#include "net/mq.h"

/* The message table (transactional outbox): what happened is told by a row
 * that is written in the same transaction. The relay publishes it, at least
 * once; consumers (consume.h) act on it exactly once. */

/* Name; how many consumers must have acted before the row may be deleted (0:
 * nobody waits for it and it may go unrouted); whether it wakes the relay at
 * once; whether it goes out only when an unpaid order's life is over. NOTIFY
 * takes a lock of the whole database at commit, so only what somebody is waiting
 * for wakes; the others are found within a second.
 * The subject is an order; refund.… name the refund in their body. order.ended:
 * expired or cancelled before it was paid; order.retaken: paid too late, and its
 * courts were still to be had; order.used: the first check-in of an order. */
#define MESSAGE_KINDS(X)                     \
	X("order.created", 1, false, true)   \
	X("order.paid", 2, true, false)      \
	X("order.ended", 1, false, false)    \
	X("order.retaken", 1, false, false)  \
	X("order.used", 1, false, false)     \
	X("refund.created", 1, false, false) \
	X("refund.done", 1, false, false)

/* Who gets what: queues by routing key. Those for consumers: */
#define QUEUE_FULFIL "zx.fulfil"
#define QUEUE_EXPIRE "zx.expire"
#define QUEUE_TELL "zx.tell"
#define QUEUE_SHIP "zx.ship"

/* All of them, and the key to publish a kind under; good until the next call.
 * What is to wait goes through a queue zx.delay.<seconds> and carries the
 * seconds in its key too (order.created.601): when ZX_ORDER_TTL_S changes, the
 * queue of before gets nothing new, hands on what it has at the time that was
 * promised, and stays behind empty. Were the key the same, its early message
 * would count as the late one, and nobody would act on that. What gets lost on
 * this way, or fails and so waits all over again, the daemon settle finds. */
const struct mq_queue *message_queues(size_t *count);
const char *message_key(const char *kind);

#define MESSAGE_CHANNEL "zx_message" /* of NOTIFY */

struct message {
	int64_t id;
	const char *kind;
	int64_t subject_id; /* of what it is about: an order, … */
	const char *body;   /* JSON */
	int64_t attempts;   /* to publish; also tells one claim from the next */
};

/* Note the row down with the transaction (no round trip). `id` is from
 * ids_take; an unknown kind breaks the transaction. */
void message_add(
	struct tx *, int64_t id, const char *kind, int64_t subject_id, const char *body_json);

/* The relay's side. A claim is a lease: until it runs out, nobody else gets the
 * same rows, and no transaction is open while they are published. */
enum { MESSAGE_LEASE_S = 30 };
enum err message_claim(struct tx *, int limit, struct list *out) CHECKED; /* struct message */

/* Queue what became of claimed messages. A message that was claimed anew in the
 * meantime is left alone. Postponed ones come back after 2, 4, 8 … seconds, at
 * most cap_s. */
struct message_refs {
	struct ints ids, attempts;
};
void message_published(struct tx *, const struct message_refs *);
void message_postponed(
	struct tx *, const struct message_refs *, const char *reason, int64_t cap_s);

enum { MESSAGE_KEEP_DAYS = 7 };
/* Delete up to `limit` rows of each kind that are old, published and done with. */
enum err message_sweep(struct tx *, int limit, int64_t *deleted) CHECKED;

/* A kind with consumers that no queue takes is a mistake somewhere. */
bool message_must_route(const char *kind);

/* For SQL that returns struct message. */
extern const struct shape message_shape;

#endif
