/* What a channel can't bring along by itself: who adds one to pay/channels.c and forgets
 * the rest is told here. */
#include "test.h"

#include "account/leave.h"
#include "base/buf.h"
#include "pay/channels.h"

#include "paid.h"

#define PAYER "a-payer-of-this-test"

/* How each channel tells who has paid, as it is kept in notify_log: every form of it. */
static const struct {
	const char *channel, *text;
} tellings[] = {
	{"wechat", "{\"trade_state\":\"SUCCESS\",\"payer\":{\"openid\":\"" PAYER "\"}}"},
	{"alipay", "buyer_id=" PAYER "&buyer_open_id=" PAYER "&trade_no=42"},
	{"alipay", "{\"buyer_user_id\":\"" PAYER "\",\"buyer_open_id\":\"" PAYER "\"}"},
};

static void the_names_are_the_channels_own(void **state)
{
	struct buf names = buf_in(mem, 1024);

	(void)state;
	for (size_t i = 0; channels[i]; i++) {
		buf_printf(&names, "%s%s", i ? "|" : "", channels[i]->name);
		assert_ptr_equal(channel_named(channels[i]->name), channels[i]);
	}
	assert_string_equal(buf_text(&names), CHANNEL_NAMES);
	assert_null(channel_named("barter"));
}

/* Conditions that list channels, in whatever table, and those that lack one. */
SQL(test_lists,
	"SELECT count(*) FROM pg_constraint WHERE contype = 'c'"
	" AND pg_get_constraintdef(oid) ~ '\\mchannel = ANY'");
SQL(test_lacking,
	"SELECT coalesce(string_agg(conname, ', '), '') FROM pg_constraint WHERE contype = 'c'"
	" AND pg_get_constraintdef(oid) ~ '\\mchannel = ANY'"
	" AND pg_get_constraintdef(oid) !~ ('''' || $1 || '''')");

/* Other tests want a day on which nobody has paid, and no order that was played lately. */
SQL(test_long_ago,
	"WITH o AS (UPDATE orders SET play_date = play_date - 400 WHERE id = $1)"
	" UPDATE payment_attempt SET paid_at = paid_at - interval '400 days' WHERE id = $1");

static int64_t paid_long_ago(const char *channel, const char *method, int64_t hours)
{
	int64_t id = paid_by(channel, method, PAYER, hours);

	RUN(&test_long_ago, A(id));
	return id;
}

static void the_database_takes_each_channel(void **state)
{
	struct tx tx;

	(void)state;
	for (size_t i = 0; channels[i]; i++) {
		const char *lacking;
		int64_t lists;

		tx_begin(&tx, db, mem, TX_READ);
		db_ask_value(&tx, &test_lists, &lists, E_INTERNAL);
		db_ask_value(&tx, &test_lacking, &lacking, E_INTERNAL, A(channels[i]->name));
		must(tx_commit(&tx));
		assert_true(lists >= 2);
		if (*lacking)
			fail_msg("%s is not among the channels of %s", channels[i]->name,
				lacking);
		paid_long_ago(channels[i]->name, "jsapi", 1);
		paid_long_ago(channels[i]->name, "native", 1);
	}
}

SQL(test_sent, "UPDATE payment_attempt SET request = $2 WHERE id = $1");
SQL(test_told,
	"INSERT INTO notify_log (channel, notice_id, event, out_trade_no, plaintext, outcome)"
	" VALUES ($1, 'test ' || $2 || ' ' || $3, 'TEST', 'T' || $2, $4, 'paid')");
SQL(test_rows_with_payer,
	"SELECT (SELECT count(*) FROM payment_attempt a WHERE a.id = $1 AND a.request ~ $2)"
	" + (SELECT count(*) FROM payment_attempt a WHERE a.id = $1 AND a.payer ~ $2)"
	" + (SELECT count(*) FROM notify_log n WHERE n.out_trade_no = 'T' || $1"
	"  AND n.plaintext ~ $2)");

static int64_t rows_with_payer(int64_t id)
{
	struct tx tx;
	int64_t n;

	tx_begin(&tx, db, mem, TX_READ);
	must(db_value(&tx, &test_rows_with_payer, &n, A(id), A(PAYER)));
	must(tx_commit(&tx));
	return n;
}

/* A payment whose order is over, as the channel was asked for it and told of it.
 * Returns how many forms of telling there are. */
static int64_t payment(const struct channel *channel, int64_t *id)
{
	const struct channel_order order = {.method = "jsapi",
		.description = "a court",
		.out_trade_no = "T1",
		.expires = stamp_now(),
		.total = {6000},
		.payer = PAYER};
	int64_t forms = 0;

	*id = paid_long_ago(channel->name, "jsapi", -1);
	RUN(&test_sent, A(*id), A(channel->order_body(mem, &order)));
	for (size_t i = 0; i < COUNT_OF(tellings); i++)
		if (strcmp(tellings[i].channel, channel->name) == 0) {
			RUN(&test_told, A(channel->name), A(*id), A((int64_t)i),
				A(tellings[i].text));
			forms++;
		}
	return forms;
}

static void a_payer_who_leaves_is_in_nothing_that_was_sent_or_told(void **state)
{
	(void)state;
	settings.wx_shipping = "off";
	for (size_t i = 0; channels[i]; i++) {
		raw_json detail = {0};
		int64_t id, forms = payment(channels[i], &id);

		if (forms == 0)
			fail_msg("how does %s tell who has paid?", channels[i]->name);
		assert_int_equal(rows_with_payer(id), forms + 2);
		struct tx tx = begin();
		must(tx_end(&tx, account_leave(&tx, id, &detail)));
		if (rows_with_payer(id) != 0)
			fail_msg("without_payer() doesn't know %s", channels[i]->name);
	}
}

static const char *nginx_conf(void)
{
	static char text[1 << 16];
	FILE *f = fopen("nginx/nginx.conf.in", "re");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void nginx_hands_each_notify_to_its_pool(void **state)
{
	static const char folder[] = "/notify/";

	(void)state;
	const char *at = strstr(nginx_conf(), "location /notify/ {\n");
	assert_non_null(at);
	at = strchr(at, '\n');
	assert_true(strncmp(at + 1 + strspn(at + 1, "\t"),
			    "fastcgi_pass unix:@SOCKETS@/notify.sock", 39) == 0);
	for (size_t i = 0; channels[i]; i++) {
		assert_non_null(channels[i]->notifies[0].path);
		for (const struct channel_notify *n = channels[i]->notifies; n->path; n++)
			assert_int_equal(strncmp(n->path, folder, strlen(folder)), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_names_are_the_channels_own),
		cmocka_unit_test(the_database_takes_each_channel),
		cmocka_unit_test(a_payer_who_leaves_is_in_nothing_that_was_sent_or_told),
		cmocka_unit_test(nginx_hands_each_notify_to_its_pool),
	};

	return RUN_TESTS_BETWEEN(setup, tests, teardown);
}
