/* A table of words in C, and the constraint that refuses any other in a row. */
#include "store.h"

#include "work/work.h"

/* In the order of the alphabet, "a|b". */
static const char *words_of_constraint(const char *name)
{
	return say(owner,
		arena_printf(mem,
			"SELECT string_agg(m[1], '|' ORDER BY m[1]) FROM pg_constraint c,"
			" regexp_matches(pg_get_constraintdef(c.oid), '''([a-z_]+)''', 'g') m"
			" WHERE c.conname = '%s'",
			name));
}

static const char *sorted(const char *words)
{
	return say(owner, arena_printf(mem,
				  "SELECT string_agg(w, '|' ORDER BY w)"
				  " FROM string_to_table('%s', '|') w",
				  words));
}

static void each_table_has_the_words_of_its_constraint(void **state)
{
	static const struct {
		const char *constraint, *words;
	} cases[] = {
		{"work_item_kind_known", WORDS_OF(WORK_KINDS)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(
			sorted(cases[i].words), words_of_constraint(cases[i].constraint));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_table_has_the_words_of_its_constraint),
	};

	return cmocka_run_group_tests(tests, store_begin, store_end);
}
