#include "web/request.h"

#include "base/json.h"
#include "base/settings.h"
#include "codec/crypto.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEY_MAX = 255 };

const char *header(const struct req *r, const char *cgi_name)
{
	size_t len = strlen(cgi_name);

	for (char **p = r->params; *p; p++)
		if (strncmp(*p, cgi_name, len) == 0 && (*p)[len] == '=')
			return *p + len + 1;
	return NULL;
}

static int headers_named(const struct req *r, const char *cgi_name)
{
	size_t len = strlen(cgi_name);
	int n = 0;

	for (char **p = r->params; *p; p++)
		n += strncmp(*p, cgi_name, len) == 0 && (*p)[len] == '=';
	return n;
}

static int hex(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
					    : -1;
}

/* "%E7%90%83+x" → text in the arena; NULL for a bad escape or a NUL byte. */
static char *unescape(struct arena *mem, const char *s, size_t n)
{
	char *out = arena_alloc(mem, n + 1, 1), *at = out;

	for (size_t i = 0; i < n; i++) {
		char c = s[i] == '+' ? ' ' : s[i];
		if (c == '%') {
			if (n - i < 3 || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0)
				return NULL;
			c = (char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return NULL;
		*at++ = c;
	}
	return out;
}

/* A name for the error answer, which has to be UTF-8. */
static const char *tellable(const char *name)
{
	return name && utf8_valid(name, strlen(name)) ? name : NULL;
}

static enum err read_pair(struct req *r, const char *name, char *value, const struct shape *sh,
	void *out, bool seen[])
{
	for (size_t i = 0; i < sh->count; i++) {
		if (strcmp(sh->fields[i].name, name) != 0)
			continue;
		if (!*value && r->route && r->route->flags & OAUTH)
			return E_OK; /* as if it weren't there (ibid.) */
		if (seen[i])
			return fail(r, E_BAD_FIELD, name);
		seen[i] = true;
		return field_read_text(r->mem, &sh->fields[i], value, out) == E_OK
			       ? E_OK
			       : fail(r, E_BAD_FIELD, name);
	}
	/* RFC 6749 §3.2: parameters that aren't known are passed over. */
	return r->route && r->route->flags & OAUTH && sh == r->route->body
		       ? E_OK
		       : fail(r, E_UNKNOWN_FIELD, tellable(name));
}

enum err pairs_read(
	struct req *r, const char *text, size_t len, const struct shape *sh, void *out)
{
	bool *seen = arena_alloc(r->mem, sh->count + 1, 1);

	if (memchr(text, '\0', len))
		return fail(r, E_BAD_REQUEST, NULL);
	for (size_t i = 0; i < len;) {
		size_t pair = strcspn(text + i, "&"), name = strcspn(text + i, "=&");
		if (pair > len - i)
			pair = len - i;
		if (name > pair)
			name = pair;
		const char *key = unescape(r->mem, text + i, name);
		size_t begin = name < pair ? name + 1 : pair;
		char *value = unescape(r->mem, text + i + begin, pair - begin);
		if (!key || !value)
			return fail(r, E_BAD_REQUEST, tellable(key));
		if (pair > 0)
			TRY(read_pair(r, key, value, sh, out, seen));
		i += pair + 1;
	}
	for (size_t i = 0; i < sh->count; i++)
		if (!seen[i] && !sh->fields[i].optional)
			return fail(r, E_BAD_FIELD, sh->fields[i].name);
	return E_OK;
}

static enum err admit(struct req *r)
{
	const struct admit_params params = {r->caller.account_id, r->caller.session_id,
		r->route->path, r->method != GET, r->route->per_minute};

	if (!r->web->admit)
		return E_OK;
	enum err err = r->web->admit(&params, &r->admitted);
	r->retry_after_s = r->admitted.retry_after_s;
	return err;
}

static enum err identify(struct req *r)
{
	const char *auth = header(r, "HTTP_AUTHORIZATION");
	const char *permission = r->route->permission;

	if (strcmp(permission, GUEST) == 0 || strcmp(permission, PUBLIC) == 0)
		return E_OK;
	if (!auth || strncasecmp(auth, "Bearer ", 7) != 0)
		return strcmp(permission, ANYBODY) == 0 ? E_OK : E_UNAUTHENTICATED;
	auth += 7 + strspn(auth + 7, " ");
	TRY(r->web->identify(auth, strlen(auth), &r->caller));
	return admit(r);
}

/* The header that makes a repeat recognisable, and a digest of what it says. */
static enum err check_key(struct req *r)
{
	char sum[SHA256_HEX];

	r->key = header(r, "HTTP_IDEMPOTENCY_KEY");
	if (!r->key || !*r->key)
		return E_KEY_MISSING;
	size_t n = strlen(r->key);
	if (n > KEY_MAX || headers_named(r, "HTTP_IDEMPOTENCY_KEY") > 1)
		return E_KEY_INVALID;
	for (size_t i = 0; i < n; i++)
		if (r->key[i] <= ' ' || r->key[i] > '~')
			return E_KEY_INVALID;
	const char *all = arena_printf(r->mem, "%d %s\n%.*s", (int)r->route->method, r->path,
		(int)r->body_len, r->body);
	sha256_hex(all, strlen(all), sum);
	r->digest = arena_strdup(r->mem, sum);
	return E_OK;
}

/* A header that is a list, its lines joined (RFC 9110 §5.2); NULL if absent. */
static const char *header_list(const struct req *r, const char *cgi_name)
{
	size_t len = strlen(cgi_name);
	const char *all = NULL;

	for (char **p = r->params; *p; p++)
		if (strncmp(*p, cgi_name, len) == 0 && (*p)[len] == '=')
			all = all ? arena_printf(r->mem, "%s,%s", all, *p + len + 1)
				  : *p + len + 1;
	return all;
}

/* RFC 9110 §13.1.1. What is stored decides which of a list it is. */
static enum err check_version(struct req *r)
{
	const char *given = header_list(r, "HTTP_IF_MATCH");

	if (!given || !*given)
		return E_VERSION_MISSING;
	if (etags_read(given, false, &r->versions) != E_OK)
		return fail(r, E_BAD_REQUEST, "If-Match");
	if (r->versions.count == 0 && !r->versions.any)
		return E_VERSION_CHANGED;
	r->if_match = r->versions.any ? ANY_VERSION : r->versions.version[0];
	return E_OK;
}

/* RFC 9110 §13.1.2. A list that is none asks for nothing. */
bool request_has(const struct req *r, int64_t version)
{
	const char *given = header_list(r, "HTTP_IF_NONE_MATCH");
	struct etags known;

	return given && etags_read(given, true, &known) == E_OK && etags_have(&known, version);
}

const char *cookie(const struct req *r, const char *name)
{
	const char *at = header(r, "HTTP_COOKIE"), *found = NULL;
	size_t len = strlen(name);

	if (headers_named(r, "HTTP_COOKIE") > 1)
		return NULL; /* browsers send one, nginx joins those of HTTP/2 */
	for (; at && *at; at += strspn(at, "; ")) {
		size_t pair = strcspn(at, ";");
		if (pair > len && strncmp(at, name, len) == 0 && at[len] == '=') {
			if (found)
				return NULL;
			found = arena_printf(
				r->mem, "%.*s", (int)(pair - len - 1), at + len + 1);
		}
		at += pair;
	}
	return found;
}

static bool media_is(const struct req *r, const char *type)
{
	const char *given = header(r, "CONTENT_TYPE");
	size_t n = strlen(type);

	return given && strncasecmp(given, type, n) == 0 &&
	       (given[n] == '\0' || given[n] == ';' || given[n] == ' ');
}

static enum err read_body(struct req *r)
{
	const struct shape *sh = r->route->body;
	struct json_fault fault = {0};

	if (!sh)
		return E_OK;
	if (!media_is(r, r->route->flags & FORM ? "application/x-www-form-urlencoded"
						: "application/json"))
		return E_MEDIA_TYPE;
	void *in = arena_alloc(r->mem, sh->size, _Alignof(max_align_t));
	r->in = in;
	if (r->route->flags & FORM)
		return pairs_read(r, r->body, r->body_len, sh, in);
	enum err err = json_load(r->mem, r->body, r->body_len, sh, JSON_STRICT, in, &fault);
	r->field = fault.field;
	return err;
}

static enum err read_query(struct req *r)
{
	static const struct shape none = {"none", 0, NULL, 0};
	const struct shape *sh = r->route->query ? r->route->query : &none;
	void *query = arena_alloc(r->mem, sh->size + 1, _Alignof(max_align_t));

	r->query = query;
	return pairs_read(r, r->query_text, strlen(r->query_text), sh, query);
}

enum err request_check(struct req *r)
{
	TRY(identify(r));
	TRY(read_query(r));
	TRY(read_body(r));
	if (r->route->flags & IF_MATCH)
		TRY(check_version(r));
	return r->route->flags & IDEMPOTENT ? check_key(r) : E_OK;
}
