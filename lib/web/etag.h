#ifndef WEB_ETAG_H
#define WEB_ETAG_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The lists of ETags in If-Match and If-None-Match (RFC 9110 §8.8.3, §13.1). Ours are
 * strong and hold a version, "7"; others are read and match nothing. */

enum { ETAGS_MAX = 16 };
struct etags {
	bool any; /* "*" */
	int64_t version[ETAGS_MAX];
	size_t count;
};

/* W/"7" counts as "7" if `weak`, else as none of ours. E_BAD_REQUEST: no such list, or
 * more of ours than fit. */
enum err etags_read(const char *text, bool weak, struct etags *out) CHECKED;
bool etags_have(const struct etags *, int64_t version);

#endif
