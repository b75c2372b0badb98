/* Small texts that a query or a body holds: lists of ids, times of day, names of
 * people, the tiers of a refund rule. */
#include "fuzz.h"

#include "base/plain.h"
#include "order/cancel.h"
#include "order/rule.h"
#include "venue/clock.h"

static void ids(const char *text)
{
	struct buf again = buf_in(mem, 1 << 16);
	struct ints list;

	if (!item_ids_parse(mem, text, &list))
		return;
	for (size_t i = 0; i < list.count; i++) {
		CLAIM(list.at[i] > 0 && list.at[i] <= ID_MAX);
		buf_printf(&again, "%s%lld", i ? "," : "", (long long)list.at[i]);
	}
	CLAIM(strcmp(buf_text(&again), text) == 0);
}

static void clocks(const char *text)
{
	int64_t minutes;

	if (clock_parse(text, &minutes))
		CLAIM(minutes >= 0 && minutes <= 1800);
}

static void names(const char *text)
{
	bool line = text_plain(text, PLAIN_LINE), lines = text_plain(text, PLAIN_LINES);

	CLAIM(lines || !line);
	if (!lines)
		return;
	CLAIM(*text && utf8_valid(text, strlen(text)));
	CLAIM(line == !strchr(text, '\n'));
	for (const char *c = text; *c; c++)
		CLAIM(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7f));
	CLAIM(!strstr(text, "\xe2\x80\xa8") && !strstr(text, "\xe2\x80\xae"));
}

static void tiers(const char *text)
{
	const money price = {12000};
	struct list list;

	if (refund_tiers_read(mem, (raw_json){text}, &list) != E_OK)
		return;
	for (int64_t hour = 0; hour < 200; hour += 7) {
		stamp start = {hour * 3600 * 1000000};
		struct refund_share share = refund_rule(&list, price, start, (stamp){0});

		CLAIM(share.fee.fen >= 0 && share.refund.fen >= 0);
		CLAIM(share.fee.fen + share.refund.fen == price.fen);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	begin();
	const char *text = text_of(at, n);

	ids(text);
	clocks(text);
	names(text);
	tiers(text);
	return 0;
}
