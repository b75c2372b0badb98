/* Bills as the simulator and the documents have them, and one who takes their lines. */
#include "base/buf.h"
#include "base/time.h"
#include "channel/yuan.h"
#include "wechatpay/csv.h"

#include <stdio.h>

static struct buf told;
static enum err answer;

/* What the lines say, as one text. */
static inline enum err take(void *arg, const struct bill_line *line)
{
	const struct bill_trade *t = line->trade;
	const struct bill_flow *f = line->flow;
	char at[STAMP_TEXT];

	assert_ptr_equal(arg, &told);
	if (t)
		buf_printf(&told, "%lld %s %s %s %s %s %lld %s %s %s %lld %s\n",
			(long long)line->number, stamp_write(at, t->at), t->state, t->appid,
			t->transaction_id, t->out_trade_no, (long long)t->total.fen,
			t->refund_id ? t->refund_id : "-",
			t->out_refund_no ? t->out_refund_no : "-",
			t->refund_state ? t->refund_state : "-", (long long)t->refund.fen,
			t->description ? t->description : "-");
	if (f)
		buf_printf(&told, "%lld %s %s %s %s %s %s %lld %lld %s %s\n",
			(long long)line->number, stamp_write(at, f->at),
			f->business_id ? f->business_id : "-", f->flow_id,
			f->name ? f->name : "-", f->type ? f->type : "-",
			f->is_income ? "in" : "out", (long long)f->amount.fen,
			(long long)f->balance.fen, f->voucher ? f->voucher : "-",
			f->remark ? f->remark : "-");
	return answer;
}

static inline struct wechatpay_csv *begin(enum bill_kind kind)
{
	told = buf_in(mem, 1 << 20);
	answer = E_OK;
	return wechatpay_csv_begin(mem, kind, take, &told);
}

static inline enum err read_bill(enum bill_kind kind, struct bytes all, const char **fault)
{
	struct wechatpay_csv *r = begin(kind);
	enum err err = wechatpay_csv_push(r, all);

	*fault = wechatpay_csv_fault(r);
	return err == E_OK ? wechatpay_csv_end(r) : err;
}

/* The simulator's and the documents' columns. */
#define BOM "\xef\xbb\xbf"
#define TRADE                                                                                                                     \
	"交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,"           \
	"交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,"              \
	"商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费," \
	"费率,订单金额,申请退款金额,费率备注\n"
#define SUMS                                                                                                                 \
	"总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额," \
	"申请退款总金额\n"
#define PAID                                                                                    \
	"`2026-01-01 10:00:00,`wx1,`1900,`0,`,`42001,`ZX0001A01,`o1,`JSAPI,`SUCCESS,`OTHERS,"   \
	"`CNY,`120.00,`0.00,`0,`0,`0.00,`0.00,`,`,`羽毛球\\ 3号场\\n请准时,`,`0.72000," \
	"`0.60%,`120.00,`0.00,`\n"
#define GIVEN_BACK                                                                                \
	"`2026-01-01 23:59:59,`wx1,`1900,`0,`,`42001,`ZX0001A01,`o1,`JSAPI,`REFUND,`OTHERS,`CNY," \
	"`0.00,`0.00,`50300,`R1,`50.00,`0.00,`ORIGINAL,`PROCESSING,`a, b,`,`-0.30000,`0.60%,"     \
	"`0.00,`50.00,`\n"
#define TRADE_BILL \
	TRADE PAID GIVEN_BACK SUMS "`2,`120.00,`50.00,`0.00,`0.42000,`120.00,`50.00\n"
#define TRADE_TOLD                                                                      \
	"2 2026-01-01T10:00:00+08:00 SUCCESS wx1 42001 ZX0001A01 12000 - - - 0 "        \
	"羽毛球,3号场\n请准时\n"                                                \
	"3 2026-01-01T23:59:59+08:00 REFUND wx1 42001 ZX0001A01 0 50300 R1 PROCESSING " \
	"5000 a, b\n"

#define FLOW                                                                                                                 \
	"记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元)," \
	"账户结余(元),资金变更提交申请人,备注,业务凭证号\n"
#define FLOW_SUMS "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n"
#define FLOW_LINES                                                                                        \
	"`2026-01-01 10:00:01,`42001,`F1,`交易,`交易,`收入,`120.00,`-3.5,`system,`,`ZX1\n"          \
	"`2026-01-01 10:00:01,`42001,`F2,`扣除交易手续费,`扣除交易手续费,`支出,`0.72,`0," \
	"`system,`退款总金额0.01元;含手续费0.00元,`ZX1\n"
#define FLOW_BILL FLOW FLOW_LINES FLOW_SUMS "`2,`1,`120.00,`1,`0.72\n"
#define FLOW_TOLD                                                                                        \
	"2 2026-01-01T10:00:01+08:00 42001 F1 交易 交易 in 12000 -350 ZX1 -\n"                       \
	"3 2026-01-01T10:00:01+08:00 42001 F2 扣除交易手续费 扣除交易手续费 out 72 0 ZX1 " \
	"退款总金额0.01元;含手续费0.00元\n"
