#include "test.h"

#include "base/buf.h"
#include "codec/recode.h"

#define GBK "\xd6\xa7\xb8\xb6\xb1\xa6,1\n\xd2\xb5\xce\xf1\n"
#define TEXT "支付宝,1\n业务\n"

static struct buf got;
static bool wanted = true;

static bool take(void *arg, struct bytes piece)
{
	assert_ptr_equal(arg, &got);
	assert_true(piece.len > 0);
	buf_add(&got, piece.at, piece.len);
	return wanted;
}

static struct recode *begin(void)
{
	struct recode *r = recode_begin(mem, "GB18030", take, &got);

	got = buf_in(mem, 1 << 20);
	assert_non_null(r);
	return r;
}

static void a_text_is_the_same_however_it_is_cut(void **state)
{
	struct bytes in = bytes_of(GBK);

	(void)state;
	for (size_t cut = 0; cut <= in.len; cut++) {
		struct recode *r = begin();

		assert_true(recode_push(r, (struct bytes){in.at, cut}));
		assert_true(recode_push(r, (struct bytes){in.at + cut, in.len - cut}));
		assert_true(recode_end(r));
		assert_string_equal(buf_text(&got), TEXT);
	}
	struct recode *r = begin();
	for (size_t i = 0; i < in.len; i++)
		assert_true(recode_push(r, (struct bytes){in.at + i, 1}));
	assert_true(recode_end(r));
	assert_string_equal(buf_text(&got), TEXT);
}

static void long_texts_cross_every_border(void **state)
{
	struct buf in = buf_in(mem, 1 << 20);
	struct recode *r = begin();

	(void)state;
	buf_puts(&in, "x"); /* so that characters lie across the borders of pieces */
	for (int i = 0; i < 10000; i++)
		buf_puts(&in, "\xd6\xa7");
	assert_true(recode_push(r, (struct bytes){(unsigned char *)in.at, in.len}));
	assert_true(recode_end(r));
	assert_int_equal(got.len, 1 + 3 * 10000);
	assert_memory_equal(got.at + got.len - 3, "支", 3);
}

static void what_is_not_of_the_charset_is_refused(void **state)
{
	static const char *const bad[] = {"\xff\xff", "a\xd6\x20\x61", "\xd6\x7f"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct recode *r = begin();

		assert_false(recode_push(r, bytes_of(bad[i])));
		assert_false(recode_push(r, bytes_of("a")));
		assert_false(recode_end(r));
	}
	struct recode *half = begin();
	assert_true(recode_push(half, bytes_of("a\xd6")));
	assert_false(recode_end(half));
	assert_null(recode_begin(mem, "NO-SUCH-CHARSET", take, &got));
}

static void a_receiver_may_say_no(void **state)
{
	struct recode *r = begin();

	(void)state;
	wanted = false;
	assert_false(recode_push(r, bytes_of("a")));
	wanted = true;
	assert_false(recode_push(r, bytes_of("a")));
	assert_false(recode_end(r));
}

static void a_short_text_at_once(void **state)
{
	(void)state;
	assert_string_equal(recode_text(mem, "GB18030", GBK), TEXT);
	assert_string_equal(recode_text(mem, "GB18030", ""), "");
	assert_null(recode_text(mem, "GB18030", "a\xd6"));
	assert_null(recode_text(mem, "NO-SUCH-CHARSET", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_the_same_however_it_is_cut),
		cmocka_unit_test(long_texts_cross_every_border),
		cmocka_unit_test(what_is_not_of_the_charset_is_refused),
		cmocka_unit_test(a_receiver_may_say_no),
		cmocka_unit_test(a_short_text_at_once),
	};

	return RUN_TESTS(tests);
}
