#include "login/device.h"

#include "account/keyed_hash.h"
#include "base/time.h"
#include "codec/crypto.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_CHARS = 12, DAY_S = 86400 };

static int64_t now_s(void)
{
	return stamp_now().us / SECOND;
}

static const char *sealed(struct arena *mem, const char *text)
{
	return arena_printf(mem, "%s.%s", text, keyed_hash(mem, "device", text));
}

const char *device_text(struct arena *mem, int64_t account_id)
{
	char random[RANDOM_CHARS + 1] = "";

	random_text(random, RANDOM_CHARS);
	return sealed(mem, arena_printf(mem, "%" PRId64 ".%" PRId64 ".%s", account_id,
				   now_s() + (int64_t)DEVICE_DAYS * DAY_S, random));
}

/* "<account>.<until>.…": it was sealed, so it is well formed. */
static bool numbers_of(const char *text, int64_t *account_id, int64_t *until)
{
	char *end;

	*account_id = strtoll(text, &end, 10);
	if (*end != '.')
		return false;
	*until = strtoll(end + 1, &end, 10);
	return *end == '.';
}

int64_t device_account(struct arena *mem, const char *text)
{
	const char *seal = strrchr(text, '.');
	int64_t account_id, until;

	if (!seal)
		return 0;
	const char *good = sealed(mem, arena_printf(mem, "%.*s", (int)(seal - text), text));
	if (strlen(good) != strlen(text) || !bytes_equal(good, text, strlen(good)) ||
		!numbers_of(text, &account_id, &until))
		return 0;
	return until > now_s() ? account_id : 0;
}
