/* What is inside WeChat Pay's notifies and answers, decrypted: payments, refunds. */
#include "channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct wechatpay_payment notice = {.id = "1", .event_type = "TRANSACTION.SUCCESS"};
	struct wechatpay_refund refund = {.id = "1", .event_type = "REFUND.SUCCESS"};

	begin();
	/* As decrypting leaves it: with a NUL behind. */
	unsigned char *plain = arena_alloc(mem, n + 1, 1);
	memcpy(plain, at, n);
	struct bytes json = {plain, n};
	if (wechatpay_payment_read(mem, json, &notice)) {
		CLAIM(notice.appid && notice.mchid && notice.out_trade_no);
		CLAIM(strcmp(notice.id, "1") == 0 && notice.total.fen >= 0);
		CLAIM(!wechatpay_is_paid(&notice) ||
			(notice.transaction_id && notice.total.fen > 0 &&
				notice.total.fen <= 1LL << 50 && notice.success_time.us));
	}
	if (wechatpay_refund_read(mem, json, &refund))
		CLAIM(refund.refund.fen > 0 && refund.refund.fen <= refund.total.fen &&
			refund.out_refund_no && refund.status);
	return 0;
}
