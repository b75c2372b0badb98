#ifndef TELL_TELL_H
#define TELL_TELL_H

#include "message/message.h"

/* What a customer is told of his orders: the inbox, written by the consumer
 * `tell`, one entry a message. The words are fixed when it is written. */

/* The effect of a message of QUEUE_TELL. */
enum err tell_message(struct tx *, const struct message *) CHECKED;

struct inbox_entry {
	int64_t id; /* later entries have greater ones */
	const char *kind, *title, *body;
	int64_t order_id;
	stamp created_at, read_at;
};
extern const struct shape inbox_entry_shape;

/* Newest first, from behind the entry `before` (0: from the newest). */
void inbox_ask(
	struct tx *, int64_t account_id, int64_t before, int64_t limit, struct list *out);

struct unread {
	int64_t count;
};
void unread_ask(struct tx *, int64_t account_id, struct unread *out);

/* Queue: this entry and all before it have been read. */
void inbox_read(struct tx *, int64_t account_id, int64_t up_to);

/* What the words are made of. */
struct tidings {
	int64_t order_id, account_id;
	const char *state; /* of the order, or of the refund */
	const char *venue;
	const char *places; /* "11月24日 20:00–21:00 1 号场、…" */
	int64_t periods;    /* all of them; only the first few are named in places */
	money sum;
	const char *cause, *reason; /* of a refund, else NULL */
};

/* Title and text in the arena; false: nothing to tell any more. Pure. */
bool tidings_write(struct arena *, const char *kind, const struct tidings *, const char **title,
	const char **text);

#endif
