#include "bank.h"

#include "pay/channels.h"
#include "wechat/login.h"
#include "wechat/phone.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct bank *bank;

void bank_open(void)
{
	bank = mmap(
		NULL, sizeof(*bank), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bank == MAP_FAILED)
		abort();
}

void bank_clear(void)
{
	*bank = (struct bank){0};
}

struct trade *bank_trade(const char *no)
{
	for (int64_t i = 0; i < bank->trade_count; i++)
		if (strcmp(bank->trades[i].no, no) == 0)
			return &bank->trades[i];
	return NULL;
}

static struct trade *trade_make(const char *no, int64_t fen)
{
	struct trade *t = bank_trade(no);

	if (t)
		return t;
	if (bank->trade_count == TRADES_MAX)
		abort();
	t = &bank->trades[bank->trade_count++];
	*t = (struct trade){.fen = fen};
	snprintf(t->no, sizeof(t->no), "%s", no);
	return t;
}

bool bank_charge(const char *no)
{
	struct trade *t = bank_trade(no);

	if (!t || t->state != TRADE_OPEN)
		return false;
	t->state = TRADE_CHARGED;
	t->paid_at = stamp_now();
	return true;
}

int64_t bank_paid_back(const char *trade_no)
{
	int64_t sum = 0;

	for (int64_t i = 0; i < bank->payout_count; i++)
		if (strncmp(bank->payouts[i].no, trade_no, strlen(trade_no)) == 0)
			sum += bank->payouts[i].fen;
	return sum;
}

/* ---- A channel; both are alike */

static bool is_on(void)
{
	return true;
}

static void init(void)
{
}

static const char *order_body(struct arena *mem, const struct channel_order *o)
{
	return arena_printf(mem, "%s %" PRId64, o->out_trade_no, o->total.fen);
}

static enum err prepay(
	struct arena *mem, const char *method, const char *body, const char **ticket)
{
	char no[NUMBER_MAX], fen[NUMBER_MAX];

	(void)method;
	if (sscanf(body, "%39s %39s", no, fen) != 2)
		return E_INTERNAL;
	if (trade_make(no, strtoll(fen, NULL, 10))->state != TRADE_OPEN)
		return E_CHANNEL_REFUSED;
	*ticket = arena_printf(mem, "ticket-%s", no);
	return E_OK;
}

static enum err write_ticket(
	struct buf *b, struct arena *mem, const char *method, const char *ticket)
{
	(void)mem;
	(void)method;
	json_text(b, "code_url", ticket);
	return E_OK;
}

static enum err query_at(
	struct arena *mem, const char *channel, const char *no, struct channel_payment *out)
{
	static const enum payment_state states[] = {
		[TRADE_OPEN] = PAYMENT_OPEN,
		[TRADE_CLOSED] = PAYMENT_CLOSED,
		[TRADE_CHARGED] = PAYMENT_PAID,
	};
	const struct trade *t = bank_trade(no);

	if (bank->silent)
		return E_CHANNEL_UNKNOWN;
	if (!t)
		return E_NOT_FOUND;
	*out = (struct channel_payment){.channel = channel,
		.event = "TRANSACTION.SUCCESS",
		.is_payment = true,
		.state = states[t->state],
		.ours = true,
		.yuan = true,
		.out_trade_no = arena_strdup(mem, no),
		.transaction_id = arena_printf(mem, "T%s", no),
		.paid_at = t->paid_at,
		.total = {t->fen},
		.plaintext = "{}"};
	return E_OK;
}

static enum err close_trade(struct arena *mem, const char *no)
{
	struct trade *t = bank_trade(no);

	(void)mem;
	if (bank->silent)
		return E_CHANNEL_UNKNOWN;
	if (!t)
		return E_NOT_FOUND;
	if (t->state == TRADE_CHARGED)
		return E_CHANNEL_REFUSED;
	t->state = TRADE_CLOSED;
	return E_OK;
}

static const char *refund_body(struct arena *mem, const struct channel_refund_request *r)
{
	return arena_printf(
		mem, "%s %s %" PRId64, r->out_refund_no, r->out_trade_no, r->refund.fen);
}

static struct channel_refund refund_done(
	struct arena *mem, const char *channel, const struct payout *p)
{
	return (struct channel_refund){.channel = channel,
		.event = "REFUND.SUCCESS",
		.is_refund = true,
		.ours = true,
		.out_refund_no = arena_strdup(mem, p->no),
		.channel_no = arena_printf(mem, "C%s", p->no),
		.state = REFUND_DONE,
		.refund = {p->fen},
		.done_at = stamp_now(),
		.plaintext = "{}"};
}

static struct payout *payout_of(const char *no)
{
	for (int64_t i = 0; i < bank->payout_count; i++)
		if (strcmp(bank->payouts[i].no, no) == 0)
			return &bank->payouts[i];
	return NULL;
}

void bank_pay_out(const char *refund_no, int64_t fen)
{
	struct payout *p = &bank->payouts[bank->payout_count++];

	if (bank->payout_count == TRADES_MAX)
		abort();
	*p = (struct payout){.fen = fen};
	snprintf(p->no, sizeof(p->no), "%s", refund_no);
}

static enum err refund_at(
	struct arena *mem, const char *channel, const char *body, struct channel_refund *out)
{
	char no[NUMBER_MAX], fen[NUMBER_MAX];

	if (sscanf(body, "%39s %*s %39s", no, fen) != 2)
		return E_INTERNAL;
	if (!payout_of(no) && bank->refuses) {
		*out = (struct channel_refund){.refusal = "USER_ACCOUNT_ABNORMAL"};
		return E_CHANNEL_REFUSED;
	}
	if (!payout_of(no))
		bank_pay_out(no, strtoll(fen, NULL, 10));
	*out = refund_done(mem, channel, payout_of(no));
	return E_OK;
}

static enum err refund_query_at(
	struct arena *mem, const char *channel, const char *no, struct channel_refund *out)
{
	const struct payout *p = payout_of(no);

	if (!p)
		return E_NOT_FOUND;
	*out = refund_done(mem, channel, p);
	return E_OK;
}

static const char *word_of(const struct notify_request *in, struct arena *mem)
{
	return arena_printf(mem, "%.*s", (int)in->body.len, (const char *)in->body.at);
}

/* A notice is "<its id> <number>"; what it says of the number is in the book. */
static enum err read_payment_at(struct arena *mem, const char *channel,
	const struct notify_request *in, struct channel_payment *out)
{
	char id[NUMBER_MAX], no[NUMBER_MAX];

	if (sscanf(word_of(in, mem), "%39s %39s", id, no) != 2 ||
		query_at(mem, channel, no, out) != E_OK || out->state != PAYMENT_PAID)
		return E_NOTIFY_REFUSED;
	out->id = arena_strdup(mem, id);
	return E_OK;
}

static enum err read_refund_at(struct arena *mem, const char *channel,
	const struct notify_request *in, struct channel_refund *out)
{
	char id[NUMBER_MAX], no[NUMBER_MAX];

	if (sscanf(word_of(in, mem), "%39s %39s", id, no) != 2 ||
		refund_query_at(mem, channel, no, out) != E_OK)
		return E_NOTIFY_REFUSED;
	out->id = arena_strdup(mem, id);
	return E_OK;
}

static enum err no_bill(struct arena *mem, enum bill_kind kind, date day, bill_fn *take,
	void *arg, const char **hash)
{
	(void)mem, (void)kind, (void)day, (void)take, (void)arg;
	*hash = "-";
	return E_NOT_FOUND;
}

/* clang-format off */
#define CHANNEL(id, word)                                                                      \
	static enum err id##_query(struct arena *m, const char *no, struct channel_payment *o) \
	{                                                                                      \
		return query_at(m, word, no, o);                                               \
	}                                                                                      \
	static enum err id##_refund(struct arena *m, const char *b, struct channel_refund *o)  \
	{                                                                                      \
		return refund_at(m, word, b, o);                                               \
	}                                                                                      \
	static enum err id##_refund_query(struct arena *m, const char *trade, const char *no,  \
		struct channel_refund *o)                                                      \
	{                                                                                      \
		(void)trade;                                                                   \
		return refund_query_at(m, word, no, o);                                        \
	}                                                                                      \
	static enum err id##_read_payment(struct arena *m, const struct notify_request *in,    \
		struct channel_payment *o)                                                     \
	{                                                                                      \
		return read_payment_at(m, word, in, o);                                        \
	}                                                                                      \
	static enum err id##_read_refund(struct arena *m, const struct notify_request *in,     \
		struct channel_refund *o)                                                      \
	{                                                                                      \
		return read_refund_at(m, word, in, o);                                         \
	}                                                                                      \
	static const struct channel_notify id##_notifies[] = {                                 \
		{.path = "/notify/" word, .says = "-", .read_payment = id##_read_payment},     \
		{.path = "/notify/" word "/refund", .says = "-",                               \
			.read_refund = id##_read_refund},                                      \
		{0},                                                                           \
	};                                                                                     \
	static const struct channel id = {.name = word, .init = init, .is_on = is_on,          \
		.order_body = order_body, .prepay = prepay, .write_ticket = write_ticket,      \
		.query = id##_query, .close = close_trade, .refund_body = refund_body,         \
		.refund = id##_refund, .refund_query = id##_refund_query,                      \
		.notifies = id##_notifies, .bill = no_bill}
/* clang-format on */
CHANNEL(wechat, "wechat");
CHANNEL(alipay, "alipay");

const struct channel *const channels[] = {&wechat, &alipay, NULL};
const char channel_names[] = "|wechat|alipay";

const struct channel *channel_named(const char *name)
{
	for (size_t i = 0; channels[i]; i++)
		if (strcmp(channels[i]->name, name) == 0)
			return channels[i];
	return NULL;
}

bool channel_is_on(const struct channel *channel)
{
	return channel != NULL;
}

const struct channel *channel_find(const char *name)
{
	return channel_named(name);
}

void channels_init(void)
{
}

/* ---- WeChat's logins: a code is the openid, or the phone, that it stands for */

enum err wechat_login(struct arena *mem, const char *code, struct wechat_identity *out)
{
	*out = (struct wechat_identity){.openid = arena_strdup(mem, code)};
	return E_OK;
}

enum err wechat_openid(struct arena *mem, const char *url, struct wechat_identity *out)
{
	return wechat_login(mem, url, out);
}

enum err wechat_phone(struct arena *mem, const char *code, const char **phone)
{
	*phone = arena_strdup(mem, code);
	return E_OK;
}
