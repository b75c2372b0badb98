#ifndef MESSAGE_MESSAGE_H
#define MESSAGE_MESSAGE_H

#include "db/db.h"
#include "message/bindings.h"

/* The message table (transactional outbox): what happened is told by a row
 * that is written in the same transaction. The relay publishes it, at least
 * once; consumers (consume.h) act on it exactly once. */

#define MESSAGE_CHANNEL "zx_message" /* of NOTIFY */

struct message {
	int64_t id;
	const char *kind;   /* see bindings.h */
	int64_t subject_id; /* of what it is about: an order, … */
	const char *body;   /* JSON */
	int64_t attempts;   /* to publish; also tells one claim from the next */
};

/* What a message is about. Each that is there (not 0) is a member of the body, by this name;
 * the order is the message's subject. */
struct message_about {
	int64_t order_id, venue_id, refund_id, ban_id;
	struct ints items; /* of the order, PERIODS_MAX at most */
};

/* Tell what happened: a row, with this transaction (its insert is queued). */
enum err message_tell(struct tx *, enum message_kind, const struct message_about *) CHECKED;

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

/* For SQL that returns struct message. */
extern const struct shape message_shape;

#endif
