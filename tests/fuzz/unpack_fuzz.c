/* A file as gzip or as it is, cut where the first byte says. */
#include "fuzz.h"

#include "codec/unpack.h"

enum { ENOUGH = 1 << 20 };

static bool keep(void *arg, struct bytes text)
{
	buf_add(arg, text.at, text.len);
	return !((struct buf *)arg)->full;
}

static bool read_cut(
	const uint8_t *at, size_t n, size_t cut, struct buf *out, struct unpack_digests *sums)
{
	*out = buf_in(mem, ENOUGH);
	struct unpack *u = unpack_begin(mem, keep, out);

	return unpack_push(u, (struct bytes){at, cut}) &&
	       unpack_push(u, (struct bytes){at + cut, n - cut}) && unpack_end(u, sums);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct unpack_digests one, two;
	struct buf whole, pieces;

	begin();
	if (n == 0)
		return 0;
	bool good = read_cut(at + 1, n - 1, 0, &whole, &one);
	bool too = read_cut(at + 1, n - 1, *at % n, &pieces, &two);
	CLAIM(good == too || whole.full || pieces.full);
	if (!good || !too)
		return 0;
	CLAIM(whole.len == pieces.len && strcmp(one.text, two.text) == 0);
	CLAIM(whole.len == 0 || memcmp(whole.at, pieces.at, whole.len) == 0);
	CLAIM(strcmp(one.file, two.file) == 0);
	return 0;
}
