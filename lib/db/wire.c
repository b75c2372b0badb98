#include "db/wire.h"

#include "base/log.h"
#include "base/time.h"

#include <endian.h>
#include <string.h>

enum oid {
	OID_BOOL = 16,
	OID_NAME = 19,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_JSON = 114,
	OID_INT8_ARRAY = 1016,
	OID_VARCHAR = 1043,
	OID_DATE = 1082,
	OID_STAMP = 1184,
	OID_STAMP_ARRAY = 1185,
	OID_JSONB = 3802
};

/* PostgreSQL counts from 2000-01-01. */
static const int64_t EPOCH_DAYS = 10957;
static const int64_t EPOCH_US = 10957LL * 24 * HOUR;

static char *put32(char *at, uint32_t v)
{
	v = htobe32(v);
	memcpy(at, &v, sizeof(v));
	return at + sizeof(v);
}

static char *put64(char *at, int64_t v)
{
	uint64_t u = htobe64((uint64_t)v);

	memcpy(at, &u, sizeof(u));
	return at + sizeof(u);
}

/* One dimension, no NULLs, eight bytes an element. */
static char *array_begin(struct arena *mem, Oid element, size_t count, int *len)
{
	*len = (int)(20 + count * 12);
	char *out = arena_alloc(mem, (size_t)*len, 8), *at = out;

	at = put32(at, count > 0);
	at = put32(at, 0);
	at = put32(at, element);
	at = put32(at, (uint32_t)count);
	put32(at, 1);
	if (count == 0)
		*len = 12; /* an empty array has no dimensions */
	return out;
}

static const char *ints_write(struct arena *mem, struct ints v, int *len)
{
	char *out = array_begin(mem, OID_INT8, v.count, len), *at = out + 20;

	for (size_t i = 0; i < v.count; i++)
		at = put64(put32(at, 8), v.at[i]);
	return out;
}

static const char *stamps_write(struct arena *mem, struct stamps v, int *len)
{
	char *out = array_begin(mem, OID_STAMP, v.count, len), *at = out + 20;

	for (size_t i = 0; i < v.count; i++)
		at = put64(put32(at, 8), v.at[i].us - EPOCH_US);
	return out;
}

static const char *eight(struct arena *mem, int64_t v, int *len)
{
	char *out = arena_alloc(mem, 8, 8);

	put64(out, v);
	*len = 8;
	return out;
}

static const char *date_bytes(struct arena *mem, int64_t days, int *len)
{
	char *out = arena_alloc(mem, 4, 4);

	put32(out, (uint32_t)(int32_t)(days - EPOCH_DAYS));
	*len = 4;
	return out;
}

static const char *value_of(struct arena *mem, const struct db_arg *a, Oid *type, int *len)
{
	switch (a->kind) {
	case ARG_BOOL:
		*type = OID_BOOL;
		*len = 1;
		return a->b ? "\1" : "\0";
	case ARG_INT:
		*type = OID_INT8;
		return eight(mem, a->i, len);
	case ARG_STAMP:
		*type = OID_STAMP;
		return eight(mem, a->i - EPOCH_US, len);
	case ARG_DATE:
		*type = OID_DATE;
		return date_bytes(mem, a->i, len);
	case ARG_INTS:
		*type = OID_INT8_ARRAY;
		return ints_write(mem, a->ints, len);
	case ARG_STAMPS:
		*type = OID_STAMP_ARRAY;
		return stamps_write(mem, a->stamps, len);
	case ARG_TEXT:
		break;
	}
	*type = OID_TEXT;
	*len = a->s ? (int)strlen(a->s) : 0;
	return a->s;
}

void db_params_fill(struct arena *mem, struct db_params *p, const struct db_arg *args, size_t n)
{
	p->count = (int)n;
	for (size_t i = 0; i < n; i++) {
		p->values[i] = value_of(mem, &args[i], &p->types[i], &p->lengths[i]);
		p->formats[i] = 1;
		if (args[i].null)
			p->values[i] = NULL;
	}
}

static int64_t get(const char *v, int len)
{
	uint64_t u = (uint8_t)v[0] & 0x80 ? UINT64_MAX : 0;

	for (int i = 0; i < len; i++)
		u = u << 8 | (uint8_t)v[i];
	return (int64_t)u;
}

static bool type_fits(enum kind kind, Oid type)
{
	switch (kind) {
	case K_BOOL:
		return type == OID_BOOL;
	case K_INT:
	case K_MONEY:
		return type == OID_INT8 || type == OID_INT4 || type == OID_INT2;
	case K_TEXT:
		return type == OID_TEXT || type == OID_VARCHAR || type == OID_NAME;
	case K_STAMP:
		return type == OID_STAMP;
	case K_DATE:
		return type == OID_DATE;
	case K_JSON:
		return type == OID_JSON || type == OID_JSONB;
	case K_LIST:
		break;
	}
	return false;
}

/* Not 'infinity' (the ends of the range), nor a year that we can't count to. */
static bool is_in_time(enum kind kind, const char *v, int len)
{
	if (kind == K_STAMP)
		return get(v, len) > INT64_MIN && get(v, len) <= INT64_MAX - EPOCH_US;
	if (kind == K_DATE)
		return get(v, len) > INT32_MIN && get(v, len) <= INT32_MAX - EPOCH_DAYS;
	return true;
}

static void read_value(enum kind kind, Oid type, const char *v, int len, void *at)
{
	switch (kind) {
	case K_BOOL:
		*(bool *)at = *v != 0;
		break;
	case K_TEXT:
		*(const char **)at = v;
		break;
	case K_JSON: /* jsonb has a version byte in front */
		((raw_json *)at)->text = v + (type == OID_JSONB);
		break;
	case K_STAMP:
		((stamp *)at)->us = get(v, len) + EPOCH_US;
		break;
	case K_DATE:
		((date *)at)->days = (int32_t)(get(v, len) + EPOCH_DAYS);
		break;
	default: /* money is an int64_t in a coat */
		*(int64_t *)at = get(v, len);
	}
}

static enum err misfit(const struct shape *sh, const struct field *f, const char *why)
{
	log_error("db_misfit", "%s.%s %s", sh->name, f->name ? f->name : "value", why);
	return E_INTERNAL;
}

/* A row with one value, whatever the column's name. */
#define VALUE(T, k) [k] = {#T, sizeof(T), &(const struct field){.kind = k}, 1}
const struct shape db_value_shapes[] = {
	VALUE(bool, K_BOOL),
	VALUE(int64_t, K_INT),
	VALUE(const char *, K_TEXT),
	VALUE(stamp, K_STAMP),
	VALUE(date, K_DATE),
	VALUE(money, K_MONEY),
};

/* Columns mostly come in the shape's order: look there first. -1: there is none. */
static int column_of(const PGresult *res, const struct field *f, int likely)
{
	int columns = PQnfields(res);

	if (!f->name)
		return columns == 1 ? 0 : -1;
	if (likely < columns && strcmp(PQfname(res, likely), f->name) == 0)
		return likely;
	return PQfnumber(res, f->name);
}

enum err db_scan(const PGresult *res, int row, const struct shape *sh, void *out)
{
	memset(out, 0, sh->size);
	for (size_t i = 0; i < sh->count; i++) {
		const struct field *f = &sh->fields[i];
		int col = column_of(res, f, (int)i);

		if (f->kind == K_LIST)
			continue; /* filled by another statement */
		if (col < 0)
			return misfit(sh, f, "is not in the row");
		if (!type_fits((enum kind)f->kind, PQftype(res, col)))
			return misfit(sh, f, "has another type");
		if (PQgetisnull(res, row, col)) {
			if (!f->optional)
				return misfit(sh, f, "is NULL");
			continue;
		}
		const char *v = PQgetvalue(res, row, col);
		int len = PQgetlength(res, row, col);
		if (!is_in_time((enum kind)f->kind, v, len))
			return misfit(sh, f, "is out of time");
		read_value(
			(enum kind)f->kind, PQftype(res, col), v, len, (char *)out + f->offset);
	}
	return E_OK;
}
