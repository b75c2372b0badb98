#include "account/keyed_hash.h"

#include "base/settings.h"
#include "codec/crypto.h"
#include "codec/sign.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MIN = 32 };

static struct bytes key;

void keyed_hash_init(void)
{
	if (key.at)
		return;
	size_t len;
	const char *text = secret_read("ZX_HASH_KEY_FILE", settings.hash_key_file, &len);

	if (len < KEY_MIN)
		setting_refuse("ZX_HASH_KEY_FILE", "wants 32 bytes or more");
	key = (struct bytes){(const unsigned char *)text, len};
}

const char *keyed_hash(struct arena *mem, const char *kind, const char *value)
{
	const char *text = arena_printf(mem, "%s %s", kind, value);
	char *hex = arena_alloc(mem, SHA256_HEX, 1);
	unsigned char sum[SHA256_BYTES];

	hmac_sha256(key, text, strlen(text), sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return hex;
}
