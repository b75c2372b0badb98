#ifndef DB_SCHEMA_H
#define DB_SCHEMA_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/shape.h"

/* The schema's history: files NNNN_what.sql, numbered from 0001 without gaps,
 * that are applied in order, once, and never changed afterwards. What was
 * applied is kept in the table schema_migration. */

struct migration {
	int64_t version;
	const char *name;     /* of the file, without its folder */
	const char *sql;      /* its text; NULL in what a database says */
	const char *checksum; /* SHA-256 of the bytes, lower-case hex */
};

/* All files of a folder, in order, as a list of struct migration in the arena.
 * NULL, or why the folder is refused, with the file's name in it. */
const char *schema_read(struct arena *, const char *dir, struct list *out);

/* Does what the database has had (in order) agree with the files? NULL, or why
 * not; then the files from applied->count on are still to be applied. */
const char *schema_compare(
	struct arena *, const struct list *files, const struct list *applied);

#endif
