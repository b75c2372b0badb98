#include "venue/outside.h"

#include "base/buf.h"
#include "base/json.h"
#include "venue/venue.h"

#include <string.h>

static const struct field outside_fields[] = {
	FIELD(struct outside, item_id), /* the cursor */
	FIELD(struct outside, order_id),
	FIELD(struct outside, no),
	FIELD(struct outside, timezone, .zone = true),
	FIELD(struct outside, court_id),
	FIELD(struct outside, court_name),
	FIELD(struct outside, date),
	FIELD(struct outside, start),
	FIELD(struct outside, end),
	FIELD(struct outside, choice, .optional = true),
};
const struct shape outside_shape = SHAPE(struct outside, outside_fields);

/* Of venue $1 and date $2, or of all: what is sold and not over. */
#define SOLD_AHEAD                                                              \
	" FROM venue v JOIN orders o ON o.venue_id = v.id JOIN order_item i ON" \
	"  i.order_id = o.id JOIN court c ON c.id = i.court_id"                 \
	" WHERE ($1::bigint IS NULL OR v.id = $1)"                              \
	" AND o.play_date >= coalesce($2::date - 1, " VENUE_TODAY               \
	" - 2)"                                                                 \
	" AND ($2::date IS NULL OR o.play_date = $2 OR i.last_date = $2)"       \
	" AND i.state IN ('held', 'booked') AND upper(i.during) > now()"
#define UNDER_BLOCK(which)                                 \
	"EXISTS (SELECT 1 FROM court_unit u"               \
	"  JOIN court_unit bu ON bu.unit_id = u.unit_id"   \
	"  JOIN court_block b ON b.court_id = bu.court_id" \
	"  WHERE u.court_id = i.court_id AND b.during && i.during AND " which ")"
/* Hours that touch are one, with those of the next date where the item runs on into them. */
#define AT_MINUTES(minutes) \
	"(o.play_date + " minutes " * interval '1 minute') AT TIME ZONE v.timezone"
#define IS_OUTSIDE \
	" (coalesce(least(c.ends_on, v.ends_on) <= coalesce(i.last_date, o.play_date), false)" \
	" OR " UNDER_BLOCK("true")                                                     \
	" OR NOT coalesce((SELECT range_agg(tstzrange(" AT_MINUTES("h.opens") ", "     \
	AT_MINUTES("h.closes") ")) @> i.during FROM ("                                 \
	"   SELECT a.opens, a.closes FROM (" HOURS_IN_FORCE("v.id", "o.play_date") ") a" \
	"   UNION ALL SELECT b.opens + 1440, b.closes + 1440 FROM ("                   \
	HOURS_IN_FORCE("v.id", "(o.play_date + 1)")                                    \
	") b WHERE i.last_date IS NOT NULL) h), false))"
/* Of court $3 and under block $4, or of all. */
#define IN_SCOPE                                       \
	" AND ($3::bigint IS NULL OR i.court_id = $3)" \
	" AND ($4::bigint IS NULL OR " UNDER_BLOCK("b.id = $4") ")"

/* The order first, as everybody does (the entry of the work list refers to it). The items are
 * held, so that who gives one up at this moment is waited for, and then is not
 * written down; or finds what is written here. */
SQL(outside_note,
	"INSERT INTO outside_item AS old (item_id, order_id, venue_id)"
	" SELECT i.id, o.id, o.venue_id" SOLD_AHEAD " AND" IS_OUTSIDE
	" ORDER BY i.id FOR KEY SHARE OF o FOR NO KEY UPDATE OF i ON CONFLICT (item_id) DO UPDATE"
	" SET choice = NULL, chosen_at = NULL, chosen_by = NULL, reason = '', trouble = NULL,"
	"  done_at = NULL, listed_at = now()"
	" WHERE old.done_at IS NOT NULL AND old.choice IS DISTINCT FROM 'keep'");
SQL(outside_forget,
	"DELETE FROM outside_item x USING (SELECT i.id" SOLD_AHEAD " AND NOT" IS_OUTSIDE
	") t WHERE x.item_id = t.id AND x.choice IS DISTINCT FROM 'refund_all'");
#define CHOSEN(choice, reason)                                       \
	" SET choice = " choice                                      \
	", chosen_at = now(), chosen_by = staff_actor(),"            \
	" run_at = now(), trouble = NULL, reason = coalesce(" reason \
	", '球馆营业安排调整'),"                             \
	" done_at = CASE WHEN " choice " = 'keep' THEN now() END"
SQL(outside_decide,
	"UPDATE outside_item x" CHOSEN("$5",
		"$6") " FROM (SELECT i.id" SOLD_AHEAD IN_SCOPE
		      ") t WHERE x.item_id = t.id AND x.choice IS NULL AND x.done_at IS NULL");
#define OUTSIDE_COLUMNS                                                           \
	"SELECT i.id AS item_id, o.id AS order_id, o.no, v.timezone, i.court_id," \
	" c.name AS court_name, o.play_date AS date, lower(i.during) AS start,"   \
	" upper(i.during) AS \"end\", (SELECT x.choice FROM outside_item x"       \
	"  WHERE x.item_id = i.id) AS choice"
SQL(outside_now, OUTSIDE_COLUMNS SOLD_AHEAD IN_SCOPE
	" AND" IS_OUTSIDE " ORDER BY lower(i.during), 2, 1 LIMIT $5");

enum { DETAIL_MAX = OUTSIDE_MAX * 1024 };

static enum err refuse_undecided(struct arena *mem, const struct list *all, raw_json *detail)
{
	const struct outside *o = all->at;
	struct buf b = buf_in(mem, DETAIL_MAX);
	size_t i = 0;

	while (i < all->count && o[i].choice)
		i++;
	if (i == all->count)
		return E_OK;
	json_open(&b, NULL, '{');
	json_list(&b, "outside", &outside_shape, all);
	json_close(&b, '}');
	if (b.full)
		return E_INTERNAL;
	detail->text = buf_text(&b);
	return E_SOLD_OUTSIDE;
}

static bool decides(const struct outside_in *in)
{
	return in->sold && strcmp(in->sold, "ask") != 0;
}

enum err outside_settle(
	struct tx *tx, const struct outside_params *p, struct list *out, raw_json *detail)
{
	struct db_arg venue = arg_id_or_null(p->venue_id), day = arg_date_or_null(p->day);
	struct db_arg court = arg_id_or_null(p->court_id), block = arg_id_or_null(p->block_id);

	db_queue(tx, &outside_note, A(venue), A(day));
	db_queue(tx, &outside_forget, A(venue), A(day));
	if (decides(&p->in))
		db_queue(tx, &outside_decide, A(venue), A(day), A(court), A(block),
			A(p->in.sold), A(p->in.sold_reason ? p->in.sold_reason : p->reason));
	TRY(db_all(tx, &outside_now, &outside_shape, out, A(venue), A(day), A(court), A(block),
		A(OUTSIDE_MAX)));
	return p->in.sold && !decides(&p->in) ? refuse_undecided(tx->mem, out, detail) : E_OK;
}

#define WRITTEN_DOWN                                                            \
	" FROM outside_item x JOIN order_item i ON i.id = x.item_id"            \
	" JOIN orders o ON o.id = x.order_id JOIN court c ON c.id = i.court_id" \
	" JOIN venue v ON v.id = x.venue_id WHERE x.venue_id = $1"
SQL(outside_open, OUTSIDE_COLUMNS WRITTEN_DOWN
	" AND x.done_at IS NULL AND x.item_id > $2 ORDER BY x.item_id LIMIT $3");
SQL(outside_named, OUTSIDE_COLUMNS WRITTEN_DOWN
	" AND x.item_id = ANY($2::bigint[]) AND i.state IN ('held', 'booked')"
	" ORDER BY x.item_id");
SQL(outside_undecided,
	"SELECT x.item_id FROM outside_item x WHERE x.venue_id = $1 AND x.choice IS NULL"
	" AND x.done_at IS NULL ORDER BY x.item_id");
SQL(outside_decide_named,
	"UPDATE outside_item x" CHOSEN("$3", "$4") " WHERE x.venue_id = $1"
	" AND x.item_id = ANY($2::bigint[])"
	" AND (x.choice IS NULL AND x.done_at IS NULL OR x.choice = 'keep' AND $3 <> 'keep'"
	"  AND EXISTS (SELECT 1 FROM order_item i WHERE i.id = x.item_id"
	"   AND i.state IN ('held', 'booked')))");

enum err outside_list(
	struct tx *tx, int64_t venue_id, int64_t after, int64_t limit, struct list *out)
{
	return db_all(tx, &outside_open, &outside_shape, out, A(venue_id), A(after), A(limit));
}

enum err outside_choose(struct tx *tx, int64_t venue_id, const struct outside_in *in,
	struct ints items, struct list *out)
{
	bool named = items.count > 0;

	if (!named) {
		struct list ids;
		TRY(db_values(tx, &outside_undecided, int64_t, &ids, A(venue_id)));
		items = (struct ints){ids.at, ids.count};
	}
	db_queue(tx, &outside_decide_named, A(venue_id), A(items), A(in->sold),
		A(in->sold_reason));
	TRY(db_all(tx, &outside_named, &outside_shape, out, A(venue_id), A(items)));
	return named && out->count < items.count ? E_NOT_FOUND : E_OK;
}
