/* Settings from the environment; each wrong one ends the program with 78 and
 * the reason. Every case runs in a child process. */
#include "test.h"

#include "base/err.h"
#include "base/settings.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GOOD = 0, SAID_MAX = 16384, LENGTH_WRONG = 3, TEXT_WRONG = 4 };

static char said[SAID_MAX]; /* by the last child, on both its outputs */
static char folder[] = "/tmp/settings_test_XXXXXX";

/* The exit code of fn in a child. */
static int run(void (*fn)(void *), void *arg)
{
	int out[2], status = 0;

	assert_int_equal(pipe(out), 0);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		if (dup2(out[1], 1) < 0 || dup2(out[1], 2) < 0)
			_exit(1);
		close(out[0]);
		close(out[1]);
		fn(arg);
		fflush(stdout);
		_exit(GOOD);
	}
	close(out[1]);
	size_t len = 0;
	for (ssize_t n = 1; n > 0; len += (size_t)n) {
		n = read(out[0], said + len, SAID_MAX - 1 - len);
		assert_true(n >= 0);
	}
	said[len] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void load(void *arg)
{
	static char name[] = "settings_test", flag[] = "--settings";
	char *argv[] = {name, flag, NULL};

	settings_load(arg ? 2 : 1, argv);
}

static int load_with(const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
	int code = run(load, NULL);
	assert_int_equal(unsetenv(name), 0);
	return code;
}

static void without_an_environment_all_have_their_defaults(void **state)
{
	(void)state;
	load(NULL);
#define X(name, text, ...) assert_string_equal(settings.name, text);
	SETTINGS_TEXT(X)
#undef X
#define X(name, number, ...) assert_int_equal(settings.name, number);
	SETTINGS_INT(X)
#undef X
}

static void texts_and_numbers_come_from_the_environment(void **state)
{
	(void)state;
	setenv("ZX_DB", "host=/x dbname=y", 1);
	setenv("ZX_MQ_PORT", "5673", 1);
	setenv("ZX_ISSUER", "", 1); /* empty is as good as absent */
	setenv("ZX_ORDER_TTL_S", "", 1);
	load(NULL);
	assert_string_equal(settings.db, "host=/x dbname=y");
	assert_int_equal(settings.mq_port, 5673);
	assert_string_equal(settings.issuer, "https://localhost:18443");
	assert_int_equal(settings.order_ttl_s, 600);
	unsetenv("ZX_DB");
	unsetenv("ZX_MQ_PORT");
	unsetenv("ZX_ISSUER");
	unsetenv("ZX_ORDER_TTL_S");
}

static const struct range {
	const char *name;
	long long min, max;
} ranges[] = {
#define X(name, number, min, max, says) {#name, min, max},
	SETTINGS_INT(X)
#undef X
};

static const char *env_name(const char *name)
{
	static char out[64];

	snprintf(out, sizeof(out), "ZX_%s", name);
	for (char *c = out; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return out;
}

static int load_number(const char *name, long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	return load_with(env_name(name), text);
}

static void every_number_has_both_ends_of_its_range_and_nothing_beyond(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(ranges); i++) {
		const struct range *r = &ranges[i];
		char why[128];

		assert_int_equal(load_number(r->name, r->min), GOOD);
		assert_int_equal(load_number(r->name, r->max), GOOD);
		assert_int_equal(load_number(r->name, r->min - 1), EXIT_CONFIG);
		snprintf(why, sizeof(why),
			"setting %s: wants a whole number from %lld to %lld\n",
			env_name(r->name), r->min, r->max);
		assert_string_equal(said, why);
		assert_int_equal(load_number(r->name, r->max + 1), EXIT_CONFIG);
		assert_string_equal(said, why);
	}
}

static void what_is_no_whole_number_is_refused(void **state)
{
	static const char *const wrong[] = {"abc", "5 ", "5000ms", "1.5", "1e3", "0x400", "-",
		" ", "--200", "5,000", "９００", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		if (load_with("ZX_DB_TIMEOUT_MS", wrong[i]) != EXIT_CONFIG)
			fail_msg("\"%s\" passed", wrong[i]);
}

static void the_log_level_is_one_of_four_words(void **state)
{
	static const char *const right[] = {"debug", "info", "warn", "error", ""};
	static const char *const wrong[] = {"INFO", "verbose", "inf", "info ", "3"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(right); i++)
		assert_int_equal(load_with("ZX_LOG_LEVEL", right[i]), GOOD);
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		assert_int_equal(load_with("ZX_LOG_LEVEL", wrong[i]), EXIT_CONFIG);
		assert_string_equal(
			said, "setting ZX_LOG_LEVEL: wants debug, info, warn or error\n");
	}
}

static void the_issuer_is_what_a_browser_calls_an_origin(void **state)
{
	static const char *const right[] = {"https://book.example", "https://127.0.0.1:18443",
		"https://a-b.example:8443", ""};
	static const char *const wrong[] = {"http://book.example", "https://book.example/",
		"https://book.example/api", "https://book.example:443",
		"https://book.example:", "https://:8443", "https://", "https:/",
		"https://Book.example", "https://book.example ", "https://a@b.example",
		"https://b.example?x", "https://b.example:80:90", "book.example",
		"ftp://book.example"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(right); i++)
		assert_int_equal(load_with("ZX_ISSUER", right[i]), GOOD);
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		assert_int_equal(load_with("ZX_ISSUER", wrong[i]), EXIT_CONFIG);
		assert_string_equal(said,
			"setting ZX_ISSUER: wants https://host or"
			" https://host:port, nothing behind it\n");
	}
}

static void asked_for_its_settings_a_program_prints_all_and_ends(void **state)
{
	static char yes;
	char want[80];

	(void)state;
	setenv("ZX_MQ_PORT", "5673", 1);
	assert_int_equal(run(load, &yes), GOOD);
	unsetenv("ZX_MQ_PORT");
#define X(name, ...)                                            \
	snprintf(want, sizeof(want), "\n%s=", env_name(#name)); \
	if (!strstr(said, want))                                \
		fail_msg("%s is not printed", env_name(#name));
	SETTINGS_TEXT(X)
	SETTINGS_INT(X)
#undef X
	assert_non_null(strstr(said, "(1 to 65535, default 5672)\nZX_MQ_PORT=5673\n"));
	setenv("ZX_MQ_PORT", "0", 1);
	assert_int_equal(run(load, &yes), EXIT_CONFIG); /* also when only asked */
	unsetenv("ZX_MQ_PORT");
}

/* A secret's file as it is to be found, and what becomes of it. */
struct secret {
	const char *says, *bytes;
	size_t len;
	mode_t mode;
	const char *want; /* NULL: refused */
	size_t want_len;
	const char *why;
};
/* clang-format off */
static const struct secret secrets[] = {
	{ "one line", "s3cret\n", 7, 0600, "s3cret", 6, NULL },
	{ "without a line end", "s3cret", 6, 0600, "s3cret", 6, NULL },
	{ "only one line end is cut", "a\n\n", 3, 0600, "a\n", 2, NULL },
	{ "blanks are part of it", " a \n", 4, 0600, " a ", 3, NULL },
	{ "bytes of any kind", "\0\xff\0k", 4, 0400, "\0\xff\0k", 4, NULL },
	{ "the group may read it", "s", 1, 0640, "s", 1, NULL },
	{ "everybody may read it", "s", 1, 0644, NULL, 0, "must not be readable by everybody" },
	{ "everybody may, nobody else",
	  "s", 1, 0604, NULL, 0, "must not be readable by everybody" },
	{ "an empty file", "", 0, 0600, NULL, 0, "is empty or too long" },
	{ "nothing but a line end", "\n", 1, 0600, NULL, 0, "is empty or too long" },
};
/* clang-format on */

static char path[80];

static void write_file(const void *bytes, size_t len, mode_t mode)
{
	snprintf(path, sizeof(path), "%s/secret", folder);
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void read_secret(void *arg)
{
	const struct secret *s = arg;
	size_t len = 999;
	const char *text = secret_read("ZX_WX_SECRET_FILE", path, &len);

	if (!s->want || len != s->want_len)
		_exit(LENGTH_WRONG);
	if (memcmp(text, s->want, len) != 0 || text[len] != '\0')
		_exit(TEXT_WRONG);
}

static void secrets_are_read_or_refused_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(secrets); i++) {
		struct secret s = secrets[i];

		write_file(s.bytes, s.len, s.mode);
		int code = run(read_secret, &s);
		if (code != (s.why ? EXIT_CONFIG : GOOD))
			fail_msg("%s: exit code %d", s.says, code);
		if (s.why && (strncmp(said, "setting ZX_WX_SECRET_FILE: ", 27) != 0 ||
				     !strstr(said, s.why)))
			fail_msg("%s: %s", s.says, said);
	}
}

static void a_secret_has_less_than_64_kib(void **state)
{
	static char much[70000];
	struct secret s = {.want = much, .want_len = 65535};

	(void)state;
	memset(much, 's', sizeof(much));
	write_file(much, 65535, 0600);
	assert_int_equal(run(read_secret, &s), GOOD);
	write_file(much, sizeof(much), 0600);
	assert_int_equal(run(read_secret, &s), EXIT_CONFIG);
	assert_non_null(strstr(said, "is empty or too long"));
}

static void a_file_that_is_not_there_is_named_with_its_setting(void **state)
{
	struct secret s = {.want_len = 0};

	(void)state;
	snprintf(path, sizeof(path), "%s/nosuch", folder);
	assert_int_equal(run(read_secret, &s), EXIT_CONFIG);
	assert_string_equal(said, "setting ZX_WX_SECRET_FILE: its file can't be opened\n");
	path[0] = '\0';
	assert_int_equal(run(read_secret, &s), EXIT_CONFIG);
	assert_string_equal(said, "setting ZX_WX_SECRET_FILE: must name a file\n");
	snprintf(path, sizeof(path), "%s", folder); /* a folder is no file */
	assert_int_equal(run(read_secret, &s), EXIT_CONFIG);
}

static int begin(void **state)
{
	(void)state;
	for (char **e = environ; *e;) /* whatever the caller's are */
		if (strncmp(*e, "ZX_", 3) == 0) {
			char name[64];
			snprintf(name, sizeof(name), "%.*s", (int)strcspn(*e, "="), *e);
			unsetenv(name);
		} else {
			e++;
		}
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/secret", folder);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_an_environment_all_have_their_defaults),
		cmocka_unit_test(texts_and_numbers_come_from_the_environment),
		cmocka_unit_test(every_number_has_both_ends_of_its_range_and_nothing_beyond),
		cmocka_unit_test(what_is_no_whole_number_is_refused),
		cmocka_unit_test(the_log_level_is_one_of_four_words),
		cmocka_unit_test(the_issuer_is_what_a_browser_calls_an_origin),
		cmocka_unit_test(asked_for_its_settings_a_program_prints_all_and_ends),
		cmocka_unit_test(secrets_are_read_or_refused_by_the_table),
		cmocka_unit_test(a_secret_has_less_than_64_kib),
		cmocka_unit_test(a_file_that_is_not_there_is_named_with_its_setting),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}
