#include "hours/calendar.h"
#include "edit.h"

static enum err list(struct req *r)
{
	const struct from_query *q = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list days;

	TRY(calendar_list(&r->tx, q->from, q->page.cursor, limit, &days));
	return reply_page(r, &calendar_shape, &days, limit);
}

static enum err show(struct req *r)
{
	struct calendar_day c;
	date day;

	TRY(path_date(r, 0, &day));
	TRY(calendar_load(&r->tx, day, &c));
	return reply_versioned(r, 200, c.version, &calendar_shape, &c);
}

static enum err reply_day(struct req *r, int status, date day, const struct list *outside)
{
	struct calendar_day c;

	TRY(calendar_load(&r->tx, day, &c));
	return reply_outside(r, status, c.version, "day", &calendar_shape, &c, outside);
}

static enum err add(struct req *r)
{
	const struct calendar_in *in = r->in;
	struct refusal why = {0};
	struct list outside;

	TRY(edit_outcome(r, calendar_add(&r->tx, in, &outside, &why), &why));
	return reply_day(r, 201, in->day, &outside);
}

static enum err save(struct req *r)
{
	struct calendar_in in = *(const struct calendar_in *)r->in;
	struct refusal why = {0};
	struct list outside;

	TRY(path_date(r, 0, &in.day));
	TRY(edit_outcome(r, calendar_save(&r->tx, r->if_match, &in, &outside, &why), &why));
	return reply_day(r, 200, in.day, &outside);
}

static enum err drop(struct req *r)
{
	struct refusal why = {0};
	struct list outside;
	date day;

	TRY(path_date(r, 0, &day));
	TRY(edit_outcome(r, calendar_remove(&r->tx, day, r->if_match, &outside, &why), &why));
	return reply_removed(r, &outside);
}

const struct route desk_calendar_routes[] = {
	{GET, "/api/v1/staff/calendar", "venue.see", TX_READ, list, .query = &from_query_shape,
		.says = "Public holidays and 调休 days, by date"},
	{POST, "/api/v1/staff/calendar", "catalog", TX_WRITE, add, .body = &calendar_new_shape,
		.flags = IDEMPOTENT, .says = "One more; for all venues"},
	{GET, "/api/v1/staff/calendar/{day}", "venue.see", TX_READ, show,
		.says = "One of them; the day as yyyymmdd"},
	{PUT, "/api/v1/staff/calendar/{day}", "catalog", TX_WRITE, save,
		.body = &calendar_edit_shape, .flags = IF_MATCH, .says = "Change it"},
	{DELETE, "/api/v1/staff/calendar/{day}", "catalog", TX_WRITE, drop, .flags = IF_MATCH,
		.says = "An ordinary day again"},
	{0},
};
