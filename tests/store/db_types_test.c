/* Values on their way to PostgreSQL and back, in its binary formats; and rows
 * that don't fit. The server compares, too, so that no two mistakes agree. */
#include "store.h"

struct all {
	bool b;
	int64_t i;
	const char *t;
	stamp at;
	date d;
	money m;
	bool same; /* the server read the same value as out of a text */
};
static const struct field all_fields[] = {
	FIELD(struct all, b, .optional = true),
	FIELD(struct all, i, .optional = true),
	FIELD(struct all, t, .optional = true),
	FIELD(struct all, at, .optional = true),
	FIELD(struct all, d, .optional = true),
	FIELD(struct all, m, .optional = true),
	FIELD(struct all, same, .optional = true),
};
static const struct shape all_shape = SHAPE(struct all, all_fields);

SQL(types_echo,
	"SELECT $1::bool AS b, $2::bigint AS i, $3::text AS t, $4::timestamptz AS at,"
	" $5::date AS d, $6::bigint AS m, NULL::bool AS same");

static enum err echo(struct all *out, struct db_arg b, struct db_arg i, struct db_arg t,
	struct db_arg at, struct db_arg d)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_READ);
	return db_one(&tx, &types_echo, &all_shape, out, A(b), A(i), A(t), A(at), A(d),
		A((money){-7}));
}

static void every_kind_of_value_comes_back(void **state)
{
	static const int64_t ints[] = {
		0, 1, -1, 255, 256, -256, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
	struct all all;

	(void)state;
	for (size_t k = 0; k < COUNT_OF(ints); k++) {
		assert_int_equal(echo(&all, arg_bool(k % 2), arg_int(ints[k]), arg_text("x"),
					 arg_stamp((stamp){ints[k] / 1000}),
					 arg_date((date){(int32_t)k * 9999 - 40000})),
			E_OK);
		assert_true(all.b == k % 2 && all.i == ints[k] && all.m.fen == -7);
		assert_true(all.d.days == (int32_t)k * 9999 - 40000);
	}
}

static void texts_come_back_whatever_their_length(void **state)
{
	struct all all;
	char *large = arena_alloc(mem, 200001, 1);

	(void)state;
	memset(large, 'q', 200000);
	const char *const texts[] = {
		"", "a", "球馆 🏸", "'; DROP TABLE orders; --", "\\ \" \n\t\x01", large};
	for (size_t k = 0; k < COUNT_OF(texts); k++) {
		assert_int_equal(echo(&all, arg_bool(true), arg_int(0), arg_text(texts[k]),
					 arg_stamp((stamp){0}), arg_date((date){0})),
			E_OK);
		assert_string_equal(all.t, texts[k]);
	}
}

static void null_is_null_for_every_kind(void **state)
{
	struct db_arg none[] = {arg_bool(true), arg_int(5), arg_text("x"),
		arg_stamp((stamp){5}), arg_date((date){5})};
	struct all all;

	(void)state;
	for (size_t k = 0; k < COUNT_OF(none); k++)
		none[k].null = true;
	memset(&all, 0x55, sizeof(all));
	assert_int_equal(echo(&all, none[0], none[1], none[2], none[3], none[4]), E_OK);
	assert_true(!all.b && all.i == 0 && !all.t && all.at.us == 0 && all.d.days == 0);
	assert_int_equal(echo(&all, arg_bool(true), arg_id_or_null(0), arg_text(NULL),
				 arg_stamp_or_null((stamp){0}), arg_date((date){1})),
		E_OK);
	assert_true(all.b && all.i == 0 && !all.t && all.at.us == 0 && all.d.days == 1);
	assert_int_equal(echo(&all, arg_bool(true), arg_id_or_null(-3), arg_text(NULL),
				 arg_stamp_or_null((stamp){-1}), arg_date((date){1})),
		E_OK);
	assert_true(all.i == -3 && all.at.us == -1);
}

SQL(types_stamp,
	"SELECT $1::timestamptz AS at, $1::timestamptz = $2::text::timestamptz AS same,"
	" NULL::bool AS b, NULL::bigint AS i, NULL::text AS t, NULL::date AS d,"
	" NULL::bigint AS m");

static void instants_mean_the_same_to_the_server(void **state)
{
	/* clang-format off */
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01 00:00:00+00" },
		{ -1, "1969-12-31 23:59:59.999999+00" },
		{ 946684800000000, "2000-01-01 00:00:00+00" },
		{ 946684799999999, "1999-12-31 23:59:59.999999+00" },
		{ 1795428000000000, "2026-11-23 18:00:00+08" },
		{ 1795428000000001, "2026-11-23 18:00:00.000001+08" },
		{ 7258118399000000, "2199-12-31 23:59:59+00" },
		{ -62135596800000000, "0001-01-01 00:00:00+00" },
		{ -2208988800000000, "1900-01-01 00:00:00+00" },
		{ 253402300799000000, "9999-12-31 23:59:59+00" },
	};
	/* clang-format on */
	(void)state;
	for (size_t k = 0; k < COUNT_OF(cases); k++) {
		struct all all;
		struct tx tx;

		tx_begin(&tx, db, mem, TX_READ);
		assert_int_equal(db_one(&tx, &types_stamp, &all_shape, &all,
					 A((stamp){cases[k].us}), A(cases[k].text)),
			E_OK);
		if (all.at.us != cases[k].us || !all.same)
			fail_msg("%s: %lld", cases[k].text, (long long)all.at.us);
	}
}

SQL(types_date,
	"SELECT $1::date AS d, $1::date = $2::text::date AS same, NULL::bool AS b,"
	" NULL::bigint AS i, NULL::text AS t, NULL::timestamptz AS at, NULL::bigint AS m");

static void dates_mean_the_same_to_the_server(void **state)
{
	/* clang-format off */
	static const struct {
		int32_t days;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01" }, { -1, "1969-12-31" }, { 10956, "1999-12-31" },
		  { 10957, "2000-01-01" },
		{ 20780, "2026-11-23" }, { 84005, "2199-12-31" }, { -719162, "0001-01-01" },
	};
	/* clang-format on */
	(void)state;
	for (size_t k = 0; k < COUNT_OF(cases); k++) {
		struct all all;
		struct tx tx;

		tx_begin(&tx, db, mem, TX_READ);
		assert_int_equal(db_one(&tx, &types_date, &all_shape, &all,
					 A((date){cases[k].days}), A(cases[k].text)),
			E_OK);
		if (all.d.days != cases[k].days || !all.same)
			fail_msg("%s: %d", cases[k].text, (int)all.d.days);
	}
}

SQL(types_ints,
	"SELECT x AS n FROM unnest($1::bigint[]) WITH ORDINALITY AS u(x, k) ORDER BY k");
SQL(types_ints_told,
	"SELECT coalesce($1::bigint[] = $2::text::bigint[], false)::int::bigint AS n");

static void arrays_of_numbers_keep_their_order(void **state)
{
	static const int64_t ints[] = {3, -1, INT64_MAX, 0, INT64_MIN, 3};
	struct list back;
	struct tx tx;
	struct number same;

	(void)state;
	for (size_t n = 0; n <= COUNT_OF(ints); n++) {
		tx_begin(&tx, db, mem, TX_READ);
		assert_int_equal(db_all(&tx, &types_ints, &number_shape, &back,
					 A(((struct ints){ints, n}))),
			E_OK);
		assert_int_equal(back.count, n);
		for (size_t k = 0; k < n; k++)
			assert_true(((struct number *)back.at)[k].n == ints[k]);
	}
	assert_int_equal(db_one(&tx, &types_ints_told, &number_shape, &same,
				 A(((struct ints){ints, 3})), A("{3,-1,9223372036854775807}")),
		E_OK);
	assert_int_equal(same.n, 1);
	assert_int_equal(db_one(&tx, &types_ints_told, &number_shape, &same,
				 A(((struct ints){NULL, 0})), A("{}")),
		E_OK);
	assert_int_equal(same.n, 1);
}

static void an_array_may_have_many_elements(void **state)
{
	enum { MANY = 20000 };
	int64_t *ints = NEW_N(mem, int64_t, MANY);
	struct list back;
	struct tx tx;

	(void)state;
	for (int64_t k = 0; k < MANY; k++)
		ints[k] = k * k;
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(
		db_all(&tx, &types_ints, &number_shape, &back, A(((struct ints){ints, MANY}))),
		E_OK);
	assert_int_equal(back.count, MANY);
	assert_true(((struct number *)back.at)[MANY - 1].n == ints[MANY - 1]);
}

SQL(types_stamps_told,
	"SELECT ($1::timestamptz[] = $2::text::timestamptz[])::int::bigint AS n");

static void arrays_of_instants_mean_the_same_to_the_server(void **state)
{
	static const stamp at[] = {{0}, {946684799999999}, {1795428000000000}};
	struct number same;
	struct tx tx;

	(void)state;
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_one(&tx, &types_stamps_told, &number_shape, &same,
				 A(((struct stamps){at, 3})),
				 A("{1970-01-01 00:00:00+00,1999-12-31 23:59:59.999999+00,"
				   "2026-11-23 18:00:00+08}")),
		E_OK);
	assert_int_equal(same.n, 1);
	assert_int_equal(db_one(&tx, &types_stamps_told, &number_shape, &same,
				 A(((struct stamps){at, 0})), A("{}")),
		E_OK);
	assert_int_equal(same.n, 1);
}

SQL(types_narrow,
	"SELECT -2::smallint AS i, -70000::int AS m, 'n'::name AS t, true AS b,"
	" NULL::timestamptz AS at, NULL::date AS d, 'v'::varchar AS same_text,"
	" false AS same");

static void narrower_types_are_widened(void **state)
{
	struct all all;
	struct tx tx;

	(void)state;
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_one(&tx, &types_narrow, &all_shape, &all), E_OK);
	assert_true(all.i == -2 && all.m.fen == -70000 && all.b);
	assert_string_equal(all.t, "n");
}

struct strict {
	int64_t n;
	const char *t;
	stamp at;
	date d;
	bool b;
	raw_json j;
};
static const struct field n_field[] = {FIELD(struct strict, n)};
static const struct field t_field[] = {FIELD(struct strict, t)};
static const struct field at_field[] = {FIELD(struct strict, at)};
static const struct field d_field[] = {FIELD(struct strict, d)};
static const struct field b_field[] = {FIELD(struct strict, b)};
static const struct field j_field[] = {FIELD(struct strict, j)};
static const struct shape n_shape = SHAPE(struct strict, n_field);
static const struct shape t_shape = SHAPE(struct strict, t_field);
static const struct shape at_shape = SHAPE(struct strict, at_field);
static const struct shape d_shape = SHAPE(struct strict, d_field);
static const struct shape b_shape = SHAPE(struct strict, b_field);
static const struct shape j_shape = SHAPE(struct strict, j_field);

SQL(fit_n, "SELECT 1 AS n");
SQL(fit_j, "SELECT '{\"a\": 1}'::jsonb AS j");
SQL(fit_j_plain, "SELECT '{\"a\": 1}'::json AS j");
SQL(misfit_lacking, "SELECT 1 AS m");
SQL(misfit_null, "SELECT NULL::bigint AS n");
SQL(misfit_numeric, "SELECT 1.0 AS n");
SQL(misfit_double, "SELECT 1.0::float8 AS n");
SQL(misfit_text_number, "SELECT '1'::text AS n");
SQL(misfit_number_text, "SELECT 1 AS t");
SQL(misfit_json_text, "SELECT '{}'::jsonb AS t");
SQL(misfit_null_text, "SELECT NULL::text AS t");
SQL(misfit_zoneless, "SELECT '2026-11-23'::timestamp AS at");
SQL(misfit_date_stamp, "SELECT '2026-11-23'::date AS at");
SQL(misfit_infinite, "SELECT 'infinity'::timestamptz AS at");
SQL(misfit_before_all, "SELECT '-infinity'::timestamptz AS at");
SQL(misfit_year, "SELECT '294276-12-31'::timestamptz AS at");
SQL(misfit_infinite_date, "SELECT 'infinity'::date AS d");
SQL(misfit_date_before_all, "SELECT '-infinity'::date AS d");
SQL(misfit_number_bool, "SELECT 1 AS b");
SQL(misfit_text_json, "SELECT '{}'::text AS j");

static void rows_fit_or_are_internal_errors(void **state)
{
	/* clang-format off */
	static const struct {
		struct sql *sql;
		const struct shape *shape;
		enum err err;
	} cases[] = {
		{ &fit_n, &n_shape, E_OK },
		{ &fit_j, &j_shape, E_OK },
		{ &fit_j_plain, &j_shape, E_OK },
		{ &misfit_lacking, &n_shape, E_INTERNAL },
		{ &misfit_null, &n_shape, E_INTERNAL },
		{ &misfit_numeric, &n_shape, E_INTERNAL },
		{ &misfit_double, &n_shape, E_INTERNAL },
		{ &misfit_text_number, &n_shape, E_INTERNAL },
		{ &misfit_number_text, &t_shape, E_INTERNAL },
		{ &misfit_json_text, &t_shape, E_INTERNAL },
		{ &misfit_null_text, &t_shape, E_INTERNAL },
		{ &misfit_zoneless, &at_shape, E_INTERNAL },
		{ &misfit_date_stamp, &at_shape, E_INTERNAL },
		{ &misfit_infinite, &at_shape, E_INTERNAL },
		{ &misfit_before_all, &at_shape, E_INTERNAL },
		{ &misfit_year, &at_shape, E_INTERNAL },
		{ &misfit_infinite_date, &d_shape, E_INTERNAL },
		{ &misfit_date_before_all, &d_shape, E_INTERNAL },
		{ &misfit_number_bool, &b_shape, E_INTERNAL },
		{ &misfit_text_json, &j_shape, E_INTERNAL },
	};
	/* clang-format on */
	(void)state;
	for (size_t k = 0; k < COUNT_OF(cases); k++) {
		struct strict out;
		struct list list;
		struct tx tx;

		tx_begin(&tx, db, mem, TX_READ);
		enum err one = db_one(&tx, cases[k].sql, cases[k].shape, &out);
		tx_begin(&tx, db, mem, TX_READ);
		enum err all = db_all(&tx, cases[k].sql, cases[k].shape, &list);
		if (one != cases[k].err || all != cases[k].err)
			fail_msg("%s: %s, %s", cases[k].sql->name, err_info[one].code,
				err_info[all].code);
	}
}

SQL(value_two_columns, "SELECT 1::bigint AS n, 2::bigint AS m");
SQL(value_text, "SELECT 'abc'::text AS whatever");

static void one_column_is_read_whatever_its_name(void **state)
{
	int64_t n = 0;
	const char *text = NULL;
	bool yes;
	struct tx tx;

	(void)state;
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_value(&tx, &fit_n, &n), E_OK);
	assert_int_equal(n, 1);
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_value(&tx, &value_text, &text), E_OK);
	assert_string_equal(text, "abc");
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_value(&tx, &fit_n, &yes), E_INTERNAL);
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_value(&tx, &value_two_columns, &n), E_INTERNAL);
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(db_value(&tx, &misfit_null, &n), E_INTERNAL);
}

static void json_comes_as_its_text(void **state)
{
	struct sql *const both[] = {&fit_j, &fit_j_plain};

	(void)state;
	for (size_t k = 0; k < COUNT_OF(both); k++) {
		struct strict out;
		struct tx tx;

		tx_begin(&tx, db, mem, TX_READ);
		assert_int_equal(db_one(&tx, both[k], &j_shape, &out), E_OK);
		assert_string_equal(out.j.text, "{\"a\": 1}");
	}
}

/* A row that was read wrongly must not be reported as failed and yet be stored. */
static void a_misfit_in_the_last_batch_stores_nothing(void **state)
{
	struct strict out;
	struct list list;
	struct tx tx;

	(void)state;
	for (int one = 0; one < 2; one++) {
		tx_begin(&tx, db, mem, TX_WRITE);
		keep(&tx, one ? "one" : "all");
		if (one)
			db_ask_one(&tx, &misfit_null, &n_shape, &out, E_NOT_FOUND);
		else
			db_ask_all(&tx, &misfit_null, &n_shape, &list);
		assert_int_equal(tx_commit(&tx), E_INTERNAL);
		tx_rollback(&tx);
		assert_int_equal(kept(), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_kind_of_value_comes_back),
		TEST(texts_come_back_whatever_their_length),
		TEST(null_is_null_for_every_kind),
		TEST(instants_mean_the_same_to_the_server),
		TEST(dates_mean_the_same_to_the_server),
		TEST(arrays_of_numbers_keep_their_order),
		TEST(an_array_may_have_many_elements),
		TEST(arrays_of_instants_mean_the_same_to_the_server),
		TEST(narrower_types_are_widened),
		TEST(rows_fit_or_are_internal_errors),
		TEST(one_column_is_read_whatever_its_name),
		TEST(json_comes_as_its_text),
		TEST(a_misfit_in_the_last_batch_stores_nothing),
	};

	return RUN_TESTS_BETWEEN(store_begin, tests, store_end);
}
