#include "test.h"

#include "base/settings.h"
#include "base/time.h"
#include "net/http.h"
#include "net/shared.h"
#include "upstream.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"

static bool act(SSL *ssl, const char *path, int seen)
{
	char text[128];

	if (strcmp(path, "/lost") == 0)
		return false;
	if (strcmp(path, "/torn") == 0) {
		say(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok");
		return false;
	}
	if (strcmp(path, "/slow") == 0)
		sleep(2);
	if (strcmp(path, "/stalled") == 0) {
		say(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n0123");
		sleep(60);
	}
	if (strcmp(path, "/continue") == 0)
		say(ssl, "HTTP/1.1 100 Continue\r\nX-Thing: early\r\n\r\n");
	if (strcmp(path, "/broken") == 0) {
		say(ssl, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
		return true;
	}
	if (strcmp(path, "/moved") == 0)
		say(ssl, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
	else if (strcmp(path, "/missing") == 0)
		say(ssl, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
	else if (strcmp(path, "/large") == 0)
		say(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n012345678");
	else if (strcmp(path, "/twice") == 0)
		say(ssl, OK_HEAD "X-Thing: a\r\nx-thing: b\r\n\r\nok");
	else {
		snprintf(text, sizeof(text), OK_HEAD "X-Thing: \t late \r\n\r\n%02d", seen);
		say(ssl, text);
	}
	return true;
}

static enum err get(const char *host, int port, const char *path, struct http_answer *a)
{
	struct http_call call = {.upstream = UPSTREAM_SMS,
		.method = "GET",
		.url = arena_printf(mem, "https://%s:%d%s?secret=1", host, port, path),
		.max = 8,
		.limit_ms = 700};

	return http_send(mem, &call, a);
}

static int requests_seen(void)
{
	struct http_answer a;
	char *url = arena_printf(mem, "https://127.0.0.1:%d/count", upstream_port);

	struct http_call call = {.upstream = UPSTREAM_SMS, .method = "GET", .url = url};
	assert_int_equal(http_send(mem, &call, &a), E_OK);
	return (int)strtol((const char *)a.body.at, NULL, 10);
}

static void what_was_never_sent_is_told_from_what_perhaps_was(void **state)
{
	/* clang-format off */
	const struct {
		const char *says, *host, *path;
		int port, sends;
		enum err want;
	} cases[] = {
		{"an answer", "127.0.0.1", "/ok", upstream_port, 1, E_OK},
		{"nobody listens", "127.0.0.1", "/ok", closed_port, 0, E_UPSTREAM},
		{"no such name", "no.invalid", "/ok", upstream_port, 0, E_UPSTREAM},
		{"another name's certificate", "localhost", "/ok", upstream_port, 0, E_UPSTREAM},
		{"hangs up before TLS", "127.0.0.1", "/ok", hasty_port, 0, E_UPSTREAM},
		{"says nothing to TLS", "127.0.0.1", "/ok", mute_port, 0, E_UPSTREAM},
		{"hangs up on a request", "127.0.0.1", "/lost", upstream_port, 1, E_UNKNOWN},
		{"half an answer", "127.0.0.1", "/torn", upstream_port, 1, E_UNKNOWN},
		{"an answer too large", "127.0.0.1", "/large", upstream_port, 1, E_UNKNOWN},
		{"an answer too late", "127.0.0.1", "/slow", upstream_port, 1, E_UNKNOWN},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int before = requests_seen(); /* and leaves a connection that is kept */
		struct http_answer a;

		print_message("  %s\n", cases[i].says);
		assert_int_equal(
			get(cases[i].host, cases[i].port, cases[i].path, &a), cases[i].want);
		assert_int_equal(requests_seen() - before, cases[i].sends);
	}
}

static void redirects_are_answers_like_others(void **state)
{
	struct http_answer a;

	(void)state;
	assert_int_equal(get("127.0.0.1", upstream_port, "/moved", &a), E_OK);
	assert_int_equal(a.status, 302);
	assert_string_equal(http_header(&a, "location"), "/ok");
}

static void headers_are_found_in_any_case_and_only_once(void **state)
{
	struct http_answer a;

	(void)state;
	assert_int_equal(get("127.0.0.1", upstream_port, "/ok", &a), E_OK);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body.len, 2);
	assert_string_equal(http_header(&a, "x-THING"), "late");
	assert_null(http_header(&a, "X-Other"));
	assert_int_equal(get("127.0.0.1", upstream_port, "/twice", &a), E_OK);
	assert_null(http_header(&a, "X-Thing"));
	assert_int_equal(get("127.0.0.1", upstream_port, "/continue", &a), E_OK);
	assert_int_equal(a.status, 200);
	assert_string_equal(http_header(&a, "X-Thing"), "late");
}

struct tub {
	size_t len, pieces, most;
};

static bool fill(void *arg, struct bytes piece)
{
	struct tub *t = arg;

	t->pieces++;
	t->len += piece.len;
	return t->pieces <= t->most;
}

static void a_sink_takes_what_comes_with_200_and_nothing_else(void **state)
{
	/* clang-format off */
	static const struct {
		const char *says, *path;
		size_t most, len;
		enum err want;
		int status;
	} cases[] = {
		{"an answer larger than what is kept", "/large", 9, 9, E_OK, 200},
		{"another status than 200", "/missing", 9, 0, E_OK, 404},
		{"half an answer", "/torn", 9, 2, E_UNKNOWN, 200},
		{"silence in the middle", "/stalled", 9, 4, E_UNKNOWN, 200},
		{"no more, thank you", "/large", 0, 9, E_UNKNOWN, 200},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct tub tub = {.most = cases[i].most};
		struct http_call call = {.upstream = UPSTREAM_SMS,
			.method = "GET",
			.url = arena_printf(
				mem, "https://127.0.0.1:%d%s", upstream_port, cases[i].path),
			.max = 8,
			.limit_ms = 20000,
			.sink = fill,
			.sink_arg = &tub};
		struct http_answer a;
		int64_t begun = clock_ms();

		print_message("  %s\n", cases[i].says);
		assert_int_equal(http_send(mem, &call, &a), cases[i].want);
		assert_true(clock_ms() - begun < 10000);
		assert_int_equal(a.status, cases[i].status);
		assert_int_equal(tub.len, cases[i].len);
		assert_string_equal((const char *)a.body.at, a.status == 404 ? "gone" : "");
	}
}

static void only_https_is_spoken(void **state)
{
	static const char *const schemes[] = {"http", "file", "ftp", "gopher", "ws"};
	struct http_answer a;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		struct http_call call = {.upstream = UPSTREAM_SMS,
			.method = "GET",
			.url = arena_printf(mem, "%s://127.0.0.1:%d/etc/hostname", schemes[i],
				upstream_port)};
		assert_int_equal(http_send(mem, &call, &a), E_UPSTREAM);
		assert_int_equal(a.body.len, 0);
	}
}

static void a_call_without_an_upstream_is_not_made(void **state)
{
	struct http_call call = {.method = "GET",
		.url = arena_printf(mem, "https://127.0.0.1:%d/ok", upstream_port)};
	struct http_answer a;
	int before = requests_seen();

	(void)state;
	assert_int_equal(http_send(mem, &call, &a), E_UPSTREAM);
	assert_int_equal(requests_seen(), before);
}

/* What is an error to the breaker, from outside: three of them open it. */
static void an_open_breaker_refuses_at_once_and_says_for_how_long(void **state)
{
	/* clang-format off */
	static const struct {
		const char *says, *path;
		bool opens;
	} cases[] = {
		{"answers", "/ok", false},
		{"its word that there is no such thing", "/missing", false},
		{"a sink that has enough", "sink", false},
		{"answers of 500 and more", "/broken", true},
		{"half an answer", "/torn", true},
		{"no answer", "/lost", true},
		{"nobody listens", NULL, true},
	};
	/* clang-format on */

	(void)state;
	settings.breakers = "on";
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *path = cases[i].path;
		bool sink = path && strcmp(path, "sink") == 0;
		struct tub tub = {0};
		struct http_call call = {.upstream = UPSTREAM_ALIPAY,
			.method = "GET",
			.url = arena_printf(mem, "https://127.0.0.1:%d%s",
				path ? upstream_port : closed_port,
				sink   ? "/ok"
				: path ? path
				       : "/"),
			.sink = sink ? fill : NULL,
			.sink_arg = &tub};
		struct http_answer a;

		print_message("  %s\n", cases[i].says);
		shared_close();
		for (int n = 0; n < 3; n++) {
			enum err ignored = http_send(mem, &call, &a);
			(void)ignored;
			assert_int_equal(upstream_wait_s(), 0);
		}
		int before = requests_seen();
		enum err err = http_send(mem, &call, &a);
		if (cases[i].opens) {
			assert_int_equal(err, E_UPSTREAM);
			assert_true(upstream_wait_s() > 1 && upstream_wait_s() <= 5);
			assert_int_equal(requests_seen(), before);
		}
		assert_int_equal(
			shared()->upstream[UPSTREAM_ALIPAY].breaker.state == BREAKER_OPEN,
			cases[i].opens);
		assert_int_equal(
			breaker_in_flight(&shared()->upstream[UPSTREAM_ALIPAY].breaker), 0);
	}
	settings.breakers = "off";
}

static void urls_are_escaped(void **state)
{
	(void)state;
	assert_string_equal(url_escape(mem, "aZ09-._~"), "aZ09-._~");
	assert_string_equal(url_escape(mem, "a b&c=d/e?f#g%h+i|j*"),
		"a%20b%26c%3Dd%2Fe%3Ff%23g%25h%2Bi%7Cj%2A");
	assert_string_equal(url_escape(mem, "球"), "%E7%90%83");
	assert_string_equal(url_escape(mem, ""), "");
}

static int begin_all(void **state)
{
	(void)state;
	settings.breakers = "off";
	upstream_begin(act);
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	upstream_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_never_sent_is_told_from_what_perhaps_was),
		cmocka_unit_test(redirects_are_answers_like_others),
		cmocka_unit_test(headers_are_found_in_any_case_and_only_once),
		cmocka_unit_test(a_sink_takes_what_comes_with_200_and_nothing_else),
		cmocka_unit_test(only_https_is_spoken),
		cmocka_unit_test(a_call_without_an_upstream_is_not_made),
		cmocka_unit_test(an_open_breaker_refuses_at_once_and_says_for_how_long),
		cmocka_unit_test(urls_are_escaped),
	};

	return RUN_TESTS_BETWEEN(begin_all, tests, end_all);
}
