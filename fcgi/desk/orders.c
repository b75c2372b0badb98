#include "account/phone_search.h"
#include "base/phone.h"
#include "desk.h"
#include "order/search.h"
#include "order/state.h"
#include "pay/desk.h"

struct search_query {
	struct page page;
	const char *number, *phone, *state;
	date date;
};
static const struct field search_fields[] = {
	PAGE_FIELDS(struct search_query, page),
	FIELD(struct search_query, number, .digits = DIGITS_NUMBER, .optional = true,
		.min = ORDER_NO_MIN, .max = ORDER_NO_MAX),
	FIELD(struct search_query, phone, .optional = true, .digits = DIGITS_PHONE,
		.min = PHONE_DIGITS, .max = PHONE_DIGITS),
	FIELD(struct search_query, date, .optional = true),
	FIELD(struct search_query, state, .optional = true, .one_of = WORDS_OF(ORDER_STATES)),
};
static const struct shape search_shape = SHAPE(struct search_query, search_fields);

static enum err search(struct req *r)
{
	const struct search_query *q = r->query;
	int64_t limit = page_limit(r, SEARCH_PAGE);
	struct list orders;

	TRY(phone_search_take(
		&r->tx, r->caller.account_id, q->phone, "orders", &r->retry_after_s));
	TRY(orders_search(&r->tx,
		&(struct order_search){.number = q->number,
			.phone = q->phone,
			.state = q->state,
			.date = q->date,
			.before = q->page.cursor},
		limit, &orders));
	return reply_page(r, &desk_order_shape, &orders, limit);
}

static enum err show(struct req *r)
{
	struct desk_order order;
	struct list attempts, refunds;

	TRY(order_at_desk(&r->tx, r->arg[0], &order));
	desk_money_ask(&r->tx, order.id, &attempts, &refunds);
	TRY(db_sync(&r->tx));
	struct buf *b = reply_begin(r, 200);
	b->zone = order.timezone;
	json_open(b, NULL, '{');
	json_shape(b, "order", &desk_order_shape, &order);
	json_list(b, "attempts", &desk_attempt_shape, &attempts);
	json_list(b, "refunds", &desk_refund_shape, &refunds);
	json_close(b, '}');
	return reply_end(r);
}

const struct route desk_order_routes[] = {
	{GET, "/api/v1/staff/orders", "order", TX_READ, search, .query = &search_shape,
		.says = "Orders of own venues by number, phone, date, state"},
	{GET, "/api/v1/staff/orders/{order}", "order", TX_READ, show,
		.says = "One of them with its payments and refunds"},
	{0},
};
