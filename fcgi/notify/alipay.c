#include "alipay/alipay.h"
#include "alipay/notify.h"
#include "notify.h"

#include <string.h>

/* Alipay wants exactly this word; anything else is a failure to it. */
static enum err tell_payment(struct req *r)
{
	static const char received[] = "success";
	struct bytes body = {(const unsigned char *)r->body, r->body_len};
	struct channel_payment payment;

	if (!alipay_is_on())
		return E_NOT_FOUND;
	TRY(alipay_notice_read(r->mem, body, r->now, &payment));
	TRY(payment_told(r, &payment));
	return reply_bytes(r, "text/plain", received, strlen(received));
}

const struct route alipay_routes[] = {
	{POST, "/notify/alipay", PUBLIC, TX_NONE, tell_payment, .flags = RAW_BODY,
		.says = "Alipay tells that an order was paid"},
	{0},
};
