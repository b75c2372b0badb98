#include "acts.h"

#include "account/sweep.h"
#include "base/settings.h"
#include "checkin/checkin.h"
#include "message/consume.h"
#include "order/ending.h"
#include "pay/channels.h"
#include "pay/settle.h"
#include "reconcile/cure.h"
#include "shipping/shipping.h"
#include "tell/tell.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1024, SWEPT = 100, BATCH = 100 };

/* ---- Daemons */

static enum err step_expire(struct hands *h, const struct scene *s)
{
	struct tx tx;

	tx_begin(&tx, h->db, h->mem, TX_WRITE);
	order_expire(&tx, s->order);
	return tx_end(&tx, E_OK);
}

static enum err step_expired(struct hands *h, const struct scene *s)
{
	bool busy;

	(void)s;
	return settle_expired(h->db, h->mem, &busy);
}

static enum err step_close(struct hands *h, const struct scene *s)
{
	bool busy;

	(void)s;
	return settle_closings(h->db, h->mem, &busy);
}

static enum err step_refunds(struct hands *h, const struct scene *s)
{
	bool busy;

	(void)s;
	return settle_refunds(h->db, h->mem, &busy);
}

static enum err step_query(struct hands *h, const struct scene *s)
{
	return settle_order(h->db, h->mem, s->order);
}

/* Of the day that bill() in scene.c has made for this run. */
static enum err step_cure(struct hands *h, const struct scene *s)
{
	const struct bill_source from = bill_source_of(channel_named("wechat"));
	int64_t refunds = 0;
	date day;

	if (!date_parse("2000-01-01", &day))
		return E_INTERNAL;
	day.days += (int32_t)s->number;
	return reconcile_cure(h->db, h->mem, &from, day, &refunds);
}

static enum err claim_messages(struct hands *h, struct list *claimed)
{
	struct tx tx;

	tx_begin(&tx, h->db, h->mem, TX_WRITE);
	return tx_end(&tx, message_claim(&tx, BATCH, claimed));
}

/* As jobs/relay.c, with a broker that confirms everything. */
static enum err step_relay(struct hands *h, const struct scene *s)
{
	struct list claimed;
	struct tx tx;

	(void)s;
	TRY(claim_messages(h, &claimed));
	if (claimed.count == 0)
		return E_OK;
	const struct message *m = claimed.at;
	int64_t *ids = NEW_N(h->mem, int64_t, claimed.count);
	int64_t *attempts = NEW_N(h->mem, int64_t, claimed.count);
	for (size_t i = 0; i < claimed.count; i++) {
		ids[i] = m[i].id;
		attempts[i] = m[i].attempts;
	}
	tx_begin(&tx, h->db, h->mem, TX_WRITE);
	message_published(
		&tx, &(struct message_refs){{ids, claimed.count}, {attempts, claimed.count}});
	return tx_end(&tx, E_OK);
}

/* As jobs/consume.c. */
static enum err fulfil(struct tx *tx, const struct message *m)
{
	return checkin_code_make(tx, m->subject_id);
}
static enum err expire(struct tx *tx, const struct message *m)
{
	order_expire(tx, m->subject_id);
	return E_OK;
}
static enum err ship(struct tx *tx, const struct message *m)
{
	shipping_add(tx, m->subject_id);
	return E_OK;
}

SQL(interleave_kind, "SELECT kind FROM message WHERE id = $1");

/* One message by all its consumers. */
static enum err step_consume(struct hands *h, const struct scene *s)
{
	static consume_fn *const effects[CONSUMER_COUNT] = {
		[CONSUMER_FULFIL] = fulfil,
		[CONSUMER_EXPIRE] = expire,
		[CONSUMER_TELL] = tell_message,
		[CONSUMER_SHIP] = ship,
	};
	const char *kind;
	struct tx tx;

	tx_begin(&tx, h->db, h->mem, TX_READ);
	TRY(db_value(&tx, &interleave_kind, &kind, A(s->message)));
	for (int c = 0; c < CONSUMER_COUNT; c++) {
		const struct consumer consumer = {
			consumer_word((enum message_consumer)c), "", effects[c]};
		struct handling handling = {
			.consumer = &consumer, .db = h->db, .mem = h->mem, .id = s->message};

		if (message_is_for(message_kind_of(kind), (enum message_consumer)c))
			TRY(consume_one(&handling));
	}
	return E_OK;
}

static enum err step_sweep(struct hands *h, const struct scene *s)
{
	static enum err (*const sweeps[])(struct tx *, int, int64_t *) = {
		message_sweep, answers_sweep, sessions_sweep};

	(void)s;
	for (size_t i = 0; i < COUNT_OF(sweeps); i++) {
		int64_t deleted;
		struct tx tx;

		tx_begin(&tx, h->db, h->mem, TX_WRITE);
		TRY(tx_end(&tx, sweeps[i](&tx, SWEPT, &deleted)));
	}
	return E_OK;
}

/* ---- Requests */

#define PERIOD(court) "{\"court_id\":<court" court ">,\"start\":\"<start>\",\"end\":\"<end>\"}"
#define ORDER(periods) "{\"venue_id\":<venue>,\"date\":\"<date>\",\"periods\":[" periods "]}"
#define REFUND_ALL "\"sold\":\"refund_all\",\"sold_reason\":\"test\""
#define REASON "{\"reason\":\"test\"}"
#define VENUE "/api/v1/staff/venues/<venue>"
#define VENUE_DOC(zone, days)                                                    \
	"{\"name\":\"v<venue>\",\"timezone\":\"" zone "\",\"window_days\":" days \
	",\"checkin_early_minutes\":1440}"
#define PRICES(fen) \
	"{\"rules\":[{\"opens\":\"00:00\",\"closes\":\"24:00\",\"hour_fen\":" fen "}]}"

/* clang-format off */
#define BY(whose, key_, name_, pool_, method_, path_, body_)                                 \
	{.name = name_, .pool = POOL_##pool_, .method = #method_, .path = path_, .body = body_, \
		.who = whose, .key = key_}
#define FIRST(...) BY("first", NULL, __VA_ARGS__)
#define AGAIN(...) BY("first", "same", __VA_ARGS__)
#define OTHER(...) BY("second", NULL, __VA_ARGS__)
#define DESK(...) BY("desk", NULL, __VA_ARGS__)
#define NOBODY(...) BY("", NULL, __VA_ARGS__)
#define DAEMON(name_, step_) {.name = name_, .step = step_}
static const struct act acts[] = {
	FIRST("order", API, POST, "/api/v1/orders", ORDER(PERIOD("0") "," PERIOD("3"))),
	/* The same tap, sent twice. */
	AGAIN("order_again", API, POST, "/api/v1/orders", ORDER(PERIOD("0") "," PERIOD("3"))),
	FIRST("order_more", API, POST, "/api/v1/orders", ORDER(PERIOD("1") "," PERIOD("4"))),
	FIRST("order_one", API, POST, "/api/v1/orders", ORDER(PERIOD("4"))),
	OTHER("order_other", API, POST, "/api/v1/orders", ORDER(PERIOD("0"))),
	OTHER("order_whole", API, POST, "/api/v1/orders", ORDER(PERIOD("2"))),
	FIRST("pay", PAY, POST, "/api/v1/orders/<order>/payments",
		"{\"channel\":\"wechat\",\"method\":\"native\"}"),
	FIRST("pay_second", PAY, POST, "/api/v1/orders/<order>/payments",
		"{\"channel\":\"alipay\",\"method\":\"native\"}"),
	FIRST("check", PAY, POST, "/api/v1/orders/<order>/payments/check", NULL),
	NOBODY("notice", NOTIFY, POST, "/notify/wechat", "N<run> <first_no>"),
	NOBODY("notice_again", NOTIFY, POST, "/notify/wechat", "N<run> <first_no>"),
	NOBODY("notice_other", NOTIFY, POST, "/notify/wechat", "M<run> <first_no>"),
	NOBODY("notice_second", NOTIFY, POST, "/notify/alipay", "A<run> <second_no>"),
	NOBODY("notice_refund", NOTIFY, POST, "/notify/wechat/refund", "R<run> <refund_no>"),
	FIRST("give_up", API, POST, "/api/v1/orders/<order>/cancellation", "{}"),
	FIRST("cancel", API, POST, "/api/v1/orders/<order>/cancellation", "{\"refund_fen\":8000}"),
	FIRST("cancel_part", API, POST, "/api/v1/orders/<order>/cancellation",
		"{\"items\":[<item>],\"refund_fen\":4000}"),
	DESK("staff_refund", STAFF, POST, "/api/v1/staff/orders/<order>/refunds",
		"{\"amount_fen\":5000,\"reason\":\"test\"}"),
	DESK("staff_release", STAFF, POST, "/api/v1/staff/orders/<order>/refunds",
		"{\"amount_fen\":4000,\"reason\":\"test\",\"release\":[<item>]}"),
	DESK("retry", STAFF, POST, "/api/v1/staff/refunds/<refund>/retry", NULL),
	DESK("by_hand", STAFF, POST, "/api/v1/staff/refunds/<refund>/settled",
		"{\"note\":\"cash\"}"),
	DESK("checkin", DESK, POST, "/api/v1/staff/checkins", "{\"code\":\"<order_no>\"}"),
	DESK("undo", DESK, POST, "/api/v1/staff/orders/<order>/checkin/undo",
		"{\"checked_in_at\":\"<checked_in>\",\"reason\":\"test\"}"),
	DESK("hours_keep", STAFF, PUT, VENUE "/hours", "{\"hours\":[],\"sold\":\"keep\"}"),
	DESK("hours_refund", STAFF, PUT, VENUE "/hours", "{\"hours\":[]," REFUND_ALL "}"),
	DESK("block_refund", STAFF, POST, VENUE "/blocks", "{\"court_id\":<court0>,\"start\":\"<start>\","
		"\"end\":\"<end>\",\"reason\":\"test\"," REFUND_ALL "}"),
	DESK("hours", STAFF, PUT, VENUE "/hours", "{\"hours\":[]}"),
	DESK("zone", STAFF, PUT, VENUE, VENUE_DOC("Asia/Tokyo", "7")),
	DESK("window", STAFF, PUT, VENUE, VENUE_DOC("Asia/Shanghai", "9")),
	DESK("slots", STAFF, PUT, VENUE "/sports/1", "{\"slot_minutes\":30}"),
	DESK("exception", STAFF, POST, VENUE "/exceptions",
		"{\"day\":\"<date>\",\"reason\":\"test\",\"hours\":[]}"),
	DESK("units", STAFF, PUT, VENUE "/courts/<court0>", "{\"name\":\"0\",\"units\":[]}"),
	DESK("units_joined", STAFF, PUT, VENUE "/courts/<court0>",
		"{\"name\":\"0\",\"units\":[<unit0>,<unit1>]}"),
	DESK("block", STAFF, POST, VENUE "/blocks", "{\"court_id\":<court0>,\"start\":\"<start>\","
		"\"end\":\"<end>\",\"reason\":\"test\"}"),
	DESK("prices", STAFF, PUT, VENUE "/prices", PRICES("6000")),
	DESK("court_end", STAFF, DELETE, VENUE "/courts/<court0>", NULL),
	DESK("venue_end", STAFF, DELETE, VENUE, NULL),
	DESK("disable", STAFF, POST, "/api/v1/staff/users/<first>/disable", REASON),
	DESK("enable", STAFF, POST, "/api/v1/staff/users/<first>/enable", NULL),
	DESK("lift_ban", STAFF, POST, "/api/v1/staff/bans/<ban>/lift", REASON),
	DESK("lift_violation", STAFF, POST, "/api/v1/staff/violations/<violation>/lift", REASON),
	FIRST("leave", API, DELETE, "/api/v1/me", NULL),
	FIRST("rename", API, PUT, "/api/v1/me", "{\"nickname\":\"other\"}"),
	FIRST("logout", API, POST, "/api/v1/logout", NULL),
	FIRST("bind", IDENTITY, POST, "/api/v1/me/phone", "{\"code\":\"<phone>\"}"),
	OTHER("bind_other", IDENTITY, POST, "/api/v1/me/phone", "{\"code\":\"<phone>\"}"),
	NOBODY("login", IDENTITY, POST, "/oauth2/token",
		"grant_type=urn:zhixing:wechat-code&code=o<first>"),
	NOBODY("refresh", LOGIN, POST, "/oauth2/token",
		"grant_type=refresh_token&refresh_token=<refresh>"),
	DAEMON("expire", step_expire),
	DAEMON("expired", step_expired),
	DAEMON("close", step_close),
	DAEMON("send", step_refunds),
	DAEMON("query", step_query),
	DAEMON("cure", step_cure),
	DAEMON("relay", step_relay),
	DAEMON("consume", step_consume),
	DAEMON("sweep", step_sweep),
};
/* clang-format on */

size_t act_count(void)
{
	return COUNT_OF(acts);
}

const struct act *act_at(size_t i)
{
	return &acts[i];
}

const struct act *act_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(acts); i++)
		if (strcmp(acts[i].name, name) == 0)
			return &acts[i];
	fprintf(stderr, "no act «%s»\n", name);
	exit(2);
}

/* What the scene has, by name. */
#define NUMBER(name, member)                                \
	{                                                   \
		name, offsetof(struct scene, member), false \
	}
#define TEXT(member)                                          \
	{                                                     \
#member, offsetof(struct scene, member), true \
	}
static const struct {
	const char *name;
	size_t at;
	bool is_text;
} names[] = {
	NUMBER("run", number),
	NUMBER("venue", venue),
	NUMBER("court0", courts[0]),
	NUMBER("court1", courts[1]),
	NUMBER("court2", courts[2]),
	NUMBER("court3", courts[3]),
	NUMBER("court4", courts[4]),
	NUMBER("unit0", units[0]),
	NUMBER("unit1", units[1]),
	NUMBER("first", customers[0]),
	NUMBER("second", customers[1]),
	NUMBER("phone", phone),
	NUMBER("order", order),
	NUMBER("item", item),
	NUMBER("refund", refund),
	NUMBER("ban", ban),
	NUMBER("violation", violation),
	TEXT(date),
	TEXT(start),
	TEXT(end),
	TEXT(order_no),
	TEXT(first_no),
	TEXT(second_no),
	TEXT(refund_no),
	TEXT(refresh),
	TEXT(checked_in),
};

static const char *written(int64_t n)
{
	static char text[WORD_MAX];

	snprintf(text, sizeof(text), "%" PRId64, n);
	return text;
}

/* What stands for <name>. */
static const char *value_of(const struct scene *s, const struct answer *told, const char *name)
{
	if (strcmp(name, "told") == 0)
		return written(answer_number(told, "id"));
	if (strcmp(name, "fen") == 0)
		return written(answer_number(told, "amount_fen"));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *at = (const char *)s + names[i].at;
		int64_t n;

		if (strcmp(names[i].name, name) != 0)
			continue;
		memcpy(&n, at, sizeof(n));
		return names[i].is_text ? at : written(n);
	}
	abort();
}

/* Is this "<" one of ours, and not SQL's? */
static bool is_name(const char *at, char name[WORD_MAX])
{
	size_t len = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_0123456789");

	if (len == 0 || len >= WORD_MAX || at[len + 1] != '>')
		return false;
	snprintf(name, WORD_MAX, "%.*s", (int)len, at + 1);
	return true;
}

const char *scene_fill(const struct scene *s, const struct answer *told, const char *text)
{
	static char out[TEXT_MAX];
	char name[WORD_MAX];
	size_t n = 0;

	while (*text && n + WORD_MAX < sizeof(out)) {
		if (*text == '<' && is_name(text, name)) {
			n += (size_t)snprintf(
				out + n, sizeof(out) - n, "%s", value_of(s, told, name));
			text += strlen(name) + 2;
		} else {
			out[n++] = *text++;
		}
	}
	out[n] = '\0';
	return out;
}

static const char *fill(struct arena *mem, const struct scene *s, const char *text)
{
	return text ? arena_strdup(mem, scene_fill(s, NULL, text)) : NULL;
}

static void play_step(
	const struct act *a, struct hands *h, const struct scene *s, struct answer *out)
{
	enum err err = a->step(h, s);

	*out = (struct answer){.status = err == E_OK ? 200 : err_info[err].http};
	if (err != E_OK)
		snprintf(out->code, sizeof(out->code), "%s", err_info[err].code);
	arena_reset(h->mem);
}

void act_play(const struct act *a, struct hands *h, const struct scene *s, int player,
	struct answer *out)
{
	if (a->step) {
		play_step(a, h, s, out);
		return;
	}
	struct call call = {.pool = a->pool,
		.method = a->method,
		.path = fill(h->mem, s, a->path),
		.body = fill(h->mem, s, a->body),
		.key = arena_printf(h->mem, "%s-%" PRId64 "-%d", a->key ? a->key : a->name,
			s->number, a->key ? 0 : player)};
	int customer = strcmp(a->who, "second") == 0;

	if (strcmp(a->who, "desk") == 0) {
		call.account = s->admin;
		call.session = s->desk;
	} else if (*a->who) {
		call.account = s->customers[customer];
		call.session = s->sessions[customer];
	}
	call_pool(h, &call, out);
}
