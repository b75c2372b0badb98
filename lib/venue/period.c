#include "venue/day.h"

static const struct opening *opening_at(const struct day *day, stamp start, stamp end)
{
	const struct opening *o = day->openings.at;

	for (size_t i = 0; i < day->openings.count; i++)
		if (start.us >= o[i].opens_at.us && end.us <= o[i].closes_at.us)
			return &o[i];
	return NULL;
}

enum err period_check(const struct day *day, const struct court *court, stamp start, stamp end)
{
	int64_t slot = court->slot_minutes * MINUTE;

	if (end.us <= start.us || (end.us - start.us) % slot != 0)
		return E_PERIOD_UNALIGNED;
	if (start.us <= day->head.now.us)
		return E_PERIOD_PAST;
	const struct opening *o = opening_at(day, start, end);
	if (!o)
		return E_PERIOD_CLOSED;
	return (start.us - o->opens_at.us) % slot == 0 ? E_OK : E_PERIOD_UNALIGNED;
}

bool period_price(
	const struct day *day, const struct court *court, stamp start, stamp end, money *out)
{
	const struct opening *o = opening_at(day, start, end);
	struct price_ask ask = {
		court->sport_id, court->id, day->head.day_kind, (int)day->head.weekday, 0};

	out->fen = 0;
	for (stamp at = start; o && at.us < end.us; at.us += STEP) {
		ask.minute = o->opens + (at.us - o->opens_at.us) / MINUTE;
		const struct price_rule *rule =
			price_rule_for(day->rules.at, day->rules.count, &ask);
		if (!rule)
			return false;
		out->fen += rule->hour_fen.fen * STEP_MINUTES / 60;
	}
	return o != NULL;
}

static bool is_taken(const struct day *day, int64_t court_id, stamp start, stamp end)
{
	const struct taken *t = day->taken.at;

	for (size_t i = 0; i < day->taken.count; i++)
		if (t[i].court_id == court_id && t[i].at.us >= start.us && t[i].at.us < end.us)
			return true;
	return false;
}

static void write_cell(
	struct buf *b, const struct day *day, const struct court *court, stamp start, stamp end)
{
	money price;
	bool priced = period_price(day, court, start, end, &price);
	const char *state = start.us <= day->head.now.us           ? "past"
			    : is_taken(day, court->id, start, end) ? "taken"
			    : priced                               ? "free"
								   : "closed";

	json_open(b, NULL, '{');
	json_text(b, "state", state);
	if (priced)
		json_int(b, "price_fen", price.fen);
	else
		json_null(b, "price_fen");
	json_close(b, '}');
}

/* The slots of one court, or (no court) their times. The last piece of an
 * opening that is shorter than a slot is not for sale. */
static void write_slots(
	struct buf *b, const struct day *day, const struct court *court, int64_t slot)
{
	const struct opening *o = day->openings.at;

	for (size_t i = 0; i < day->openings.count; i++) {
		stamp start = o[i].opens_at, end = {start.us + slot};

		for (; end.us <= o[i].closes_at.us; start = end, end.us += slot) {
			if (court) {
				write_cell(b, day, court, start, end);
				continue;
			}
			json_open(b, NULL, '{');
			json_stamp(b, "start", start);
			json_stamp(b, "end", end);
			json_close(b, '}');
		}
	}
}

void day_write(struct buf *b, const struct day *day, const char *sport)
{
	const struct court *courts = day->courts.at;
	char text[DATE_TEXT];

	json_open(b, NULL, '{');
	json_int(b, "venue_id", day->head.venue_id);
	json_text(b, "sport", sport);
	json_text(b, "date", date_write(text, day->head.date));
	json_int(b, "slot_minutes", courts[0].slot_minutes);
	json_text(b, "day_kind", day->head.day_kind ? day->head.day_kind : "normal");
	json_text(b, "day_name", day->head.day_name);
	json_bool(b, "open", day->openings.count > 0);
	json_open(b, "slots", '[');
	write_slots(b, day, NULL, courts[0].slot_minutes * MINUTE);
	json_close(b, ']');
	json_open(b, "courts", '[');
	for (size_t i = 0; i < day->courts.count; i++) {
		json_open(b, NULL, '{');
		json_int(b, "id", courts[i].id);
		json_text(b, "name", courts[i].name);
		json_open(b, "cells", '[');
		write_slots(b, day, &courts[i], courts[i].slot_minutes * MINUTE);
		json_close(b, ']');
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
}
