#include "wechatpay/sign.h"

#include "base/buf.h"
#include "base/time.h"

#include <inttypes.h>
#include <stdlib.h>

enum { SKEW_S = 300, SIGNED_MAX = 1 << 21, DIGITS_MAX = 11 };

/* Every line with its LF. */
static struct bytes lines(struct arena *mem, const struct bytes *each, size_t count)
{
	struct buf b = buf_in(mem, SIGNED_MAX);

	for (size_t i = 0; i < count; i++) {
		buf_add(&b, each[i].at, each[i].len);
		buf_add(&b, "\n", 1);
	}
	return (struct bytes){(const unsigned char *)b.at, b.len};
}

struct bytes wechatpay_signed_text(struct arena *mem, const struct wechatpay_request *q)
{
	const struct bytes each[] = {
		bytes_of(q->method),
		bytes_of(q->target),
		bytes_of(arena_printf(mem, "%" PRId64, q->at)),
		bytes_of(q->nonce),
		q->body,
	};

	return lines(mem, each, COUNT_OF(each));
}

static const char *sign64(struct arena *mem, const struct key *key, struct bytes text)
{
	struct bytes signature;

	return rsa_sign(mem, key, text, &signature) ? base64_write(mem, signature) : NULL;
}

const char *wechatpay_authorization(struct arena *mem, const struct wechatpay_merchant *m,
	const struct wechatpay_request *q)
{
	const char *signature = sign64(mem, m->key, wechatpay_signed_text(mem, q));

	if (!signature)
		return NULL;
	return arena_printf(mem,
		"WECHATPAY2-SHA256-RSA2048 mchid=\"%s\",nonce_str=\"%s\",signature=\"%s\","
		"timestamp=\"%" PRId64 "\",serial_no=\"%s\"",
		m->mchid, q->nonce, signature, q->at, m->serial);
}

const char *wechatpay_pay_sign(struct arena *mem, const struct wechatpay_merchant *m,
	const struct wechatpay_pay_params *p)
{
	const struct bytes each[] = {
		bytes_of(m->appid),
		bytes_of(p->time_stamp),
		bytes_of(p->nonce_str),
		bytes_of(p->package),
	};

	return sign64(mem, m->key, lines(mem, each, COUNT_OF(each)));
}

bool wechatpay_keyring_add(struct wechatpay_keyring *r, const char *serial, struct key *key)
{
	if (r->count == WECHATPAY_KEYS_MAX || strlen(serial) > WECHATPAY_SERIAL_MAX) {
		key_free(key);
		return false;
	}
	memcpy(r->at[r->count].serial, serial, strlen(serial) + 1);
	r->at[r->count++].key = key;
	return true;
}

const struct key *wechatpay_keyring_find(
	const struct wechatpay_keyring *r, const char *serial, stamp now)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->at[i].serial, serial) == 0)
			return key_valid_at(r->at[i].key, now) ? r->at[i].key : NULL;
	return NULL;
}

void wechatpay_keyring_clear(struct wechatpay_keyring *r)
{
	for (size_t i = 0; i < r->count; i++)
		key_free(r->at[i].key);
	*r = (struct wechatpay_keyring){0};
}

bool wechatpay_is_fresh(const struct wechatpay_signed *s, stamp now)
{
	if (!s->timestamp || !s->nonce || !s->signature || !s->serial)
		return false;
	size_t n = strlen(s->timestamp);
	if (n == 0 || n > DIGITS_MAX || strspn(s->timestamp, "0123456789") != n)
		return false;
	int64_t age = now.us / SECOND - strtoll(s->timestamp, NULL, 10);
	return age <= SKEW_S && age >= -SKEW_S;
}

bool wechatpay_verify(
	struct arena *mem, const struct key *key, const struct wechatpay_signed *s)
{
	const struct bytes each[] = {bytes_of(s->timestamp), bytes_of(s->nonce), s->body};
	struct bytes signature;

	return base64_read(mem, s->signature, strlen(s->signature), &signature) &&
	       rsa_verify(key, lines(mem, each, COUNT_OF(each)), signature);
}

struct box {
	const char *algorithm, *nonce, *associated_data, *ciphertext;
};
static const struct field box_fields[] = {
	FIELD(struct box, algorithm, .one_of = "AEAD_AES_256_GCM"),
	FIELD(struct box, nonce),
	FIELD(struct box, associated_data, .optional = true),
	FIELD(struct box, ciphertext),
};
static const struct shape box_shape = SHAPE(struct box, box_fields);

bool wechatpay_open(
	struct arena *mem, struct bytes apiv3, const cJSON *resource, struct bytes *plain)
{
	struct json_fault fault = {0};
	struct box box;
	struct sealed sealed = {0};

	if (json_read(mem, resource, &box_shape, JSON_LENIENT, &box, &fault) != E_OK ||
		!base64_read(mem, box.ciphertext, strlen(box.ciphertext), &sealed.text))
		return false;
	sealed.nonce = bytes_of(box.nonce);
	sealed.extra = bytes_of(box.associated_data ? box.associated_data : "");
	return aes256gcm_open(mem, apiv3, &sealed, plain);
}
