/* A query, or a form: pairs → struct → pairs. */
#include "fuzz.h"

#include "base/time.h"
#include "net/http.h"
#include "web/request.h"

struct ask {
	int64_t limit;
	const char *name, *kind;
	date day;
	stamp since;
};
static const struct field ask_fields[] = {
	FIELD(struct ask, limit, .optional = true, .min = 1, .max = 100),
	FIELD(struct ask, name, .min = 1, .max = 40),
	FIELD(struct ask, kind, .optional = true, .one_of = "jsapi|native"),
	FIELD(struct ask, day, .optional = true),
	FIELD(struct ask, since, .optional = true),
};
static const struct shape ask_shape = SHAPE(struct ask, ask_fields);

static const char *form_of(const struct ask *a)
{
	struct buf b = buf_in(mem, 1 << 12);
	char text[STAMP_TEXT];

	buf_printf(&b, "name=%s", url_escape(mem, a->name));
	if (a->limit)
		buf_printf(&b, "&limit=%lld", (long long)a->limit);
	if (a->kind)
		buf_printf(&b, "&kind=%s", a->kind);
	if (a->day.days)
		buf_printf(&b, "&day=%s", date_write(text, a->day));
	if (a->since.us)
		buf_printf(&b, "&since=%s", url_escape(mem, stamp_write(text, a->since)));
	return buf_text(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct ask first = {0}, again = {0};

	begin();
	struct req r = {.mem = mem};
	char *text = arena_alloc(mem, n + 1, 1); /* a body has a NUL behind it */
	memcpy(text, at, n);
	enum err err = pairs_read(&r, text, n, &ask_shape, &first);
	CLAIM(!r.field || utf8_valid(r.field, strlen(r.field)));
	CLAIM(err == E_OK || err == E_BAD_REQUEST || r.field || err == E_UNKNOWN_FIELD);
	if (err != E_OK)
		return 0;
	CLAIM(first.name && utf8_valid(first.name, strlen(first.name)));
	const char *form = form_of(&first);
	CLAIM(pairs_read(&r, form, strlen(form), &ask_shape, &again) == E_OK);
	CLAIM(strcmp(form, form_of(&again)) == 0);
	return 0;
}
