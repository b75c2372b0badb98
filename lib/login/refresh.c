#include "login/refresh.h"

#include "base/settings.h"
#include "codec/sign.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "zxr_"

enum { KEY_BYTES_MIN = 32, AGENT_TEXT = 16 };

/* What stands behind the prefix. */
struct packed {
	uint64_t session_id, generation;
	unsigned char mac[SHA256_BYTES];
};

static struct bytes key;

void refresh_init(void)
{
	key.at = (const unsigned char *)secret_read(
		"ZX_REFRESH_KEY_FILE", settings.refresh_key_file, &key.len);
	if (key.len < KEY_BYTES_MIN)
		setting_refuse("ZX_REFRESH_KEY_FILE", "wants 32 bytes or more");
}

const char *agent_digest(struct arena *mem, const char *agent)
{
	const char *known = agent ? agent : "", *moves = strstr(known, " NetType/");
	char hex[SHA256_HEX];

	sha256_hex(known, moves ? (size_t)(moves - known) : strlen(known), hex);
	return arena_printf(mem, "%.*s", AGENT_TEXT, hex);
}

static void seal(int64_t session_id, int64_t generation, const char *salt,
	unsigned char mac[SHA256_BYTES])
{
	char text[128];
	int n = snprintf(text, sizeof(text), "refresh %" PRId64 " %" PRId64 " %s", session_id,
		generation, salt);

	hmac_sha256(key, text, (size_t)n, mac);
}

const char *refresh_write(
	struct arena *mem, int64_t session_id, int64_t generation, const char *salt)
{
	struct packed p = {htobe64((uint64_t)session_id), htobe64((uint64_t)generation), {0}};

	seal(session_id, generation, salt, p.mac);
	return arena_printf(mem, PREFIX "%s",
		base64url_write(mem, (struct bytes){(const unsigned char *)&p, sizeof(p)}));
}

bool refresh_read(struct arena *mem, const char *token, struct refresh_parts *out)
{
	size_t prefix = strlen(PREFIX), len = strlen(token);
	struct bytes raw;
	struct packed p;

	if (len > REFRESH_TEXT_MAX || strncmp(token, PREFIX, prefix) != 0 ||
		!base64url_read(mem, token + prefix, len - prefix, &raw) ||
		raw.len != sizeof(p))
		return false;
	memcpy(&p, raw.at, sizeof(p));
	uint64_t id = be64toh(p.session_id), generation = be64toh(p.generation);
	if (id == 0 || id > ID_MAX || generation == 0 || generation > ID_MAX)
		return false;
	*out = (struct refresh_parts){
		.session_id = (int64_t)id, .generation = (int64_t)generation};
	memcpy(out->mac, p.mac, sizeof(p.mac));
	return true;
}

bool refresh_genuine(const struct refresh_parts *parts, const char *salt)
{
	unsigned char mac[SHA256_BYTES];

	seal(parts->session_id, parts->generation, salt, mac);
	return bytes_equal(mac, parts->mac, sizeof(mac));
}
