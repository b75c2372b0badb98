#include "order/violation.h"

#include "account/in_force.h"
#include "order/ban.h"
#include "order/search.h"

struct violation_row {
	int64_t id, order_id; /* the order is 0 where it is another venue's affair */
	const char *kind, *order_no, *lifted_by, *lift_reason;
	stamp at, lifted_at;
};
static const struct field violation_fields[] = {
	FIELD(struct violation_row, id),
	FIELD(struct violation_row, kind),
	FIELD(struct violation_row, order_id, .optional = true),
	FIELD(struct violation_row, order_no, .optional = true),
	FIELD(struct violation_row, at),
	FIELD(struct violation_row, lifted_at, .optional = true),
	FIELD(struct violation_row, lifted_by, .optional = true),
	FIELD(struct violation_row, lift_reason, .optional = true),
};
static const struct shape violation_shape = SHAPE(struct violation_row, violation_fields);

struct ban_row {
	int64_t id;
	const char *reason, *lifted_by, *lift_reason;
	stamp since, until, lifted_at;
	bool in_force;
};
static const struct field ban_row_fields[] = {
	FIELD(struct ban_row, id),
	FIELD(struct ban_row, since),
	FIELD(struct ban_row, until),
	FIELD(struct ban_row, reason),
	FIELD(struct ban_row, in_force),
	FIELD(struct ban_row, lifted_at, .optional = true),
	FIELD(struct ban_row, lifted_by, .optional = true),
	FIELD(struct ban_row, lift_reason, .optional = true),
};
static const struct shape ban_row_shape = SHAPE(struct ban_row, ban_row_fields);

static const struct field record_fields[] = {
	FIELD(struct violation_record, customer),
	FIELD(struct violation_record, violations, .of = &violation_shape),
	FIELD(struct violation_record, bans, .of = &ban_row_shape),
};
const struct shape violation_record_shape = SHAPE(struct violation_record, record_fields);

SQL(violations_customer, "SELECT " CUSTOMER
			 " FROM account a WHERE a.id = $1"
			 " AND EXISTS (SELECT 1 FROM orders o WHERE o.account_id = a.id)");
SQL(violations_of_account,
	"SELECT x.id, x.kind, o.id AS order_id, o.no AS order_no, x.at, x.lifted_at,"
	" staff_name(x.lifted_by) AS lifted_by, x.lift_reason"
	" FROM violation x LEFT JOIN orders o ON o.id = x.order_id"
	" WHERE x.account_id = ANY(" PERSON("$1") ") ORDER BY x.at DESC, x.id DESC LIMIT 100");
SQL(bans_of_account,
	"SELECT b.id, b.since, b.until, b.reason,"
	" " BAN_IN_FORCE("b") " AS in_force, b.lifted_at,"
	" staff_name(b.lifted_by) AS lifted_by, b.lift_reason"
	" FROM ban b WHERE b.account_id = ANY(" PERSON("$1") ") ORDER BY b.since DESC, b.id DESC LIMIT 100");

static const struct field customer_fields[] = {FIELD(struct violation_record, customer)};
static const struct shape customer_shape = SHAPE(struct violation_record, customer_fields);

enum err violations_load(struct tx *tx, int64_t account_id, struct violation_record *out)
{
	struct list violations, bans;

	db_ask_one(tx, &violations_customer, &customer_shape, out, E_NOT_FOUND, A(account_id));
	db_ask_all(tx, &violations_of_account, &violation_shape, &violations, A(account_id));
	db_ask_all(tx, &bans_of_account, &ban_row_shape, &bans, A(account_id));
	TRY(db_sync(tx));
	out->violations = violations;
	out->bans = bans;
	return E_OK;
}

/* Whose it is, and whether it is an affair of the own venues alone. */
struct owner {
	int64_t account_id;
	bool own;
};
static const struct field owner_fields[] = {
	FIELD(struct owner, account_id),
	FIELD(struct owner, own),
};
static const struct shape owner_shape = SHAPE(struct owner, owner_fields);

#define OWNER(table, own)                                     \
	"SELECT x.account_id, staff_everywhere() OR " own     \
	" AS own"                                             \
	" FROM " table                                        \
	" x JOIN account a ON a.id = x.account_id"            \
	" WHERE x.id = $1 AND EXISTS (SELECT 1 FROM orders o" \
	"  WHERE o.account_id = a.id)"
SQL(violation_owner,
	OWNER("violation", "EXISTS (SELECT 1 FROM orders o WHERE o.id = x.order_id)"));
SQL(ban_owner, OWNER("ban", "(x.venue_ids <> '{}' AND x.venue_ids <@ staff_venues())"));
#define LIFT                                                                     \
	" SET lifted_at = now(), lifted_by = $2, lift_reason = $3 WHERE id = $1" \
	" AND lifted_at IS NULL"
SQL(violation_set_lifted, "UPDATE violation" LIFT);
SQL(ban_set_lifted, "UPDATE ban" LIFT);

/* The person is held: what is counted for a ban stands still. */
static enum err hold_owner(struct tx *tx, struct sql *owner_of, int64_t id, int64_t *account_id)
{
	struct owner owner;

	TRY(db_one(tx, owner_of, &owner_shape, &owner, A(id)));
	if (!owner.own)
		return E_OTHER_VENUE;
	violations_hold(tx, owner.account_id);
	*account_id = owner.account_id;
	return E_OK;
}

enum err violation_lift(
	struct tx *tx, int64_t id, int64_t member_id, const char *reason, int64_t *account_id)
{
	TRY(hold_owner(tx, &violation_owner, id, account_id));
	db_queue(tx, &violation_set_lifted, A(id), A(member_id), A(reason));
	bans_review(tx, *account_id, reason);
	return E_OK;
}

enum err ban_lift(
	struct tx *tx, int64_t id, int64_t member_id, const char *reason, int64_t *account_id)
{
	TRY(hold_owner(tx, &ban_owner, id, account_id));
	db_queue(tx, &ban_set_lifted, A(id), A(member_id), A(reason));
	return E_OK;
}
