#include "frame.h"
#include "hours/date_number.h"
#include "hours/exception.h"

static enum err show(struct req *r)
{
	struct hours_doc doc;

	TRY(hours_load(&r->tx, r->arg[0], &doc));
	return reply_versioned(r, 200, doc.version, &hours_doc_shape, &doc);
}

static enum err save(struct req *r)
{
	struct hours_doc doc = *(const struct hours_doc *)r->in;
	struct refusal why = {0};
	struct list outside;

	doc.version = r->if_match;
	enum err err = hours_save(&r->tx, r->arg[0], &doc, &outside, &why);
	if (err != E_OK)
		return told(r, err, &why);
	struct buf *b = reply_begin(r, 200);
	json_open(b, NULL, '{');
	json_list(b, "hours", hours_doc_shape.fields[0].of, &doc.hours);
	return reply_outside(r, doc.version, &outside);
}

struct from_query {
	struct page page;
	date from;
};
static const struct field from_fields[] = {
	PAGE_FIELDS(struct from_query, page),
	FIELD(struct from_query, from, .optional = true),
};
static const struct shape from_shape = SHAPE(struct from_query, from_fields);

static enum err list_exceptions(struct req *r)
{
	const struct from_query *q = r->query;
	int64_t limit = page_limit(r, FRAME_PAGE);
	struct list days;

	TRY(exception_list(&r->tx, r->arg[0], q->from, q->page.cursor, limit, &days));
	return reply_page(r, &exception_shape, &days, limit);
}

/* The date in the path. */
static enum err day_of(struct req *r, date *out)
{
	return date_of_number(r->arg[1], out) ? E_OK : E_NOT_FOUND;
}

static enum err show_exception(struct req *r)
{
	struct exception e;
	date day;

	TRY(day_of(r, &day));
	TRY(exception_load(&r->tx, r->arg[0], day, &e));
	return reply_versioned(r, 200, e.version, &exception_shape, &e);
}

static enum err reply_exception(struct req *r, int status, date day, const struct list *outside)
{
	struct exception e;

	TRY(exception_load(&r->tx, r->arg[0], day, &e));
	struct buf *b = reply_begin(r, status);
	json_open(b, NULL, '{');
	json_shape(b, "exception", &exception_shape, &e);
	return reply_outside(r, e.version, outside);
}

static enum err add_exception(struct req *r)
{
	const struct exception_in *in = r->in;
	struct refusal why = {0};
	struct list outside;
	enum err err = exception_add(&r->tx, r->arg[0], in, &outside, &why);

	return err == E_OK ? reply_exception(r, 201, in->day, &outside) : told(r, err, &why);
}

static enum err save_exception(struct req *r)
{
	struct exception_in in = *(const struct exception_in *)r->in;
	struct refusal why = {0};
	struct list outside;

	TRY(day_of(r, &in.day));
	enum err err = exception_save(&r->tx, r->arg[0], r->if_match, &in, &outside, &why);
	return err == E_OK ? reply_exception(r, 200, in.day, &outside) : told(r, err, &why);
}

static enum err drop_exception(struct req *r)
{
	struct refusal why = {0};
	struct list outside;
	date day;

	TRY(day_of(r, &day));
	enum err err = exception_remove(&r->tx, r->arg[0], day, r->if_match, &outside, &why);
	if (err != E_OK)
		return told(r, err, &why);
	json_open(reply_begin(r, 200), NULL, '{');
	return reply_outside(r, 0, &outside);
}

const struct route desk_hours_routes[] = {
	{GET, "/api/v1/staff/venues/{venue}/hours", "venue", TX_READ, show,
		.says = "The opening hours of a week"},
	{PUT, "/api/v1/staff/venues/{venue}/hours", "venue", TX_WRITE, save,
		.body = &hours_doc_shape, .flags = IF_MATCH,
		.says = "Replace them; refused if an open hour would have no price"},
	{GET, "/api/v1/staff/venues/{venue}/exceptions", "venue", TX_READ, list_exceptions,
		.query = &from_shape, .says = "Dates that differ, by date"},
	{POST, "/api/v1/staff/venues/{venue}/exceptions", "venue", TX_WRITE, add_exception,
		.body = &exception_new_shape, .flags = IDEMPOTENT,
		.says = "Other hours on a date; none: closed"},
	{GET, "/api/v1/staff/venues/{venue}/exceptions/{day}", "venue", TX_READ, show_exception,
		.says = "One of them; the day as yyyymmdd"},
	{PUT, "/api/v1/staff/venues/{venue}/exceptions/{day}", "venue", TX_WRITE,
		save_exception, .body = &exception_edit_shape, .flags = IF_MATCH,
		.says = "Change it"},
	{DELETE, "/api/v1/staff/venues/{venue}/exceptions/{day}", "venue", TX_WRITE,
		drop_exception, .flags = IF_MATCH, .says = "The weekday's hours again"},
	{0},
};
