#include "base/log.h"
#include "pay/payment.h"
#include "web/web.h"

/* Channels tell us what was paid. The signature is the login. */

static enum err wechat(struct req *r)
{
	struct wechat_notice notice;
	enum outcome outcome;
	struct wechat_signed mail = {
		.timestamp = header(r, "HTTP_WECHATPAY_TIMESTAMP"),
		.nonce = header(r, "HTTP_WECHATPAY_NONCE"),
		.signature = header(r, "HTTP_WECHATPAY_SIGNATURE"),
		.serial = header(r, "HTTP_WECHATPAY_SERIAL"),
		.body = {(const unsigned char *)r->body, r->body_len},
	};

	TRY(wechat_notice_read(r->mem, &mail, r->now, &notice));
	tx_begin(&r->tx, r->db, r->mem, TX_WRITE);
	TRY(notice_settle(&r->tx, &notice, notice.plaintext, &outcome));
	TRY(tx_commit(&r->tx));
	log_info("notice", "%s %s", notice.id, outcome_word(outcome));
	return reply_empty(r);
}

static const struct route notify_routes[] = {
	{POST,    "/notify/wechat", PUBLIC, TX_NONE, wechat, .flags = RAW_BODY,
         .says = "WeChat Pay tells that an order was paid"},
	{0},
};

int main(int argc, char **argv)
{
	static const struct route *const tables[] = {notify_routes, NULL};
	static const struct web notify = {
		.name = "notify", .tables = tables, .init = wechatpay_init};

	return web_main(argc, argv, &notify);
}
