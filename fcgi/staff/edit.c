#include "edit.h"

#include "base/json.h"
#include "hours/date_number.h"

static const struct field from_query_fields[] = {
	PAGE_FIELDS(struct from_query, page),
	FIELD(struct from_query, from, .optional = true),
};
const struct shape from_query_shape = SHAPE(struct from_query, from_query_fields);

enum err path_date(const struct req *r, int i, date *out)
{
	return date_of_number(r->arg[i], out) ? E_OK : E_NOT_FOUND;
}

enum err edit_outcome(struct req *r, enum err err, const struct refusal *why)
{
	if (err == E_OK || err == E_VERSION_CHANGED || err_info[err].http >= 500)
		return err;
	r->field = why->field;
	r->detail = why->detail;
	return err;
}

enum err reply_outside(struct req *r, int status, int64_t version, const char *name,
	const struct shape *sh, const void *thing, const struct list *outside)
{
	struct buf *b = reply_begin(r, status);

	r->version = version;
	json_open(b, NULL, '{');
	json_shape(b, name, sh, thing);
	json_list(b, "outside", &outside_shape, outside);
	json_close(b, '}');
	return reply_end(r);
}

struct removed {
	struct list outside;
};
static const struct field removed_fields[] = {
	FIELD(struct removed, outside, .of = &outside_shape),
};
static const struct shape removed_shape = SHAPE(struct removed, removed_fields);

enum err reply_removed(struct req *r, const struct list *outside)
{
	return reply(r, 200, &removed_shape, &(struct removed){*outside});
}
