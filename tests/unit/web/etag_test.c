/* What lists of ETags say, and what is none. */
#include "test.h"

#include "web/etag.h"

/* clang-format off */
static const struct {
	const char *text;
	bool weak;
	enum err err;
	bool any;
	size_t count;
	int64_t last;
} cases[] = {
	{ "\"7\"", false, E_OK, false, 1, 7 },
	{ " \"7\" ", false, E_OK, false, 1, 7 },
	{ "\"7\",\"8\"", false, E_OK, false, 2, 8 },
	{ "\"7\" ,\t\"8\", \"7\"", false, E_OK, false, 2, 8 },
	{ ",, \"7\",", false, E_OK, false, 1, 7 },
	{ "*", false, E_OK, true, 0, 0 },
	{ " * ", false, E_OK, true, 0, 0 },
	{ "", false, E_OK, false, 0, 0 },
	{ "W/\"7\"", false, E_OK, false, 0, 0 },
	{ "W/\"7\"", true, E_OK, false, 1, 7 },
	{ "\"\"", false, E_OK, false, 0, 0 },
	{ "\"a,b\", \"9\"", false, E_OK, false, 1, 9 },
	{ "\"07\"", false, E_OK, false, 0, 0 },
	{ "\"0\"", false, E_OK, false, 0, 0 },
	{ "\"1111111111111111\"", false, E_OK, false, 0, 0 },
	{ "\"\xe7\x90\x83\"", false, E_OK, false, 0, 0 },
	{ "7", false, E_BAD_REQUEST, false, 0, 0 },
	{ "\"7", false, E_BAD_REQUEST, false, 0, 0 },
	{ "\"7\" \"8\"", false, E_BAD_REQUEST, false, 1, 7 },
	{ "\"7 \"", false, E_BAD_REQUEST, false, 0, 0 },
	{ "w/\"7\"", true, E_BAD_REQUEST, false, 0, 0 },
	{ "*, \"7\"", false, E_BAD_REQUEST, true, 0, 0 },
	{ "W/", true, E_BAD_REQUEST, false, 0, 0 },
	{ "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\","
	  "\"14\",\"15\",\"16\",\"17\"", false, E_BAD_REQUEST, false, 16, 16 },
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
