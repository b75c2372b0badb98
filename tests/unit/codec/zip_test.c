#include "test.h"

#include "zipped.h"

static struct buf got;
static bool wanted = true;

static bool take(void *arg, struct bytes piece)
{
	assert_ptr_equal(arg, &got);
	assert_true(piece.len > 0);
	buf_add(&got, piece.at, piece.len);
	return wanted;
}

static bool unpacks(const struct zip_entry *e)
{
	got = buf_in(mem, 1 << 22);
	return zip_unpack(mem, e, take, &got);
}

static struct bytes long_text(void)
{
	struct buf b = buf_in(mem, 1 << 22);

	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "line %d of %x\n", i, i * 7919);
	return (struct bytes){(unsigned char *)b.at, b.len};
}

static void files_come_out_as_they_went_in(void **state)
{
	const struct zip_file files[] = {
		{"a.csv", bytes_of("交易时间\n"), false, false},
		{"\xd2\xb5\xce\xf1.csv", long_text(), false, false},
		{"stored", bytes_of("as it is"), true, false},
		{"业务.csv", bytes_of("x"), true, true},
		{"empty", {(const unsigned char *)"", 0}, false, false},
		{"empty and stored", {(const unsigned char *)"", 0}, true, false},
	};
	struct list list;

	(void)state;
	assert_true(zip_list(mem, zipped(mem, files, COUNT_OF(files)), &list));
	assert_int_equal(list.count, COUNT_OF(files));
	for (size_t i = 0; i < list.count; i++) {
		const struct zip_entry *e = (struct zip_entry *)list.at + i;

		assert_string_equal(e->name, files[i].name);
		assert_int_equal(e->is_utf8, files[i].utf8);
		assert_int_equal(e->is_packed, !files[i].stored);
		assert_true(unpacks(e));
		assert_int_equal(got.len, files[i].text.len);
		if (got.len)
			assert_memory_equal(got.at, files[i].text.at, got.len);
	}
	assert_true(zip_list(mem, zipped(mem, files, 0), &list));
	assert_int_equal(list.count, 0);
}

static struct bytes changed(struct bytes file, size_t at, unsigned char to)
{
	unsigned char *copy = arena_alloc(mem, file.len, 1);

	memcpy(copy, file.at, file.len);
	copy[at] = to;
	return (struct bytes){copy, file.len};
}

/* The entry behind a change at an offset from the directory or the end record. */
static void headers_that_lie_are_refused(void **state)
{
	const struct zip_file one = {
		"a", bytes_of("some text, some text, some text"), false, false};
	struct bytes file = zipped(mem, &one, 1);
	size_t end = file.len - 22, directory = end - ZIP_DIRECTORY - 1;
	const struct {
		const char *says;
		size_t at;
		unsigned char to;
		bool lists;
	} cases[] = {
		{"nothing", 0, 'P', true},
		{"no end", end, 'x', false},
		{"a comment that isn't there", end + 20, 1, false},
		{"another disk", end + 4, 1, false},
		{"two entries", end + 10, 2, false},
		{"no entry", end + 10, 0, false},
		{"65 entries", end + 10, 65, false},
		{"a shorter directory", end + 12, 46, false},
		{"the directory elsewhere", end + 16, 1, false},
		{"the directory far away", end + 19, 0xff, false},
		{"no directory", directory, 'x', false},
		{"encrypted", directory + 8, 1, false},
		{"another method", directory + 10, 12, false},
		{"more data than there is", directory + 20, 0xff, false},
		{"much more data", directory + 23, 0xff, false},
		{"a longer name", directory + 28, 2, false},
		{"a longer comment", directory + 32, 1, false},
		{"data elsewhere", directory + 42, 1, false},
		{"data far away", directory + 45, 0xff, false},
		{"no local header", 0, 'x', false},
		{"a local name beyond all", 27, 0xff, false},
		{"a name with a zero byte", directory + ZIP_DIRECTORY, 0, false},
		{"another checksum", directory + 16, 0, true},
		{"a shorter text", directory + 24, 30, true},
		{"a longer text", directory + 24, 32, true},
		{"a shorter stream", directory + 20, 5, true},
		{"stored, it says", directory + 10, 0, true},
		{"a broken stream", ZIP_LOCAL + 1, 0xff, true},
	};
	struct list list;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bytes bad = changed(file, cases[i].at, cases[i].to);

		print_message("  %s\n", cases[i].says);
		assert_int_equal(zip_list(mem, bad, &list), cases[i].lists);
		if (!cases[i].lists)
			continue;
		assert_int_equal(unpacks(list.at), i == 0);
		assert_true(got.len <= ((struct zip_entry *)list.at)->size);
	}
	for (size_t cut = 1; cut <= file.len; cut++)
		assert_false(zip_list(mem, (struct bytes){file.at, file.len - cut}, &list));
}

static void whatever_comes_is_borne(void **state)
{
	const struct zip_file two[] = {
		{"a", bytes_of("some text, some text"), false, false},
		{"b", bytes_of("other"), true, false},
	};
	struct bytes file = zipped(mem, two, 2);
	size_t good = 0;

	(void)state;
	for (size_t at = 0; at < file.len; at++)
		for (int bit = 0; bit < 8; bit++) {
			struct list list;
			bool fine = zip_list(mem,
				changed(file, at, file.at[at] ^ (unsigned char)(1 << bit)),
				&list);

			for (size_t i = 0; fine && i < list.count; i++)
				good += unpacks((struct zip_entry *)list.at + i);
		}
	assert_true(good > 0); /* dates and attributes count for nothing */
}

static void a_receiver_may_say_no(void **state)
{
	const struct zip_file one = {"a", long_text(), false, false};
	struct list list;

	(void)state;
	assert_true(zip_list(mem, zipped(mem, &one, 1), &list));
	wanted = false;
	assert_false(unpacks(list.at));
	assert_true(got.len < one.text.len);
	wanted = true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_come_out_as_they_went_in),
		cmocka_unit_test(headers_that_lie_are_refused),
		cmocka_unit_test(whatever_comes_is_borne),
		cmocka_unit_test(a_receiver_may_say_no),
	};

	return RUN_TESTS(tests);
}
