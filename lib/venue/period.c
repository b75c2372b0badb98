#include "venue/day.h"

#include "venue/day_kind.h"

/* The hours in which a half hour lies, and whose they are: the day's or the next date's. */
struct stretch {
	const struct day *day;
	const struct opening *opening; /* NULL: it is closed */
};

static const struct opening *opening_at(const struct day *day, stamp at)
{
	const struct opening *o = day->openings.at;

	for (size_t i = 0; i < day->openings.count; i++)
		if (at.us >= o[i].opens_at.us && at.us < o[i].closes_at.us)
			return &o[i];
	return NULL;
}

static struct stretch stretch_at(const struct day *day, stamp at)
{
	struct stretch s = {day, opening_at(day, at)};

	return s.opening || !day->next ? s
				       : (struct stretch){day->next, opening_at(day->next, at)};
}

static bool has_court(const struct day *day, int64_t id)
{
	const struct court *c = day->courts.at;

	for (size_t i = 0; i < day->courts.count; i++)
		if (c[i].id == id)
			return true;
	return false;
}

/* Of the next date. */
static enum err check_next(const struct day *next, const struct court *court)
{
	if (!day_in_window(next))
		return E_DATE_OUTSIDE_WINDOW;
	return has_court(next, court->id) ? E_OK : E_COURT_NOT_FOUND;
}

/* The hours of the next date that begin when these close; those of one date that touch are
 * still two. */
static const struct opening *opening_behind(const struct day *day, const struct opening *o)
{
	const struct opening *next = day->next ? opening_at(day->next, o->closes_at) : NULL;

	return next && next->opens_at.us == o->closes_at.us ? next : NULL;
}

/* A slot may always be had, however short the venue wants its periods. */
static bool is_too_long(const struct day *day, int64_t slot, stamp start, stamp end)
{
	return end.us - start.us > slot &&
	       end.us - start.us > day->head.longest_minutes * MINUTE;
}

enum err period_check(const struct day *day, const struct court *court, stamp start, stamp end)
{
	int64_t slot = court->slot_minutes * MINUTE;

	if (end.us <= start.us || (end.us - start.us) % slot != 0)
		return E_PERIOD_UNALIGNED;
	if (start.us <= day->head.now.us)
		return E_PERIOD_PAST;
	const struct opening *o = opening_at(day, start);
	if (!o)
		return E_PERIOD_CLOSED;
	bool runs_on = end.us > o->closes_at.us;
	const struct opening *behind = runs_on ? opening_behind(day, o) : NULL;
	if (runs_on && (!behind || end.us > behind->closes_at.us))
		return E_PERIOD_CLOSED;
	if ((start.us - o->opens_at.us) % slot != 0 ||
		(runs_on && (o->closes_at.us - start.us) % slot != 0))
		return E_PERIOD_UNALIGNED;
	if (runs_on)
		TRY(check_next(day->next, court));
	return is_too_long(day, slot, start, end) ? E_PERIOD_TOO_LONG : E_OK;
}

bool period_runs_on(const struct day *day, stamp end)
{
	return stretch_at(day, (stamp){end.us - STEP}).day != day;
}

static const struct price_rule *price_at(
	const struct day *day, const struct court *court, stamp at)
{
	struct stretch s = stretch_at(day, at);
	struct price_step step = {
		court->sport_id, court->id, s.day->head.day_kind, (int)s.day->head.weekday, 0};

	if (!s.opening)
		return NULL;
	step.minute = s.opening->opens + (at.us - s.opening->opens_at.us) / MINUTE;
	return price_rule_for(s.day->rules.at, s.day->rules.count, &step);
}

bool period_price(
	const struct day *day, const struct court *court, stamp start, stamp end, money *out)
{
	out->fen = 0;
	for (stamp at = start; at.us < end.us; at.us += STEP) {
		const struct price_rule *rule = price_at(day, court, at);

		if (!rule)
			return false;
		out->fen += rule->hour_fen.fen * STEP_MINUTES / 60;
	}
	return true;
}

/* Not always the first in the list: where clocks go forward, half past two comes
 * after three. */
static stamp earliest(const struct day *day)
{
	const struct opening *o = day->openings.at;
	stamp least = o->opens_at;

	for (size_t i = 1; i < day->openings.count; i++)
		if (o[i].opens_at.us < least.us)
			least = o[i].opens_at;
	return least;
}

/* Bit k: the step k half hours after the day's earliest opening is taken, or
 * blocked by staff. A play day has at most 60 steps. */
struct steps {
	uint64_t taken, blocked;
};

static struct steps steps_of(const struct day *day, int64_t court_id)
{
	const struct taken *t = day->taken.at;
	stamp first = earliest(day);
	struct steps steps = {0};

	for (size_t i = 0; i < day->taken.count; i++) {
		int64_t step = (t[i].at.us - first.us) / STEP;

		if (t[i].court_id != court_id || t[i].at.us < first.us || step > 63)
			continue;
		steps.taken |= 1ULL << step;
		steps.blocked |= (uint64_t)t[i].blocked << step;
	}
	return steps;
}

/* The bits of one slot. */
static uint64_t slot_mask(const struct day *day, const struct court *court, stamp start)
{
	uint64_t bits = (1ULL << court->slot_minutes / STEP_MINUTES) - 1;

	return bits << (start.us - earliest(day).us) / STEP;
}

/* The order by which the customer has a part of the slot; 0: none. */
static int64_t own_order(
	const struct day *day, const struct court *court, stamp start, stamp end)
{
	const struct own_period *own = day->own.at;

	for (size_t i = 0; i < day->own.count; i++)
		if (own[i].court_id == court->id && own[i].start.us < end.us &&
			start.us < own[i].end.us)
			return own[i].order_id;
	return 0;
}

static void write_cell(struct buf *b, const struct day *day, const struct court *court,
	struct steps steps, stamp start)
{
	stamp end = {start.us + court->slot_minutes * MINUTE};
	uint64_t mask = slot_mask(day, court, start);
	money price;
	bool priced = period_price(day, court, start, end, &price);
	const char *state = start.us <= day->head.now.us      ? "past"
			    : steps.blocked & mask || !priced ? "closed"
			    : steps.taken & mask              ? "taken"
							      : "free";

	json_open(b, NULL, '{');
	json_text(b, "state", state);
	if (priced)
		json_int(b, "price_fen", price.fen);
	else
		json_null(b, "price_fen");
	int64_t mine = own_order(day, court, start, end);
	if (mine)
		json_int(b, "mine", mine);
	else
		json_null(b, "mine");
	json_close(b, '}');
}

/* Whole slots only: the rest of an opening that is shorter is not for sale. */
static void write_cells(struct buf *b, const struct day *day, const struct court *court)
{
	const struct opening *o = day->openings.at;
	int64_t slot = court->slot_minutes * MINUTE;
	struct steps steps = day->openings.count ? steps_of(day, court->id) : (struct steps){0};

	for (size_t i = 0; i < day->openings.count; i++)
		for (stamp at = o[i].opens_at; at.us + slot <= o[i].closes_at.us; at.us += slot)
			if (at.us > day->after.us)
				write_cell(b, day, court, steps, at);
}

static void write_slots(struct buf *b, const struct day *day, int64_t slot)
{
	const struct opening *o = day->openings.at;

	for (size_t i = 0; i < day->openings.count; i++)
		for (stamp at = o[i].opens_at; at.us + slot <= o[i].closes_at.us;
			at.us += slot) {
			if (at.us <= day->after.us)
				continue;
			json_open(b, NULL, '{');
			json_stamp(b, "start", at);
			json_stamp(b, "end", (stamp){at.us + slot});
			json_close(b, '}');
		}
}

static void write_board(struct buf *b, const struct day *day)
{
	const struct court *courts = day->courts.at;
	bool last_night = day->head.date.days < day->head.today.days;
	char text[DATE_TEXT];

	json_text(b, "date", date_write(text, day->head.date));
	json_text(b, "business_day", last_night ? "昨晚营业日" : NULL);
	json_int(b, "slot_minutes", courts[0].slot_minutes);
	json_text(b, "day_kind", day_kind_text(day->head.day_kind));
	json_text(b, "day_name", day->head.day_name);
	json_bool(b, "open", day->openings.count > 0);
	json_open(b, "slots", '[');
	write_slots(b, day, courts[0].slot_minutes * MINUTE);
	json_close(b, ']');
	json_open(b, "courts", '[');
	for (size_t i = 0; i < day->courts.count; i++) {
		json_open(b, NULL, '{');
		json_int(b, "id", courts[i].id);
		json_text(b, "name", courts[i].name);
		json_open(b, "cells", '[');
		write_cells(b, day, &courts[i]);
		json_close(b, ']');
		json_close(b, '}');
	}
	json_close(b, ']');
}

void day_write(struct buf *b, const struct day *day, const char *sport)
{
	b->zone = day->head.timezone;
	json_open(b, NULL, '{');
	json_int(b, "venue_id", day->head.venue_id);
	json_text(b, "sport", sport);
	write_board(b, day);
	if (day->last_night) {
		json_open(b, "last_night", '{');
		write_board(b, day->last_night);
		json_close(b, '}');
	} else {
		json_null(b, "last_night");
	}
	json_close(b, '}');
}
