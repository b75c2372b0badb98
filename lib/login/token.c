#include "login/token.h"

#include "base/json.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "codec/crypto.h"
#include "login/token_keys.h"

#include <inttypes.h>
#include <jwt.h>
#include <stdlib.h>

/* libjwt 1.10 writes our tokens but does not read them: it accepts an HS256
 * signature made with our public key, "none" without a key, and expired tokens,
 * and it parses the PEM at each call, which costs more than the rest of a request.
 * Reading is done below, step by step, on keys parsed once. */

#define AUDIENCE "zhixing"

enum { LEEWAY_S = 30, SCRATCH = 32768, SLOTS = 1024 };
static const int64_t LATEST_S = 7258118400; /* the year 2200 */

static struct slot {
	unsigned char sum[SHA256_BYTES];
	struct claims claims; /* expires 0: empty */
} slots[SLOTS];
static struct arena *scratch;

void tokens_init(void)
{
	token_keys_init();
	if (!scratch)
		scratch = arena_new(SCRATCH);
}

/* With a removed key goes what was remembered of it. */
void tokens_look(void)
{
	static int64_t remembered;
	int64_t generation = token_keys_look();

	if (generation != remembered)
		memset(slots, 0, sizeof(slots));
	remembered = generation;
}

static int add_claims(jwt_t *t, const struct claims *c)
{
	char sub[24], sid[24];

	snprintf(sub, sizeof(sub), "%" PRId64, c->account_id);
	snprintf(sid, sizeof(sid), "%" PRId64, c->session_id);
	return jwt_add_grant(t, "iss", settings.issuer) | jwt_add_grant(t, "aud", AUDIENCE) |
	       jwt_add_grant(t, "sub", sub) | jwt_add_grant(t, "sid", sid) |
	       jwt_add_grant_int(t, "iat", (long)(c->issued.us / SECOND)) |
	       jwt_add_grant_int(t, "exp", (long)(c->expires.us / SECOND)) |
	       (*c->scope ? jwt_add_grant(t, "scope", c->scope) : 0);
}

static char *sign(const struct token_key *k, const struct claims *c)
{
	const char *pem = key_pem(k->key);
	char *text = NULL;
	jwt_t *t = NULL;

	if (jwt_new(&t) != 0)
		return NULL;
	if ((jwt_set_alg(t, JWT_ALG_ES256, (const unsigned char *)pem, (int)strlen(pem)) |
		    jwt_add_header(t, "kid", k->kid) | add_claims(t, c)) == 0)
		text = jwt_encode_str(t);
	jwt_free(t);
	return text;
}

enum err token_make(struct arena *mem, const struct claims *c, const char **out)
{
	tokens_look();
	const struct token_key *k = token_key_current();
	char *text = k && key_pem(k->key) ? sign(k, c) : NULL;

	if (!text) {
		log_error("token", "can't sign: no private key, or libjwt failed");
		return E_INTERNAL;
	}
	*out = arena_strdup(mem, text);
	free(text);
	return E_OK;
}

struct header {
	const char *alg, *typ, *kid;
};
static const struct field header_fields[] = {
	FIELD(struct header, alg, .one_of = "ES256"),
	FIELD(struct header, typ, .one_of = "JWT"),
	FIELD(struct header, kid, .min = 1, .max = KID_MAX),
};
static const struct shape header_shape = SHAPE(struct header, header_fields);

struct payload {
	const char *iss, *aud, *sub, *sid, *scope;
	int64_t iat, nbf, exp;
};
static const struct field payload_fields[] = {
	FIELD(struct payload, iss),
	FIELD(struct payload, aud, .one_of = AUDIENCE),
	FIELD(struct payload, sub, .min = 1, .max = 16),
	FIELD(struct payload, sid, .min = 1, .max = 16),
	FIELD(struct payload, scope, .optional = true, .min = 1, .max = TOKEN_SCOPE_MAX - 1),
	FIELD(struct payload, iat, .min = 1, .max = LATEST_S),
	FIELD(struct payload, nbf, .optional = true, .min = 1, .max = LATEST_S),
	FIELD(struct payload, exp, .min = 1, .max = LATEST_S),
};
static const struct shape payload_shape = SHAPE(struct payload, payload_fields);

/* header.payload.signature */
struct parts {
	const char *at[3];
	size_t len[3];
};

/* A fourth part would bring a dot into the third, and that is not base64url. */
static bool split(const char *s, size_t len, struct parts *p)
{
	const char *first = memchr(s, '.', len);
	const char *end = s + len;
	const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

	if (!second)
		return false;
	*p = (struct parts){
		.at = {s, first + 1, second + 1},
		.len = {(size_t)(first - s), (size_t)(second - first - 1),
			(size_t)(end - second - 1)},
	};
	return p->len[0] && p->len[1] && p->len[2];
}

static bool read_part(
	const struct parts *p, int i, const struct shape *shape, enum json_mode mode, void *out)
{
	struct json_fault fault = {0};
	struct bytes text;

	return base64url_read(scratch, p->at[i], p->len[i], &text) &&
	       json_load(scratch, (const char *)text.at, text.len, shape, mode, out, &fault) ==
		       E_OK;
}

static bool read_id(const char *s, int64_t *id)
{
	if (*s < '1' || *s > '9' || strspn(s, "0123456789") != strlen(s))
		return false;
	*id = strtoll(s, NULL, 10);
	return *id < 1LL << 53;
}

/* After the signature: what we ourselves have said, if it is still true. */
static enum err read_claims(const struct parts *p, stamp now, struct claims *out)
{
	struct payload in;
	int64_t now_s = now.us / SECOND;

	if (!read_part(p, 1, &payload_shape, JSON_LENIENT, &in) ||
		strcmp(in.iss, settings.issuer) != 0 || !read_id(in.sub, &out->account_id) ||
		!read_id(in.sid, &out->session_id) || in.exp <= in.iat ||
		in.iat > now_s + LEEWAY_S || in.nbf > now_s + LEEWAY_S ||
		(in.scope && strlen(in.scope) >= TOKEN_SCOPE_MAX))
		return E_TOKEN_INVALID;
	out->issued.us = in.iat * SECOND;
	out->expires.us = in.exp * SECOND;
	if (in.scope)
		memcpy(out->scope, in.scope, strlen(in.scope) + 1);
	return now_s < in.exp ? E_OK : E_TOKEN_EXPIRED;
}

/* Cheap refusals first. The algorithm is pinned by the header's shape and by
 * the kind of key that the folder may hold, never chosen by the token. */
static enum err verify(const char *token, size_t len, stamp now, struct claims *out)
{
	struct header header;
	struct bytes signature;
	struct parts p;

	if (!split(token, len, &p) || !read_part(&p, 0, &header_shape, JSON_STRICT, &header) ||
		!base64url_read(scratch, p.at[2], p.len[2], &signature))
		return E_TOKEN_INVALID;
	const struct token_key *k = token_key_find(header.kid);
	if (!k && token_keys_stranger()) {
		tokens_look();
		k = token_key_find(header.kid);
	}
	struct bytes text = {(const unsigned char *)token, (size_t)(p.at[2] - token) - 1};
	if (!k || !es256_verify(k->key, text, signature))
		return E_TOKEN_INVALID;
	return read_claims(&p, now, out);
}

enum err token_check(const char *token, size_t len, struct claims *out)
{
	unsigned char sum[SHA256_BYTES];
	stamp now = stamp_now();
	struct claims found = {0};

	*out = (struct claims){0};
	if (len > TOKEN_MAX)
		return E_TOKEN_INVALID;
	tokens_look();
	sha256(token, len, sum);
	struct slot *slot = &slots[(sum[0] << 8 | sum[1]) % SLOTS];
	if (slot->claims.expires.us && bytes_equal(slot->sum, sum, sizeof(sum))) {
		if (now.us >= slot->claims.expires.us)
			return E_TOKEN_EXPIRED;
		*out = slot->claims;
		return E_OK;
	}
	enum err err = verify(token, len, now, &found);
	arena_reset(scratch);
	TRY(err);
	memcpy(slot->sum, sum, sizeof(sum));
	*out = slot->claims = found;
	return E_OK;
}

void jwks_write(struct buf *b)
{
	unsigned char x[P256_BYTES], y[P256_BYTES];
	size_t count;
	const struct token_key *keys;

	tokens_look();
	keys = token_keys(&count);
	json_open(b, NULL, '{');
	json_open(b, "keys", '[');
	for (size_t i = 0; i < count; i++) {
		if (!key_point(keys[i].key, x, y))
			continue;
		json_open(b, NULL, '{');
		json_text(b, "kty", "EC");
		json_text(b, "crv", "P-256");
		json_text(b, "use", "sig");
		json_text(b, "alg", "ES256");
		json_text(b, "kid", keys[i].kid);
		json_text(b, "x", base64url_write(b->mem, (struct bytes){x, sizeof(x)}));
		json_text(b, "y", base64url_write(b->mem, (struct bytes){y, sizeof(y)}));
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
}
