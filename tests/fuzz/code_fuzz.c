/* What staff scanned or typed. With s in front: an order and a nonce to be signed. */
#include "fuzz.h"

#include "base/settings.h"
#include "checkin/checkin.h"

#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char path[] = "/tmp/code_fuzz_XXXXXX";
	int fd = mkstemp(path);

	(void)argc;
	(void)argv;
	CLAIM(fd >= 0 && write(fd, "0123456789abcdef0123456789abcdef", 32) == 32);
	close(fd);
	settings.code_key_file = path;
	checkin_init();
	unlink(path);
	return 0;
}

static bool digits(const char *s, size_t min, size_t max)
{
	size_t n = strlen(s);

	return n >= min && n <= max && strspn(s, "0123456789") == n;
}

static void genuine(const uint8_t *at, size_t n)
{
	int64_t order = strtoll(line_of(&at, &n), NULL, 10);
	const char *nonce = text_of(at, n);
	struct scanned s;

	if (order < 1)
		return;
	CLAIM(checkin_read(mem, checkin_qr_text(mem, order, nonce), &s) == E_OK);
	CLAIM(s.order_id == order && strcmp(s.nonce, nonce) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct scanned s;

	begin();
	const char *input = text_of(at, n);
	if (n > 0 && *at == 's')
		genuine(at + 1, n - 1);
	if (checkin_read(mem, input, &s) != E_OK)
		return 0;
	if (strcmp(s.method, "scan") == 0)
		CLAIM(strcmp(checkin_qr_text(mem, s.order_id, s.nonce), input) == 0);
	else if (strcmp(s.method, "typed") == 0)
		CLAIM(digits(s.short_code, 10, 10));
	else
		CLAIM(digits(s.order_no, 18, 24));
	return 0;
}
