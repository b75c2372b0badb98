#ifndef DB_WIRE_H
#define DB_WIRE_H

#include "db/db.h"

#include <libpq-fe.h>

/* PostgreSQL's binary formats, both ways. Only db.c and copy.c include this.
 * Source: PostgreSQL 15, src/backend/utils/adt/, the …send and …recv functions. */

enum { DB_ARGS_MAX = 24 };

struct db_params {
	int count;
	Oid types[DB_ARGS_MAX];
	const char *values[DB_ARGS_MAX];
	int lengths[DB_ARGS_MAX], formats[DB_ARGS_MAX];
};

void db_params_fill(
	struct arena *mem, struct db_params *p, const struct db_arg *args, size_t n);

/* Fill one struct from one row. A field that the row lacks, a NULL in a field
 * that is not optional, a type or width that doesn't fit: E_INTERNAL. Texts
 * point into the result. */
enum err db_scan(const PGresult *, int row, const struct shape *, void *out) CHECKED;

#endif
