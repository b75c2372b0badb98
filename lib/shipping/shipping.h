#ifndef SHIPPING_SHIPPING_H
#define SHIPPING_SHIPPING_H

#include "db/db.h"

/* WeChat's shipping duty: of certain mini-programs it keeps a payment's money
 * back until it is told that the goods were handed over, for us as picked up by
 * the customer (developers.weixin.qq.com, 小程序发货信息管理服务:
 * upload_shipping_info, is_trade_managed). An order is reported when it is first
 * checked in, or when its last period is over. Only payments inside the
 * mini-program (jsapi) are known there. Setting ZX_WX_SHIPPING: off; on; auto
 * asks WeChat once a day and process whether the duty applies. */

/* For who calls shipping_step: checks the setting, reads the keys. */
void shipping_init(void);

/* Queue: the order was used, its payment is to be reported. Nothing for one
 * that was not paid in the mini-program; a second call changes nothing. */
void shipping_add(struct tx *, int64_t order_id);

/* Report one payment that is due, in short transactions around the call; every
 * ten minutes look for those that nobody has checked in. *busy is set if there
 * was one: there may be more. Any number of processes may do this at once: a payment is
 * claimed for SHIPPING_LEASE_S, tried again after 30 s, 1, 2, 4 … 60 minutes, and
 * after SHIPPING_TRIES (a day) or at a refusal that no repeat cures it becomes
 * work for people. Takes at most five outbound calls. */
enum { SHIPPING_LEASE_S = 120, SHIPPING_TRIES = 30 };
enum err shipping_step(struct db *, struct arena *, bool *busy) CHECKED;

/* Orders of the last days whose periods are all over: their payments too are to
 * be reported. What shipping_step does now and then. */
enum err shipping_sweep(struct tx *) CHECKED;

/* What an errcode of upload_shipping_info means. Pure. */
enum shipping_word { SHIPPING_SENT, SHIPPING_WAIVED, SHIPPING_LATER, SHIPPING_STUCK };
enum shipping_word shipping_judge(int64_t errcode);

struct shipment {
	int64_t attempt_id, order_id, venue_id, tries;
	const char *transaction_id, *payer, *goods;
	bool all_back; /* the money: there is nothing to report */
};
/* The body of upload_shipping_info. Pure. */
const char *shipping_body(struct arena *, const struct shipment *, stamp now);

#endif
