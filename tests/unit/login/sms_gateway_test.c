/* The SMS gateway: what is tried again, what is not, and what stays out of the log;
 * and the page that a scan begins with. */
#include "test.h"

#include "upstream.h"

#include "base/log.h"
#include "login/sms.h"
#include "wechat/web.h"

#include <fcntl.h>

static char secret_file[] = "/tmp/sms_test_XXXXXX", log_file[] = "/tmp/sms_log_XXXXXX";
static int own_stderr;

/* Seen by all processes: the answers in their order, 0 for none; calls so far. */
static struct shared {
	int answers[4], calls;
} * shared;

static bool act(SSL *ssl, const char *path, int seen)
{
	char text[128];
	int status = shared->answers[shared->calls++ % 4];

	(void)seen;
	if (strcmp(path, "/sms") != 0 || status == 0)
		return false;
	snprintf(text, sizeof(text), "HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s", status,
		status == 204 ? 0 : 4, status == 204 ? "" : "what");
	say(ssl, text);
	return true;
}

static void trouble_that_may_pass_is_tried_three_times(void **state)
{
	static const struct {
		int answers[4], calls;
		enum err err;
	} cases[] = {
		{{200}, 1, E_OK},
		{{204}, 1, E_OK},
		{{500, 200}, 2, E_OK},
		{{429, 503, 201}, 3, E_OK},
		{{0, 200}, 2, E_OK},
		{{500, 500, 500, 200}, 3, E_UPSTREAM},
		{{0, 0, 0, 200}, 3, E_UPSTREAM},
		{{403, 200}, 1, E_UPSTREAM},
		{{302, 200}, 1, E_UPSTREAM},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		*shared = (struct shared){0};
		memcpy(shared->answers, cases[i].answers, sizeof(shared->answers));
		assert_int_equal(
			sms_send(mem, &(struct sms){7, "13800138000", "012345"}), cases[i].err);
		assert_int_equal(shared->calls, cases[i].calls);
	}
}

static void no_log_line_names_phone_code_or_secret(void **state)
{
	char text[65536];
	int fd = open(log_file, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	(void)state;
	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "the gateway says 403"));
	assert_null(strstr(text, "138001"));
	assert_null(strstr(text, "012345"));
	assert_null(strstr(text, "THESECRET"));
}

static void the_page_has_its_parameters_in_wechats_order(void **state)
{
	(void)state;
	settings.wx_web_base = "https://open.example";
	settings.wx_web_appid = "wx web";
	settings.issuer = "https://zx.example";
	assert_string_equal(wechat_web_page(mem, "St4te"),
		"https://open.example/connect/qrconnect?appid=wx%20web"
		"&redirect_uri=https%3A%2F%2Fzx.example%2Fplay%2F&response_type=code"
		"&scope=snsapi_login&state=St4te#wechat_redirect");
	settings.wx_web_redirect = "https://staff.example/in?x=1";
	assert_non_null(strstr(wechat_web_page(mem, "s"),
		"&redirect_uri=https%3A%2F%2Fstaff.example%2Fin%3Fx%3D1&"));
}

static int begin(void **state)
{
	static char program[] = "sms_gateway_test", url[64];
	FILE *f;

	(void)state;
	settings_load(1, (char *[]){program});
	int fd = mkstemp(log_file);
	own_stderr = dup(2);
	dup2(fd, 2);
	close(fd);
	log_init(program);
	f = fdopen(mkstemp(secret_file), "we");
	assert_non_null(f);
	fputs("THESECRET\n", f);
	fclose(f);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		-1, 0);
	upstream_begin(act);
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/sms", upstream_port);
	settings.sms_url = url;
	settings.sms_secret_file = secret_file;
	sms_gateway_init();
	return 0;
}

static int end(void **state)
{
	(void)state;
	upstream_end();
	dup2(own_stderr, 2);
	close(own_stderr);
	unlink(secret_file);
	unlink(log_file);
	munmap(shared, sizeof(*shared));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trouble_that_may_pass_is_tried_three_times),
		cmocka_unit_test(no_log_line_names_phone_code_or_secret),
		cmocka_unit_test(the_page_has_its_parameters_in_wechats_order),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}
