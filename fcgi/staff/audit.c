#include "audit/audit.h"
#include "account/member.h"
#include "base/plain.h"

#include "staff.h"

enum { TABLE_NAME_MAX = 63, KEY_MAX = 100, OPERATION_MIN = 8, OPERATION_MAX = 64 };

struct audit_query {
	struct page page;
	int64_t actor, venue;
	const char *entity, *entity_id, *operation, *action, *actor_username, *before, *after;
	stamp from, to;
};
static const struct field query_fields[] = {
	PAGE_FIELDS(struct audit_query, page),
	FIELD(struct audit_query, actor, .optional = true, .min = 1, .max = ID_MAX),
	FIELD(struct audit_query, actor_username, .optional = true, .min = 1,
		.max = USERNAME_MAX_LENGTH),
	FIELD(struct audit_query, venue, .optional = true, .min = 1, .max = ID_MAX),
	FIELD(struct audit_query, entity, .optional = true, .min = 1, .max = TABLE_NAME_MAX),
	FIELD(struct audit_query, entity_id, .optional = true, .min = 1, .max = KEY_MAX),
	FIELD(struct audit_query, operation, .optional = true, .min = OPERATION_MIN,
		.max = OPERATION_MAX),
	FIELD(struct audit_query, action, .optional = true,
		.one_of = "insert|update|delete|search"),
	FIELD(struct audit_query, before, .optional = true, .min = 1, .max = AUDIT_WORD_MAX),
	FIELD(struct audit_query, after, .optional = true, .min = 1, .max = AUDIT_WORD_MAX),
	FIELD(struct audit_query, from, .optional = true),
	FIELD(struct audit_query, to, .optional = true),
};
static const struct shape query_shape = SHAPE(struct audit_query, query_fields);

static enum err search(struct req *r)
{
	const struct audit_query *q = r->query;
	int64_t limit = page_limit(r, STAFF_PAGE);
	struct list rows;

	TRY(audit_search(&r->tx,
		&(struct audit_search){.actor = q->actor,
			.venue = q->venue,
			.entity = q->entity,
			.entity_id = q->entity_id,
			.operation = q->operation,
			.action = q->action,
			.actor_username = text_folded(r->mem, q->actor_username),
			.before = q->before,
			.after = q->after,
			.from = q->from,
			.to = q->to,
			.behind = q->page.cursor},
		limit, &rows));
	return reply_page(r, &audit_row_shape, &rows, limit);
}

const struct route desk_audit_routes[] = {
	{GET, "/api/v1/staff/audit", "audit", TX_READ, search, .query = &query_shape,
		.says = "Who of the staff changed what, the latest first"},
	{0},
};
