/* Base64 in both forms: only what writing would have made is read. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct bytes plain, all = {at, n};
	const char *text = (const char *)at;

	begin();
	if (base64_read(mem, text, n, &plain)) {
		const char *again = base64_write(mem, plain);

		CLAIM(strlen(again) == n && memcmp(again, text, n) == 0);
	}
	if (base64url_read(mem, text, n, &plain)) {
		const char *again = base64url_write(mem, plain);

		CLAIM(strlen(again) == n && memcmp(again, text, n) == 0);
	}
	text = base64url_write(mem, all);
	CLAIM(base64url_read(mem, text, strlen(text), &plain) && plain.len == n);
	CLAIM(n == 0 || memcmp(plain.at, at, n) == 0);
	return 0;
}
