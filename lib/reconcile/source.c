#include "alipay/bill.h"
#include "base/log.h"
#include "pay/settle.h"
#include "reconcile/reconcile.h"
#include "wechatpay/bill.h"
#include "wechatpay/csv.h"

/* The reader and what it said last; the download only knows yes and no. */
struct reading {
	struct wechatpay_csv *reader;
	enum err err;
};

static bool push(void *arg, struct bytes piece)
{
	struct reading *r = arg;

	r->err = wechatpay_csv_push(r->reader, piece);
	return r->err == E_OK;
}

static enum err wechat_fetch(struct arena *mem, enum bill_kind kind, date day, bill_fn *take,
	void *arg, const char **hash)
{
	struct reading r = {.reader = wechatpay_csv_begin(mem, kind, take, arg)};
	struct wechatpay_bill bill;

	TRY(wechatpay_bill_url(mem, kind, day, &bill));
	*hash = bill.hash_value;
	enum err err = wechatpay_bill_fetch(mem, &bill, push, &r);
	if (err == E_INTERNAL && r.err != E_OK)
		err = r.err;
	if (err == E_OK)
		err = wechatpay_csv_end(r.reader);
	if (err == E_BAD_BODY)
		log_error("reconcile", "no bill: %s", wechatpay_csv_fault(r.reader));
	return err;
}

/* Alipay announces no digest; the sums inside the zip take its place. */
static enum err alipay_fetch(struct arena *mem, enum bill_kind kind, date day, bill_fn *take,
	void *arg, const char **hash)
{
	struct alipay_bill bill;

	if (kind != BILL_TRADE)
		return E_NOT_FOUND;
	TRY(alipay_bill_url(mem, day, &bill));
	*hash = "-";
	return alipay_bill_fetch(mem, &bill, take, arg);
}

static const struct bill_source wechat_source = {
	.channel = "wechat",
	.has_flow = true,
	.fetch = wechat_fetch,
	.ask = settle_attempt,
};
static const struct bill_source alipay_source = {
	.channel = "alipay",
	.fetch = alipay_fetch,
	.ask = settle_attempt,
};

const struct bill_source *const bill_sources[] = {&wechat_source, &alipay_source, NULL};
