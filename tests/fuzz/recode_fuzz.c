/* GB18030 → UTF-8, cut where the first byte says. */
#include "fuzz.h"

#include "codec/recode.h"

static bool keep(void *arg, struct bytes text)
{
	buf_add(arg, text.at, text.len);
	return true;
}

static bool read_cut(const uint8_t *at, size_t n, size_t cut, struct buf *out)
{
	*out = buf_in(mem, 1 << 22);
	struct recode *r = recode_begin(mem, "GB18030", keep, out);

	return recode_push(r, (struct bytes){at, cut}) &&
	       recode_push(r, (struct bytes){at + cut, n - cut}) && recode_end(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct buf whole, pieces;

	begin();
	if (n == 0)
		return 0;
	size_t cut = *at % n;
	bool good = read_cut(at + 1, n - 1, 0, &whole);
	CLAIM(good == read_cut(at + 1, n - 1, cut, &pieces));
	if (!good)
		return 0;
	CLAIM(!whole.full && whole.len == pieces.len);
	CLAIM(whole.len == 0 || memcmp(whole.at, pieces.at, whole.len) == 0);
	CLAIM(whole.len == 0 || utf8_valid(whole.at, whole.len));
	return 0;
}
