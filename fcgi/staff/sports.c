#include "edit.h"
#include "setup/sport.h"

static enum err list_sports(struct req *r)
{
	const struct page *page = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list sports;

	TRY(sport_list(&r->tx, page->cursor, limit, &sports));
	return reply_page(r, &sport_shape, &sports, limit);
}

static enum err reply_sport(struct req *r, int status, int64_t id)
{
	struct sport sport;

	TRY(sport_load(&r->tx, id, &sport));
	return reply_versioned(r, status, sport.version, &sport_shape, &sport);
}

static enum err show_sport(struct req *r)
{
	return reply_sport(r, 200, r->arg[0]);
}

static enum err add_sport(struct req *r)
{
	struct refusal why = {0};
	int64_t id;

	TRY(edit_outcome(r, sport_add(&r->tx, r->in, &id, &why), &why));
	return reply_sport(r, 201, id);
}

static enum err save_sport(struct req *r)
{
	TRY(sport_save(&r->tx, r->arg[0], r->if_match, r->in));
	return reply_sport(r, 200, r->arg[0]);
}

static enum err drop_sport(struct req *r)
{
	TRY(sport_remove(&r->tx, r->arg[0], r->if_match));
	return reply_empty(r);
}

static enum err list_offers(struct req *r)
{
	const struct page *page = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list offers;

	TRY(offer_list(&r->tx, r->arg[0], page->cursor, limit, &offers));
	return reply_page(r, &offer_shape, &offers, limit);
}

static enum err reply_offer(struct req *r, int status, int64_t sport_id)
{
	struct offer offer;

	TRY(offer_load(&r->tx, r->arg[0], sport_id, &offer));
	return reply_versioned(r, status, offer.version, &offer_shape, &offer);
}

static enum err show_offer(struct req *r)
{
	return reply_offer(r, 200, r->arg[1]);
}

static enum err add_offer(struct req *r)
{
	const struct offer_in *in = r->in;
	struct refusal why = {0};

	TRY(edit_outcome(r, offer_add(&r->tx, r->arg[0], in, &why), &why));
	return reply_offer(r, 201, in->sport_id);
}

static enum err save_offer(struct req *r)
{
	struct offer_in in = *(const struct offer_in *)r->in;
	struct refusal why = {0};

	in.sport_id = r->arg[1];
	TRY(edit_outcome(r, offer_save(&r->tx, r->arg[0], r->if_match, &in, &why), &why));
	return reply_offer(r, 200, in.sport_id);
}

static enum err drop_offer(struct req *r)
{
	TRY(offer_remove(&r->tx, r->arg[0], r->arg[1], r->if_match));
	return reply_empty(r);
}

const struct route desk_sport_routes[] = {
	{GET, "/api/v1/staff/sports", "venue.see", TX_READ, list_sports, .query = &page_shape,
		.says = "The platform's sports, by id"},
	{POST, "/api/v1/staff/sports", "catalog", TX_WRITE, add_sport, .body = &sport_new_shape,
		.flags = IDEMPOTENT, .says = "A new sport"},
	{GET, "/api/v1/staff/sports/{sport}", "venue.see", TX_READ, show_sport,
		.says = "One of them"},
	{PUT, "/api/v1/staff/sports/{sport}", "catalog", TX_WRITE, save_sport,
		.body = &sport_edit_shape, .flags = IF_MATCH, .says = "Name it anew"},
	{DELETE, "/api/v1/staff/sports/{sport}", "catalog", TX_WRITE, drop_sport,
		.flags = IF_MATCH, .says = "Remove a sport that no venue offers"},
	{GET, "/api/v1/staff/venues/{venue}/sports", "venue.see", TX_READ, list_offers,
		.query = &page_shape, .says = "What a venue offers"},
	{POST, "/api/v1/staff/venues/{venue}/sports", "venue", TX_WRITE, add_offer,
		.body = &offer_new_shape, .flags = IDEMPOTENT,
		.says = "Offer one more; refused if an open hour of it would have no price"},
	{GET, "/api/v1/staff/venues/{venue}/sports/{sport}", "venue.see", TX_READ, show_offer,
		.says = "How it is offered"},
	{PUT, "/api/v1/staff/venues/{venue}/sports/{sport}", "venue", TX_WRITE, save_offer,
		.body = &offer_edit_shape, .flags = IF_MATCH,
		.says = "Change how long a bookable slot is"},
	{DELETE, "/api/v1/staff/venues/{venue}/sports/{sport}", "venue", TX_WRITE, drop_offer,
		.flags = IF_MATCH, .says = "Offer it no longer; not while it has courts"},
	{0},
};
