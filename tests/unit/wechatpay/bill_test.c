#include "test.h"

#include "base/buf.h"
#include "merchant.h"
#include "packed.h"
#include "upstream.h"

/* What the upstream gives out; made before it is forked. */
static struct bytes text, file;

static void give(SSL *ssl, struct bytes body, size_t sent)
{
	say(ssl, arena_printf(mem, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body.len));
	SSL_write(ssl, body.at, (int)sent);
}

static bool act(SSL *ssl, const char *path, int seen)
{
	(void)seen;
	if (strcmp(path, "/packed") == 0)
		give(ssl, file, file.len);
	else if (strcmp(path, "/plain") == 0)
		give(ssl, text, text.len);
	else if (strcmp(path, "/short") == 0)
		give(ssl, (struct bytes){file.at, file.len - 9}, file.len - 9);
	else if (strcmp(path, "/torn") == 0)
		give(ssl, file, file.len - 9);
	else
		say(ssl, arena_printf(mem,
				 "HTTP/1.1 %s\r\nContent-Length: 33\r\n\r\n"
				 "{\"code\":\"NO_AUTH\",\"message\":\"no\"}",
				 path + 1));
	return strcmp(path, "/torn") != 0;
}

struct shelf {
	struct buf got;
	bool full;
};

static bool put(void *arg, struct bytes piece)
{
	struct shelf *s = arg;

	buf_add(&s->got, piece.at, piece.len);
	return !s->full;
}

static void a_bill_counts_if_it_is_whole_and_has_its_digest(void **state)
{
	const char *good = sha1_of(mem, text), *other = sha1_of(mem, bytes_of("x"));
	char *upper = arena_strdup(mem, good);
	for (char *c = upper; *c; c++)
		*c = (char)(*c >= 'a' ? *c - 'a' + 'A' : *c);
	/* clang-format off */
	const struct {
		const char *says, *path, *digest;
		bool full;
		enum err want;
	} cases[] = {
		{"packed", "/packed", good, false, E_OK},
		{"as it is", "/plain", good, false, E_OK},
		{"a digest in upper case", "/packed", upper, false, E_OK},
		{"the packed file's digest", "/packed", sha1_of(mem, file), false, E_OK},
		{"another digest", "/packed", other, false, E_CHANNEL_UNKNOWN},
		{"another digest, as it is", "/plain", other, false, E_CHANNEL_UNKNOWN},
		{"a file that ends too early", "/short", good, false, E_CHANNEL_UNKNOWN},
		{"an answer that ends too early", "/torn", good, false, E_CHANNEL_UNKNOWN},
		{"a receiver that is full", "/packed", good, true, E_INTERNAL},
		{"not for us", "/403", good, false, E_CHANNEL_REFUSED},
		{"too late", "/400", good, false, E_CHANNEL_REFUSED},
		{"too often", "/429", good, false, E_UPSTREAM},
		{"a broken house", "/500", good, false, E_CHANNEL_UNKNOWN},
		{"moved", "/302", good, false, E_CHANNEL_UNKNOWN},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct shelf shelf = {buf_in(mem, 1 << 22), cases[i].full};
		struct wechatpay_bill bill = {
			.download_url = arena_printf(mem, "https://127.0.0.1:%d%s?token=1",
				upstream_port, cases[i].path),
			.hash_value = cases[i].digest};

		print_message("  %s\n", cases[i].says);
		assert_int_equal(wechatpay_bill_fetch(mem, &bill, put, &shelf), cases[i].want);
		if (cases[i].want != E_OK)
			continue;
		assert_int_equal(shelf.got.len, text.len);
		assert_memory_equal(shelf.got.at, text.at, text.len);
	}
}

static void addresses_that_are_none_are_not_called(void **state)
{
	static const char *const urls[] = {"", "https://", "https://host", "http://127.0.0.1/a",
		"file:///etc/passwd", "https://127.0.0.1/a#b", "https://127.0.0.1/a b",
		"https://127.0.0.1/a\r\nX: y"};
	struct shelf shelf = {buf_in(mem, 1024), false};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		struct wechatpay_bill bill = {urls[i], "SHA1", sha1_of(mem, text), NULL};

		assert_int_equal(
			wechatpay_bill_fetch(mem, &bill, put, &shelf), E_CHANNEL_UNKNOWN);
	}
}

static int begin_all(void **state)
{
	struct buf b;

	(void)state;
	merchant_begin();
	b = buf_in(mem, 1 << 20);
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "`%d,`2026-01-01 10:00:00,`ZX%x\n", i, i * 7919);
	text = (struct bytes){(unsigned char *)b.at, b.len};
	file = packed(mem, text);
	upstream_begin(act);
	wechatpay_init();
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	upstream_end();
	merchant_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bill_counts_if_it_is_whole_and_has_its_digest),
		cmocka_unit_test(addresses_that_are_none_are_not_called),
	};

	return RUN_TESTS_BETWEEN(begin_all, tests, end_all);
}
