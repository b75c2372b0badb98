#include "edit.h"
#include "setup/venue.h"

static enum err list(struct req *r)
{
	const struct page *page = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list venues;

	TRY(venue_sheet_list(&r->tx, page->cursor, limit, &venues));
	return reply_page(r, &venue_sheet_shape, &venues, limit);
}

static enum err reply_sheet(struct req *r, int status, int64_t id)
{
	struct venue_sheet sheet;

	TRY(venue_sheet_load(&r->tx, id, &sheet));
	return reply_versioned(r, status, sheet.version, &venue_sheet_shape, &sheet);
}

static enum err show(struct req *r)
{
	return reply_sheet(r, 200, r->arg[0]);
}

static enum err add(struct req *r)
{
	struct refusal why = {0};
	int64_t id;

	TRY(edit_outcome(r, venue_add(&r->tx, r->in, &id, &why), &why));
	return reply_sheet(r, 201, id);
}

static enum err save(struct req *r)
{
	struct refusal why = {0};

	TRY(edit_outcome(r, venue_save(&r->tx, r->arg[0], r->if_match, r->in, &why), &why));
	return reply_sheet(r, 200, r->arg[0]);
}

static enum err drop(struct req *r)
{
	struct refusal why = {0};

	TRY(edit_outcome(r, venue_remove(&r->tx, r->arg[0], r->if_match, &why), &why));
	return reply_empty(r);
}

const struct route desk_venue_routes[] = {
	{GET, "/api/v1/staff/venues", "venue.see", TX_READ, list, .query = &page_shape,
		.says = "Own venues, by id"},
	{POST, "/api/v1/staff/venues", "venue.create", TX_WRITE, add, .body = &venue_new_shape,
		.flags = IDEMPOTENT, .says = "A new venue, without hours, prices or courts"},
	{GET, "/api/v1/staff/venues/{venue}", "venue.see", TX_READ, show,
		.says = "One of them"},
	{PUT, "/api/v1/staff/venues/{venue}", "venue", TX_WRITE, save,
		.body = &venue_edit_shape, .flags = IF_MATCH,
		.says = "Change its name, zone, window; or end it on a date"},
	{DELETE, "/api/v1/staff/venues/{venue}", "venue.create", TX_WRITE, drop,
		.flags = IF_MATCH, .says = "Remove a venue that never had an order"},
	{0},
};
