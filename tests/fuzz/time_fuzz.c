/* Times, days and sums of money: what is read and written again is the same. */
#include "fuzz.h"

#include "alipay/sign.h"
#include "base/time.h"
#include "channel/yuan.h"

static void instants(const char *text)
{
	char out[STAMP_TEXT], once[STAMP_TEXT];
	stamp t, again;

	if (!stamp_parse(text, &t))
		return;
	stamp_write(once, t);
	CLAIM(strlen(once) < STAMP_TEXT);
	if (!stamp_parse(once, &again)) /* an offset may lead over the edge of the years */
		CLAIM(strncmp(once, "1969", 4) == 0 || strncmp(once, "2200", 4) == 0);
	else
		CLAIM(again.us == t.us && strcmp(once, stamp_write(out, again)) == 0);
}

static void days(const char *text)
{
	char out[DATE_TEXT];
	date d;

	if (date_parse(text, &d)) {
		CLAIM(strcmp(text, date_write(out, d)) == 0);
		CLAIM(date_weekday(d) >= 1 && date_weekday(d) <= 7);
	}
}

static void alipays(const char *text)
{
	stamp t, again;
	money m, same;

	if (alipay_time_parse(text, &t))
		CLAIM(alipay_time_parse(alipay_time(mem, t), &again) &&
			again.us / 1000000 == t.us / 1000000);
	if (alipay_yuan_parse(text, &m)) {
		CLAIM(m.fen >= 0 && m.fen <= 1LL << 50);
		CLAIM(alipay_yuan_parse(yuan_write(mem, m), &same) && same.fen == m.fen);
		CLAIM(yuan_parse(text, &same) && same.fen == m.fen);
	}
	const char *words = alipay_words(mem, text, 128);
	CLAIM(strlen(words) <= 128);
	CLAIM(!utf8_valid(text, strlen(text)) || utf8_valid(words, strlen(words)));
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	begin();
	const char *text = text_of(at, n);

	instants(text);
	days(text);
	alipays(text);
	return 0;
}
