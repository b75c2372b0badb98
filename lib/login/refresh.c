#include "login/refresh.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "codec/crypto.h"
#include "codec/sign.h"
#include "login/token.h"

#include <endian.h>
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
	int n = snprintf(text, sizeof(text), "refresh %lld %lld %s", (long long)session_id,
		(long long)generation, salt);

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

struct family {
	int64_t account_id, generation, left_s, since_s;
	const char *client, *salt, *agent, *ended_why;
	bool living, remembered;
};
static const struct field family_fields[] = {
	FIELD(struct family, account_id),
	FIELD(struct family, generation),
	FIELD(struct family, left_s),
	FIELD(struct family, since_s),
	FIELD(struct family, client),
	FIELD(struct family, salt),
	FIELD(struct family, agent),
	FIELD(struct family, ended_why, .optional = true),
	FIELD(struct family, living),
	FIELD(struct family, remembered),
};
static const struct shape family_shape = SHAPE(struct family, family_fields);

SQL(session_family,
	"SELECT s.account_id, s.generation, s.client, s.salt, s.agent, s.ended_why,"
	" s.remembered,"
	" floor(extract(epoch FROM s.expires_at - now()))::bigint AS left_s,"
	" floor(extract(epoch FROM now() - s.rotated_at))::bigint AS since_s,"
	" s.ended_at IS NULL AND s.expires_at > now() AND a.disabled_at IS NULL AS living"
	" FROM session s JOIN account a ON a.id = s.account_id WHERE s.id = $1"
	" FOR UPDATE OF s");
SQL(session_rotate,
	"UPDATE session SET generation = generation + 1, rotated_at = now(), agent = $3"
	" WHERE id = $1 AND generation = $2 AND ended_at IS NULL");

/* The family, locked, of a token that we have made. */
static enum err find(
	struct tx *tx, const char *token, struct refresh_parts *parts, struct family *family)
{
	unsigned char mac[SHA256_BYTES];

	if (!refresh_read(tx->mem, token, parts))
		return E_TOKEN_INVALID;
	enum err err = db_one(tx, &session_family, &family_shape, family, A(parts->session_id));
	if (err == E_NOT_FOUND)
		return E_TOKEN_INVALID;
	TRY(err);
	seal(parts->session_id, parts->generation, family->salt, mac);
	return bytes_equal(mac, parts->mac, sizeof(mac)) ? E_OK : E_TOKEN_INVALID;
}

static enum err give(struct tx *tx, int64_t session_id, const struct family *f,
	int64_t generation, struct grant *out)
{
	stamp now = stamp_now();
	bool mini = strcmp(f->client, "mini") == 0;
	int64_t life_s =
		f->left_s < settings.token_ttl_s ? f->left_s + 1 : settings.token_ttl_s;
	struct claims claims = {.account_id = f->account_id,
		.session_id = session_id,
		.issued = now,
		.expires = {now.us + life_s * SECOND}};

	*out = (struct grant){.scope = mini ? "user" : "staff",
		.expires_in = life_s,
		.refresh_expires_in = f->left_s,
		.account_id = f->account_id,
		.remembered = f->remembered};
	snprintf(claims.scope, sizeof(claims.scope), "%s", out->scope);
	out->refresh_token = refresh_write(tx->mem, session_id, generation, f->salt);
	return token_make(tx->mem, &claims, &out->access_token);
}

enum err session_refresh(
	struct tx *tx, const char *token, const char *agent, struct grant *out, bool *reused)
{
	const char *digest = agent_digest(tx->mem, agent);
	struct refresh_parts parts;
	struct family f;

	*reused = false;
	TRY(find(tx, token, &parts, &f));
	if (!f.living)
		return f.ended_why && strcmp(f.ended_why, "elsewhere") == 0 ? E_SESSION_REPLACED
									    : E_SESSION_ENDED;
	if (parts.generation == f.generation) {
		db_queue_one(tx, &session_rotate, E_RETRY, A(parts.session_id), A(f.generation),
			A(digest));
		return give(tx, parts.session_id, &f, f.generation + 1, out);
	}
	if (parts.generation == f.generation - 1 && f.since_s < REFRESH_GRACE_S &&
		strcmp(digest, f.agent) == 0)
		return give(tx, parts.session_id, &f, f.generation, out);
	log_warn("refresh_reused", "session %lld of account %lld: generation %lld after %lld",
		(long long)parts.session_id, (long long)f.account_id,
		(long long)parts.generation, (long long)f.generation);
	session_end(tx, parts.session_id, "reuse");
	*reused = true;
	return E_OK;
}

enum err refresh_revoke(struct tx *tx, const char *token)
{
	struct refresh_parts parts;
	struct family f;
	enum err err = find(tx, token, &parts, &f);

	if (err == E_TOKEN_INVALID)
		return E_OK;
	TRY(err);
	session_end(tx, parts.session_id, "logout");
	return E_OK;
}
