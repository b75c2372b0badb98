#include "alipay/alipay.h"
#include "base/log.h"
#include "pay/payment.h"
#include "web/web.h"
#include "wechatpay/channel.h"

#include <string.h>

/* Channels tell us what was paid and what was given back. The signature is the
 * login. What is told is stored before it is acknowledged. */

static struct wechat_signed wechat_mail(const struct req *r)
{
	return (struct wechat_signed){
		.timestamp = header(r, "HTTP_WECHATPAY_TIMESTAMP"),
		.nonce = header(r, "HTTP_WECHATPAY_NONCE"),
		.signature = header(r, "HTTP_WECHATPAY_SIGNATURE"),
		.serial = header(r, "HTTP_WECHATPAY_SERIAL"),
		.body = {(const unsigned char *)r->body, r->body_len},
	};
}

/* A repeat that lost a race against its twin is simply done again. */
enum { TRIES = 3 };

static enum err settle(struct req *r, const struct channel_payment *payment)
{
	enum outcome outcome = OUTCOME_OTHER;
	enum err err = E_RETRY;

	for (int i = 0; i < TRIES && err == E_RETRY; i++) {
		own_begin(r, TX_WRITE);
		err = tx_end(&r->tx, notice_settle(&r->tx, payment, &outcome));
	}
	if (err == E_OK)
		log_info("notice", "%s %s", payment->id, outcome_word(outcome));
	return err;
}

static enum err wechat(struct req *r)
{
	struct wechat_signed mail = wechat_mail(r);
	struct channel_payment payment;
	struct wechat_notice notice;

	TRY(wechat_notice_read(r->mem, &mail, r->now, &notice));
	wechat_payment(&notice, &payment);
	TRY(settle(r, &payment));
	return reply_empty(r);
}

static enum err wechat_refund_notice(struct req *r)
{
	struct wechat_signed mail = wechat_mail(r);
	struct wechat_refund_state state;
	struct channel_refund refund;
	enum outcome outcome = OUTCOME_OTHER;
	enum err err = E_RETRY;

	TRY(wechat_refund_notice_read(r->mem, &mail, r->now, &state));
	wechat_refund_told(&state, &refund);
	for (int i = 0; i < TRIES && err == E_RETRY; i++) {
		own_begin(r, TX_WRITE);
		err = tx_end(&r->tx, notice_refund_settle(&r->tx, &refund, &outcome));
	}
	TRY(err);
	log_info("notice", "%s %s", refund.id, outcome_word(outcome));
	return reply_empty(r);
}

/* Alipay wants exactly this word; anything else is a failure to it. */
static enum err alipay(struct req *r)
{
	static const char received[] = "success";
	struct bytes body = {(const unsigned char *)r->body, r->body_len};
	struct channel_payment payment;

	if (!alipay_is_on())
		return E_NOT_FOUND;
	TRY(alipay_notice_read(r->mem, body, r->now, &payment));
	TRY(settle(r, &payment));
	return reply_bytes(r, "text/plain", received, strlen(received));
}

static const struct route notify_routes[] = {
	{POST, "/notify/wechat", PUBLIC, TX_NONE, wechat, .flags = RAW_BODY,
		.says = "WeChat Pay tells that an order was paid"},
	{POST, "/notify/wechat/refund", PUBLIC, TX_NONE, wechat_refund_notice,
		.flags = RAW_BODY, .says = "WeChat Pay tells how a refund ended"},
	{POST, "/notify/alipay", PUBLIC, TX_NONE, alipay, .flags = RAW_BODY,
		.says = "Alipay tells that an order was paid"},
	{0},
};

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {notify_routes, NULL};
	static const struct web notify = {
		.name = "notify", .tables = tables, .init = channels_init};

	return web_main(argc, argv, &notify);
}
