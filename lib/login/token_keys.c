#include "login/token_keys.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "net/shared.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { KEYS_MAX = 16, STRANGERS_EVERY_MS = 1000, PATH_MAX_BYTES = 4096 };

struct ring {
	struct token_key at[KEYS_MAX];
	size_t count;
	const struct token_key *current;
};

/* When the folder or the file `current` was last changed. */
struct version {
	struct timespec folder, current;
};

static struct ring ring;
static struct version version;
static int64_t next_look, generation;

const struct token_key *token_keys(size_t *count)
{
	*count = ring.count;
	return ring.at;
}

static struct token_key *find(struct ring *r, const char *kid)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->at[i].kid, kid) == 0)
			return &r->at[i];
	return NULL;
}

const struct token_key *token_key_find(const char *kid)
{
	return find(&ring, kid);
}

const struct token_key *token_key_current(void)
{
	return ring.current;
}

static void ring_clear(struct ring *r)
{
	for (size_t i = 0; i < r->count; i++)
		key_free(r->at[i].key);
	*r = (struct ring){0};
}

static bool path_of(char path[PATH_MAX_BYTES], const char *name)
{
	int n = snprintf(path, PATH_MAX_BYTES, "%s/%s", settings.token_keys, name);

	return n > 0 && n < PATH_MAX_BYTES;
}

static struct version version_now(void)
{
	struct version v = {0};
	char path[PATH_MAX_BYTES];
	struct stat st;

	if (stat(settings.token_keys, &st) == 0)
		v.folder = st.st_mtim;
	if (path_of(path, "current") && stat(path, &st) == 0)
		v.current = st.st_mtim;
	return v;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_kid(const char *s, size_t n)
{
	static const char allowed[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.";

	return n > 0 && n <= KID_MAX && *s != '.' && strspn(s, allowed) >= n;
}

/* "2026a.pem" or "2026a.pub.pem" → "2026a"; false for other files. */
static bool kid_of(const char *file, char kid[KID_MAX + 1], enum key_kind *kind)
{
	size_t n = strlen(file);

	if (n < 4 || strcmp(file + n - 4, ".pem") != 0)
		return false;
	n -= 4;
	*kind = n >= 4 && strncmp(file + n - 4, ".pub", 4) == 0 ? KEY_PUBLIC : KEY_PRIVATE;
	n -= *kind == KEY_PUBLIC ? 4 : 0;
	if (!is_kid(file, n))
		return false;
	memcpy(kid, file, n);
	kid[n] = '\0';
	return true;
}

/* Where both halves lie in the folder, the private one counts. */
static const char *take(struct ring *r, const char *kid, enum key_kind kind, struct key *key)
{
	unsigned char x[P256_BYTES], y[P256_BYTES];
	struct token_key *twin = find(r, kid);
	const char *why = NULL;

	if (!key_point(key, x, y))
		why = "wants EC P-256 keys only";
	else if (!twin && r->count == KEYS_MAX)
		why = "has more than 16 keys";
	if (why || (twin && kind == KEY_PUBLIC)) {
		key_free(key);
		return why;
	}
	if (twin)
		key_free(twin->key);
	else
		twin = &r->at[r->count++];
	memcpy(twin->kid, kid, strlen(kid) + 1);
	twin->key = key;
	return NULL;
}

static const char *read_keys(struct ring *r, DIR *folder)
{
	char kid[KID_MAX + 1], path[PATH_MAX_BYTES];
	const char *why = NULL;
	enum key_kind kind;

	for (struct dirent *e; !why && (e = readdir(folder));) {
		if (!kid_of(e->d_name, kid, &kind) || !path_of(path, e->d_name))
			continue;
		struct key *key = key_read(kind, path, &why);
		if (key)
			why = take(r, kid, kind, key);
	}
	return why;
}

static bool any_signs(const struct ring *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (key_pem(r->at[i].key))
			return true;
	return false;
}

static const char *read_current(struct ring *r)
{
	char path[PATH_MAX_BYTES], kid[KID_MAX + 2] = "";
	FILE *f = path_of(path, "current") ? fopen(path, "re") : NULL;

	if (!f)
		return any_signs(r) ? "lacks the file `current`" : NULL;
	size_t n = fread(kid, 1, sizeof(kid) - 1, f);
	fclose(f);
	kid[n] = '\0';
	kid[strcspn(kid, "\r\n")] = '\0';
	r->current = find(r, kid);
	return r->current ? NULL : "has a file `current` that names no key of it";
}

static const char *load(struct ring *r)
{
	DIR *folder = *settings.token_keys ? opendir(settings.token_keys) : NULL;

	if (!folder)
		return "must name a folder that can be read";
	const char *why = read_keys(r, folder);
	closedir(folder);
	if (!why && r->count == 0)
		why = "holds no <kid>.pem";
	return why ? why : read_current(r);
}

/* So that a change of keys can tell when it is over. */
static void tell_others(void)
{
	shared_signs(ring.current && key_pem(ring.current->key) ? ring.current->kid : NULL);
}

void token_keys_init(void)
{
	ring_clear(&ring);
	version = version_now();
	const char *why = load(&ring);
	if (why)
		setting_refuse("ZX_TOKEN_KEYS", why);
	generation++;
	tell_others();
	next_look = clock_ms() + settings.token_keys_look_s * 1000;
}

void token_keys_due(void)
{
	next_look = 0;
}

bool token_keys_stranger(void)
{
	static int64_t next;

	if (clock_ms() < next)
		return false;
	next = clock_ms() + STRANGERS_EVERY_MS;
	token_keys_due();
	return true;
}

/* False if they can't be read as they are now: they are looked at again next time. */
static bool exchange(void)
{
	struct ring fresh = {0};
	const char *why = load(&fresh);

	if (why) {
		log_error("token_keys", "the folder %s; the old keys stay", why);
		ring_clear(&fresh);
		return false;
	}
	ring_clear(&ring);
	ring = fresh;
	ring.current = fresh.current ? find(&ring, fresh.current->kid) : NULL;
	generation++;
	tell_others();
	log_info("token_keys", "%zu keys, signing with %s", ring.count,
		ring.current ? ring.current->kid : "none");
	return true;
}

int64_t token_keys_look(void)
{
	if (clock_ms() < next_look)
		return generation;
	next_look = clock_ms() + settings.token_keys_look_s * 1000;
	struct version now = version_now();
	bool changed = !same_time(now.folder, version.folder) ||
		       !same_time(now.current, version.current);
	if (changed && exchange())
		version = now;
	return generation;
}
