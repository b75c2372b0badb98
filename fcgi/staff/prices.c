#include "edit.h"
#include "setup/explain.h"
#include "setup/price_list.h"
#include "setup/refund_rule.h"
#include "venue/clock.h"

static enum err show(struct req *r)
{
	struct price_list list;

	TRY(price_list_load(&r->tx, r->arg[0], &list));
	return reply_versioned(r, 200, list.version, &price_list_shape, &list);
}

static enum err save(struct req *r)
{
	struct refusal why = {0};
	struct price_list list;

	TRY(edit_outcome(
		r, price_list_save(&r->tx, r->arg[0], r->if_match, r->in, &list, &why), &why));
	return reply_versioned(r, 200, list.version, &price_list_shape, &list);
}

static const struct field question_fields[] = {
	FIELD(struct price_question, court_id, .min = 1, .max = ID_MAX),
	FIELD(struct price_question, date),
	FIELD(struct price_question, time, .min = CLOCK_LENGTH, .max = CLOCK_LENGTH),
};
static const struct shape question_shape = SHAPE(struct price_question, question_fields);

static enum err explain(struct req *r)
{
	struct refusal why = {0};
	struct price_explanation answer;

	TRY(edit_outcome(
		r, price_explanation_load(&r->tx, r->arg[0], r->query, &answer, &why), &why));
	return reply(r, 200, &price_explanation_shape, &answer);
}

static enum err show_rule(struct req *r)
{
	struct refund_rule rule;

	TRY(refund_rule_load(&r->tx, r->arg[0], &rule));
	return reply_versioned(r, 200, rule.version, &refund_rule_shape, &rule);
}

static enum err save_rule(struct req *r)
{
	struct refund_rule rule = *(const struct refund_rule *)r->in;
	struct refusal why = {0};

	rule.version = r->if_match;
	TRY(edit_outcome(r, refund_rule_save(&r->tx, r->arg[0], &rule, &why), &why));
	return reply_versioned(r, 200, rule.version, &refund_rule_shape, &rule);
}

const struct route desk_price_routes[] = {
	{GET, "/api/v1/staff/venues/{venue}/prices", "venue.see", TX_READ, show,
		.says = "The price list, line by line"},
	{PUT, "/api/v1/staff/venues/{venue}/prices", "venue", TX_WRITE, save,
		.body = &price_list_in_shape, .flags = IF_MATCH,
		.says = "Replace it; refused if an open hour would have no price"},
	{GET, "/api/v1/staff/venues/{venue}/prices/explanation", "venue.see", TX_READ, explain,
		.query = &question_shape,
		.says = "Which lines match a court's half hour, which one wins, and why"},
	{GET, "/api/v1/staff/venues/{venue}/refund-rule", "venue.see", TX_READ, show_rule,
		.says = "What is given back of a period that is cancelled"},
	{PUT, "/api/v1/staff/venues/{venue}/refund-rule", "venue", TX_WRITE, save_rule,
		.body = &refund_rule_shape, .flags = IF_MATCH,
		.says = "Change it for orders from now on"},
	{0},
};
