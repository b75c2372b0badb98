#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "db/db.h"

/* Which member of staff changed what: the table audit_log, which triggers fill in the
 * transaction of the change (tests/store/schema.sql). What customers and jobs
 * change is not in it. This only reads it. */

struct audit_row {
	int64_t id, actor_id;
	int64_t venue_id; /* 0: the row is of no venue, and the actor works at several */
	stamp at;
	const char *actor;          /* the present name; of a former member the username */
	const char *actor_username; /* at the time; NULL if he was no member */
	const char *entity;         /* the table */
	const char *entity_id;      /* of several columns: "2/5/480" */
	const char *action;         /* insert, update, delete, search */
	const char *operation_id;   /* the request's id */
	raw_json before, after;     /* changed columns; NULL of what was or is not there */
};
extern const struct shape audit_row_shape;

enum { AUDIT_WORD_MAX = 100 };

/* An entry fits if everything fits that is given; NULL or 0 is not given. */
struct audit_search {
	int64_t actor, venue;
	const char *entity, *entity_id, *operation, *action, *actor_username; /* exact */
	/* A word that the change took away (before) or brought (after): the name of a
	 * column, or a value as text, at any depth; of a longer one the first
	 * AUDIT_WORD_MAX characters. */
	const char *before, *after;
	stamp from, to; /* `to` itself is left out */
	int64_t behind; /* the last entry of the page before */
};

/* The latest first; only of the venues in the transaction's scope. */
enum err audit_search(
	struct tx *, const struct audit_search *, int64_t limit, struct list *) CHECKED;

#endif
