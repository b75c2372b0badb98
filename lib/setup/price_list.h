#ifndef SETUP_PRICE_LIST_H
#define SETUP_PRICE_LIST_H

#include "setup/edit.h"
#include "venue/price.h"

/* A venue's price list, as staff write it: one document, saved as a whole. What was sold
 * keeps its price. Which line applies to a half hour is decided in venue/price.h. */

struct price_line_in {
	int64_t sport_id, court_id; /* 0: all */
	const char *day_kind;       /* NULL: all days */
	struct list weekdays;       /* of int64_t, 1–7; empty: all */
	date from_day, to_day;      /* both or none */
	const char *opens, *closes;
	money hour_fen;
};
struct price_list_in {
	struct list rules; /* of struct price_line_in */
};
enum { RULES_MAX = 200, HOUR_FEN_MAX = 10000000 };
extern const struct shape price_list_in_shape;

struct price_line {
	int64_t line; /* from 1 */
	int64_t sport_id, court_id;
	const char *day_kind, *opens, *closes;
	raw_json weekdays;
	date from_day, to_day;
	money hour_fen;
};
extern const struct shape price_line_shape; /* without its number, as it is read */
struct price_list {
	int64_t version;
	struct list rules; /* of struct price_line */
};
extern const struct shape price_list_shape;

/* In SQL: the lines p of the venue $1, numbered by p.line; what is shown of a line. */
#define PRICE_LINES                                                    \
	"(SELECT row_number() OVER (ORDER BY position, id) AS line, *" \
	" FROM price_rule WHERE venue_id = $1) p"
#define PRICE_LINE_COLUMNS                                                                     \
	"p.line, p.sport_id, p.court_id, p.day_kind, (SELECT jsonb_agg(d ORDER BY d)"          \
	"  FROM generate_series(1, 7) d WHERE p.weekdays >> d - 1 & 1 = 1) AS weekdays,"       \
	" p.from_day, p.to_day, clock_text(p.opens) AS opens, clock_text(p.closes) AS closes," \
	" p.hour_fen"

enum err price_list_load(struct tx *, int64_t venue_id, struct price_list *) CHECKED;
/* E_VERSION_CHANGED unless `version` is still the list's; E_BAD_FIELD, E_SPORT_NOT_FOUND or
 * E_COURT_NOT_FOUND, for what the venue doesn't have, with the member of a line
 * ("rules[3].closes"); E_PRICE_HOLE (coverage.h). */
enum err price_list_save(struct tx *, int64_t venue_id, int64_t version,
	const struct price_list_in *, struct price_list *, struct refusal *) CHECKED;

#endif
