#ifndef ALIPAY_CSV_H
#define ALIPAY_CSV_H

#include "base/arena.h"
#include "base/bytes.h"
#include "channel/bill.h"

/* The file 业务明细 of Alipay's trade bill, in UTF-8, read as it comes, in constant
 * memory: lines with # in front say whose and of which days it is, then a header,
 * the lines, and with # again the sums. Columns are found by their names. */

struct alipay_csv;

/* Of that merchant and day, else it is refused. */
struct alipay_csv *alipay_csv_begin(
	struct arena *, const char *seller_id, date day, bill_fn *take, void *arg);

/* As in wechatpay/csv.h. */
enum err alipay_csv_push(struct alipay_csv *, struct bytes) CHECKED;
enum err alipay_csv_end(struct alipay_csv *) CHECKED;
const char *alipay_csv_fault(const struct alipay_csv *);

#endif
