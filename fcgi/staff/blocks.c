#include "edit.h"
#include "setup/block.h"

static enum err list(struct req *r)
{
	const struct from_query *q = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list blocks;

	TRY(block_list(&r->tx, r->arg[0], q->from, q->page.cursor, limit, &blocks));
	return reply_page(r, &block_shape, &blocks, limit);
}

static enum err reply_block(struct req *r, int status, int64_t id)
{
	struct block block;

	TRY(block_load(&r->tx, r->arg[0], id, &block));
	return reply_versioned(r, status, block.version, &block_shape, &block);
}

static enum err show(struct req *r)
{
	return reply_block(r, 200, r->arg[1]);
}

static enum err add(struct req *r)
{
	struct refusal why = {0};
	int64_t id;

	TRY(edit_outcome(r, block_add(&r->tx, r->arg[0], r->in, &id, &why), &why));
	return reply_block(r, 201, id);
}

static enum err save(struct req *r)
{
	struct refusal why = {0};

	TRY(edit_outcome(
		r, block_save(&r->tx, r->arg[0], r->arg[1], r->if_match, r->in, &why), &why));
	return reply_block(r, 200, r->arg[1]);
}

static enum err drop(struct req *r)
{
	TRY(block_remove(&r->tx, r->arg[0], r->arg[1], r->if_match));
	return reply_empty(r);
}

const struct route desk_block_routes[] = {
	{GET, "/api/v1/staff/venues/{venue}/blocks", "venue.see", TX_READ, list,
		.query = &from_query_shape, .says = "What is out of use, now and later"},
	{POST, "/api/v1/staff/venues/{venue}/blocks", "venue", TX_WRITE, add,
		.body = &block_new_shape, .flags = IDEMPOTENT,
		.says = "Take a court out of use; refused over what is sold"},
	{GET, "/api/v1/staff/venues/{venue}/blocks/{block}", "venue.see", TX_READ, show,
		.says = "One of them"},
	{PUT, "/api/v1/staff/venues/{venue}/blocks/{block}", "venue", TX_WRITE, save,
		.body = &block_edit_shape, .flags = IF_MATCH,
		.says = "Change its time or reason"},
	{DELETE, "/api/v1/staff/venues/{venue}/blocks/{block}", "venue", TX_WRITE, drop,
		.flags = IF_MATCH, .says = "The court is for sale again"},
	{0},
};
