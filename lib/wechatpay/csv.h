#ifndef WECHATPAY_CSV_H
#define WECHATPAY_CSV_H

#include "base/arena.h"
#include "base/bytes.h"
#include "channel/bill.h"

/* The daily bills of WeChat Pay, read as they come, in constant memory
 * (pay.weixin.qq.com/doc/v3/merchant/4013071227 and 4013071235): a header, a
 * line for each trade or movement, a second header and the sums. Columns are
 * found by their names: which ones there are, and where, depends on the kind of
 * bill and the age of the account. An optional text that is "0" is as good as empty. */

struct wechatpay_csv;
struct wechatpay_csv *wechatpay_csv_begin(
	struct arena *, enum bill_kind, bill_fn *take, void *arg);

/* The file in pieces of any size. E_BAD_BODY, and from then on always: this is
 * no such bill. */
enum err wechatpay_csv_push(struct wechatpay_csv *, struct bytes) CHECKED;

/* The file is over. E_OK: it was whole, and its sums are those of its lines. Only
 * now do the lines count. */
enum err wechatpay_csv_end(struct wechatpay_csv *) CHECKED;

/* With E_BAD_BODY: in which line, in which column, what. */
const char *wechatpay_csv_fault(const struct wechatpay_csv *);

#endif
