#include "api.h"
#include "base/time.h"
#include "venue/day.h"
#include "venue/venue.h"

enum { PAGE = 50 };

static enum err list(struct req *r)
{
	const struct page *page = r->query;
	int64_t limit = page_limit(r, PAGE);
	struct list venues;

	TRY(venue_list(&r->tx, page->cursor, limit, &venues));
	return reply_page(r, &venue_shape, &venues, limit);
}

static enum err show(struct req *r)
{
	struct venue_detail venue;

	TRY(venue_load(&r->tx, r->arg[0], &venue));
	return reply(r, 200, &venue_detail_shape, &venue);
}

struct day_query {
	const char *sport;
	date date;
};
static const struct field day_query_fields[] = {
	FIELD(struct day_query, sport, .min = SPORT_CODE_MIN, .max = SPORT_CODE_MAX),
	FIELD(struct day_query, date),
};
static const struct shape day_query_shape = SHAPE(struct day_query, day_query_fields);

static enum err availability(struct req *r)
{
	const struct day_query *q = r->query;
	struct day day;
	enum err err = day_load_sport(
		&r->tx, r->arg[0], q->date, q->sport, r->caller.account_id, &day);

	if (err != E_OK)
		return fail(r, err,
			err == E_SPORT_NOT_FOUND       ? "sport"
			: err == E_DATE_OUTSIDE_WINDOW ? "date"
						       : NULL);
	day_write(reply_begin(r, 200), &day, q->sport);
	return reply_end(r);
}

const struct route venue_routes[] = {
	{GET, "/api/v1/venues", GUEST, TX_READ, list, .query = &page_shape, .flags = CACHEABLE,
		.says = "Venues, by id"},
	{GET, "/api/v1/venues/{venue}", GUEST, TX_READ, show, .flags = CACHEABLE,
		.says = "One venue with its hours"},
	{GET, "/api/v1/venues/{venue}/availability", ANYBODY, TX_READ, availability,
		.query = &day_query_shape, .flags = CACHEABLE,
		.says = "Courts × time of one day with price and state; never who booked, but what is one's own"},
	{0},
};
