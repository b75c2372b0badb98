#ifndef MESSAGE_BINDINGS_H
#define MESSAGE_BINDINGS_H

#include "base/words.h"
#include "net/mq.h"

/* Who hears what: the one place where it is decided. These two tables make the enums,
 * the consumers' queues and what the broker binds to them, the number of consumers that
 * must have acted before a message's row may be deleted, and what a consumer refuses. */

/* What each of them does stands in jobs/consume.c. Its queue is zx.<word>. */
#define MESSAGE_CONSUMERS(X)         \
	X(CONSUMER_FULFIL, "fulfil") \
	X(CONSUMER_EXPIRE, "expire") \
	X(CONSUMER_TELL, "tell")     \
	X(CONSUMER_SHIP, "ship")
enum message_consumer { MESSAGE_CONSUMERS(WORD_ID) CONSUMER_COUNT };

/* The kinds: the word that is stored and published, when the relay publishes it, who
 * hears it (0: nobody; it may go unrouted).
 *
 * The subject is an order; refund.… name the refund in their body, ban.… the ban, whose
 * last violation the order is. order.ended: expired or cancelled before it was paid;
 * order.retaken: paid too late, and its courts were still to be had; order.cancelled:
 * some or all of a paid order given up, and the rule gives nothing back;
 * order.used: the first check-in of an order. */
#define MESSAGE_KINDS(X)                                                    \
	X(MESSAGE_ORDER_CREATED, "order.created", WHEN_UNPAID, TO(EXPIRE))  \
	X(MESSAGE_ORDER_PAID, "order.paid", AT_ONCE, TO(FULFIL) | TO(TELL)) \
	X(MESSAGE_ORDER_ENDED, "order.ended", SOON, TO(TELL))               \
	X(MESSAGE_ORDER_RETAKEN, "order.retaken", SOON, TO(TELL))           \
	X(MESSAGE_ORDER_CANCELLED, "order.cancelled", SOON, TO(TELL))       \
	X(MESSAGE_ORDER_USED, "order.used", SOON, TO(SHIP))                 \
	X(MESSAGE_REFUND_CREATED, "refund.created", SOON, TO(TELL))         \
	X(MESSAGE_REFUND_DELAYED, "refund.delayed", SOON, TO(TELL))         \
	X(MESSAGE_REFUND_STUCK, "refund.stuck", SOON, TO(TELL))             \
	X(MESSAGE_REFUND_DONE, "refund.done", SOON, TO(TELL))               \
	X(MESSAGE_BAN_CREATED, "ban.created", SOON, TO(TELL))               \
	X(MESSAGE_BAN_ENDED, "ban.ended", SOON, TO(TELL))
enum message_kind { MESSAGE_KINDS(WORD_ID) MESSAGE_KIND_COUNT };

/* AT_ONCE: NOTIFY wakes the relay. That takes a lock of the whole database at commit, so
 * it is only for what somebody is waiting for. SOON: the relay finds it within a second.
 * WHEN_UNPAID: consumers hear it only when an unpaid order's life is over. */
enum message_when { AT_ONCE, SOON, WHEN_UNPAID };

/* MESSAGE_KIND_COUNT for a word that is none, such as one of a later version. */
enum message_kind message_kind_of(const char *word);
const char *message_word(enum message_kind);
enum message_when message_when(enum message_kind);

/* How many consumers hear it. */
int64_t message_hearers(enum message_kind);
/* Whether this consumer does. */
bool message_is_for(enum message_kind, enum message_consumer);

/* CONSUMER_COUNT for a word that is none. */
enum message_consumer consumer_of(const char *word);
const char *consumer_word(enum message_consumer);
const char *consumer_queue(enum message_consumer);

/* All queues, and the key to publish a kind under; good until the next call.
 * What is to wait goes through a queue zx.delay.<seconds> and carries the
 * seconds in its key too (order.created.601): when ZX_ORDER_TTL_S changes, the
 * queue of before gets nothing new, hands on what it has at the time that was
 * promised, and stays behind empty. Were the key the same, its early message
 * would count as the late one, and nobody would act on that. What gets lost on
 * this way, or fails and so waits all over again, the daemon settle finds. */
const struct mq_queue *message_queues(size_t *count);
const char *message_key(const char *word);

/* A kind with consumers that no queue takes is a mistake somewhere; so is one that
 * nobody knows. */
bool message_must_route(const char *kind);

#endif
