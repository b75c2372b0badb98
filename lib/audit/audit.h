#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "db/db.h"

/* Who of the staff changed what: the table audit_log, which triggers fill in the
 * transaction of the change (migrations/0010_rights.sql). Customers and jobs are
 * not staff and leave no entries. Nothing here writes. */

struct audit_row {
	int64_t id, actor_id;
	int64_t venue_id; /* 0: the row is of no venue, and the actor works at several */
	stamp at;
	const char *actor;          /* the present name; of a former member the username */
	const char *actor_username; /* at the time; NULL if he was no member */
	const char *entity;         /* the table */
	const char *entity_id;      /* of several columns: "2/5/480" */
	const char *action;         /* insert, update, delete */
	const char *operation_id;   /* the request's id */
	raw_json before, after;     /* changed columns; NULL of what was or is not there */
};
extern const struct shape audit_row_shape;

enum { AUDIT_WORD_MAX = 100 };

/* All that is given must fit; NULL or 0 is not given. */
struct audit_search {
	int64_t actor, venue;
	const char *entity, *entity_id, *operation, *action, *actor_username; /* exact */
	/* The name of a column, or a value as text, at any depth; the first AUDIT_WORD_MAX
	 * characters of a longer one. */
	const char *before, *after;
	stamp from, to; /* `to` is not in it */
	int64_t behind; /* the entry behind which to go on */
};

/* The latest first; of the venues in the transaction's scope. */
enum err audit_find(
	struct tx *, const struct audit_search *, int64_t limit, struct list *) CHECKED;

#endif
