#include "test.h"

#include "alishop.h"
#include "net/http.h"

/* A genuine notify about a payment, before it is changed. */
static struct alipay_params genuine(void)
{
	return (struct alipay_params){
		.at =
			{
				{"notify_id", "2026112300222180000000000001"},
				{"notify_type", "trade_status_sync"},
				{"notify_time", NOW_TEXT},
				{"app_id", APPID},
				{"seller_id", SELLER},
				{"charset", "utf-8"},
				{"version", "1.0"},
				{"out_trade_no", "20261123000001A01"},
				{"trade_no", "2026112322001400000000000001"},
				{"trade_status", "TRADE_SUCCESS"},
				{"total_amount", "120.00"},
				{"buyer_pay_amount", "120.00"},
				{"buyer_id", "2088102534368455"},
				{"gmt_payment", "2026-11-23 17:59:58"},
				{"subject", "羽毛球 3号场"},
				{"fund_bill_list", "[{\"amount\":\"120.00\"}]"},
				{"point_amount", ""},
			},
		.count = 17};
}

static void set(struct alipay_params *p, const char *name, const char *value)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->at[i].name, name) == 0) {
			p->at[i].value = value;
			return;
		}
	assert_true(alipay_param_add(p, name, value));
}

static const char *form_of(const struct alipay_params *p)
{
	struct buf b = buf_in(mem, 1 << 16);

	for (size_t i = 0; i < p->count; i++)
		buf_printf(&b, "%s%s=%s", i ? "&" : "", p->at[i].name,
			url_escape(mem, p->at[i].value));
	return buf_text(&b);
}

/* Signed by Alipay, over what the scope says. */
static const char *sealed(struct alipay_params *p, enum alipay_scope scope)
{
	set(p, "sign_type", "RSA2");
	set(p, "sign", alipay_sign(mem, alipay_key, alipay_signed_text(mem, p, scope)));
	return form_of(p);
}

static enum err read_it(const char *body, struct channel_payment *out)
{
	return alipay_notice_read(mem, bytes_of(body), now, out);
}

static void a_payment_is_read(void **state)
{
	struct alipay_params p = genuine();
	struct channel_payment n;

	(void)state;
	assert_int_equal(read_it(sealed(&p, ALIPAY_NOTIFY), &n), E_OK);
	assert_string_equal(n.channel, "alipay");
	assert_string_equal(n.id, "2026112300222180000000000001");
	assert_string_equal(n.event, "TRADE_SUCCESS");
	assert_true(n.is_payment && n.ours && n.yuan);
	assert_int_equal(n.state, PAYMENT_PAID);
	assert_string_equal(n.out_trade_no, "20261123000001A01");
	assert_string_equal(n.transaction_id, "2026112322001400000000000001");
	assert_string_equal(n.payer, "2088102534368455");
	assert_int_equal(n.total.fen, 12000);
	assert_int_equal(n.paid_at.us, now.us - 2 * SECOND);
	assert_non_null(strstr(n.plaintext, "subject=羽毛球 3号场&"));
	assert_null(strstr(n.plaintext, "sign"));
}

/* clang-format off */
static const struct {
	const char *says, *name, *value; /* set before it is signed */
	enum err err;
	bool ours;
	enum payment_state state;
} told[] = {
	{"nothing more", "version", "1.0", E_OK, true, PAYMENT_PAID},
	{"finished", "trade_status", "TRADE_FINISHED", E_OK, true, PAYMENT_PAID},
	{"all given back", "trade_status", "TRADE_CLOSED", E_OK, true, PAYMENT_PAID},
	{"a part given back", "refund_fee", "50.00", E_OK, true, PAYMENT_PAID},
	{"another merchant", "seller_id", "2088001234567891", E_OK, false, PAYMENT_PAID},
	{"no merchant", "seller_id", "", E_OK, false, PAYMENT_PAID},
	{"another app", "app_id", "2021001234567891", E_OK, false, PAYMENT_PAID},
	{"an open id", "buyer_open_id", "0123", E_OK, true, PAYMENT_PAID},
	{"an unknown member", "discount_goods_detail", "[]", E_OK, true, PAYMENT_PAID},
	{"six days old", "notify_time", "2026-11-17 18:00:00", E_OK, true, PAYMENT_PAID},
	{"eight days old", "notify_time", "2026-11-15 18:00:00", E_NOTIFY_REFUSED, 0, 0},
	{"of tomorrow", "notify_time", "2026-11-24 18:00:00", E_NOTIFY_REFUSED, 0, 0},
	{"of no time", "notify_time", "", E_NOTIFY_REFUSED, 0, 0},
	{"of a time that is none", "notify_time", "now", E_NOTIFY_REFUSED, 0, 0},
	{"no id", "notify_id", "", E_NOTIFY_REFUSED, 0, 0},
	{"no type", "notify_type", "", E_NOTIFY_REFUSED, 0, 0},
	{"no number", "out_trade_no", "", E_NOTIFY_REFUSED, 0, 0},
	{"no number of Alipay's", "trade_no", "", E_NOTIFY_REFUSED, 0, 0},
	{"no sum", "total_amount", "", E_NOTIFY_REFUSED, 0, 0},
	{"a sum of zero", "total_amount", "0.00", E_NOTIFY_REFUSED, 0, 0},
	{"a negative sum", "total_amount", "-120.00", E_NOTIFY_REFUSED, 0, 0},
	{"a sum of three decimals", "total_amount", "120.001", E_NOTIFY_REFUSED, 0, 0},
	{"no time of payment", "gmt_payment", "", E_NOTIFY_REFUSED, 0, 0},
	{"a strange state", "trade_status", "TRADE_PENDING", E_NOTIFY_REFUSED, 0, 0},
	{"no state", "trade_status", "", E_NOTIFY_REFUSED, 0, 0},
};
/* clang-format on */

static void what_went_back_is_told(void **state)
{
	static const struct {
		const char *name, *value;
		bool returned;
	} cases[] = {{"version", "1.0", false}, {"refund_fee", "0.00", false},
		{"refund_fee", "50.00", true}, {"gmt_refund", "2026-11-23 17:59:59.143", true},
		{"trade_status", "TRADE_CLOSED", true},
		{"trade_status", "TRADE_FINISHED", false}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct alipay_params p = genuine();
		struct channel_payment n;

		set(&p, cases[i].name, cases[i].value);
		assert_int_equal(read_it(sealed(&p, ALIPAY_NOTIFY), &n), E_OK);
		assert_int_equal(n.state, PAYMENT_PAID);
		if (n.returned != cases[i].returned)
			fail_msg("%s=%s", cases[i].name, cases[i].value);
	}
}

static void what_is_signed_is_read_if_it_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(told); i++) {
		struct alipay_params p = genuine();
		struct channel_payment n;

		print_message("  %s\n", told[i].says);
		set(&p, told[i].name, told[i].value);
		assert_int_equal(read_it(sealed(&p, ALIPAY_NOTIFY), &n), told[i].err);
		if (told[i].err != E_OK) {
			assert_null(n.id);
			continue;
		}
		assert_int_equal(n.ours, told[i].ours);
		assert_int_equal(n.state, told[i].state);
	}
}

static void what_was_never_paid_is_open_or_closed(void **state)
{
	static const struct {
		const char *status;
		enum payment_state state;
	} cases[] = {{"WAIT_BUYER_PAY", PAYMENT_OPEN}, {"TRADE_CLOSED", PAYMENT_CLOSED}};
	struct channel_payment n;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct alipay_params p = genuine();

		set(&p, "trade_status", cases[i].status);
		set(&p, "gmt_payment", "");
		set(&p, "buyer_pay_amount", "0.00");
		assert_int_equal(read_it(sealed(&p, ALIPAY_NOTIFY), &n), E_OK);
		assert_int_equal(n.state, cases[i].state);
		assert_int_equal(n.paid_at.us, 0);
	}
}

static void foreign_money_is_told_as_such(void **state)
{
	struct alipay_params p = genuine();
	struct channel_payment n;

	(void)state;
	set(&p, "trans_currency", "USD");
	assert_int_equal(read_it(sealed(&p, ALIPAY_NOTIFY), &n), E_OK);
	assert_false(n.yuan);
	set(&p, "trans_currency", "CNY");
	assert_int_equal(read_it(sealed(&p, ALIPAY_NOTIFY), &n), E_OK);
	assert_true(n.yuan);
}

static void other_kinds_of_notify_are_only_kept(void **state)
{
	struct alipay_params p = genuine();
	struct channel_payment n;

	(void)state;
	set(&p, "notify_type", "servicemarket_order_notify");
	assert_int_equal(read_it(sealed(&p, ALIPAY_REQUEST), &n), E_OK);
	assert_false(n.is_payment);
	assert_string_equal(n.event, "servicemarket_order_notify");
	assert_int_equal(read_it(sealed(&p, ALIPAY_NOTIFY), &n), E_OK);
	p = genuine(); /* of a trade's, sign_type is never signed */
	assert_int_equal(read_it(sealed(&p, ALIPAY_REQUEST), &n), E_NOTIFY_REFUSED);
}

/* Behind the signing, one byte of the body at a time. */
static void every_changed_byte_is_noticed(void **state)
{
	struct alipay_params p = genuine();
	struct arena *own = mem;
	struct channel_payment n;

	(void)state;
	set(&p, "point_amount", "0.00"); /* of an empty one not even the name is signed */
	char *body = arena_strdup(mem, sealed(&p, ALIPAY_NOTIFY));
	size_t len = strlen(body);
	mem = arena_new(1 << 16);
	assert_int_equal(read_it(body, &n), E_OK);
	for (size_t i = 0; i < len; i += 3) {
		body[i] ^= 1;
		if (read_it(body, &n) == E_OK)
			fail_msg("byte %zu of %s", i, body);
		body[i] ^= 1;
		arena_reset(mem);
	}
	for (size_t cut = 1; cut < len; cut += 7)
		assert_int_equal(
			alipay_notice_read(
				mem, (struct bytes){(unsigned char *)body, len - cut}, now, &n),
			E_NOTIFY_REFUSED);
	arena_free(mem);
	mem = own;
}

static void forged_letters_are_refused(void **state)
{
	struct alipay_params p = genuine();
	const char *good = sealed(&p, ALIPAY_NOTIFY);
	struct channel_payment n;

	(void)state;
	assert_int_equal(
		read_it(arena_printf(mem, "%s&total_amount=0.01", good), &n), E_NOTIFY_REFUSED);
	assert_int_equal(
		read_it(arena_printf(mem, "total_amount=0.01&%s", good), &n), E_NOTIFY_REFUSED);
	assert_int_equal(
		read_it(arena_printf(mem, "%s&new_member=1", good), &n), E_NOTIFY_REFUSED);
	/* empty ones are not signed: then they are nothing, and say nothing */
	assert_int_equal(read_it(arena_printf(mem, "%s&new_member=", good), &n), E_OK);
	set(&p, "sign", "");
	assert_int_equal(read_it(form_of(&p), &n), E_NOTIFY_REFUSED);
	set(&p, "sign",
		alipay_sign(
			mem, alipay_merchant.key, alipay_signed_text(mem, &p, ALIPAY_NOTIFY)));
	assert_int_equal(read_it(form_of(&p), &n), E_NOTIFY_REFUSED); /* our own key */
	p = genuine();
	sealed(&p, ALIPAY_NOTIFY);
	set(&p, "sign_type", "RSA");
	assert_int_equal(read_it(form_of(&p), &n), E_NOTIFY_REFUSED);
	assert_int_equal(read_it("", &n), E_NOTIFY_REFUSED);
	assert_int_equal(read_it("{\"a\":1}", &n), E_NOTIFY_REFUSED);
}

static void without_an_app_every_letter_is_refused(void **state)
{
	struct alipay_params p = genuine();
	const char *body = sealed(&p, ALIPAY_NOTIFY);
	struct alipay_merchant own = alipay_merchant;
	struct channel_payment n;

	(void)state;
	alipay_merchant = (struct alipay_merchant){0};
	assert_int_equal(read_it(body, &n), E_NOTIFY_REFUSED);
	alipay_merchant = own;
	assert_int_equal(read_it(body, &n), E_OK);
}

static int begin_all(void **state)
{
	(void)state;
	alishop_begin();
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	alishop_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_payment_is_read),
		cmocka_unit_test(what_is_signed_is_read_if_it_is_complete),
		cmocka_unit_test(what_went_back_is_told),
		cmocka_unit_test(what_was_never_paid_is_open_or_closed),
		cmocka_unit_test(foreign_money_is_told_as_such),
		cmocka_unit_test(other_kinds_of_notify_are_only_kept),
		cmocka_unit_test(every_changed_byte_is_noticed),
		cmocka_unit_test(forged_letters_are_refused),
		cmocka_unit_test(without_an_app_every_letter_is_refused),
	};

	return RUN_TESTS_BETWEEN(begin_all, tests, end_all);
}
