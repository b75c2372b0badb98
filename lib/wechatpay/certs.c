#include "wechatpay/certs.h"

#include "base/bytes.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "wechatpay/call.h"

enum {
	CERTS_LIFE_MS = 12 * 3600 * 1000,
	CERTS_PAUSE_MS = 60 * 1000,
	CERTS_RETRY_MS = 5 * 1000
};

static struct wechatpay_keyring own, platform;
static int64_t next_fetch; /* not before, by clock_ms() */
static int64_t stale_at;

void wechatpay_keys_init(struct key *pubkey)
{
	wechatpay_keyring_clear(&own);
	wechatpay_keyring_clear(&platform);
	next_fetch = stale_at = 0;
	if (pubkey && !wechatpay_keyring_add(&own, wechatpay_merchant.pubkey_id, pubkey))
		setting_refuse("ZX_WXPAY_PUBKEY_ID", "is too long");
}

/* Java's tools drop a leading zero that OpenSSL's print. */
static bool same_serial(const char *a, const char *b)
{
	return strcmp(a + strspn(a, "0"), b + strspn(b, "0")) == 0;
}

struct entry {
	const char *serial_no;
};
static const struct field entry_fields[] = {
	FIELD(struct entry, serial_no, .min = 1, .max = WECHATPAY_SERIAL_MAX),
};
static const struct shape entry_shape = SHAPE(struct entry, entry_fields);

static bool add_certificate(struct arena *mem, struct bytes apiv3, const cJSON *item,
	struct wechatpay_keyring *ring)
{
	struct json_fault fault = {0};
	struct entry entry;
	struct bytes pem;

	if (json_read(mem, item, &entry_shape, JSON_LENIENT, &entry, &fault) != E_OK ||
		!wechatpay_open(mem, apiv3,
			cJSON_GetObjectItemCaseSensitive(item, "encrypt_certificate"), &pem))
		return false;
	struct key *key = key_parse(KEY_CERTIFICATE, pem);
	if (!key || !key_is_rsa(key) || !same_serial(key_serial(key), entry.serial_no)) {
		key_free(key);
		return false;
	}
	return wechatpay_keyring_add(ring, entry.serial_no, key);
}

enum err wechatpay_certificates_read(struct arena *mem, struct bytes apiv3, struct bytes body,
	struct wechatpay_keyring *ring)
{
	struct json_fault fault = {0};
	const cJSON *root, *item;

	if (json_parse(mem, (const char *)body.at, body.len, &root, &fault) != E_OK)
		return E_CHANNEL_UNKNOWN;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "data"))
	{
		if (!add_certificate(mem, apiv3, item, ring))
			log_error("wechatpay",
				"a platform certificate can't be read; "
				"wrong APIv3 key?");
	}
	return ring->count ? E_OK : E_CHANNEL_UNKNOWN;
}

/* The list is believed because only a holder of the APIv3 key can have made
 * it; the signature shows that it is not an old one that somebody replays. */
static enum err fetch(struct arena *mem, stamp now, int64_t deadline)
{
	struct wechatpay_keyring fresh = {0};
	struct http_answer a;

	TRY(wechatpay_send(mem, "GET", "/v3/certificates", (struct bytes){0}, deadline, &a));
	if (a.status == 404) /* a merchant with a public key only: 4012076511 */
		return E_NOT_FOUND;
	if (a.status != 200)
		return E_CHANNEL_UNKNOWN;
	TRY(wechatpay_certificates_read(mem, wechatpay_merchant.apiv3, a.body, &fresh));
	struct wechatpay_signed s = wechatpay_signed_answer(&a);
	const struct key *key = NULL;
	if (wechatpay_is_fresh(&s, now)) {
		key = wechatpay_keyring_find(&fresh, s.serial, now);
		key = key ? key : wechatpay_keyring_find(&own, s.serial, now);
	}
	if (!key || !wechatpay_verify(mem, key, &s)) {
		wechatpay_keyring_clear(&fresh);
		return E_CHANNEL_UNKNOWN;
	}
	wechatpay_keyring_clear(&platform);
	platform = fresh;
	return E_OK;
}

static void refresh(struct arena *mem, stamp now, int64_t deadline)
{
	enum err err = fetch(mem, now, deadline);

	next_fetch = clock_ms() + CERTS_PAUSE_MS;
	if (err == E_OK) {
		stale_at = clock_ms() + CERTS_LIFE_MS;
		log_info("wechatpay", "%zu platform certificates", platform.count);
	} else if (err == E_NOT_FOUND) {
		next_fetch = clock_ms() + CERTS_LIFE_MS;
		log_info("wechatpay", "no platform certificates for this merchant");
	} else {
		next_fetch = clock_ms() + CERTS_RETRY_MS;
		log_error("wechatpay", "platform certificates could not be fetched: %s",
			err_info[err].code);
	}
}

const struct key *wechatpay_key(
	struct arena *mem, const char *serial, stamp now, int64_t deadline)
{
	const struct key *key = wechatpay_keyring_find(&own, serial, now);

	if (key || text_begins(serial, "PUB_KEY_ID_"))
		return key;
	key = wechatpay_keyring_find(&platform, serial, now);
	if ((!key || clock_ms() >= stale_at) && clock_ms() >= next_fetch) {
		refresh(mem, now, deadline);
		key = wechatpay_keyring_find(&platform, serial, now);
	}
	return key;
}
