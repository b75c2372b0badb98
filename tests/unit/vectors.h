/* Known answers out of tests/vectors/wechat-vectors.json, which is test data
 * that others have published; each entry names its source. */
#include "base/json.h"
#include "codec/sign.h"

#include <stdio.h>
#include <stdlib.h>

static inline struct bytes file_bytes(const char *path)
{
	FILE *f = fopen(path, "re");
	char *at = arena_alloc(mem, 1 << 20, 1);

	if (!f)
		fail_msg("%s can't be opened: run from the top of the tree", path);
	size_t n = fread(at, 1, (1 << 20) - 1, f);
	fclose(f);
	return (struct bytes){(unsigned char *)at, n};
}

static inline const cJSON *vectors(const char *list)
{
	static const cJSON *root;
	struct json_fault fault;

	if (!root) {
		struct bytes all = file_bytes("tests/vectors/wechat-vectors.json");
		assert_int_equal(
			json_parse(mem, (const char *)all.at, all.len, &root, &fault), E_OK);
	}
	return cJSON_GetObjectItemCaseSensitive(root, list);
}

/* A member's text, "" where it is absent. */
static inline const char *text_of(const cJSON *v, const char *name)
{
	const cJSON *m = cJSON_GetObjectItemCaseSensitive(v, name);

	return cJSON_IsString(m) ? m->valuestring : "";
}

static inline const cJSON *vector(const char *id)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, vectors("vectors"))
	{
		if (strcmp(text_of(v, "id"), id) == 0)
			return v;
	}
	fail_msg("no vector %s", id);
	return NULL;
}

static inline const char *key_text(const char *name, const char *part)
{
	return text_of(cJSON_GetObjectItemCaseSensitive(vectors("keys"), name), part);
}

/* The key that a vector was signed with, or is to be verified with. */
static inline struct key *key_of(const cJSON *v, enum key_kind kind)
{
	const char *name = text_of(v, "key");
	const char *pem = key_text(name, "private_key_pem");

	if (kind == KEY_PUBLIC) {
		pem = key_text(name, "public_key_pem");
		if (!*pem) {
			kind = KEY_CERTIFICATE;
			pem = key_text(name, "certificate_pem");
		}
	}
	struct key *key = key_parse(kind, bytes_of(pem));
	if (!key)
		fail_msg("the key of %s can't be read", text_of(v, "id"));
	return key;
}
