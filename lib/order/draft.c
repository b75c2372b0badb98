#include "base/settings.h"
#include "order/order.h"
#include "order/state.h"

#include <inttypes.h>

static const struct field period_fields[] = {
	FIELD(struct period, court_id, .min = 1, .max = ID_MAX),
	FIELD(struct period, start),
	FIELD(struct period, end),
};
const struct shape period_shape = SHAPE(struct period, period_fields);

static const struct field order_in_fields[] = {
	FIELD(struct order_in, venue_id, .min = 1, .max = ID_MAX),
	FIELD(struct order_in, date),
	FIELD(struct order_in, periods, .min = 1, .max = PERIODS_MAX, .of = &period_shape),
	FIELD(struct order_in, note, .optional = true, .plain = PLAIN_LINES, .min = 1,
		.max = NOTE_MAX),
	FIELD(struct order_in, expected_fen, .optional = true, .min = 0, .max = ID_MAX,
		.absent = -1),
};
const struct shape order_in_shape = SHAPE(struct order_in, order_in_fields);

struct ints order_in_courts(struct arena *mem, const struct order_in *in)
{
	const struct period *p = in->periods.at;
	int64_t *ids = NEW_N(mem, int64_t, in->periods.count);

	for (size_t i = 0; i < in->periods.count; i++)
		ids[i] = p[i].court_id;
	return (struct ints){ids, in->periods.count};
}

static const struct court *court_of(const struct day *day, int64_t id)
{
	const struct court *c = day->courts.at;

	for (size_t i = 0; i < day->courts.count; i++)
		if (c[i].id == id)
			return &c[i];
	return NULL;
}

static enum err draft_item(const struct day *day, const struct period *p, struct item *item)
{
	const struct court *court = court_of(day, p->court_id);

	if (!court)
		return E_COURT_NOT_FOUND;
	TRY(period_check(day, court, p->start, p->end));
	*item = (struct item){.court_id = court->id,
		.court_name = court->name,
		.state = item_state_word(ITEM_HELD),
		.start = p->start,
		.end = p->end,
		.runs_on = period_runs_on(day, p->end)};
	return period_price(day, court, p->start, p->end, &item->price_fen) ? E_OK
									    : E_PERIOD_UNPRICED;
}

static bool overlaps(const struct item *a, const struct item *b)
{
	return a->court_id == b->court_id && a->start.us < b->end.us && b->start.us < a->end.us;
}

enum err order_draft(struct arena *mem, const struct order_in *in, const struct day *day,
	struct order *out, const char **field)
{
	const struct period *p = in->periods.at;
	size_t n = in->periods.count;
	struct item *items = NEW_N(mem, struct item, n);

	if (!day_in_window(day)) {
		*field = "date";
		return E_DATE_OUTSIDE_WINDOW;
	}
	*out = (struct order){
		.venue_id = in->venue_id,
		.frame = day->head.frame,
		.venue_name = day->head.venue_name,
		.timezone = day->head.timezone,
		.state = order_state_word(ORDER_PENDING),
		.pay_state = "unpaid",
		.note = in->note,
		.date = in->date,
		.created_at = day->head.now,
		.expires_at = {day->head.now.us + settings.order_ttl_s * SECOND},
		.refund_tiers = day->head.refund_tiers,
		.items = {items, n},
	};
	for (size_t i = 0; i < n; i++) {
		enum err err = draft_item(day, &p[i], &items[i]);

		for (size_t k = 0; k < i && err == E_OK; k++)
			err = overlaps(&items[k], &items[i]) ? E_PERIOD_DUPLICATE : E_OK;
		if (err != E_OK) {
			*field = arena_printf(mem, "periods[%zu]", i);
			return err;
		}
		out->amount_fen.fen += items[i].price_fen.fen;
	}
	return E_OK;
}

enum err order_check_expected(struct arena *mem, const struct order_in *in,
	const struct order *order, raw_json *detail)
{
	int64_t now = order->amount_fen.fen;

	if (in->expected_fen < 0 || in->expected_fen == now)
		return E_OK;
	detail->text = arena_printf(mem, "{\"amount_fen\":%" PRId64 "}", now);
	return E_PRICE_CHANGED;
}
