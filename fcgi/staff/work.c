#include "work/work.h"
#include "staff.h"

struct work_query {
	struct page page;
	const char *kind;
};
static const struct field work_query_fields[] = {
	PAGE_FIELDS(struct work_query, page),
	FIELD(struct work_query, kind, .optional = true, .one_of = WORDS_OF(WORK_KINDS)),
};
static const struct shape work_query_shape = SHAPE(struct work_query, work_query_fields);

static enum err list(struct req *r)
{
	const struct work_query *q = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list items;

	TRY(work_list(&r->tx, q->kind, q->page.cursor, limit, &items));
	return reply_page(r, &work_row_shape, &items, limit);
}

static enum err done(struct req *r)
{
	const struct note_in *in = r->in;
	struct work_row item;

	TRY(work_done(&r->tx, r->arg[0], r->caller.account_id, in->note, &item));
	return reply(r, 200, &work_row_shape, &item);
}

const struct route desk_work_routes[] = {
	{GET, "/api/v1/staff/work", "work", TX_READ, list, .query = &work_query_shape,
		.says = "What only people can settle, the oldest first"},
	{POST, "/api/v1/staff/work/{item}/done", "work", TX_WRITE, done, .body = &note_in_shape,
		.flags = IDEMPOTENT, .says = "Somebody has seen to it"},
	{0},
};
