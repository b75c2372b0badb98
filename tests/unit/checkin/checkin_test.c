/* The code at the court's door: what staff scan or type, and what may be used. */
#include "test.h"

#include "base/settings.h"
#include "checkin/checkin.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char key_path[] = "/tmp/checkin_test_XXXXXX";

enum { NOON = 720, ITEMS = 4 };

static stamp at(int64_t minutes)
{
	return (stamp){1795363200 * SECOND + minutes * MINUTE};
}

struct piece {
	const char *state; /* NULL ends the list */
	int64_t start, end;
};
/* clang-format off */
static const struct {
	const char *says;
	int64_t now, early;
	struct piece pieces[ITEMS];
	enum err err;
	const char *used; /* which, as digits */
} cases[] = {
	{ "in the middle", 750, 60, { { "booked", 720, 780 } }, E_OK, "0" },
	{ "as early as may be", 660, 60, { { "booked", 720, 780 } }, E_OK, "0" },
	{ "a minute too early", 659, 60, { { "booked", 720, 780 } }, E_TOO_EARLY, "" },
	{ "as it starts, where nobody may be early",
	  720, 0, { { "booked", 720, 780 } }, E_OK, "0" },
	{ "just before, where nobody may be early", 719, 0, { { "booked", 720, 780 } },
	  E_TOO_EARLY, "" },
	{ "in its last minute", 779, 60, { { "booked", 720, 780 } }, E_OK, "0" },
	{ "as it ends", 780, 60, { { "booked", 720, 780 } }, E_TOO_LATE, "" },
	{ "the day before, where a whole day is allowed", 720 - 1440, 1440,
	  { { "booked", 720, 780 } }, E_OK, "0" },
	{ "used already", 750, 60, { { "used", 720, 780 } }, E_CHECKED_IN, "" },
	{ "used and over", 900, 60, { { "used", 720, 780 } }, E_CHECKED_IN, "" },
	{ "nothing there", 750, 60, { { NULL, 0, 0 } }, E_CHECKED_IN, "" },
	{ "two at once",
	  750, 60, { { "booked", 720, 780 }, { "booked", 720, 780 } }, E_OK, "01" },
	{ "two in a row, the second within reach", 750, 60,
	  { { "booked", 720, 780 }, { "booked", 780, 840 } }, E_OK, "01" },
	{ "two, the second far off", 750, 60,
	  { { "booked", 720, 780 }, { "booked", 1080, 1140 } }, E_OK, "0" },
	{ "two, the first over", 1100, 60,
	  { { "booked", 720, 780 }, { "booked", 1080, 1140 } }, E_OK, "1" },
	{ "two, the first used", 750, 60,
	  { { "used", 720, 780 }, { "booked", 720, 780 } }, E_OK, "1" },
	{ "one used, one to come", 750, 60,
	  { { "used", 720, 780 }, { "booked", 1080, 1140 } }, E_TOO_EARLY, "" },
	{ "one used, one missed", 1200, 60,
	  { { "used", 720, 780 }, { "booked", 1080, 1140 } }, E_TOO_LATE, "" },
	{ "one missed, one to come", 900, 60,
	  { { "booked", 720, 780 }, { "booked", 1080, 1140 } }, E_TOO_EARLY, "" },
	{ "the middle one of three", 900, 60,
	  { { "booked", 720, 780 }, { "booked", 870, 930 }, { "booked", 1080, 1140 } }, E_OK,
	  "1" },
};
/* clang-format on */

static void items_are_used_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct item items[ITEMS] = {0};
		struct list list = {items, 0};
		char used[ITEMS + 1] = "";

		for (const struct piece *p = cases[i].pieces; list.count < ITEMS && p->state;
			p++, list.count++)
			items[list.count] = (struct item){.id = '0' + (int64_t)list.count,
				.state = p->state,
				.start = at(p->start),
				.end = at(p->end)};
		enum err err = checkin_judge(&list, at(cases[i].now), cases[i].early);
		if (err != cases[i].err)
			fail_msg("%s: %s", cases[i].says, err_info[err].code);
		for (size_t k = 0; k < list.count; k++) {
			used[k] = (char)items[k].id;
			assert_string_equal(items[k].state, "used");
		}
		if (strcmp(used, cases[i].used) != 0)
			fail_msg("%s: used %s", cases[i].says, used);
	}
}

static void a_microsecond_decides_too_early_and_too_late(void **state)
{
	struct item it = {.state = "booked", .start = at(720), .end = at(780)};
	struct list one = {&it, 1};

	(void)state;
	stamp before = {at(660).us - 1}, last = {at(780).us - 1};
	assert_int_equal(checkin_judge(&one, before, 60), E_TOO_EARLY);
	one.count = 1;
	assert_int_equal(checkin_judge(&one, last, 60), E_OK);
}

static void our_own_code_is_read_back(void **state)
{
	static const int64_t ids[] = {1, 1024, 9007199254740991, INT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		const char *text = checkin_qr_text(mem, ids[i], "Ab3dE6gH9jK2");
		struct scanned s;

		assert_memory_equal(text, "ZX1.", 4);
		assert_true(strlen(text) <= CODE_INPUT_MAX);
		assert_int_equal(checkin_read(mem, text, &s), E_OK);
		assert_true(s.order_id == ids[i] && !s.short_code && !s.order_no);
		assert_string_equal(s.nonce, "Ab3dE6gH9jK2");
		assert_string_equal(s.method, "scan");
		text = arena_printf(mem, " %s\r\n", text);
		assert_int_equal(checkin_read(mem, text, &s), E_OK);
		assert_string_equal(s.nonce, "Ab3dE6gH9jK2");
	}
}

static void the_same_order_has_the_same_code_and_another_has_another(void **state)
{
	(void)state;
	assert_string_equal(checkin_qr_text(mem, 7, "n"), checkin_qr_text(mem, 7, "n"));
	const char *a = strrchr(checkin_qr_text(mem, 7, "n"), '.');
	assert_string_not_equal(a, strrchr(checkin_qr_text(mem, 8, "n"), '.'));
	assert_string_not_equal(a, strrchr(checkin_qr_text(mem, 7, "m"), '.'));
	assert_int_equal(strlen(a), 1 + 22); /* 16 bytes */
}

static void assert_forged(const char *input)
{
	struct scanned s;
	enum err err = checkin_read(mem, input, &s);

	if (err != E_CODE_FORGED)
		fail_msg("\"%s\": %s", input, err_info[err].code);
}

static void every_flipped_bit_is_a_forgery(void **state)
{
	const char *good = checkin_qr_text(mem, 1027, "Ab3dE6gH9jK2");

	(void)state;
	for (size_t i = 0; i < strlen(good); i++)
		for (int bit = 0; bit < 8; bit++) {
			char *bad = arena_strdup(mem, good);

			bad[i] = (char)(bad[i] ^ 1 << bit);
			assert_forged(bad);
		}
}

static void a_code_that_was_cut_lengthened_or_mixed_is_a_forgery(void **state)
{
	const char *a = checkin_qr_text(mem, 1027, "Ab3dE6gH9jK2");
	const char *b = checkin_qr_text(mem, 1028, "Zz3dE6gH9jK2");

	(void)state;
	for (size_t n = 4; n < strlen(a); n++)
		assert_forged(arena_printf(mem, "%.*s", (int)n, a));
	assert_forged(arena_printf(mem, "%sA", a));
	assert_forged(arena_printf(mem, "%s=", a));
	assert_forged(arena_printf(mem, "%.4s %s", a, a + 4));
	assert_forged(arena_printf(mem, "%s.%s", a, a));
	size_t head = (size_t)(strrchr(a, '.') - a);
	assert_forged(arena_printf(mem, "%.*s%s", (int)head, a, strrchr(b, '.')));
	assert_forged(arena_printf(mem, "ZX1.1028%s", strchr(a + 4, '.')));
	assert_forged(arena_printf(mem, "ZX1.01027%s", strchr(a + 4, '.')));
	assert_forged(arena_printf(mem, "zx1%s", a + 3));
	assert_forged(arena_printf(mem, "ZX2%s", a + 3));
}

/* A child has another key: its exit code tells whether it takes our code. */
static void a_code_signed_with_another_key_is_a_forgery(void **state)
{
	const char *ours = checkin_qr_text(mem, 1027, "Ab3dE6gH9jK2");
	int status = 0;

	(void)state;
	pid_t child = fork();
	if (child == 0) {
		int fd = open(key_path, O_WRONLY | O_CLOEXEC);
		struct scanned s;
		bool wrote = write(fd, "another key of thirty-two bytes!", 32) == 32;

		checkin_init();
		_exit(wrote ? (int)checkin_read(mem, ours, &s) : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), E_CODE_FORGED);
}

/* clang-format off */
static const struct {
	const char *says, *input, *short_code, *order_no;
} typed[] = {
	{ "ten digits", "0123456789", "0123456789", NULL },
	{ "in groups", "012 345 6789", "0123456789", NULL },
	{ "with dashes", "012-345-6789", "0123456789", NULL },
	{ "with blanks all around", "  01234 56789 ", "0123456789", NULL },
	{ "with a gun's Enter", "0123456789\r\n", "0123456789", NULL },
	{ "with a gun's tab", "\t0123456789\t", "0123456789", NULL },
	{ "in wide digits", "\xef\xbc\x90\xef\xbc\x91\xef\xbc\x92\xef\xbc\x8d"
	  "3456\xe3\x80\x80\xef\xbc\x97\xef\xbc\x98\xef\xbc\x99", "0123456789", NULL },
	{ "a wide letter", "\xef\xbc\xa1" "123456789", NULL, NULL },
	{ "half a wide digit", "012345678\xef\xbc", NULL, NULL },
	{ "an order's number", "202611230000001027", NULL, "202611230000001027" },
	{ "an order's number in groups", "20261123 0000001027", NULL, "202611230000001027" },
	{ "the longest number", "202611231234567890123456", NULL, "202611231234567890123456" },
	{ "nothing", "", NULL, NULL },
	{ "blanks", "   ", NULL, NULL },
	{ "nine digits", "123456789", NULL, NULL },
	{ "eleven digits", "12345678901", NULL, NULL },
	{ "a phone number", "13800138000", NULL, NULL },
	{ "seventeen digits", "20261123000000102", NULL, NULL },
	{ "twenty-five digits", "2026112312345678901234567", NULL, NULL },
	{ "a letter among them", "01234S6789", NULL, NULL },
	{ "a sign", "+123456789", NULL, NULL },
	{ "a tab", "01234\t56789", "0123456789", NULL },
	{ "a line end behind", "0123456789\n", "0123456789", NULL },
	{ "full-width digits", "０１２３４５６７８９", "0123456789", NULL },
	{ "Arabic digits", "٠١٢٣٤٥٦٧٨٩", NULL, NULL },
	{ "only the prefix", "ZX1.", NULL, NULL },
	{ "the prefix and an order", "ZX1.1027", NULL, NULL },
	{ "an empty signature", "ZX1.1027.Ab3dE6gH9jK2.", NULL, NULL },
	{ "dots", "ZX1.....", NULL, NULL },
	{ "the prefix without its dot", "ZX1", NULL, NULL },
	{ "a payment page", "https://wxpay.qq.com/f2f?t=x", NULL, NULL },
};
/* clang-format on */

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static void what_is_typed_is_read_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(typed); i++) {
		bool good = typed[i].short_code || typed[i].order_no;
		struct scanned s;

		if (checkin_read(mem, typed[i].input, &s) != (good ? E_OK : E_CODE_FORGED))
			fail_msg("%s", typed[i].says);
		if (!same(s.short_code, typed[i].short_code) ||
			!same(s.order_no, typed[i].order_no) || s.order_id || s.nonce)
			fail_msg("%s", typed[i].says);
		if (good)
			assert_string_equal(s.method, typed[i].short_code ? "typed" : "number");
	}
}

/* In memory of its own exact size, for ASan. */
static void garbage_is_refused_and_harms_nothing(void **state)
{
	static const char likely[] = "ZX1.0123456789 -.._AZaz=\x80\xff";
	uint32_t seed = 4711;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char text[CODE_INPUT_MAX + 1];
		size_t n = (seed = seed * 1664525 + 1013904223) >> 8 & 127;
		struct scanned s;

		for (size_t k = 0; k < n; k++) {
			seed = seed * 1664525 + 1013904223;
			text[k] = i % 2 ? (char)((seed >> 16) % 255 + 1)
					: likely[(seed >> 16) % (sizeof(likely) - 1)];
		}
		if (i % 3 == 0 && n >= 4)
			memcpy(text, "ZX1.", 4);
		text[n] = '\0';
		char *copy = strdup(text);
		assert_non_null(copy);
		enum err err = checkin_read(mem, copy, &s);
		assert_true(err == E_CODE_FORGED || (err == E_OK && s.order_id == 0));
		free(copy);
		if (i % 1000 == 0)
			arena_reset(mem);
	}
}

/* Before the leak check: a program that ends itself frees nothing. */
static void leave(int status, void *arg)
{
	(void)arg;
	_exit(status);
}

static void a_key_under_32_bytes_ends_the_program(void **state)
{
	int status = 0;

	(void)state;
	pid_t child = fork();
	if (child == 0) {
		if (truncate(key_path, 31) != 0 || !freopen("/dev/null", "w", stderr))
			_exit(1);
		on_exit(leave, NULL);
		checkin_init();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CONFIG);
}

static int begin(void **state)
{
	int fd = mkstemp(key_path); /* mode 0600 */

	(void)state;
	if (fd < 0 || write(fd, "a key of thirty-two bytes or so.", 32) != 32)
		return -1;
	close(fd);
	settings.code_key_file = key_path;
	checkin_init();
	return 0;
}

static int end(void **state)
{
	(void)state;
	return unlink(key_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_are_used_by_the_table),
		cmocka_unit_test(a_microsecond_decides_too_early_and_too_late),
		cmocka_unit_test(our_own_code_is_read_back),
		cmocka_unit_test(the_same_order_has_the_same_code_and_another_has_another),
		cmocka_unit_test(every_flipped_bit_is_a_forgery),
		cmocka_unit_test(a_code_that_was_cut_lengthened_or_mixed_is_a_forgery),
		cmocka_unit_test(a_code_signed_with_another_key_is_a_forgery),
		cmocka_unit_test(what_is_typed_is_read_by_the_table),
		cmocka_unit_test(garbage_is_refused_and_harms_nothing),
		cmocka_unit_test(a_key_under_32_bytes_ends_the_program),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}
