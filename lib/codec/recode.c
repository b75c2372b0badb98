#include "codec/recode.h"

#include "base/buf.h"

#include <errno.h>
#include <iconv.h>

enum { PIECE = 4096, HALF_MAX = 8, TEXT_MAX = 4096 };

struct recode {
	bytes_fn *take;
	void *arg;
	iconv_t how;
	bool broken;
	size_t half; /* bytes of a character whose rest is still to come */
	char in[PIECE + HALF_MAX], out[2 * PIECE];
};

static void release(void *arg)
{
	struct recode *r = arg;

	iconv_close(r->how);
}

struct recode *recode_begin(struct arena *mem, const char *charset, bytes_fn *take, void *arg)
{
	struct recode *r = NEW(mem, struct recode);

	r->take = take;
	r->arg = arg;
	r->how = iconv_open("UTF-8", charset);
	if (r->how == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr): iconv's own word */
		return NULL;
	arena_defer(mem, release, r);
	return r;
}

/* What stands in r->in, all but a character that isn't whole yet. */
static bool convert(struct recode *r, size_t len)
{
	char *at = r->in;

	while (len > 0) {
		char *to = r->out;
		size_t room = sizeof(r->out);
		size_t rc = iconv(r->how, &at, &len, &to, &room);
		int why = rc == (size_t)-1 ? errno : 0;
		struct bytes text = {(unsigned char *)r->out, sizeof(r->out) - room};

		if (text.len > 0 && !r->take(r->arg, text))
			return false;
		if (why == EINVAL && len <= HALF_MAX)
			break;
		if (why && why != E2BIG)
			return false;
	}
	memmove(r->in, at, len);
	r->half = len;
	return true;
}

bool recode_push(struct recode *r, struct bytes in)
{
	while (in.len > 0 && !r->broken) {
		size_t n = in.len < PIECE ? in.len : PIECE;

		memcpy(r->in + r->half, in.at, n);
		r->broken = !convert(r, r->half + n);
		in.at += n;
		in.len -= n;
	}
	return !r->broken;
}

bool recode_end(struct recode *r)
{
	bool whole = !r->broken && r->half == 0;

	r->broken = true;
	return whole;
}

static bool keep(void *arg, struct bytes text)
{
	buf_add(arg, text.at, text.len);
	return true;
}

const char *recode_text(struct arena *mem, const char *charset, const char *text)
{
	struct buf b = buf_in(mem, TEXT_MAX);
	struct recode *r = recode_begin(mem, charset, keep, &b);

	if (!r || !recode_push(r, bytes_of(text)) || !recode_end(r) || b.full)
		return NULL;
	return buf_text(&b);
}
