#ifndef VENUE_DAY_KIND_H
#define VENUE_DAY_KIND_H

/* What kind of day a date is: an ordinary one (NULL), a public holiday, or a 调休 day, on
 * which people work and another weekday's hours and prices are in force. The schema knows
 * the same words: calendar_day_kind_known, price_rule_day_kind_known. */
#define DAY_MAKEUP "makeup"
#define DAY_KINDS "holiday|" DAY_MAKEUP /* for one_of */

/* As answers say it. */
static inline const char *day_kind_text(const char *kind)
{
	return kind ? kind : "normal";
}

#endif
