/* What WeChat is told of an order that was used, and what its answer means. */
#include "test.h"

#include "base/err.h"
#include "shipping/report.h"

static void the_body_is_what_the_documents_ask_for(void **state)
{
	struct shipment s = {.transaction_id = "4200001234202311150000000001",
		.payer = "o-openid",
		.goods = "星河\"羽毛球\"馆 场地预订 2026-11-24"};

	(void)state;
	assert_string_equal(shipping_body(mem, &s, (stamp){1700000000123456}),
		"{\"order_key\":{\"order_number_type\":2,"
		"\"transaction_id\":\"4200001234202311150000000001\"},"
		"\"logistics_type\":4,\"delivery_mode\":1,"
		"\"shipping_list\":[{\"item_desc\":\"星河\\\"羽毛球\\\"馆 场地预订 2026-11-24\"}],"
		"\"upload_time\":\"2023-11-15T06:13:20+08:00\","
		"\"payer\":{\"openid\":\"o-openid\"}}");
}

static void errcodes_say_whether_a_repeat_helps(void **state)
{
	static const struct {
		const char *says;
		int64_t errcode;
		enum shipping_word word;
	} cases[] = {
		{"well", 0, SHIPPING_SENT},
		{"it was finished already", 10060002, SHIPPING_SENT},
		{"even its one correction was used", 10060003, SHIPPING_SENT},
		{"nothing has changed", 10060023, SHIPPING_SENT},
		{"busy", -1, SHIPPING_LATER},
		{"they don't know the payment yet", 10060001, SHIPPING_LATER},
		{"our token", 42001, SHIPPING_LATER},
		{"our address isn't on their list", 40164, SHIPPING_LATER},
		{"too often today", 45009, SHIPPING_LATER},
		{"the payment can't be reported", 10060004, SHIPPING_STUCK},
		{"another payer", 10060031, SHIPPING_STUCK},
		{"a code that nobody has heard of", 12345, SHIPPING_STUCK},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (shipping_judge(cases[i].errcode) != cases[i].word)
			fail_msg("%s", cases[i].says);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_body_is_what_the_documents_ask_for),
		cmocka_unit_test(errcodes_say_whether_a_repeat_helps),
	};

	return RUN_TESTS(tests);
}
