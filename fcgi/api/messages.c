#include "api.h"
#include "tell/inbox.h"

enum { PAGE = 20 };

/* A page of a list, and with it the number that is shown beside the bell. */
static enum err list(struct req *r)
{
	const struct page *page = r->query;
	int64_t limit = page_limit(r, PAGE);
	struct list entries;
	int64_t unread;

	inbox_ask(&r->tx, r->caller.account_id, page->cursor, limit, &entries);
	unread_ask(&r->tx, r->caller.account_id, &unread);
	TRY(db_sync(&r->tx));
	struct buf *b = reply_page_begin(r, &inbox_entry_shape, &entries, limit);
	json_int(b, "unread", unread);
	json_close(b, '}');
	return reply_end(r);
}

struct read_in {
	int64_t up_to;
};
static const struct field read_in_fields[] = {
	FIELD(struct read_in, up_to, .min = 1, .max = ID_MAX),
};
static const struct shape read_in_shape = SHAPE(struct read_in, read_in_fields);

/* A repeat changes nothing, so it wants no Idempotency-Key. */
static enum err mark_read(struct req *r)
{
	const struct read_in *in = r->in;
	int64_t unread;

	inbox_mark_read(&r->tx, r->caller.account_id, in->up_to);
	unread_ask(&r->tx, r->caller.account_id, &unread);
	TRY(db_sync(&r->tx));
	struct buf *b = reply_begin(r, 200);
	json_open(b, NULL, '{');
	json_int(b, "unread", unread);
	json_close(b, '}');
	return reply_end(r);
}

const struct route message_routes[] = {
	{GET, "/api/v1/messages", USER, TX_READ, list, .query = &page_shape,
		.says = "What has happened to the own orders, newest first"},
	{POST, "/api/v1/messages/read", USER, TX_WRITE, mark_read, .body = &read_in_shape,
		.says = "Messages up to this one have been read"},
	{0},
};
