#include "account/customer.h"

#include "account/account.h"
#include "account/in_force.h"
#include "account/kind.h"
#include "base/settings.h"

#define ROW_FIELDS                                                                 \
	FIELD(struct customer, id), FIELD(struct customer, nickname),              \
		FIELD(struct customer, phone, .optional = true),                   \
		FIELD(struct customer, staff), FIELD(struct customer, created_at), \
		FIELD(struct customer, disabled_at, .optional = true)

static const struct field row_fields[] = {ROW_FIELDS};
const struct shape customer_row_shape = SHAPE(struct customer, row_fields);

static const struct field customer_fields[] = {
	ROW_FIELDS,
	FIELD(struct customer, disabled_reason, .optional = true),
	FIELD(struct customer, left_at, .optional = true),
	FIELD(struct customer, orders),
	FIELD(struct customer, paid_orders),
	FIELD(struct customer, last_order_at, .optional = true),
	FIELD(struct customer, violations),
	FIELD(struct customer, ban, .optional = true),
};
const struct shape customer_shape = SHAPE(struct customer, customer_fields);

#define HAS_ORDERED "EXISTS (SELECT 1 FROM orders o WHERE o.account_id = a.id)"
#define LISTED "(NOT " ACCOUNT_IS_MEMBER("a") " OR " HAS_ORDERED ")"
/* $1: the member of staff who asks. */
#define CUSTOMER_COLUMNS \
	"SELECT a.id, a.nickname, a.created_at, a.disabled_at, " ACCOUNT_IS_MEMBER("a") \
	" AS staff,"                                                      \
	" CASE WHEN (SELECT account_may($1, 'user.phone')) THEN a.phone"  \
	"  ELSE " MASKED_PHONE("a") " END AS phone"

/* $2: a part of the name; the search has no wildcards. $3: the last customer of the page
 * before, or 0. Not coalesce(): it is not leakproof, and the index could not be used. */
#define FITS                                       \
	" a.left_at IS NULL AND ($2::text IS NULL" \
	"  OR strpos(lower(a.nickname), lower($2)) > 0) AND a.id < " LAST
#define LAST "CASE WHEN $3 = 0 THEN 9223372036854775807 ELSE $3 END"
#define NEWEST " ORDER BY a.id DESC LIMIT $4"

SQL(customers_all, CUSTOMER_COLUMNS " FROM account a WHERE" FITS " AND " LISTED NEWEST);
SQL(customers_of_phone, CUSTOMER_COLUMNS " FROM account a WHERE" FITS " AND " LISTED
					 " AND a.phone = $5" NEWEST);
/* A page of each venue in scope, by that index; of all these the newest. */
SQL(customers_of_venues, CUSTOMER_COLUMNS
	" FROM account a WHERE a.id IN (SELECT f.id FROM venue v CROSS JOIN LATERAL (SELECT a.id"
	"  FROM venue_customer c JOIN account a ON a.id = c.account_id WHERE c.venue_id = v.id"
	"  AND c.account_id < " LAST " AND" FITS
	"  ORDER BY c.account_id DESC LIMIT $4) f)" NEWEST);
/* A search is no reason to hold up others: it is limited itself. */
SQL(search_limit, "SELECT set_config('statement_timeout', '1000', true)");
SQL(customers_by_name, CUSTOMER_COLUMNS
	" FROM account a WHERE a.id IN (SELECT customers_named($2, " LAST ", $4))" NEWEST);
SQL(customers_scope, "SELECT staff_everywhere() AS everywhere");

enum err customers_search(struct tx *tx, int64_t by, const struct customer_search *s,
	int64_t limit, struct list *out)
{
	bool everywhere;

	if (s->name && !s->phone) {
		db_queue(tx, &search_limit);
		return db_all(tx, &customers_by_name, &customer_row_shape, out, A(by),
			A(s->name), A(s->before), A(limit));
	}
	if (s->phone)
		return db_all(tx, &customers_of_phone, &customer_row_shape, out, A(by),
			A(s->name), A(s->before), A(limit), A(s->phone));
	TRY(db_value(tx, &customers_scope, &everywhere));
	return db_all(tx, everywhere ? &customers_all : &customers_of_venues,
		&customer_row_shape, out, A(by), A(s->name), A(s->before), A(limit));
}

/* A time as answers write it. */
#define CHINA_TIME(t)                    \
	"replace(to_char(" t             \
	" AT TIME ZONE 'Asia/Shanghai'," \
	" 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '.000000', '') || '+08:00'"

SQL(customer_by_id, CUSTOMER_COLUMNS
	", CASE WHEN a.left_at IS NULL THEN a.disabled_reason END AS disabled_reason, a.left_at,"
	" (SELECT count(*) FROM orders o WHERE o.account_id = a.id) AS orders,"
	" (SELECT count(*) FROM orders o WHERE o.account_id = a.id AND o.paid_at IS NOT NULL)"
	"  AS paid_orders,"
	" (SELECT max(o.created_at) FROM orders o WHERE o.account_id = a.id) AS last_order_at,"
	" (SELECT count(*) FROM violation v WHERE v.account_id = ANY(" PERSON("a.id") ")"
	"  AND " VIOLATION_COUNTS("v", "$3") ") AS violations,"
	" (SELECT jsonb_build_object('id', b.id, 'until', " CHINA_TIME("b.until") ", 'reason', b.reason)"
	"  FROM ban b WHERE b.account_id = ANY(" PERSON("a.id") ") AND " BAN_IN_FORCE("b")
	"  ORDER BY b.until DESC LIMIT 1) AS ban FROM account a WHERE a.id = $2 AND " LISTED);

enum err customer_load(struct tx *tx, int64_t by, int64_t id, struct customer *out)
{
	*out = (struct customer){0};
	return db_one(tx, &customer_by_id, &customer_shape, out, A(by), A(id),
		A(settings.violation_days));
}

SQL(customer_is_member,
	"SELECT " ACCOUNT_IS_MEMBER(
		"a") " AS staff FROM account a WHERE a.id = $1 AND a.left_at IS NULL");
static enum err customer_only(struct tx *tx, int64_t id)
{
	bool member;

	TRY(db_value(tx, &customer_is_member, &member, A(id)));
	return member ? E_STAFF_ACCOUNT : E_OK;
}

enum err customer_disable(struct tx *tx, int64_t id, const char *reason)
{
	TRY(customer_only(tx, id));
	account_disable(tx, id, reason);
	return db_sync(tx);
}

enum err customer_enable(struct tx *tx, int64_t id)
{
	TRY(customer_only(tx, id));
	account_enable(tx, id);
	return db_sync(tx);
}
