#ifndef TELL_INBOX_H
#define TELL_INBOX_H

#include "db/db.h"

/* The inbox, as its customer reads it. */

struct inbox_entry {
	int64_t id; /* later entries have greater ones */
	const char *kind, *title, *body;
	int64_t order_id;
	stamp created_at, read_at;
};
extern const struct shape inbox_entry_shape;

/* Ask for entries, newest first, from behind the entry `before` (0: from the newest). */
void inbox_ask(
	struct tx *, int64_t account_id, int64_t before, int64_t limit, struct list *out);

/* Ask how many have not been read. */
void unread_ask(struct tx *, int64_t account_id, int64_t *out);

/* Queue: this entry and all before it have been read. */
void inbox_mark_read(struct tx *, int64_t account_id, int64_t up_to);

#endif
