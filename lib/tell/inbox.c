#include "tell/inbox.h"

static const struct field inbox_entry_fields[] = {
	FIELD(struct inbox_entry, id),
	FIELD(struct inbox_entry, kind),
	FIELD(struct inbox_entry, title),
	FIELD(struct inbox_entry, body),
	FIELD(struct inbox_entry, order_id),
	FIELD(struct inbox_entry, created_at),
	FIELD(struct inbox_entry, read_at, .optional = true),
};
const struct shape inbox_entry_shape = SHAPE(struct inbox_entry, inbox_entry_fields);

SQL(inbox_of_account,
	"SELECT id, kind, title, body, order_id, created_at, read_at FROM inbox"
	" WHERE account_id = $1 AND ($2 = 0 OR id < $2) ORDER BY id DESC LIMIT $3");

void inbox_ask(
	struct tx *tx, int64_t account_id, int64_t before, int64_t limit, struct list *out)
{
	db_ask_all(tx, &inbox_of_account, &inbox_entry_shape, out, A(account_id), A(before),
		A(limit));
}

SQL(inbox_unread, "SELECT count(*) FROM inbox WHERE account_id = $1 AND read_at IS NULL");

void unread_ask(struct tx *tx, int64_t account_id, int64_t *out)
{
	db_ask_value(tx, &inbox_unread, out, E_NOT_FOUND, A(account_id));
}

SQL(inbox_set_read,
	"UPDATE inbox SET read_at = now()"
	" WHERE account_id = $1 AND id <= $2 AND read_at IS NULL");

void inbox_mark_read(struct tx *tx, int64_t account_id, int64_t up_to)
{
	db_queue(tx, &inbox_set_read, A(account_id), A(up_to));
}
