#include "test.h"

#include "base/buf.h"
#include "packed.h"

static struct buf got;
static bool wanted;

static bool take(void *arg, struct bytes piece)
{
	assert_ptr_equal(arg, &got);
	assert_true(piece.len > 0);
	buf_add(&got, piece.at, piece.len);
	return wanted;
}

static struct unpack *begin(void)
{
	got = buf_in(mem, 1 << 22);
	wanted = true;
	return unpack_begin(mem, take, &got);
}

/* Cut in two: whether all of it went well. */
static bool unpacks(struct bytes file, size_t cut, struct unpack_digests *d)
{
	struct unpack *u = begin();

	return unpack_push(u, (struct bytes){file.at, cut}) &&
	       unpack_push(u, (struct bytes){file.at + cut, file.len - cut}) &&
	       unpack_end(u, d);
}

static struct bytes joined(struct bytes a, struct bytes b)
{
	unsigned char *at = arena_alloc(mem, a.len + b.len, 1);

	memcpy(at, a.at, a.len);
	memcpy(at + a.len, b.at, b.len);
	return (struct bytes){at, a.len + b.len};
}

static void a_file_is_the_same_however_it_is_cut(void **state)
{
	const struct bytes text = bytes_of("交易时间,公众账号ID\n`2026-01-01 10:00:00,`wx1\n");
	const struct bytes once = packed(mem, text), twice = joined(once, packed(mem, text));
	const struct {
		const char *says;
		struct bytes file, text;
	} cases[] = {
		{"plain", text, text},
		{"packed", once, text},
		{"two members", twice, joined(text, text)},
		{"nothing", {0}, {0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		print_message("  %s\n", cases[i].says);
		for (size_t cut = 0; cut <= cases[i].file.len; cut++) {
			struct unpack_digests d;

			assert_true(unpacks(cases[i].file, cut, &d));
			assert_int_equal(got.len, cases[i].text.len);
			assert_string_equal(d.text, sha1_of(mem, cases[i].text));
			assert_string_equal(d.file, sha1_of(mem, cases[i].file));
		}
	}
}

static void what_packs_well_comes_out_whole(void **state)
{
	struct bytes text = {arena_alloc(mem, 1000000, 1), 1000000};
	struct unpack_digests d;

	(void)state;
	assert_true(unpacks(packed(mem, text), 1, &d));
	assert_int_equal(got.len, text.len);
	assert_string_equal(d.text, sha1_of(mem, text));
}

static void torn_and_spoiled_files_are_refused(void **state)
{
	const struct bytes good = packed(mem, bytes_of("一天的账单\n"));
	unsigned char *copy = arena_alloc(mem, good.len, 1);
	struct unpack_digests d;

	(void)state;
	for (size_t len = 1; len < good.len; len++)
		assert_false(unpacks((struct bytes){good.at, len}, 1, &d));
	for (size_t i = 0; i < good.len; i++) {
		memcpy(copy, good.at, good.len);
		copy[i] ^= 0x10;
		/* Not all of gzip's header matters, but then the digests tell. */
		if (unpacks((struct bytes){copy, good.len}, 1, &d))
			assert_string_not_equal(d.file, sha1_of(mem, good));
	}
	copy[0] = good.at[0];
	assert_false(unpacks(joined(good, bytes_of("x")), good.len, &d));
	assert_false(unpacks(joined(good, bytes_of("x")), 1, &d));
}

static void after_a_no_nothing_more_is_taken(void **state)
{
	struct bytes file = packed(mem, bytes_of("text"));
	struct unpack *u = begin();
	struct unpack_digests d;

	(void)state;
	wanted = false;
	assert_false(unpack_push(u, file));
	assert_int_equal(got.len, 4);
	assert_false(unpack_push(u, file));
	assert_false(unpack_push(u, (struct bytes){0}));
	assert_int_equal(got.len, 4);
	assert_false(unpack_end(u, &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_the_same_however_it_is_cut),
		cmocka_unit_test(what_packs_well_comes_out_whole),
		cmocka_unit_test(torn_and_spoiled_files_are_refused),
		cmocka_unit_test(after_a_no_nothing_more_is_taken),
	};

	return RUN_TESTS(tests);
}
