/* What lists of ETags say, and what is none. */
#include "test.h"

#include "web/etag.h"

/* clang-format off */
static const struct {
	const char *text;
	size_t count;
	int64_t last;
	enum err err;
	bool weak, any;
} cases[] = {
	{ "\"7\"", 1, 7, E_OK, false, false },
	{ " \"7\" ", 1, 7, E_OK, false, false },
	{ "\"7\",\"8\"", 2, 8, E_OK, false, false },
	{ "\"7\" ,\t\"8\", \"7\"", 2, 8, E_OK, false, false },
	{ ",, \"7\",", 1, 7, E_OK, false, false },
	{ "*", 0, 0, E_OK, false, true },
	{ " * ", 0, 0, E_OK, false, true },
	{ "", 0, 0, E_OK, false, false },
	{ "W/\"7\"", 0, 0, E_OK, false, false },
	{ "W/\"7\"", 1, 7, E_OK, true, false },
	{ "\"\"", 0, 0, E_OK, false, false },
	{ "\"a,b\", \"9\"", 1, 9, E_OK, false, false },
	{ "\"07\"", 0, 0, E_OK, false, false },
	{ "\"0\"", 0, 0, E_OK, false, false },
	{ "\"1111111111111111\"", 0, 0, E_OK, false, false },
	{ "\"\xe7\x90\x83\"", 0, 0, E_OK, false, false },
	{ "7", 0, 0, E_BAD_REQUEST, false, false },
	{ "\"7", 0, 0, E_BAD_REQUEST, false, false },
	{ "\"7\" \"8\"", 1, 7, E_BAD_REQUEST, false, false },
	{ "\"7 \"", 0, 0, E_BAD_REQUEST, false, false },
	{ "w/\"7\"", 0, 0, E_BAD_REQUEST, true, false },
	{ "*, \"7\"", 0, 0, E_BAD_REQUEST, false, true },
	{ "W/", 0, 0, E_BAD_REQUEST, true, false },
	{ "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\","
	  "\"14\",\"15\",\"16\",\"17\"", 16, 16, E_BAD_REQUEST, false, false },
};
/* clang-format on */

static void lists_are_read_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct etags e;
		enum err err = etags_read(cases[i].text, cases[i].weak, &e);
		int64_t last = e.count ? e.version[e.count - 1] : 0;

		if (err != cases[i].err || e.any != cases[i].any || e.count != cases[i].count ||
			last != cases[i].last)
			fail_msg("%s: %s, %zu, last %lld", cases[i].text, err_info[err].code,
				e.count, (long long)last);
		assert_int_equal(etags_have(&e, 8), e.any || last == 8 || e.count == 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read_by_the_table),
	};

	return RUN_TESTS(tests);
}
