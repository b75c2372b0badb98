#include "account/account.h"
#include "account/member.h"
#include "account/rights.h"
#include "base/phone.h"
#include "staff.h"

struct search_query {
	struct page page;
	const char *name, *role;
	int64_t venue;
};
static const struct field search_fields[] = {
	PAGE_FIELDS(struct search_query, page),
	FIELD(struct search_query, name, .optional = true, .min = 1,
		.max = ACCOUNT_NAME_LENGTH),
	FIELD(struct search_query, role, .optional = true, .min = 1, .max = ROLE_LENGTH),
	FIELD(struct search_query, venue, .optional = true, .min = 1, .max = ID_MAX),
};
static const struct shape search_shape = SHAPE(struct search_query, search_fields);

static enum err search(struct req *r)
{
	const struct search_query *q = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list members;

	TRY(members_search(&r->tx,
		&(struct member_search){.name = q->name,
			.role = q->role,
			.venue_id = q->venue,
			.after = q->page.cursor},
		limit, &members));
	return reply_page(r, &member_shape, &members, limit);
}

static enum err reply_member(struct req *r, int status, int64_t id)
{
	struct member member;

	TRY(member_load(&r->tx, id, &member));
	return reply_versioned(r, status, member.version, &member_shape, &member);
}

static enum err show(struct req *r)
{
	return reply_member(r, 200, r->arg[0]);
}

static const struct field add_fields[] = {
	FIELD(struct member_new, username, .min = USERNAME_MIN_LENGTH,
		.max = USERNAME_MAX_LENGTH),
	FIELD(struct member_new, name, .plain = PLAIN_LINE, .min = 1,
		.max = ACCOUNT_NAME_LENGTH),
	FIELD(struct member_new, phone, .optional = true, .digits = DIGITS_PHONE,
		.min = PHONE_DIGITS, .max = PHONE_DIGITS),
	FIELD(struct member_new, roles, .min = 1, .max = ROLES_MAX, .of = &role_given_shape),
};
static const struct shape add_shape = SHAPE(struct member_new, add_fields);

static enum err add(struct req *r)
{
	const struct member_new *in = r->in;
	int64_t id;

	TRY(member_add(&r->tx, in, &id, &r->field));
	return reply_member(r, 201, id);
}

struct member_in {
	const char *name, *phone;
};
static const struct field member_in_fields[] = {
	FIELD(struct member_in, name, .plain = PLAIN_LINE, .min = 1,
		.max = ACCOUNT_NAME_LENGTH),
	FIELD(struct member_in, phone, .optional = true, .digits = DIGITS_PHONE,
		.min = PHONE_DIGITS, .max = PHONE_DIGITS),
};
static const struct shape member_in_shape = SHAPE(struct member_in, member_in_fields);

static enum err set(struct req *r)
{
	const struct member_in *in = r->in;

	TRY(member_set(&r->tx, r->arg[0], r->if_match, in->name, in->phone, &r->field));
	return reply_member(r, 200, r->arg[0]);
}

struct roles_in {
	struct list roles;
};
static const struct field roles_fields[] = {
	FIELD(struct roles_in, roles, .min = 1, .max = ROLES_MAX, .of = &role_given_shape),
};
static const struct shape roles_shape = SHAPE(struct roles_in, roles_fields);

static enum err set_roles(struct req *r)
{
	const struct roles_in *in = r->in;

	TRY(member_set_roles(
		&r->tx, r->caller.account_id, r->arg[0], r->if_match, &in->roles, &r->field));
	return reply_member(r, 200, r->arg[0]);
}

static enum err disable(struct req *r)
{
	const struct reason_in *in = r->in;

	TRY(member_disable(&r->tx, r->caller.account_id, r->arg[0], in->reason));
	return reply_member(r, 200, r->arg[0]);
}

static enum err enable(struct req *r)
{
	TRY(member_enable(&r->tx, r->arg[0]));
	return reply_member(r, 200, r->arg[0]);
}

static enum err drop(struct req *r)
{
	TRY(member_remove(&r->tx, r->caller.account_id, r->arg[0], r->if_match));
	return reply_empty(r);
}

static enum err roles(struct req *r)
{
	struct list roles, permissions;

	TRY(roles_list(&r->tx, &roles));
	TRY(permissions_list(&r->tx, &permissions));
	struct buf *b = reply_begin(r, 200);
	json_open(b, NULL, '{');
	json_list(b, "items", &role_shape, &roles);
	json_list(b, "permissions", &permission_shape, &permissions);
	json_close(b, '}');
	return reply_end(r);
}

enum { PERMISSIONS_MAX = 50, PERMISSION_LENGTH = 32 };
static const struct field code_fields[] = {
	FIELD_AS(struct permission_code, code, NULL, .min = 1, .max = PERMISSION_LENGTH),
};
static const struct shape code_shape = SHAPE(struct permission_code, code_fields);

struct role_in {
	const char *role;
	struct list permissions;
};
static const struct field role_in_fields[] = {
	FIELD(struct role_in, role, .min = 1, .max = ROLE_LENGTH),
	FIELD(struct role_in, permissions, .min = 0, .max = PERMISSIONS_MAX, .of = &code_shape),
};
static const struct shape role_in_shape = SHAPE(struct role_in, role_in_fields);

static enum err save_role(struct req *r)
{
	const struct role_in *in = r->in;

	TRY(role_set(&r->tx, in->role, &in->permissions, &r->field));
	return roles(r);
}

const struct route desk_member_routes[] = {
	{GET, "/api/v1/staff/members", "member", TX_READ, search, .query = &search_shape,
		.says = "Members of staff by a part of the name, role, venue"},
	{POST, "/api/v1/staff/members", "member", TX_WRITE, add, .body = &add_shape,
		.flags = IDEMPOTENT, .says = "A new member; it has no password yet"},
	{GET, "/api/v1/staff/members/{account}", "member", TX_READ, show,
		.says = "One of them"},
	{PUT, "/api/v1/staff/members/{account}", "member", TX_WRITE, set,
		.body = &member_in_shape, .flags = IF_MATCH, .says = "Change name and phone"},
	{DELETE, "/api/v1/staff/members/{account}", "member", TX_WRITE, drop, .flags = IF_MATCH,
		.says = "A member no longer; the account stays as a customer's"},
	{PUT, "/api/v1/staff/members/{account}/roles", "member", TX_WRITE, set_roles,
		.body = &roles_shape, .flags = IF_MATCH,
		.says = "What a member may do, and at which venues"},
	{POST, "/api/v1/staff/members/{account}/disable", "member", TX_WRITE, disable,
		.body = &reason_in_shape, .flags = IDEMPOTENT,
		.says = "A member is signed out at once and can't log in any more"},
	{POST, "/api/v1/staff/members/{account}/enable", "member", TX_WRITE, enable,
		.flags = IDEMPOTENT, .says = "A disabled member may log in again"},
	{GET, "/api/v1/staff/roles", "member", TX_READ, roles,
		.says = "All roles with their permissions"},
	{PUT, "/api/v1/staff/roles", "role", TX_WRITE, save_role, .body = &role_in_shape,
		.says = "What a role may do"},
	{0},
};
