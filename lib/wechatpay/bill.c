#include "wechatpay/bill.h"

#include "base/bytes.h"
#include "base/log.h"
#include "base/time.h"
#include "channel/call.h"
#include "codec/unpack.h"
#include "wechatpay/call.h"
#include "wechatpay/csv.h"

#include <strings.h>

enum { FETCH_MS = 10 * 60 * 1000 };

static const struct field bill_fields[] = {
	FIELD(struct wechatpay_bill, download_url, .min = 9, .max = 2048),
	FIELD(struct wechatpay_bill, hash_type, .one_of = "SHA1"),
	FIELD(struct wechatpay_bill, hash_value, .min = SHA1_HEX - 1, .max = SHA1_HEX - 1),
};
static const struct shape bill_shape = SHAPE(struct wechatpay_bill, bill_fields);

static enum err read_offer(
	struct arena *mem, const struct wechatpay_exchange *x, struct wechatpay_bill *out)
{
	struct json_fault fault = {0};
	struct bytes body = x->answer.body;

	if (json_load(mem, (const char *)body.at, body.len, &bill_shape, JSON_LENIENT, out,
		    &fault) == E_OK)
		return E_OK;
	log_error("wechatpay", "%s: signed, but without %s", x->target,
		fault.field ? fault.field : "JSON");
	return E_CHANNEL_UNKNOWN;
}

enum err wechatpay_bill_url(
	struct arena *mem, enum bill_kind kind, date day, struct wechatpay_bill *out)
{
	char text[DATE_TEXT];
	struct wechatpay_exchange x = {
		.method = "GET",
		.target = arena_printf(mem, "/v3/bill/%s&bill_date=%s&tar_type=GZIP",
			kind == BILL_TRADE ? "tradebill?bill_type=ALL"
					   : "fundflowbill?account_type=BASIC",
			date_write(text, day)),
	};

	*out = (struct wechatpay_bill){0};
	enum err err = wechatpay_call(mem, &x);
	if (err == E_OK)
		return read_offer(mem, &x, out);
	out->refusal = x.refusal;
	if (text_same(x.refusal, "NO_STATEMENT_EXIST"))
		return E_NOT_FOUND;
	if (text_same(x.refusal, "STATEMENT_CREATING"))
		return E_UPSTREAM;
	return err;
}

struct fetch {
	bytes_fn *take;
	void *arg;
	struct unpack *unpack;
	bool stopped;
};

static bool hand_on(void *arg, struct bytes text)
{
	struct fetch *f = arg;

	f->stopped = !f->take(f->arg, text);
	return !f->stopped;
}

static bool receive(void *arg, struct bytes piece)
{
	struct fetch *f = arg;

	return unpack_push(f->unpack, piece);
}

/* The documentation doesn't say whether the digest is of the packed file or of its text.
 * WeChat Pay's own library takes the text. */
static enum err check(struct fetch *f, const struct wechatpay_bill *bill)
{
	struct unpack_digests got;

	if (!unpack_end(f->unpack, &got)) {
		log_warn("wechatpay", "a bill ended too early");
		return E_CHANNEL_UNKNOWN;
	}
	if (strcasecmp(got.text, bill->hash_value) == 0)
		return E_OK;
	if (strcasecmp(got.file, bill->hash_value) == 0) {
		log_warn("wechatpay", "a bill's digest is that of the packed file");
		return E_OK;
	}
	log_error("wechatpay", "a bill has the digest %s, not %s", got.text, bill->hash_value);
	return E_CHANNEL_UNKNOWN;
}

/* The part of an address that is signed: all after the host. NULL if it is no address. */
static const char *target_of(const char *url)
{
	if (!text_begins(url, "https://") || strpbrk(url, " \"\\<>#\r\n"))
		return NULL;
	return strchr(url + 8, '/');
}

static enum err outcome(struct arena *mem, struct fetch *f, const struct wechatpay_bill *bill,
	const char *target, const struct http_answer *a)
{
	const char *refusal;

	if (a->status == 200)
		return check(f, bill);
	enum err err = wechatpay_judge(mem, target, a, &refusal);
	return err == E_BUSY ? E_UPSTREAM : err;
}

enum err wechatpay_bill_fetch(
	struct arena *mem, const struct wechatpay_bill *bill, bytes_fn *take, void *arg)
{
	struct fetch f = {.take = take, .arg = arg};
	const char *target = target_of(bill->download_url);
	struct http_answer a;

	if (!target) {
		log_error("wechatpay", "a bill is said to be where nothing can be");
		return E_CHANNEL_UNKNOWN;
	}
	struct http_call call = {
		.upstream = UPSTREAM_WECHAT_PAY,
		.method = "GET",
		.url = bill->download_url,
		.headers = wechatpay_headers(mem, "GET", target, (struct bytes){0}),
		.limit_ms = FETCH_MS,
		.sink = receive,
		.sink_arg = &f,
	};
	if (!call.headers)
		return E_INTERNAL;
	f.unpack = unpack_begin(mem, hand_on, &f);
	enum err err = http_send(mem, &call, &a);
	if (f.stopped)
		return E_INTERNAL;
	if (err != E_OK)
		return channel_err(err);
	return outcome(mem, &f, bill, target, &a);
}

/* The reader and what it said last; the download only knows yes and no. */
struct reading {
	struct wechatpay_csv *csv;
	enum err err;
};

static bool push(void *arg, struct bytes piece)
{
	struct reading *r = arg;

	r->err = wechatpay_csv_push(r->csv, piece);
	return r->err == E_OK;
}

enum err wechatpay_bill(struct arena *mem, enum bill_kind kind, date day, bill_fn *take,
	void *arg, const char **hash)
{
	struct reading r = {.csv = wechatpay_csv_begin(mem, kind, take, arg)};
	struct wechatpay_bill bill;

	TRY(wechatpay_bill_url(mem, kind, day, &bill));
	*hash = bill.hash_value;
	enum err err = wechatpay_bill_fetch(mem, &bill, push, &r);
	if (err == E_INTERNAL && r.err != E_OK)
		err = r.err;
	if (err == E_OK)
		err = wechatpay_csv_end(r.csv);
	if (err == E_BAD_BODY)
		log_error("reconcile", "no bill: %s", wechatpay_csv_fault(r.csv));
	return err;
}
