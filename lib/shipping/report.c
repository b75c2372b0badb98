#include "shipping/report.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "channel/call.h"
#include "wechat/token.h"

#include <inttypes.h>

#define UPLOAD "/wxa/sec/order/upload_shipping_info"
#define IS_MANAGED "/wxa/sec/order/is_trade_managed"

enum { BY_TRANSACTION = 2, PICKED_UP = 4, AT_ONCE = 1 }; /* words of the protocol */
enum { BODY_MAX = 4096, MANAGED_FOR_MS = 86400000, MANAGED_AGAIN_MS = 60000 };

enum shipping_duty shipping_duty(void)
{
	static const char *const words[] = {SHIPPING_DUTIES(WORD_TEXT)};

	return (enum shipping_duty)word_find(words, DUTY_COUNT, settings.wx_shipping);
}

/* Of the table of errcodes on the page. A repeat of what is already there is
 * answered with one of three: finished, its one correction used, unchanged.
 * 10060001, unknown payment: it takes a minute until they know a new one. */
enum shipping_word shipping_judge(int64_t errcode)
{
	static const struct {
		int64_t errcode;
		enum shipping_word word;
	} known[] = {
		{0, SHIPPING_SENT},
		{10060002, SHIPPING_SENT},
		{10060003, SHIPPING_SENT},
		{10060023, SHIPPING_SENT},
		{-1, SHIPPING_LATER},
		{10060012, SHIPPING_LATER},
		{10060019, SHIPPING_LATER},
		{10060001, SHIPPING_LATER},
		{40001, SHIPPING_LATER}, /* tokens; and our address, the limits of use */
		{40014, SHIPPING_LATER},
		{42001, SHIPPING_LATER},
		{40164, SHIPPING_LATER},
		{61004, SHIPPING_LATER},
		{44990, SHIPPING_LATER},
		{45009, SHIPPING_LATER},
		{45011, SHIPPING_LATER},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i].errcode == errcode)
			return known[i].word;
	return SHIPPING_STUCK;
}

const char *shipping_body(struct arena *mem, const struct shipment *s, stamp now)
{
	struct buf b = buf_in(mem, BODY_MAX);

	now.us -= now.us % SECOND;
	json_open(&b, NULL, '{');
	json_open(&b, "order_key", '{');
	json_int(&b, "order_number_type", BY_TRANSACTION);
	json_text(&b, "transaction_id", s->transaction_id);
	json_close(&b, '}');
	json_int(&b, "logistics_type", PICKED_UP);
	json_int(&b, "delivery_mode", AT_ONCE);
	json_open(&b, "shipping_list", '[');
	json_open(&b, NULL, '{');
	json_text(&b, "item_desc", s->goods);
	json_close(&b, '}');
	json_close(&b, ']');
	json_stamp(&b, "upload_time", now);
	json_open(&b, "payer", '{');
	json_text(&b, "openid", s->payer);
	json_close(&b, '}');
	json_close(&b, '}');
	return buf_text(&b);
}

/* Whether the duty applies, for a day; a question that fails is not asked
 * again at once. */
static enum err is_managed(struct arena *mem, bool *yes)
{
	static int64_t good_until, quiet_until; /* by clock_ms() */
	static bool managed;
	struct wechat_answer said;

	*yes = true;
	if (shipping_duty() == DUTY_ON)
		return E_OK;
	*yes = managed;
	if (clock_ms() < good_until)
		return E_OK;
	if (clock_ms() < quiet_until)
		return E_BUSY;
	quiet_until = clock_ms() + MANAGED_AGAIN_MS;
	enum err err = wechat_token_post(mem, IS_MANAGED,
		arena_printf(mem, "{\"appid\":\"%s\"}", settings.wx_appid), &said);
	if (channel_wait_s(err) > 0)
		quiet_until = 0;
	TRY(err);
	if (said.errcode != 0) {
		log_error("shipping", "is_trade_managed: errcode %" PRId64 ": %s", said.errcode,
			said.errmsg ? said.errmsg : "");
		return E_UPSTREAM;
	}
	*yes = managed = said.is_trade_managed;
	good_until = clock_ms() + MANAGED_FOR_MS;
	quiet_until = 0;
	return E_OK;
}

static struct shipping_verdict later(enum err err, const char *trouble)
{
	return (struct shipping_verdict){SHIPPING_LATER, trouble, channel_wait_s(err)};
}

struct shipping_verdict shipping_report(struct arena *mem, const struct shipment *s)
{
	struct wechat_answer said;
	bool managed;

	if (s->all_back)
		return (struct shipping_verdict){SHIPPING_WAIVED, "the money has gone back", 0};
	if (!s->payer)
		return (struct shipping_verdict){SHIPPING_STUCK, "the payer is not known", 0};
	enum err err = is_managed(mem, &managed);
	if (err != E_OK)
		return later(err, "no answer whether there is a duty");
	if (!managed)
		return (struct shipping_verdict){SHIPPING_WAIVED, "there is no such duty", 0};
	err = wechat_token_post(mem, UPLOAD, shipping_body(mem, s, stamp_now()), &said);
	if (err != E_OK)
		return later(err, "no answer");
	return (struct shipping_verdict){shipping_judge(said.errcode),
		said.errcode ? arena_printf(mem, "%" PRId64 " %s", said.errcode,
				       said.errmsg ? said.errmsg : "")
			     : NULL,
		0};
}
