#ifndef DB_COPY_H
#define DB_COPY_H

#include "db/db.h"

/* Very many rows into one table, by COPY, on a connection of its own: that of
 * struct db goes on meanwhile. Memory stays the same however many there are. */
struct db_copy;

/* `sql` is COPY … FROM STDIN (FORMAT binary); columns have the types that A()
 * gives. NULL: E_DB_DOWN or worse, logged. */
struct db_copy *copy_begin(struct arena *, const char *conninfo, const char *sql);

/* One row. Like COMMIT, an error shows up at any later call, and stays. */
enum err copy_row_(struct db_copy *, const struct db_arg *, size_t n) CHECKED;
#define copy_row(copy, ...) copy_row_(copy, ARGS(__VA_ARGS__))

/* All rows are stored, or, with any error but E_UNKNOWN, none. E_UNKNOWN: the
 * connection broke before the server's word. Nothing may follow. */
enum err copy_end(struct db_copy *) CHECKED;

/* Instead of the end: nothing is stored, and the table's lock is let go. When the
 * arena is reset this happens by itself. */
void copy_drop(struct db_copy *);

#endif
