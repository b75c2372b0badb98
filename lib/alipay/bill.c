#include "alipay/bill.h"

#include "alipay/call.h"
#include "alipay/csv.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "channel/call.h"
#include "codec/recode.h"
#include "codec/zip.h"
#include "net/http.h"

enum { FETCH_MS = 5 * 60 * 1000, FILE_MAX = 32 << 20, BODY_MAX = 256 };

/* GBK, and the characters that it lacks. */
static const char charset[] = "GB18030";

static const struct field bill_fields[] = {
	FIELD_AS(struct alipay_bill, download_url, "bill_download_url", .min = 9, .max = 2048),
};
static const struct shape bill_shape = SHAPE(struct alipay_bill, bill_fields);

enum err alipay_bill_url(struct arena *mem, date day, struct alipay_bill *out)
{
	char text[DATE_TEXT];
	struct json_fault fault = {0};
	struct buf b = buf_in(mem, BODY_MAX);
	struct alipay_exchange x = {.method = "alipay.data.dataservice.bill.downloadurl.query"};

	json_open(&b, NULL, '{');
	json_text(&b, "bill_type", "trade");
	json_text(&b, "bill_date", date_write(text, day));
	json_close(&b, '}');
	x.biz = buf_text(&b);
	*out = (struct alipay_bill){.day = day};
	enum err err = alipay_call(mem, &x);
	out->refusal = x.refusal;
	if (text_same(x.refusal, ALIPAY_NO_BILL))
		return E_NOT_FOUND;
	TRY(err);
	if (json_load(mem, x.plain, strlen(x.plain), &bill_shape, JSON_LENIENT, out, &fault) !=
		E_OK) {
		log_error("alipay", "%s: signed, but without an address", x.method);
		return E_CHANNEL_UNKNOWN;
	}
	out->day = day;
	return E_OK;
}

/* Alipay gives addresses with http; the host speaks TLS as well. NULL if it is no address. */
static const char *address(struct arena *mem, const char *url)
{
	const char *host = text_begins(url, "https://")  ? url + 8
			   : text_begins(url, "http://") ? url + 7
							 : "";

	if (!*host || *host == '/' || strpbrk(host, " \"\\<>#@\r\n"))
		return NULL;
	return arena_printf(mem, "https://%s", host);
}

static bool collect(void *arg, struct bytes piece)
{
	struct buf *b = arg;

	buf_add(b, piece.at, piece.len);
	return !b->full;
}

static enum err download(struct arena *mem, const struct alipay_bill *bill, struct buf *file)
{
	const char *url = address(mem, bill->download_url);
	struct http_answer a;

	if (!url) {
		log_error("alipay", "a bill is said to be where nothing can be");
		return E_CHANNEL_UNKNOWN;
	}
	enum err err = http_send(mem,
		&(struct http_call){
			.upstream = UPSTREAM_ALIPAY,
			.method = "GET",
			.url = url,
			.limit_ms = FETCH_MS,
			.sink = collect,
			.sink_arg = file,
		},
		&a);
	if (err != E_OK)
		return channel_err(err);
	if (a.status == 200)
		return E_OK;
	log_warn("alipay", "a bill's address answers HTTP %d", a.status);
	return E_CHANNEL_UNKNOWN;
}

/* 2088…_20261123_业务明细.csv; beside it is one with the sums of each shop. */
static bool is_detail(struct arena *mem, const struct zip_entry *e)
{
	const char *name = e->is_utf8 ? e->name : recode_text(mem, charset, e->name);

	return name && strstr(name, "业务明细") && !strstr(name, "汇总") &&
	       strstr(name, ".csv");
}

static const struct zip_entry *find_detail(struct arena *mem, const struct list *entries)
{
	const struct zip_entry *each = entries->at, *found = NULL;

	for (size_t i = 0; i < entries->count; i++) {
		if (!is_detail(mem, &each[i]))
			continue;
		if (found)
			return NULL;
		found = &each[i];
	}
	return found;
}

/* zip → GBK → UTF-8 → lines */
struct pipe {
	struct recode *recode;
	struct alipay_csv *csv;
	enum err err;
};

static bool to_utf8(void *arg, struct bytes piece)
{
	struct pipe *p = arg;

	return recode_push(p->recode, piece);
}

static bool to_lines(void *arg, struct bytes piece)
{
	struct pipe *p = arg;

	p->err = alipay_csv_push(p->csv, piece);
	return p->err == E_OK;
}

static enum err refuse(const struct alipay_bill *bill, const char *why)
{
	char day[DATE_TEXT];

	log_error("alipay", "the bill of %s: %s", date_write(day, bill->day), why);
	return E_BAD_BODY;
}

static enum err read_file(struct arena *mem, const struct alipay_bill *bill, struct bytes file,
	bill_fn *take, void *arg)
{
	struct pipe p = {0};
	struct list entries;

	if (!zip_list(mem, file, &entries))
		return refuse(bill, "not a zip file");
	const struct zip_entry *entry = find_detail(mem, &entries);
	if (!entry)
		return refuse(bill, "not one file of trades in it");
	p.csv = alipay_csv_begin(mem, alipay_merchant.seller_id, bill->day, take, arg);
	p.recode = recode_begin(mem, charset, to_lines, &p);
	if (!p.recode)
		return E_INTERNAL;
	bool whole = zip_unpack(mem, entry, to_utf8, &p) && recode_end(p.recode);
	if (p.err == E_OK)
		p.err = whole ? alipay_csv_end(p.csv)
			      : refuse(bill, "torn, or not of its charset");
	if (p.err == E_BAD_BODY && *alipay_csv_fault(p.csv))
		return refuse(bill, alipay_csv_fault(p.csv));
	return p.err;
}

enum err alipay_bill_fetch(
	struct arena *mem, const struct alipay_bill *bill, bill_fn *take, void *arg)
{
	struct buf file = buf_in(mem, FILE_MAX);

	TRY(download(mem, bill, &file));
	return read_file(
		mem, bill, (struct bytes){(unsigned char *)file.at, file.len}, take, arg);
}

enum err alipay_bill(struct arena *mem, enum bill_kind kind, date day, bill_fn *take, void *arg,
	const char **hash)
{
	struct alipay_bill bill;

	if (kind != BILL_TRADE)
		return E_NOT_FOUND;
	TRY(alipay_bill_url(mem, day, &bill));
	*hash = "-";
	return alipay_bill_fetch(mem, &bill, take, arg);
}
