#include "account/account.h"
#include "account/customer.h"
#include "account/phone_search.h"
#include "base/phone.h"
#include "staff.h"

struct search_query {
	struct page page;
	const char *phone, *name;
};
static const struct field search_fields[] = {
	PAGE_FIELDS(struct search_query, page),
	FIELD(struct search_query, phone, .optional = true, .digits = DIGITS_PHONE,
		.min = PHONE_DIGITS, .max = PHONE_DIGITS),
	FIELD(struct search_query, name, .optional = true, .min = 2,
		.max = ACCOUNT_NAME_LENGTH),
};
static const struct shape search_shape = SHAPE(struct search_query, search_fields);

static enum err search(struct req *r)
{
	const struct search_query *q = r->query;
	int64_t limit = page_limit(r, SEARCH_PAGE);
	struct list customers;

	TRY(phone_search_take(
		&r->tx, r->caller.account_id, q->phone, "users", &r->retry_after_s));
	TRY(customers_search(&r->tx, r->caller.account_id,
		&(struct customer_search){
			.phone = q->phone, .name = q->name, .before = q->page.cursor},
		limit, &customers));
	return reply_page(r, &customer_row_shape, &customers, limit);
}

static enum err show(struct req *r)
{
	struct customer customer;

	TRY(customer_load(&r->tx, r->caller.account_id, r->arg[0], &customer));
	return reply(r, 200, &customer_shape, &customer);
}

static enum err disable(struct req *r)
{
	const struct reason_in *in = r->in;

	TRY(customer_disable(&r->tx, r->arg[0], in->reason));
	return reply_empty(r);
}

static enum err enable(struct req *r)
{
	TRY(customer_enable(&r->tx, r->arg[0]));
	return reply_empty(r);
}

const struct route desk_customer_routes[] = {
	{GET, "/api/v1/staff/users", "user.see", TX_READ, search, .query = &search_shape,
		.says = "Customers of own venues by phone or a part of the name, newest first"},
	{GET, "/api/v1/staff/users/{account}", "user.see", TX_READ, show,
		.says = "One of them: orders, violations, ban"},
	{POST, "/api/v1/staff/users/{account}/disable", "user.disable", TX_WRITE, disable,
		.body = &reason_in_shape, .flags = IDEMPOTENT,
		.says = "A customer is signed out at once and can't log in any more"},
	{POST, "/api/v1/staff/users/{account}/enable", "user.disable", TX_WRITE, enable,
		.flags = IDEMPOTENT, .says = "A disabled customer may log in again"},
	{0},
};
