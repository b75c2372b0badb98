#include "web/etag.h"

#include <stdlib.h>
#include <string.h>

/* The number in `"7"`; 0 if it is none that we would write. */
static int64_t version_of(const char *quoted, size_t len)
{
	size_t digits = len - 2;

	if (digits == 0 || digits > 15 || quoted[1] == '0' ||
		strspn(quoted + 1, "0123456789") != digits)
		return 0;
	return strtoll(quoted + 1, NULL, 10);
}

/* Length of an opaque-tag with its quotes; 0: it is none. */
static size_t quoted_length(const char *at)
{
	size_t n = 1;

	if (*at != '"')
		return 0;
	while (at[n] != '"') {
		unsigned char c = (unsigned char)at[n++];
		if (c <= ' ' || c == 0x7f)
			return 0;
	}
	return n + 1;
}

static enum err read_tag(const char **at, bool weak_too, struct etags *out)
{
	bool weak = strncmp(*at, "W/", 2) == 0;
	const char *quoted = *at + (weak ? 2 : 0);
	size_t len = quoted_length(quoted);

	if (len == 0)
		return E_BAD_REQUEST;
	int64_t version = weak && !weak_too ? 0 : version_of(quoted, len);
	*at = quoted + len;
	if (version == 0 || etags_have(out, version))
		return E_OK;
	if (out->count == ETAGS_MAX)
		return E_BAD_REQUEST;
	out->version[out->count++] = version;
	return E_OK;
}

enum err etags_read(const char *text, bool weak, struct etags *out)
{
	const char *at = text + strspn(text, " \t");

	*out = (struct etags){.any = *at == '*'};
	if (out->any)
		return at[1 + strspn(at + 1, " \t")] ? E_BAD_REQUEST : E_OK;
	while (*(at += strspn(at, " \t,"))) { /* empty members: RFC 9110 §5.6.1 */
		TRY(read_tag(&at, weak, out));
		at += strspn(at, " \t");
		if (*at && *at != ',')
			return E_BAD_REQUEST;
	}
	return E_OK;
}

bool etags_have(const struct etags *e, int64_t version)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->version[i] == version)
			return true;
	return e->any;
}
