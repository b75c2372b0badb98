/* Calls with an access_token: where it comes from, and when it is thrown away. */
#include "test.h"

#include "wechat/app.h"
#include "wechat/token.h"
#include "weixin.h"

#include "base/log.h"

#include <fcntl.h>

#define PATH "/wxa/sec/order/upload_shipping_info"

static char log_file[] = "/tmp/token_log_XXXXXX";
static int own_stderr;

static enum err post(struct wechat_answer *said)
{
	return wechat_token_post(mem, PATH, "{\"a\":1}", said);
}

/* The token of the tests before is thrown away. */
static int fresh(void **state)
{
	struct wechat_answer said;

	(void)state;
	*weixin = (struct weixin){.expires_in = 7200, .refused_tokens = 2};
	assert_int_equal(post(&said), E_OK);
	*weixin = (struct weixin){.expires_in = 7200};
	return 0;
}

static void one_token_serves_many_calls(void **state)
{
	struct wechat_answer said;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(post(&said), E_OK);
		assert_int_equal(said.errcode, 0);
	}
	assert_int_equal(weixin->tokens, 1);
	assert_int_equal(weixin->reports, 3);
}

static void a_refused_token_is_fetched_again_and_the_call_repeated_once(void **state)
{
	struct wechat_answer said;

	(void)state;
	assert_int_equal(post(&said), E_OK);
	weixin->refused_tokens = 1;
	assert_int_equal(post(&said), E_OK);
	assert_int_equal(said.errcode, 0);
	assert_int_equal(weixin->tokens, 2);
	assert_int_equal(weixin->reports, 3);
	weixin->refused_tokens = 2;
	assert_int_equal(post(&said), E_OK);
	assert_int_equal(said.errcode, 40001);
	assert_int_equal(weixin->tokens, 3);
	assert_int_equal(weixin->reports, 5);
	assert_int_equal(post(&said), E_OK); /* the next call starts from nothing */
	assert_int_equal(said.errcode, 0);
	assert_int_equal(weixin->tokens, 4);
}

static void another_refusal_is_told_and_costs_no_token(void **state)
{
	struct wechat_answer said;

	(void)state;
	weixin->errcode = 10060004;
	assert_int_equal(post(&said), E_OK);
	assert_int_equal(said.errcode, 10060004);
	assert_non_null(strstr(said.errmsg, "said"));
	assert_int_equal(post(&said), E_OK);
	assert_int_equal(weixin->tokens, 1);
	assert_int_equal(weixin->reports, 2);
}

static void in_its_last_five_minutes_a_token_is_not_kept(void **state)
{
	struct wechat_answer said;

	(void)state;
	weixin->expires_in = 300;
	assert_int_equal(post(&said), E_OK);
	assert_int_equal(post(&said), E_OK);
	assert_int_equal(weixin->tokens, 2);
	weixin->expires_in = 600;
	assert_int_equal(post(&said), E_OK);
	assert_int_equal(weixin->tokens, 3);
	assert_int_equal(post(&said), E_OK);
	assert_int_equal(weixin->tokens, 3);
}

static void without_a_token_nothing_is_called(void **state)
{
	struct wechat_answer said;

	(void)state;
	weixin->token_errcode = 40125;
	assert_int_equal(post(&said), E_UPSTREAM);
	assert_int_equal(weixin->reports, 0);
}

static void an_odd_answer_is_no_answer(void **state)
{
	struct wechat_answer said;

	(void)state;
	assert_int_equal(post(&said), E_OK);
	weixin->broken = true;
	assert_int_equal(post(&said), E_UNKNOWN);
	assert_int_equal(weixin->reports, 2);
}

static void no_log_line_names_token_or_secret(void **state)
{
	char text[65536];
	int fd = open(log_file, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	(void)state;
	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "40125"));
	assert_null(strstr(text, "TOKEN"));
	assert_null(strstr(text, "THESECRET"));
}

static int begin(void **state)
{
	static char program[] = "wechat_token_test";

	(void)state;
	settings_load(1, (char *[]){program});
	int fd = mkstemp(log_file);
	own_stderr = dup(2);
	dup2(fd, 2);
	close(fd);
	log_init(program);
	weixin_begin();
	wechat_app_init();
	return 0;
}

static int end(void **state)
{
	(void)state;
	weixin_end();
	dup2(own_stderr, 2);
	close(own_stderr);
	unlink(log_file);
	return 0;
}

#define TOKEN_TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TOKEN_TEST(one_token_serves_many_calls),
		TOKEN_TEST(a_refused_token_is_fetched_again_and_the_call_repeated_once),
		TOKEN_TEST(another_refusal_is_told_and_costs_no_token),
		TOKEN_TEST(in_its_last_five_minutes_a_token_is_not_kept),
		TOKEN_TEST(without_a_token_nothing_is_called),
		TOKEN_TEST(an_odd_answer_is_no_answer),
		cmocka_unit_test(no_log_line_names_token_or_secret),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}
