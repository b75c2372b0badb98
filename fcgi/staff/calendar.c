#include "hours/calendar.h"
#include "frame.h"
#include "hours/date_number.h"

struct calendar_query {
	struct page page;
	date from;
};
static const struct field calendar_query_fields[] = {
	PAGE_FIELDS(struct calendar_query, page),
	FIELD(struct calendar_query, from, .optional = true),
};
static const struct shape calendar_query_shape =
	SHAPE(struct calendar_query, calendar_query_fields);

static enum err list(struct req *r)
{
	const struct calendar_query *q = r->query;
	int64_t limit = page_limit(r, FRAME_PAGE);
	struct list days;

	TRY(calendar_list(&r->tx, q->from, q->page.cursor, limit, &days));
	return reply_page(r, &calendar_shape, &days, limit);
}

/* The date in the path. */
static enum err day_of(struct req *r, date *out)
{
	return date_of_number(r->arg[0], out) ? E_OK : E_NOT_FOUND;
}

static enum err show(struct req *r)
{
	struct calendar_day c;
	date day;

	TRY(day_of(r, &day));
	TRY(calendar_load(&r->tx, day, &c));
	return reply_versioned(r, 200, c.version, &calendar_shape, &c);
}

static enum err reply_day(struct req *r, int status, date day, const struct list *outside)
{
	struct calendar_day c;

	TRY(calendar_load(&r->tx, day, &c));
	struct buf *b = reply_begin(r, status);
	json_open(b, NULL, '{');
	json_shape(b, "day", &calendar_shape, &c);
	return reply_outside(r, c.version, outside);
}

static enum err add(struct req *r)
{
	const struct calendar_in *in = r->in;
	struct refusal why = {0};
	struct list outside;
	enum err err = calendar_add(&r->tx, in, &outside, &why);

	return err == E_OK ? reply_day(r, 201, in->day, &outside) : told(r, err, &why);
}

static enum err save(struct req *r)
{
	struct calendar_in in = *(const struct calendar_in *)r->in;
	struct refusal why = {0};
	struct list outside;

	TRY(day_of(r, &in.day));
	enum err err = calendar_save(&r->tx, r->if_match, &in, &outside, &why);
	return err == E_OK ? reply_day(r, 200, in.day, &outside) : told(r, err, &why);
}

static enum err drop(struct req *r)
{
	struct refusal why = {0};
	struct list outside;
	date day;

	TRY(day_of(r, &day));
	enum err err = calendar_remove(&r->tx, day, r->if_match, &outside, &why);
	if (err != E_OK)
		return told(r, err, &why);
	json_open(reply_begin(r, 200), NULL, '{');
	return reply_outside(r, 0, &outside);
}

const struct route desk_calendar_routes[] = {
	{GET, "/api/v1/staff/calendar", "venue", TX_READ, list, .query = &calendar_query_shape,
		.says = "Public holidays and 调休 days, by date"},
	{POST, "/api/v1/staff/calendar", "catalog", TX_WRITE, add, .body = &calendar_new_shape,
		.flags = IDEMPOTENT, .says = "One more; for all venues"},
	{GET, "/api/v1/staff/calendar/{day}", "venue", TX_READ, show,
		.says = "One of them; the day as yyyymmdd"},
	{PUT, "/api/v1/staff/calendar/{day}", "catalog", TX_WRITE, save,
		.body = &calendar_edit_shape, .flags = IF_MATCH, .says = "Change it"},
	{DELETE, "/api/v1/staff/calendar/{day}", "catalog", TX_WRITE, drop, .flags = IF_MATCH,
		.says = "An ordinary day again"},
	{0},
};
