/* Alipay's answers: the part that is signed, byte for byte. */
#include "channel.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	alipay_merchant.alipay = channel_begin();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	static const char *const names[] = {
		"alipay_trade_query_response", "error_response", "a"};
	size_t bad;

	begin();
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct bytes part;

		if (!alipay_answer_part((struct bytes){at, n}, names[i], &part))
			continue;
		CLAIM(part.at >= at && part.at + part.len <= at + n);
		CLAIM(json_text_valid((const char *)part.at, part.len, &bad));
		const cJSON *whole, *inner;
		struct json_fault fault;
		if (json_parse(mem, (const char *)at, n, &whole, &fault) != E_OK)
			continue; /* a name twice: nobody reads on */
		CLAIM(json_parse(mem, (const char *)part.at, part.len, &inner, &fault) == E_OK);
		CLAIM(cJSON_Compare(
			cJSON_GetObjectItemCaseSensitive(whole, names[i]), inner, true));
		const char *sign = alipay_sign(mem, channel_key, part);
		CLAIM(alipay_verify_answer(mem, alipay_merchant.alipay, part, sign));
	}
	return 0;
}
