#ifndef DB_DB_H
#define DB_DB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/shape.h"

/* PostgreSQL. A process has one connection, opened when first needed and again
 * after a loss. Statements are prepared at their first use, travel in libpq's
 * pipeline mode, and come back in binary form, so that a row that doesn't fit
 * its struct (type, NULL, width) is an internal error and never a 0.
 *
 * Statements are only noted down by db_queue_… and db_ask_…; db_sync (or
 * db_one, db_all, tx_commit) sends all of them at once and reads all answers:
 * one round trip. BEGIN travels with the first batch, COMMIT with the last. */

struct db;

enum tx_mode { TX_NONE, TX_READ, TX_WRITE };

struct tx {
	struct db *db;
	struct arena *mem; /* rows live here until its reset */
	enum tx_mode mode;
	bool open;        /* BEGIN was sent, or a held one has begun */
	bool held;        /* see tx_hold() */
	bool commit_sent; /* from here on a lost connection means: unknown */
	bool broken;      /* the server refused a statement: only tx_rollback may follow */
};

/* A statement, prepared under its own C identifier, beside its only caller. */
struct sql {
	const char *name, *text;
	uint16_t index;
};
#define SQL(id, body)                          \
	static struct sql id = {#id, body, 0}; \
	static struct sql *const id##_entry __attribute__((section("sqls"), used)) = &id
extern struct sql *const __start_sqls[], *const __stop_sqls[];

/* Arguments. The C type decides the SQL type. */
struct ints {
	const int64_t *at;
	size_t count;
}; /* bigint[] */
struct stamps {
	const stamp *at;
	size_t count;
}; /* timestamptz[] */

enum arg_kind { ARG_BOOL, ARG_INT, ARG_TEXT, ARG_STAMP, ARG_DATE, ARG_INTS, ARG_STAMPS };
struct db_arg {
	enum arg_kind kind;
	bool null;
	union {
		bool b;
		int64_t i;
		const char *s;
		struct ints ints;
		struct stamps stamps;
	};
};

static inline struct db_arg arg_bool(bool v)
{
	return (struct db_arg){.kind = ARG_BOOL, .b = v};
}
static inline struct db_arg arg_int(int64_t v)
{
	return (struct db_arg){.kind = ARG_INT, .i = v};
}
static inline struct db_arg arg_text(const char *v)
{
	return (struct db_arg){.kind = ARG_TEXT, .null = !v, .s = v};
}
static inline struct db_arg arg_stamp(stamp v)
{
	return (struct db_arg){.kind = ARG_STAMP, .i = v.us};
}
static inline struct db_arg arg_date(date v)
{
	return (struct db_arg){.kind = ARG_DATE, .i = v.days};
}
static inline struct db_arg arg_money(money v)
{
	return (struct db_arg){.kind = ARG_INT, .i = v.fen};
}
static inline struct db_arg arg_ints(struct ints v)
{
	return (struct db_arg){.kind = ARG_INTS, .ints = v};
}
static inline struct db_arg arg_stamps(struct stamps v)
{
	return (struct db_arg){.kind = ARG_STAMPS, .stamps = v};
}
static inline struct db_arg arg_id_or_null(int64_t v)
{
	return (struct db_arg){.kind = ARG_INT, .i = v, .null = v == 0};
}
static inline struct db_arg arg_stamp_or_null(stamp v)
{
	return (struct db_arg){.kind = ARG_STAMP, .i = v.us, .null = v.us == 0};
}
static inline struct db_arg arg_date_or_null(date v)
{
	return (struct db_arg){.kind = ARG_DATE, .null = v.days == 0, .i = v.days};
}
static inline struct db_arg arg_as_is(struct db_arg v)
{
	return v;
}

/* clang-format off */
#define A(v)                                                                                   \
	_Generic((v), bool: arg_bool, int64_t: arg_int, int: arg_int, char *: arg_text,        \
		const char *: arg_text, stamp: arg_stamp, date: arg_date, money: arg_money,    \
		struct ints: arg_ints, struct stamps: arg_stamps, struct db_arg: arg_as_is)(v)
#define ARGS(...)                                                                              \
	(const struct db_arg[]){ (struct db_arg){ 0 }, ##__VA_ARGS__ } + 1,                    \
		sizeof((const struct db_arg[]){ (struct db_arg){ 0 }, ##__VA_ARGS__ }) /       \
				sizeof(struct db_arg) - 1

/* The shape of a row with one column, by what *out is. */
#define VALUE_SHAPE(out)                                                                       \
	(&db_value_shapes[_Generic(*(out), bool: K_BOOL, int64_t: K_INT, const char *: K_TEXT, \
		stamp: K_STAMP, date: K_DATE, money: K_MONEY)])
/* clang-format on */
extern const struct shape db_value_shapes[];

/* No connection is made yet. `program` is shown in pg_stat_activity. */
struct db *db_new(const char *conninfo, const char *program);
void db_free(struct db *);
/* From now on `fn` hears how long each exchange with the server took; NULL: nobody does. */
void db_watch(void (*fn)(int64_t us));
void db_drop(struct db *);         /* close the connection; the next use opens one */
bool db_reused(const struct db *); /* the connection is older than this transaction */

void tx_begin(struct tx *, struct db *, struct arena *, enum tx_mode);

/* Let a reading transaction last until its commit: what its first statement has set
 * for the transaction (whose rights, see session_guard) then holds for all of them.
 * Without it each sync of TX_READ is a transaction of its own. */
static inline void tx_hold(struct tx *tx)
{
	tx->held = tx->mode == TX_READ;
}

/* E_OK; the error of a queued statement; E_DB_DOWN if nothing can have been
 * stored; E_UNKNOWN if the connection broke with COMMIT under way. */
enum err tx_commit(struct tx *) CHECKED;
void tx_rollback(struct tx *);
/* What follows a piece of work: commit if it went well, else undo it. The work's
 * error, or the commit's. */
enum err tx_end(struct tx *, enum err) CHECKED;

/* What is wanted of a statement: rows into *one or *all, or a number of rows
 * touched or returned; `err` says what else is the matter. */
enum want { WANT_ANY, WANT_ONE, WANT_NONE };
struct db_answer {
	const struct shape *shape;
	void *one;
	struct list *all;
	enum want want;
	enum err err;
};
void db_note_(
	struct tx *, struct sql *, const struct db_answer *, const struct db_arg *, size_t);

/* Note a statement down. An error surfaces at the next sync or commit, and
 * undoes all. `queue` takes whatever number of rows; `queue_one` wants exactly
 * one row touched or returned, `queue_none` wants none, else `err`. */
#define db_queue(tx, sql, ...) \
	db_note_(tx, sql, &(const struct db_answer){.want = WANT_ANY}, ARGS(__VA_ARGS__))
#define db_queue_one(tx, sql, e, ...)                                              \
	db_note_(tx, sql, &(const struct db_answer){.want = WANT_ONE, .err = (e)}, \
		ARGS(__VA_ARGS__))
#define db_queue_none(tx, sql, e, ...)                                              \
	db_note_(tx, sql, &(const struct db_answer){.want = WANT_NONE, .err = (e)}, \
		ARGS(__VA_ARGS__))
/* A change of a row that has a version. The statement compares it by VERSION_IS with the
 * one that the caller has read (If-Match); if another came first: E_VERSION_CHANGED. */
enum { ANY_VERSION = 0 }; /* whichever is stored: If-Match: * */
#define VERSION_IS(column, param) param "::bigint IN (" column ", 0)"
#define db_queue_version(tx, sql, ...) db_queue_one(tx, sql, E_VERSION_CHANGED, ##__VA_ARGS__)

/* Note a question down: *out is filled by the next sync. One row, else
 * `missing` (several: E_INTERNAL); or every row, as structs in the arena. */
#define db_ask_one(tx, sql, sh, out, missing, ...)                                        \
	db_note_(tx, sql,                                                                 \
		&(const struct db_answer){.shape = (sh), .one = (out), .err = (missing)}, \
		ARGS(__VA_ARGS__))
#define db_ask_all(tx, sql, sh, list, ...)                                         \
	db_note_(tx, sql, &(const struct db_answer){.shape = (sh), .all = (list)}, \
		ARGS(__VA_ARGS__))

/* Note down a question whose answer is one column: a bool, int64_t, const char *,
 * stamp, date or money (what *out is decides); NULL is a fault. */
#define db_ask_value(tx, sql, out, missing, ...) \
	db_ask_one(tx, sql, VALUE_SHAPE(out), out, missing, ##__VA_ARGS__)
/* The same of every row, into a list of that type. */
#define db_ask_values(tx, sql, type, list, ...) \
	db_ask_all(tx, sql, VALUE_SHAPE((type *)NULL), list, ##__VA_ARGS__)

enum err db_sync(struct tx *) CHECKED;

/* Ask and sync in one: for questions that depend on earlier answers. */
#define db_one(tx, sql, sh, out, ...) \
	(db_ask_one(tx, sql, sh, out, E_NOT_FOUND, ##__VA_ARGS__), db_sync(tx))
#define db_value(tx, sql, out, ...) \
	(db_ask_value(tx, sql, out, E_NOT_FOUND, ##__VA_ARGS__), db_sync(tx))
#define db_all(tx, sql, sh, list, ...) \
	(db_ask_all(tx, sql, sh, list, ##__VA_ARGS__), db_sync(tx))
#define db_values(tx, sql, type, list, ...) \
	(db_ask_values(tx, sql, type, list, ##__VA_ARGS__), db_sync(tx))
#define db_run(tx, sql, ...) (db_queue(tx, sql, ##__VA_ARGS__), db_sync(tx))

/* Wait for a NOTIFY on a connection that has run LISTEN; true if one came. */
bool db_wait_notify(struct db *, int timeout_ms);

/* A run of `count` ids that nobody else has, from a block reserved at the
 * database once per 256 ids. Not transactional: gaps are fine. */
enum err ids_take(struct tx *, size_t count, int64_t *first) CHECKED;

/* For the tests and the bench: prepare every statement of the program, print
 * those that the schema refuses, return how many; and find one by its name. */
size_t db_check_all(struct db *);
const struct sql *sql_find(const char *name);

#endif
