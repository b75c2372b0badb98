/* WeChat Pay's bills, cut where the second byte says; the first one is the kind. */
#include "fuzz.h"

#include "wechatpay/csv.h"

struct told {
	struct buf words;
	int64_t lines, paid;
};

static void tell(struct told *t, const char *word)
{
	CLAIM(!word || *word);
	buf_printf(&t->words, "%s,", word ? word : "-");
}

static enum err take(void *arg, const struct bill_line *line)
{
	struct told *t = arg;
	const struct bill_trade *trade = line->trade;
	const struct bill_flow *flow = line->flow;

	CLAIM(!trade != !flow);
	t->lines++;
	if (trade) {
		tell(t, trade->state);
		tell(t, trade->out_trade_no);
		tell(t, trade->out_refund_no);
		tell(t, trade->description);
		CLAIM(!__builtin_add_overflow(t->paid, trade->total.fen, &t->paid));
	} else {
		tell(t, flow->flow_id);
		tell(t, flow->remark);
	}
	return E_OK;
}

static enum err read_cut(enum bill_kind kind, struct bytes all, size_t cut, struct told *t)
{
	*t = (struct told){.words = buf_in(mem, 1 << 22)};
	struct wechatpay_csv *r = wechatpay_csv_begin(mem, kind, take, t);
	enum err err = wechatpay_csv_push(r, (struct bytes){all.at, cut});

	if (err == E_OK)
		err = wechatpay_csv_push(r, (struct bytes){all.at + cut, all.len - cut});
	if (err == E_OK)
		err = wechatpay_csv_end(r);
	const char *fault = wechatpay_csv_fault(r);
	CLAIM(err == E_OK || *fault);
	buf_puts(&t->words, fault);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct told whole, pieces;

	begin();
	if (n < 2)
		return 0;
	enum bill_kind kind = *at % 2 ? BILL_FUNDFLOW : BILL_TRADE;
	struct bytes all = {at + 2, n - 2};
	enum err err = read_cut(kind, all, 0, &whole);
	CLAIM(read_cut(kind, all, at[1] % (n - 1), &pieces) == err);
	CLAIM(strcmp(buf_text(&whole.words), buf_text(&pieces.words)) == 0);
	return 0;
}
