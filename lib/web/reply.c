#include "web/web.h"

#include <inttypes.h>

enum err fail(struct req *r, enum err err, const char *field)
{
	r->field = field;
	return err;
}

struct buf *reply_begin(struct req *r, int status)
{
	r->status = status;
	r->content_type = "application/json";
	buf_clear(&r->out);
	return &r->out;
}

enum err reply_end(struct req *r)
{
	return r->out.full ? E_INTERNAL : E_OK;
}

enum err reply(struct req *r, int status, const struct shape *sh, const void *obj)
{
	json_shape(reply_begin(r, status), NULL, sh, obj);
	return reply_end(r);
}

enum err reply_bytes(struct req *r, const char *content_type, const void *at, size_t n)
{
	buf_add(reply_begin(r, 200), at, n);
	r->content_type = content_type;
	return reply_end(r);
}

enum err reply_versioned(
	struct req *r, int status, int64_t version, const struct shape *sh, const void *obj)
{
	r->version = version;
	return reply(r, status, sh, obj);
}

enum err hand_over(struct req *r, const char *pool)
{
	reply_begin(r, 200);
	r->other_pool = pool;
	return E_OK;
}

enum err reply_empty(struct req *r)
{
	reply_begin(r, 204);
	return E_OK;
}

static const struct field page_fields[] = {
	FIELD(struct page, cursor, .optional = true, .min = 1, .max = ID_MAX),
	FIELD(struct page, limit, .optional = true, .min = 1, .max = PAGE_MAX),
};
const struct shape page_shape = SHAPE(struct page, page_fields);

int64_t page_limit(const struct req *r, int64_t otherwise)
{
	const struct page *page = r->query;

	return page->limit ? page->limit : otherwise;
}

static const char *next_cursor(struct req *r, const struct shape *sh, const struct list *list)
{
	const char *last = (const char *)list->at + (list->count - 1) * sh->size;
	const int64_t *id = (const void *)(last + sh->fields[0].offset);

	return arena_printf(r->mem, "%" PRId64, *id);
}

struct buf *reply_page_begin(
	struct req *r, const struct shape *sh, const struct list *list, int64_t limit)
{
	struct buf *b = reply_begin(r, 200);
	bool more = list->count > 0 && (int64_t)list->count == limit;

	json_open(b, NULL, '{');
	json_list(b, "items", sh, list);
	json_text(b, "next_cursor", more ? next_cursor(r, sh, list) : NULL);
	return b;
}

enum err reply_page(
	struct req *r, const struct shape *sh, const struct list *list, int64_t limit)
{
	json_close(reply_page_begin(r, sh, list, limit), '}');
	return reply_end(r);
}
