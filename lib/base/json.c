#include "base/json.h"

#include "base/time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_MAX = 64, SAFE_BITS = 53 };

static struct arena *tree_mem;

static void *tree_alloc(size_t n)
{
	return arena_alloc(tree_mem, n, _Alignof(max_align_t));
}

static void tree_free(void *p)
{
	(void)p; /* the arena's reset frees it */
}

void json_use(struct arena *mem)
{
	static bool hooked;

	tree_mem = mem;
	if (!hooked)
		cJSON_InitHooks(&(cJSON_Hooks){tree_alloc, tree_free});
	hooked = true;
}

/* Names may not repeat: parsers disagree on which one counts. */
static bool names_differ(const cJSON *tree)
{
	const cJSON *a, *b;
	size_t n = 0;

	cJSON_ArrayForEach(a, tree)
	{
		if (!names_differ(a) || (cJSON_IsObject(tree) && ++n > MEMBERS_MAX))
			return false;
		for (b = a->next; cJSON_IsObject(tree) && b; b = b->next)
			if (strcmp(a->string, b->string) == 0)
				return false;
	}
	return true;
}

enum err json_parse(struct arena *mem, const char *text, size_t len, const cJSON **root,
	struct json_fault *fault)
{
	if (!json_text_valid(text, len, &fault->offset))
		return E_BAD_JSON;
	json_use(mem);
	*root = cJSON_ParseWithLength(text, len);
	if (!*root || !names_differ(*root))
		return E_BAD_JSON;
	return E_OK;
}

static bool in_range(const struct field *f, int64_t measure)
{
	return (f->min == 0 && f->max == 0) || (measure >= f->min && measure <= f->max);
}

int64_t utf8_characters(const char *s)
{
	int64_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool is_one_of(const char *words, const char *s)
{
	size_t len = strlen(s);

	for (const char *at = words; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (strncmp(at, s, len) == 0 && (at[len] == '|' || at[len] == '\0') && len)
			return !strchr(s, '|'); /* one word, not a run of them */
	}
	return false;
}

static enum err read_text(struct arena *mem, const struct field *f, char *given, void *at)
{
	const char *s = text_tidy(mem, given, f->plain);

	digits_tidy(given, f->digits);
	switch ((enum kind)f->kind) {
	case K_STAMP:
		return stamp_parse(s, at) ? E_OK : E_BAD_FIELD;
	case K_DATE:
		return date_parse(s, at) ? E_OK : E_BAD_FIELD;
	case K_TEXT:
		if (!in_range(f, utf8_characters(s)) ||
			(f->one_of && !is_one_of(f->one_of, s)) || !text_plain(s, f->plain))
			return E_BAD_FIELD;
		*(const char **)at = s;
		return E_OK;
	default:
		return E_BAD_FIELD;
	}
}

static enum err read_number(const struct field *f, double v, void *at)
{
	/* 2^53 itself is out: 2^53 + 1 reads as the same double. */
	if (!isfinite(v) || v != floor(v) || fabs(v) >= (double)(1LL << SAFE_BITS) ||
		!in_range(f, (int64_t)v) || (f->kind != K_INT && f->kind != K_MONEY))
		return E_BAD_FIELD;
	*(int64_t *)at = (int64_t)v;
	return E_OK;
}

static enum err read_value(struct arena *, const cJSON *, const struct field *, enum json_mode,
	void *at, struct json_fault *);

static enum err read_element(struct arena *mem, const cJSON *v, const struct shape *sh,
	enum json_mode mode, void *at, struct json_fault *fault)
{
	if (shape_is_bare(sh))
		return read_value(
			mem, v, &sh->fields[0], mode, (char *)at + sh->fields[0].offset, fault);
	return json_read(mem, v, sh, mode, at, fault);
}

static enum err read_list(struct arena *mem, const cJSON *v, const struct field *f,
	enum json_mode mode, struct list *out, struct json_fault *fault)
{
	size_t i = 0;
	const cJSON *item;

	out->count = (size_t)cJSON_GetArraySize(v);
	if (!in_range(f, (int64_t)out->count))
		return E_BAD_FIELD;
	out->at = arena_alloc(mem, array_size(out->count, f->of->size), _Alignof(max_align_t));
	cJSON_ArrayForEach(item, v)
	{
		struct json_fault inner = {0};
		enum err err = read_element(
			mem, item, f->of, mode, (char *)out->at + i * f->of->size, &inner);
		if (err != E_OK) {
			fault->field = arena_printf(mem, "%s[%zu]%s%s", f->name, i,
				inner.field ? "." : "", inner.field ? inner.field : "");
			return err;
		}
		i++;
	}
	return E_OK;
}

static enum err read_value(struct arena *mem, const cJSON *v, const struct field *f,
	enum json_mode mode, void *at, struct json_fault *fault)
{
	if (f->kind == K_BOOL && cJSON_IsBool(v)) {
		*(bool *)at = cJSON_IsTrue(v);
		return E_OK;
	}
	if (f->kind == K_LIST && cJSON_IsArray(v))
		return read_list(mem, v, f, mode, at, fault);
	if (cJSON_IsString(v))
		return read_text(mem, f, v->valuestring, at);
	if (cJSON_IsNumber(v))
		return read_number(f, v->valuedouble, at);
	if (f->kind == K_JSON && (cJSON_IsObject(v) || cJSON_IsArray(v))) {
		((raw_json *)at)->text = cJSON_PrintUnformatted(v);
		return E_OK;
	}
	return E_BAD_FIELD;
}

static void set_absent(const struct field *f, void *at)
{
	if (f->kind == K_INT || f->kind == K_MONEY)
		*(int64_t *)at = f->absent;
	else if (f->kind == K_BOOL)
		*(bool *)at = f->absent != 0;
}

static const cJSON *stranger(const cJSON *obj, const struct shape *sh)
{
	const cJSON *m;

	cJSON_ArrayForEach(m, obj)
	{
		size_t i = 0;
		while (i < sh->count && strcmp(sh->fields[i].name, m->string) != 0)
			i++;
		if (i == sh->count)
			return m;
	}
	return NULL;
}

enum err json_read(struct arena *mem, const cJSON *obj, const struct shape *sh,
	enum json_mode mode, void *out, struct json_fault *fault)
{
	if (!cJSON_IsObject(obj))
		return E_BAD_FIELD;
	memset(out, 0, sh->size);
	for (size_t i = 0; i < sh->count; i++) {
		const struct field *f = &sh->fields[i];
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, f->name);

		if ((!v || cJSON_IsNull(v)) && f->optional) {
			set_absent(f, (char *)out + f->offset);
			continue;
		}
		struct json_fault inner = {0};
		enum err err = v ? read_value(mem, v, f, mode, (char *)out + f->offset, &inner)
				 : E_BAD_FIELD;
		if (err != E_OK) {
			fault->field = inner.field ? inner.field : f->name;
			return err;
		}
	}
	const cJSON *m = mode == JSON_STRICT ? stranger(obj, sh) : NULL;
	if (m)
		fault->field = m->string;
	return m ? E_UNKNOWN_FIELD : E_OK;
}

enum err json_load(struct arena *mem, const char *text, size_t len, const struct shape *sh,
	enum json_mode mode, void *out, struct json_fault *fault)
{
	const cJSON *root = NULL;

	TRY(json_parse(mem, text, len, &root, fault));
	if (!cJSON_IsObject(root))
		return E_BAD_JSON;
	return json_read(mem, root, sh, mode, out, fault);
}

enum err field_read_text(struct arena *mem, const struct field *f, char *s, void *obj)
{
	char *at = (char *)obj + f->offset;

	if (!utf8_valid(s, strlen(s)))
		return E_BAD_FIELD;
	if (f->kind != K_INT)
		return read_text(mem, f, s, at);
	if (*s == '\0' || strlen(s) > 16 || strspn(s, "0123456789") != strlen(s) ||
		(*s == '0' && s[1]))
		return E_BAD_FIELD;
	return read_number(f, (double)strtoll(s, NULL, 10), at);
}
