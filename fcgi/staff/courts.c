#include "edit.h"
#include "setup/court.h"
#include "setup/unit.h"

static enum err list_courts(struct req *r)
{
	const struct page *page = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list courts;

	TRY(court_sheet_list(&r->tx, r->arg[0], page->cursor, limit, &courts));
	return reply_page(r, &court_sheet_shape, &courts, limit);
}

static enum err reply_court(struct req *r, int status, int64_t id)
{
	struct court_sheet court;

	TRY(court_sheet_load(&r->tx, r->arg[0], id, &court));
	return reply_versioned(r, status, court.version, &court_sheet_shape, &court);
}

static enum err show_court(struct req *r)
{
	return reply_court(r, 200, r->arg[1]);
}

static enum err add_court(struct req *r)
{
	struct refusal why = {0};
	int64_t id;

	TRY(edit_outcome(r, court_add(&r->tx, r->arg[0], r->in, &id, &why), &why));
	return reply_court(r, 201, id);
}

static enum err save_court(struct req *r)
{
	struct refusal why = {0};

	TRY(edit_outcome(
		r, court_save(&r->tx, r->arg[0], r->arg[1], r->if_match, r->in, &why), &why));
	return reply_court(r, 200, r->arg[1]);
}

static enum err drop_court(struct req *r)
{
	struct refusal why = {0};

	TRY(edit_outcome(
		r, court_remove(&r->tx, r->arg[0], r->arg[1], r->if_match, &why), &why));
	return reply_empty(r);
}

static enum err list_units(struct req *r)
{
	const struct page *page = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list units;

	TRY(unit_list(&r->tx, r->arg[0], page->cursor, limit, &units));
	return reply_page(r, &unit_shape, &units, limit);
}

static enum err reply_unit(struct req *r, int status, int64_t id)
{
	struct unit unit;

	TRY(unit_load(&r->tx, r->arg[0], id, &unit));
	return reply_versioned(r, status, unit.version, &unit_shape, &unit);
}

static enum err show_unit(struct req *r)
{
	return reply_unit(r, 200, r->arg[1]);
}

static enum err add_unit(struct req *r)
{
	struct refusal why = {0};
	int64_t id;

	TRY(edit_outcome(r, unit_add(&r->tx, r->arg[0], r->in, &id, &why), &why));
	return reply_unit(r, 201, id);
}

static enum err save_unit(struct req *r)
{
	struct refusal why = {0};

	TRY(edit_outcome(
		r, unit_save(&r->tx, r->arg[0], r->arg[1], r->if_match, r->in, &why), &why));
	return reply_unit(r, 200, r->arg[1]);
}

static enum err drop_unit(struct req *r)
{
	struct refusal why = {0};

	TRY(edit_outcome(
		r, unit_remove(&r->tx, r->arg[0], r->arg[1], r->if_match, &why), &why));
	return reply_empty(r);
}

const struct route desk_court_routes[] = {
	{GET, "/api/v1/staff/venues/{venue}/courts", "venue.see", TX_READ, list_courts,
		.query = &page_shape,
		.says = "Courts of a venue, by id, also those that ended"},
	{POST, "/api/v1/staff/venues/{venue}/courts", "venue", TX_WRITE, add_court,
		.body = &court_new_shape, .flags = IDEMPOTENT,
		.says = "A new court; refused if an open hour of it would have no price"},
	{GET, "/api/v1/staff/venues/{venue}/courts/{court}", "venue.see", TX_READ, show_court,
		.says = "One of them"},
	{PUT, "/api/v1/staff/venues/{venue}/courts/{court}", "venue", TX_WRITE, save_court,
		.body = &court_edit_shape, .flags = IF_MATCH,
		.says = "Change its name, place and units; or end it on a date"},
	{DELETE, "/api/v1/staff/venues/{venue}/courts/{court}", "venue", TX_WRITE, drop_court,
		.flags = IF_MATCH, .says = "Remove a court that was never sold"},
	{GET, "/api/v1/staff/venues/{venue}/units", "venue.see", TX_READ, list_units,
		.query = &page_shape, .says = "Pieces of floor, by id"},
	{POST, "/api/v1/staff/venues/{venue}/units", "venue", TX_WRITE, add_unit,
		.body = &unit_in_shape, .flags = IDEMPOTENT, .says = "A new piece of floor"},
	{GET, "/api/v1/staff/venues/{venue}/units/{unit}", "venue.see", TX_READ, show_unit,
		.says = "One of them"},
	{PUT, "/api/v1/staff/venues/{venue}/units/{unit}", "venue", TX_WRITE, save_unit,
		.body = &unit_in_shape, .flags = IF_MATCH, .says = "Name it anew"},
	{DELETE, "/api/v1/staff/venues/{venue}/units/{unit}", "venue", TX_WRITE, drop_unit,
		.flags = IF_MATCH, .says = "Remove one on which no court stands"},
	{0},
};
