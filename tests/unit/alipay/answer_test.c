/* What the gateway may answer, well signed and otherwise, and what that comes to. */
#include "test.h"

#include "alishop.h"
#include "upstream.h"

enum call { PREPAY, JSAPI, QUERY, CLOSE, REFUND, REFUND_QUERY, BILL };
static const char *const names[] = {"alipay_trade_precreate", "alipay_trade_create",
	"alipay_trade_query", "alipay_trade_close", "alipay_trade_refund",
	"alipay_trade_fastpay_refund_query", "alipay_data_dataservice_bill_downloadurl_query"};
enum seal {
	GOOD,
	BAD,
	NONE,
	PLAIN_SLASHES,
	BY_GATEWAY,
	HTTP_500,
	NO_JSON,
	CUT,
	OTHER_NAME,
	IN_GBK
};

#define DONE "{\"code\":\"10000\",\"msg\":\"Success\""
#define FAILED(sub)                                                           \
	"{\"code\":\"40004\",\"msg\":\"Business Failed\",\"sub_code\":\"" sub \
	"\",\"sub_msg\":\"\"}"
#define GATE(code, sub) "{\"code\":\"" code "\",\"msg\":\"\",\"sub_code\":\"" sub "\"}"
/* 缺 and 誠 in GBK; the last byte of the second looks like a backslash */
#define GATE_SAYS(code, sub)                                      \
	"{\"code\":\"" code "\",\"msg\":\"\",\"sub_code\":\"" sub \
	"\",\"sub_msg\":\"\xc8\xb1\xd5\x5c\"}"
#define TRADE(state, more)                                                             \
	DONE ",\"out_trade_no\":\"A01\",\"trade_no\":\"T1\",\"trade_status\":\"" state \
	     "\","                                                                     \
	     "\"total_amount\":\"120.00\",\"buyer_user_id\":\"2088\"" more "}"
#define PAID_AT ",\"send_pay_date\":\"2026-11-23 17:59:58\""
#define BACK(more) DONE ",\"out_trade_no\":\"A01\",\"trade_no\":\"T1\"" more "}"
#define ASKED ",\"out_request_no\":\"R1\",\"refund_amount\":\"50.00\""

/* clang-format off */
static const struct row {
	const char *says;
	enum call call;
	enum seal seal;
	const char *node;
	const char *then; /* the answer to the next question on the same way */
	enum err err;
	int word; /* the state that is told */
} rows[] = {
	{"a code", PREPAY, GOOD, DONE ",\"qr_code\":\"https:\\/\\/qr.alipay.com\\/x\"}", 0, E_OK, 0},
	{"a code, signed with plain slashes", PREPAY, PLAIN_SLASHES,
		DONE ",\"qr_code\":\"https:\\/\\/qr.alipay.com\\/x\"}", 0, E_OK, 0},
	{"a code with unknown members", PREPAY, GOOD,
		DONE ",\"qr_code\":\"https://qr.alipay.com/x\",\"share\":{\"a\":[1]}}", 0, E_OK, 0},
	{"a code, not signed", PREPAY, NONE, DONE ",\"qr_code\":\"https://q\"}", 0, E_CHANNEL_UNKNOWN, 0},
	{"a code, signed by others", PREPAY, BAD, DONE ",\"qr_code\":\"https://q\"}", 0,
		E_CHANNEL_UNKNOWN, 0},
	{"no code", PREPAY, GOOD, DONE "}", 0, E_CHANNEL_UNKNOWN, 0},
	{"a number for a code", PREPAY, GOOD, DONE ",\"qr_code\":1}", 0, E_CHANNEL_UNKNOWN, 0},
	{"a trade", JSAPI, GOOD, DONE ",\"trade_no\":\"T1\"}", 0, E_OK, 0},
	{"a code instead of a trade", JSAPI, GOOD, DONE ",\"qr_code\":\"T1\"}", 0, E_CHANNEL_UNKNOWN, 0},
	{"no such buyer", JSAPI, GOOD, FAILED("ACQ.BUYER_NOT_EXIST"), 0, E_CHANNEL_REFUSED, 0},
	{"paid already", PREPAY, GOOD, FAILED("ACQ.TRADE_HAS_SUCCESS"), 0, E_CHANNEL_REFUSED, 0},
	{"a refusal that nobody signed", PREPAY, NONE, FAILED("ACQ.TRADE_HAS_SUCCESS"), 0,
		E_CHANNEL_UNKNOWN, 0},
	{"their trouble", PREPAY, GOOD, FAILED("ACQ.SYSTEM_ERROR"), 0, E_CHANNEL_UNKNOWN, 0},
	{"their trouble, misspelt", PREPAY, GOOD, FAILED("AQC.SYSTEM_ERROR"), 0, E_CHANNEL_UNKNOWN, 0},
	{"their other trouble", PREPAY, GOOD, FAILED("aop.ACQ.SYSTEM_ERROR"), 0, E_CHANNEL_UNKNOWN, 0},
	{"not at the moment", PREPAY, GOOD, GATE("20000", "isp.unknow-error"), 0, E_CHANNEL_UNKNOWN, 0},
	{"first trouble, then a code", PREPAY, GOOD, GATE("20000", "isp.unknow-error"),
		DONE ",\"qr_code\":\"https://q\"}", E_OK, 0},
	{"our signature", PREPAY, BY_GATEWAY, GATE("40002", "isv.invalid-signature"), 0,
		E_CHANNEL_REFUSED, 0},
	{"our rights", PREPAY, BY_GATEWAY, GATE("40006", "isv.insufficient-isv-permissions"), 0,
		E_CHANNEL_REFUSED, 0},
	{"our signature, in GBK", PREPAY, IN_GBK, GATE_SAYS("40002", "isv.invalid-signature"), 0,
		E_CHANNEL_REFUSED, 0},
	{"the same in no charset that is said", PREPAY, BY_GATEWAY,
		GATE_SAYS("40002", "isv.invalid-signature"), 0, E_CHANNEL_UNKNOWN, 0},
	{"a code in GBK, that nobody signed", PREPAY, IN_GBK, DONE ",\"qr_code\":\"https://q\"}", 0,
		E_CHANNEL_UNKNOWN, 0},
	{"too often", PREPAY, BY_GATEWAY, GATE("40005", "isv.app-call-limited"), 0, E_UPSTREAM, 0},
	{"a code that nobody knows", PREPAY, GOOD, GATE("10003", ""), 0, E_CHANNEL_UNKNOWN, 0},
	{"a broken house", PREPAY, HTTP_500, DONE "}", 0, E_CHANNEL_UNKNOWN, 0},
	{"no JSON", PREPAY, NO_JSON, DONE "}", 0, E_CHANNEL_UNKNOWN, 0},
	{"an answer to something else", PREPAY, OTHER_NAME, DONE ",\"qr_code\":\"q\"}", 0,
		E_CHANNEL_UNKNOWN, 0},
	{"a connection that breaks", PREPAY, CUT, DONE "}", 0, E_CHANNEL_UNKNOWN, 0},

	{"paid", QUERY, GOOD, TRADE("TRADE_SUCCESS", PAID_AT), 0, E_OK, PAYMENT_PAID},
	{"paid, for good", QUERY, GOOD, TRADE("TRADE_FINISHED", PAID_AT), 0, E_OK, PAYMENT_PAID},
	{"paid and given back", QUERY, GOOD,
		TRADE("TRADE_CLOSED", PAID_AT ",\"buyer_pay_amount\":\"0.00\""), 0, E_OK, PAYMENT_PAID},
	{"never paid", QUERY, GOOD, TRADE("TRADE_CLOSED", ",\"buyer_pay_amount\":\"0.00\""), 0, E_OK,
		PAYMENT_CLOSED},
	{"not paid yet", QUERY, GOOD, TRADE("WAIT_BUYER_PAY", ""), 0, E_OK, PAYMENT_OPEN},
	{"no such trade", QUERY, GOOD, FAILED("ACQ.TRADE_NOT_EXIST"), 0, E_NOT_FOUND, 0},
	{"no such trade, says nobody", QUERY, NONE, FAILED("ACQ.TRADE_NOT_EXIST"), 0,
		E_CHANNEL_UNKNOWN, 0},
	{"paid, says nobody", QUERY, NONE, TRADE("TRADE_SUCCESS", PAID_AT), 0, E_CHANNEL_UNKNOWN, 0},
	{"paid, says somebody", QUERY, BAD, TRADE("TRADE_SUCCESS", PAID_AT), 0, E_CHANNEL_UNKNOWN, 0},
	{"paid at no time", QUERY, GOOD, TRADE("TRADE_SUCCESS", ""), 0, E_CHANNEL_UNKNOWN, 0},
	{"paid something, at no time", QUERY, GOOD,
		TRADE("TRADE_CLOSED", ",\"buyer_pay_amount\":\"120.00\""), 0, E_CHANNEL_UNKNOWN, 0},
	{"an unknown state", QUERY, GOOD, TRADE("TRADE_PENDING", ""), 0, E_CHANNEL_UNKNOWN, 0},
	{"another trade", QUERY, GOOD,
		DONE ",\"out_trade_no\":\"B01\",\"trade_status\":\"WAIT_BUYER_PAY\"}", 0,
		E_CHANNEL_UNKNOWN, 0},
	{"no trade at all", QUERY, GOOD, DONE "}", 0, E_CHANNEL_UNKNOWN, 0},
	{"a state twice", QUERY, GOOD, TRADE("WAIT_BUYER_PAY", ",\"trade_status\":\"TRADE_SUCCESS\""), 0,
		E_CHANNEL_UNKNOWN, 0},

	{"closed", CLOSE, GOOD, DONE ",\"out_trade_no\":\"A01\"}", 0, E_OK, 0},
	{"closed, says nobody", CLOSE, NONE, DONE ",\"out_trade_no\":\"A01\"}", 0, E_CHANNEL_UNKNOWN, 0},
	{"not there, perhaps to be scanned", CLOSE, GOOD, FAILED("ACQ.TRADE_NOT_EXIST"), 0,
		E_CHANNEL_UNKNOWN, 0},
	{"closed before", CLOSE, GOOD, FAILED("ACQ.TRADE_STATUS_ERROR"), TRADE("TRADE_CLOSED", ""),
		E_OK, 0},
	{"paid before", CLOSE, GOOD, FAILED("ACQ.TRADE_STATUS_ERROR"),
		TRADE("TRADE_SUCCESS", PAID_AT), E_CHANNEL_REFUSED, 0},
	{"paid and given back before", CLOSE, GOOD, FAILED("ACQ.REASON_TRADE_STATUS_INVALID"),
		TRADE("TRADE_CLOSED", PAID_AT), E_CHANNEL_REFUSED, 0},
	{"neither closed nor paid", CLOSE, GOOD, FAILED("ACQ.TRADE_STATUS_ERROR"),
		TRADE("WAIT_BUYER_PAY", ""), E_CHANNEL_UNKNOWN, 0},
	{"our rights to close", CLOSE, BY_GATEWAY, GATE("40006", "isv.x"), 0, E_CHANNEL_REFUSED, 0},

	{"given back", REFUND, GOOD, BACK(",\"fund_change\":\"Y\",\"refund_fee\":\"50.00\","
		"\"gmt_refund_pay\":\"2026-11-23 17:59:59\""), 0, E_OK, REFUND_DONE},
	{"given back, after another", REFUND, GOOD,
		BACK(",\"fund_change\":\"Y\",\"refund_fee\":\"70.00\""), 0, E_OK, REFUND_DONE},
	{"given back before", REFUND, GOOD, BACK(",\"fund_change\":\"N\",\"refund_fee\":\"50.00\""),
		BACK(ASKED ",\"refund_status\":\"REFUND_SUCCESS\""), E_OK, REFUND_DONE},
	{"no word of it", REFUND, GOOD, BACK(""),
		BACK(ASKED ",\"refund_status\":\"REFUND_SUCCESS\""), E_OK, REFUND_DONE},
	{"not yet", REFUND, GOOD, BACK(",\"fund_change\":\"N\""), DONE "}", E_CHANNEL_UNKNOWN, 0},
	{"not at all", REFUND, GOOD, BACK(",\"fund_change\":\"N\""), FAILED("ACQ.TRADE_NOT_EXIST"),
		E_CHANNEL_UNKNOWN, 0},
	{"less than asked for", REFUND, GOOD, BACK(",\"fund_change\":\"Y\",\"refund_fee\":\"49.99\""), 0,
		E_CHANNEL_UNKNOWN, 0},
	{"of another trade", REFUND, GOOD,
		DONE ",\"out_trade_no\":\"B01\",\"fund_change\":\"Y\"}", 0, E_CHANNEL_UNKNOWN, 0},
	{"given back, says nobody", REFUND, NONE, BACK(",\"fund_change\":\"Y\""), 0,
		E_CHANNEL_UNKNOWN, 0},
	{"too much", REFUND, GOOD, FAILED("ACQ.REASON_TRADE_REFUND_FEE_ERR"), 0, E_CHANNEL_REFUSED, 0},
	{"an empty account", REFUND, GOOD, FAILED("ACQ.SELLER_BALANCE_NOT_ENOUGH"), 0,
		E_CHANNEL_REFUSED, 1},
	{"our signature again", REFUND, BY_GATEWAY, GATE("40002", "isv.invalid-signature"), 0,
		E_CHANNEL_REFUSED, 1},
	{"their trouble with a refund", REFUND, GOOD, FAILED("ACQ.SYSTEM_ERROR"),
		BACK(",\"fund_change\":\"Y\""), E_CHANNEL_UNKNOWN, 0},

	{"it was given back", REFUND_QUERY, GOOD, BACK(ASKED ",\"refund_status\":\"REFUND_SUCCESS\","
		"\"gmt_refund_pay\":\"2026-11-23 17:59:59\""), 0, E_OK, REFUND_DONE},
	{"it was not", REFUND_QUERY, GOOD, DONE "}", 0, E_NOT_FOUND, 0},
	{"it was not, it seems", REFUND_QUERY, GOOD, BACK(ASKED), 0, E_NOT_FOUND, 0},
	{"it was not, says nobody", REFUND_QUERY, NONE, DONE "}", 0, E_CHANNEL_UNKNOWN, 0},
	{"no such trade to give back", REFUND_QUERY, GOOD, FAILED("ACQ.TRADE_NOT_EXIST"), 0,
		E_NOT_FOUND, 0},
	{"a word that we don't know", REFUND_QUERY, GOOD,
		BACK(ASKED ",\"refund_status\":\"REFUND_PROCESSING\""), 0, E_CHANNEL_UNKNOWN, 0},
	{"another refund", REFUND_QUERY, GOOD,
		BACK(",\"out_request_no\":\"R2\",\"refund_amount\":\"50.00\","
		"\"refund_status\":\"REFUND_SUCCESS\""), 0, E_CHANNEL_UNKNOWN, 0},
	{"a refund of no sum", REFUND_QUERY, GOOD,
		BACK(",\"out_request_no\":\"R1\",\"refund_status\":\"REFUND_SUCCESS\""), 0,
		E_CHANNEL_UNKNOWN, 0},

	{"a bill", BILL, GOOD, DONE ",\"bill_download_url\":\"http:\\/\\/b\\/c\"}", 0, E_OK, 0},
	{"no bill", BILL, GOOD, FAILED("isp.bill_not_exist"), 0, E_NOT_FOUND, 0},
	{"no bill, says nobody", BILL, NONE, FAILED("isp.bill_not_exist"), 0, E_CHANNEL_UNKNOWN, 0},
	{"a bill of today", BILL, GOOD, FAILED("isv.invalid_arguments"), 0, E_CHANNEL_REFUSED, 0},
	{"a bill nowhere", BILL, GOOD, DONE "}", 0, E_CHANNEL_UNKNOWN, 0},
};
/* clang-format on */

static const char *bodies[COUNT_OF(rows)][2];

static const char *plain_slashes(const char *node)
{
	char *out = arena_strdup(mem, node), *to = out;

	for (; *node; node++)
		if (node[0] != '\\' || node[1] != '/')
			*to++ = *node;
	*to = '\0';
	return out;
}

/* The whole answer of HTTP, made before the upstream is forked. */
static const char *http_of(const struct row *r, const char *node, enum call call)
{
	const char *covered = r->seal == PLAIN_SLASHES ? plain_slashes(node)
			      : r->seal == BAD         ? "{}"
						       : node;
	bool gateway = r->seal == BY_GATEWAY || r->seal == IN_GBK;
	const char *name = gateway                 ? "error"
			   : r->seal == OTHER_NAME ? "alipay_trade_pay"
						   : names[call];
	const char *body =
		r->seal == NONE || gateway
			? arena_printf(mem, "{\"%s_response\":%s}", name, node)
		: r->seal == NO_JSON
			? "<html></html>"
			: arena_printf(mem, "{\"%s_response\":%s,\"sign\":\"%s\"}", name, node,
				  alipay_sign(mem, alipay_key, bytes_of(covered)));

	return arena_printf(mem, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s",
		r->seal == HTTP_500 ? "500 No" : "200 OK",
		r->seal == IN_GBK ? "Content-Type: text/html;charset=GBK\r\n" : "",
		strlen(body) + (r->seal == CUT ? 1 : 0), body);
}

/* What our side asks next on the same way. */
static enum call next_call(const struct row *r)
{
	if (r->call == REFUND && !strstr(r->then, "fund_change"))
		return REFUND_QUERY;
	return r->call == CLOSE ? QUERY : r->call;
}

static bool act(SSL *ssl, const char *path, int seen)
{
	static unsigned long last = COUNT_OF(rows), times;
	unsigned long i = strtoul(path + 1, NULL, 10);

	(void)seen;
	times = i == last ? times + 1 : 0;
	last = i;
	say(ssl, bodies[i][times > 0 && bodies[i][1]]);
	return rows[i].seal != CUT;
}

static const char refund_body[] =
	"{\"out_trade_no\":\"A01\",\"out_request_no\":\"R1\","
	"\"refund_amount\":\"50.00\"}";

/* Asks; *word is the state that was told. */
static enum err ask(
	enum call call, int *word, struct channel_payment *p, struct channel_refund *refund)
{
	struct alipay_bill bill;
	const char *ticket = NULL;
	enum err err;

	*word = 0;
	switch (call) {
	case PREPAY:
	case JSAPI:
		err = alipay_channel.prepay(
			mem, call == PREPAY ? "native" : "jsapi", "{}", &ticket);
		assert_int_equal(ticket != NULL, err == E_OK);
		assert_true(!ticket || !strchr(ticket, '\\'));
		return err;
	case QUERY:
		err = alipay_channel.query(mem, "A01", p);
		*word = err == E_OK ? (int)p->state : 0;
		return err;
	case CLOSE:
		return alipay_channel.close(mem, "A01");
	case REFUND:
		err = alipay_channel.refund(mem, refund_body, refund);
		*word = err == E_OK ? (int)refund->state : refund->curable;
		return err;
	case REFUND_QUERY:
		err = alipay_channel.refund_query(mem, "A01", "R1", refund);
		*word = err == E_OK ? (int)refund->state : 0;
		return err;
	default:
		return alipay_bill_url(mem, (date){20000}, &bill);
	}
}

static void each_answer_comes_to_what_it_proves(void **state)
{
	struct channel_payment p;
	struct channel_refund refund = {0};
	int word;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		settings.alipay_gateway =
			arena_printf(mem, "https://127.0.0.1:%d/%zu", upstream_port, i);
		print_message("  %s\n", rows[i].says);
		enum err err = ask(rows[i].call, &word, &p, &refund);
		if (err != rows[i].err)
			fail_msg("%s: %s", rows[i].says, err_info[err].code);
		assert_int_equal(word, rows[i].word);
		if (rows[i].call == REFUND)
			assert_int_equal(refund.refusal != NULL, err == E_CHANNEL_REFUSED);
		if (err == E_OK && (rows[i].call == REFUND || rows[i].call == REFUND_QUERY)) {
			assert_int_equal(refund.refund.fen, 5000);
			assert_string_equal(refund.out_refund_no, "R1");
		}
	}
}

static void a_payment_is_told_whole(void **state)
{
	struct channel_payment p;
	struct channel_refund refund;
	int word;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].says, "paid") == 0)
			settings.alipay_gateway =
				arena_printf(mem, "https://127.0.0.1:%d/%zu", upstream_port, i);
	assert_int_equal(ask(QUERY, &word, &p, &refund), E_OK);
	assert_string_equal(p.channel, "alipay");
	assert_null(p.id);
	assert_true(p.is_payment && p.ours && p.yuan);
	assert_string_equal(p.out_trade_no, "A01");
	assert_string_equal(p.transaction_id, "T1");
	assert_string_equal(p.payer, "2088");
	assert_int_equal(p.total.fen, 12000);
	assert_int_equal(p.paid_at.us, now.us - 2 * SECOND);
	assert_string_equal(p.plaintext, TRADE("TRADE_SUCCESS", PAID_AT));
}

static int begin_all(void **state)
{
	(void)state;
	alishop_begin();
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct row *r = &rows[i];

		bodies[i][0] = http_of(r, r->node, r->call);
		if (r->then)
			bodies[i][1] = http_of(r, r->then, next_call(r));
	}
	upstream_begin(act);
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	upstream_end();
	alishop_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_comes_to_what_it_proves),
		cmocka_unit_test(a_payment_is_told_whole),
	};

	return RUN_TESTS_BETWEEN(begin_all, tests, end_all);
}
