#include "edit.h"
#include "hours/exception.h"

static enum err show(struct req *r)
{
	struct hours_doc doc;

	TRY(hours_load(&r->tx, r->arg[0], &doc));
	return reply_versioned(r, 200, doc.version, &hours_doc_shape, &doc);
}

struct hours_saved {
	struct list hours, outside;
};
static const struct field saved_fields[] = {
	FIELD(struct hours_saved, hours, .of = &hours_line_shape),
	FIELD(struct hours_saved, outside, .of = &outside_shape),
};
static const struct shape saved_shape = SHAPE(struct hours_saved, saved_fields);

static enum err save(struct req *r)
{
	struct hours_doc doc = *(const struct hours_doc *)r->in;
	struct refusal why = {0};
	struct list outside;

	doc.version = r->if_match;
	TRY(edit_outcome(r, hours_save(&r->tx, r->arg[0], &doc, &outside, &why), &why));
	return reply_versioned(
		r, 200, doc.version, &saved_shape, &(struct hours_saved){doc.hours, outside});
}

static enum err list_exceptions(struct req *r)
{
	const struct from_query *q = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list days;

	TRY(exception_list(&r->tx, r->arg[0], q->from, q->page.cursor, limit, &days));
	return reply_page(r, &exception_shape, &days, limit);
}

static enum err show_exception(struct req *r)
{
	struct exception e;
	date day;

	TRY(path_date(r, 1, &day));
	TRY(exception_load(&r->tx, r->arg[0], day, &e));
	return reply_versioned(r, 200, e.version, &exception_shape, &e);
}

static enum err reply_exception(struct req *r, int status, date day, const struct list *outside)
{
	struct exception e;

	TRY(exception_load(&r->tx, r->arg[0], day, &e));
	return reply_outside(r, status, e.version, "exception", &exception_shape, &e, outside);
}

static enum err add_exception(struct req *r)
{
	const struct exception_in *in = r->in;
	struct refusal why = {0};
	struct list outside;

	TRY(edit_outcome(r, exception_add(&r->tx, r->arg[0], in, &outside, &why), &why));
	return reply_exception(r, 201, in->day, &outside);
}

static enum err save_exception(struct req *r)
{
	struct exception_in in = *(const struct exception_in *)r->in;
	struct refusal why = {0};
	struct list outside;

	TRY(path_date(r, 1, &in.day));
	TRY(edit_outcome(
		r, exception_save(&r->tx, r->arg[0], r->if_match, &in, &outside, &why), &why));
	return reply_exception(r, 200, in.day, &outside);
}

static enum err drop_exception(struct req *r)
{
	struct refusal why = {0};
	struct list outside;
	date day;

	TRY(path_date(r, 1, &day));
	TRY(edit_outcome(r,
		exception_remove(&r->tx, r->arg[0], day, r->if_match, &outside, &why), &why));
	return reply_removed(r, &outside);
}

const struct route desk_hours_routes[] = {
	{GET, "/api/v1/staff/venues/{venue}/hours", "venue.see", TX_READ, show,
		.says = "The opening hours of a week"},
	{PUT, "/api/v1/staff/venues/{venue}/hours", "venue", TX_WRITE, save,
		.body = &hours_edit_shape, .flags = IF_MATCH,
		.says = "Replace them; refused if an open hour would have no price"},
	{GET, "/api/v1/staff/venues/{venue}/exceptions", "venue.see", TX_READ, list_exceptions,
		.query = &from_query_shape, .says = "Dates that differ, by date"},
	{POST, "/api/v1/staff/venues/{venue}/exceptions", "venue", TX_WRITE, add_exception,
		.body = &exception_new_shape, .flags = IDEMPOTENT,
		.says = "Other hours on a date; none: closed"},
	{GET, "/api/v1/staff/venues/{venue}/exceptions/{day}", "venue.see", TX_READ,
		show_exception, .says = "One of them; the day as yyyymmdd"},
	{PUT, "/api/v1/staff/venues/{venue}/exceptions/{day}", "venue", TX_WRITE,
		save_exception, .body = &exception_edit_shape, .flags = IF_MATCH,
		.says = "Change it"},
	{DELETE, "/api/v1/staff/venues/{venue}/exceptions/{day}", "venue", TX_WRITE,
		drop_exception, .flags = IF_MATCH, .says = "The weekday's hours again"},
	{0},
};
