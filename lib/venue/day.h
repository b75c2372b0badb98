#ifndef VENUE_DAY_H
#define VENUE_DAY_H

#include "base/buf.h"
#include "base/time.h"
#include "db/db.h"
#include "venue/price.h"

/* One play day of one venue: when it is open, which courts there are, what
 * they cost. A play day belongs to the date on which it opens, so a period at
 * 00:30 may be of the day before. */

enum { STEP_MINUTES = 30, DAY_MINUTES_MAX = 1800 };
#define STEP (STEP_MINUTES * MINUTE)

struct opening {
	int64_t opens, closes; /* minutes of the play day */
	stamp opens_at, closes_at;
};

struct court {
	int64_t id, sport_id, slot_minutes;
	const char *name;
};

struct day_head {
	int64_t venue_id, window_days, weekday;
	int64_t longest_minutes; /* of one period */
	int64_t frame; /* counts the changes of all that a day shows but prices and courts */
	const char *venue_name, *timezone;
	const char *day_kind, *day_name; /* NULL on an ordinary day */
	date date, today;
	bool night; /* the date is today, and what opened yesterday is not closed yet */
	stamp now;  /* the database's clock */
	raw_json refund_tiers; /* the venue's refund rule */
};

struct day {
	struct day_head head;
	struct list openings; /* of struct opening, in order */
	struct list courts;   /* of struct court, by position */
	struct list rules;    /* of struct price_rule that can apply on the date */
	struct list taken;    /* of struct taken, only with day_load_sport */
	struct list own;      /* of struct own_period, the same: what the customer has there */
	stamp after;          /* only slots that begin after it are shown; 0: all */
	const struct day *last_night; /* what can still be had of it; NULL: nothing */
	const struct day *next;       /* the date after, if it was asked for (day_run_on) */
};

struct taken {
	int64_t court_id;
	stamp at;
	bool blocked; /* by staff, not by an order */
};

struct own_period {
	int64_t court_id, order_id;
	stamp start, end;
};

/* All courts of a sport, with what is taken of them, and what of that is this customer's
 * (0: nobody's); of today also with the night before, as long as something of that can be
 * had. E_VENUE_NOT_FOUND, E_SPORT_NOT_FOUND, E_DATE_OUTSIDE_WINDOW. One round trip, two in
 * the night. */
enum err day_load_sport(struct tx *, int64_t venue_id, date, const char *sport,
	int64_t account_id, struct day *) CHECKED;

/* Ask for the day with the named courts only (of any sport). A court that is unknown,
 * closed or of another venue is missing from day->courts. The sync may say
 * E_VENUE_NOT_FOUND; whether the date can be booked yet is for day_in_window. */
void day_ask_courts(struct tx *, int64_t venue_id, date, struct ints court_ids, struct day *);
/* For periods that end later than the day closes: load the date after with these courts, too.
 * Costs a round trip, and only then. E_RETRY if the venue's frame has changed in between. */
enum err day_run_on(struct tx *, struct ints court_ids, stamp until, struct day *) CHECKED;

/* From today (the venue's) to as many days ahead as the venue sells. A play day counts until
 * its last closing: yesterday, too, while the night is still running. Pure. */
bool day_in_window(const struct day *);

/* E_OK, or why the period can't be had on this day (period.c). From hours at whose close
 * those of the next date begin it may run on into them, in whole slots of each. Pure. */
enum err period_check(const struct day *, const struct court *, stamp start, stamp end) CHECKED;
/* Whether a period that can be had runs on into the next date. Pure. */
bool period_runs_on(const struct day *, stamp end);

/* What a period of a court costs, step by step, each by the date and time that it falls on.
 * False if a step has no price. Pure. */
bool period_price(const struct day *, const struct court *, stamp start, stamp end, money *);

/* {"venue_id", …, "slots": […], "courts": [{"cells": […]}], "last_night": {…}}: the grid of a
 * day, and what is left of the one before. */
void day_write(struct buf *, const struct day *, const char *sport);

#endif
