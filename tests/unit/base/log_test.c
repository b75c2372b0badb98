/* Whatever is written down: one line, one JSON object, nothing that acts. */
#include "test.h"

#include "base/json.h"
#include "base/log.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 1 << 16 };

static char said[ROOM];

/* What a call writes to standard error. */
static size_t caught(const char *text)
{
	int pipes[2], own = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe2(pipes, O_NONBLOCK | O_CLOEXEC), 0);
	dup2(pipes[1], STDERR_FILENO);
	log_warn("test", "%s", text);
	dup2(own, STDERR_FILENO);
	n = read(pipes[0], said, sizeof(said) - 1);
	close(own);
	close(pipes[0]);
	close(pipes[1]);
	said[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static void check(const char *text, size_t n)
{
	size_t bad;

	if (n < 2 || said[n - 1] != '\n' || strchr(said, '\n') != said + n - 1 ||
		!json_text_valid(said, n - 1, &bad))
		fail_msg("%s became: %s", text, said);
	for (size_t i = 0; i + 1 < n; i++)
		assert_true((unsigned char)said[i] >= 0x20 && said[i] != 0x7f);
}

/* clang-format off */
static const struct {
	const char *says, *text, *want;
} cases[] = {
	{"plain words", "nothing wrong", "\"msg\":\"nothing wrong\""},
	{"Chinese", "球馆", "\"msg\":\"球馆\""},
	{"four bytes", "\xf0\x9f\x8e\xbe", "\"msg\":\"\xf0\x9f\x8e\xbe\""},
	{"a line of its own", "a\r\n{\"level\":\"info\"}", "a\\u000d\\u000a{\\\"level\\\""},
	{"an escape sequence", "\x1b[2J\x07", "\\u001b[2J\\u0007"},
	{"a rubout", "a\x7f", "\"a\\u007f\""},
	{"an escape sequence in one character", "a\xc2\x9b" "2J", "\"a\xef\xbf\xbd" "2J\""},
	{"a line separator", "a\xe2\x80\xa8" "b", "\"a\xef\xbf\xbd" "b\""},
	{"a paragraph separator", "a\xe2\x80\xa9" "b", "\"a\xef\xbf\xbd" "b\""},
	{"text turned around", "a\xe2\x80\xae" "b\xe2\x81\xa6" "c", "\"a\xef\xbf\xbd" "b\xef\xbf\xbd" "c\""},
	{"a quotation mark is none of those", "\xe2\x80\x9c", "\"\xe2\x80\x9c\""},
	{"no UTF-8", "a\xff\xc0\xaf" "b", "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" "b\""},
	{"half a character", "a\xe7\x90", "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
	{"a surrogate", "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
};
/* clang-format on */

static void what_others_say_is_written_down_harmlessly(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check(cases[i].says, caught(cases[i].text));
		if (!strstr(said, cases[i].want))
			fail_msg("%s: %s", cases[i].says, said);
	}
}

/* Nobody keeps a line out of the log by what he puts into it. */
static void a_long_line_is_cut_and_never_lost(void **state)
{
	static const char *const bytes[] = {"x", "\x01", "\xff", "球", "\xe2\x80\xa8", "\""};
	static char text[5 * 4096];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		*text = '\0';
		for (size_t k = 0; k < 4096; k++)
			memcpy(text + k * strlen(bytes[i]), bytes[i], strlen(bytes[i]) + 1);
		size_t n = caught(text);
		check("a long one", n);
		assert_true(n > 1024 && n < 14000);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_others_say_is_written_down_harmlessly),
		cmocka_unit_test(a_long_line_is_cut_and_never_lost),
	};

	return RUN_TESTS(tests);
}
