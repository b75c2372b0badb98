#include "account/person.h"

#include "account/keyed_hash.h"
#include "base/settings.h"

static const struct field wechat_id_fields[] = {
	FIELD(struct wechat_id, appid),
	FIELD(struct wechat_id, openid),
	FIELD(struct wechat_id, unionid, .optional = true),
};
const struct shape wechat_id_shape = SHAPE(struct wechat_id, wechat_id_fields);

static const char *phone_mark(struct arena *mem, const char *phone)
{
	return phone ? keyed_hash(mem, "left phone", phone) : "";
}

/* Of both, with a blank between. */
static const char *wechat_marks(struct arena *mem, const struct wechat_id *w)
{
	const char *openid =
		keyed_hash(mem, arena_printf(mem, "left openid %s", w->appid), w->openid);

	return w->unionid ? arena_printf(mem, "%s %s", openid,
				    keyed_hash(mem, "left unionid", w->unionid))
			  : openid;
}

SQL(person_changes, "SELECT person_change($1, $2, $3, $4, $5)");

static void change(struct tx *tx, int64_t account_id, const char *loses, const char *gets,
	const char *unionid)
{
	db_queue(tx, &person_changes, A(account_id), A(loses), A(gets), A(unionid),
		A(settings.violation_days));
}

void person_phone(struct tx *tx, int64_t account_id, const char *loses, const char *gets)
{
	change(tx, account_id, phone_mark(tx->mem, loses), phone_mark(tx->mem, gets), NULL);
}

void person_gets_wechat(struct tx *tx, int64_t account_id, const struct wechat_id *w)
{
	change(tx, account_id, "", wechat_marks(tx->mem, w), w->unionid);
}

void person_leaves(
	struct tx *tx, int64_t account_id, const char *phone, const struct list *wechat_ids)
{
	const struct wechat_id *w = wechat_ids->at;
	const char *marks = phone_mark(tx->mem, phone);

	for (size_t i = 0; i < wechat_ids->count; i++)
		marks = arena_printf(tx->mem, "%s%s%s", marks, *marks ? " " : "",
			wechat_marks(tx->mem, &w[i]));
	change(tx, account_id, marks, "", NULL);
}
