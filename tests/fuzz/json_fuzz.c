/* A request's body: JSON → struct → JSON. */
#include "fuzz.h"

struct item {
	int64_t court;
	stamp start;
	const char *word;
};
static const struct field item_fields[] = {
	FIELD(struct item, court, .min = 1, .max = ID_MAX),
	FIELD(struct item, start),
	FIELD(struct item, word, .optional = true, .one_of = "badminton|tennis|table_tennis"),
};
static const struct shape item_shape = SHAPE(struct item, item_fields);

struct number {
	int64_t value;
};
static const struct field number_fields[] = {
	FIELD_AS(struct number, value, NULL, .min = 1, .max = 99),
};
static const struct shape number_shape = SHAPE(struct number, number_fields);

struct rich {
	int64_t venue, count;
	const char *name;
	bool yes;
	date day;
	money price;
	raw_json extra;
	struct list items, numbers;
};
static const struct field rich_fields[] = {
	FIELD(struct rich, venue),
	FIELD(struct rich, count, .optional = true, .min = 1, .max = 100),
	FIELD(struct rich, name, .min = 1, .max = 8),
	FIELD(struct rich, yes, .optional = true),
	FIELD(struct rich, day, .optional = true),
	FIELD(struct rich, price, .optional = true, .min = 0, .max = 1LL << 50),
	FIELD(struct rich, extra, .optional = true),
	FIELD(struct rich, items, .min = 1, .max = 4, .of = &item_shape),
	FIELD(struct rich, numbers, .optional = true, .max = 4, .of = &number_shape),
};
static const struct shape rich_shape = SHAPE(struct rich, rich_fields);

static const char *written(const struct rich *r)
{
	struct buf b = buf_in(mem, 1 << 22);

	json_shape(&b, NULL, &rich_shape, r);
	CLAIM(!b.full);
	return buf_text(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct json_fault fault = {0};
	struct rich strict, lenient, again;
	size_t bad = 0;

	begin();
	bool valid = json_text_valid((const char *)at, n, &bad);
	CLAIM(valid ? utf8_valid((const char *)at, n) && !memchr(at, 0, n) : bad <= n);
	enum err loose = json_load(
		mem, (const char *)at, n, &rich_shape, JSON_LENIENT, &lenient, &fault);
	enum err err =
		json_load(mem, (const char *)at, n, &rich_shape, JSON_STRICT, &strict, &fault);
	CLAIM(valid || err == E_BAD_JSON);
	CLAIM(err == E_OK || err == E_BAD_JSON || fault.field || valid);
	if (err != E_OK)
		return 0;
	const char *once = written(&strict);
	CLAIM(loose == E_OK && strcmp(once, written(&lenient)) == 0);
	if (strstr(once, "\"start\":\"1969-") || strstr(once, "\"start\":\"2200-"))
		return 0; /* an offset led over the edge of the years that are read */
	CLAIM(json_load(mem, once, strlen(once), &rich_shape, JSON_STRICT, &again, &fault) ==
		E_OK);
	CLAIM(strcmp(once, written(&again)) == 0);
	return 0;
}
