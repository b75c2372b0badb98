#ifndef SHIPPING_REPORT_H
#define SHIPPING_REPORT_H

#include "base/arena.h"
#include "base/shape.h"
#include "base/words.h"

/* What WeChat is told: of certain mini-programs it keeps a payment's money back until it
 * hears that the goods were handed over, for us as picked up by the customer
 * (developers.weixin.qq.com, 小程序发货信息管理服务: upload_shipping_info,
 * is_trade_managed). */

/* Setting ZX_WX_SHIPPING; auto asks WeChat once a day and process whether there is such a
 * duty. DUTY_COUNT: it says something else. */
#define SHIPPING_DUTIES(X) X(DUTY_OFF, "off") X(DUTY_AUTO, "auto") X(DUTY_ON, "on")
enum shipping_duty { SHIPPING_DUTIES(WORD_ID) DUTY_COUNT };
enum shipping_duty shipping_duty(void);

struct shipment {
	int64_t attempt_id, order_id, venue_id, tries;
	const char *transaction_id, *payer, *goods;
	bool all_back; /* the money: there is nothing to report */
};

/* What has become of a try. */
enum shipping_word { SHIPPING_SENT, SHIPPING_WAIVED, SHIPPING_LATER, SHIPPING_STUCK };
struct shipping_verdict {
	enum shipping_word word;
	const char *trouble;
	int64_t wait_s; /* WeChat couldn't be asked, for so long; 0: it was */
};
struct shipping_verdict shipping_report(struct arena *, const struct shipment *);

/* What an errcode of upload_shipping_info means. Pure. */
enum shipping_word shipping_judge(int64_t errcode);

/* The body of upload_shipping_info. Pure. */
const char *shipping_body(struct arena *, const struct shipment *, stamp now);

#endif
