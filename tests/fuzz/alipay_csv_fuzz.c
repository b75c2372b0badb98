/* The lines of Alipay's bill, cut where the first byte says. */
#include "fuzz.h"

#include "alipay/csv.h"

static enum err take(void *arg, const struct bill_line *line)
{
	const struct bill_trade *t = line->trade;

	CLAIM(t && !line->flow && t->transaction_id && t->out_trade_no);
	if (strcmp(t->state, "SUCCESS") == 0)
		CLAIM(t->total.fen > 0 && t->total.fen <= 1LL << 50 && t->refund.fen == 0);
	if (strcmp(t->state, "REFUND") == 0)
		CLAIM(t->refund.fen > 0 && t->refund.fen <= 1LL << 50 && t->out_refund_no);
	buf_printf(arg, "%s %s %lld,", t->state, t->out_trade_no, (long long)t->total.fen);
	return E_OK;
}

static enum err read_cut(struct bytes all, size_t cut, struct buf *told)
{
	const date day = {20779}; /* 2026-11-22, as the corpus has it */

	*told = buf_in(mem, 1 << 22);
	struct alipay_csv *r = alipay_csv_begin(mem, "2088001234567890", day, take, told);
	enum err err = alipay_csv_push(r, (struct bytes){all.at, cut});

	if (err == E_OK)
		err = alipay_csv_push(r, (struct bytes){all.at + cut, all.len - cut});
	if (err == E_OK)
		err = alipay_csv_end(r);
	const char *fault = alipay_csv_fault(r);
	CLAIM((err == E_OK) == !*fault);
	buf_puts(told, fault);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct buf whole, pieces;

	begin();
	if (n == 0)
		return 0;
	struct bytes all = {at + 1, n - 1};
	enum err err = read_cut(all, 0, &whole);
	CLAIM(read_cut(all, *at % n, &pieces) == err);
	CLAIM(strcmp(buf_text(&whole), buf_text(&pieces)) == 0);
	return 0;
}
