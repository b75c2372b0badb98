#include "login/password.h"

#include "base/log.h"
#include "base/settings.h"
#include "codec/crypto.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

/* 32 KB of work area that crypt_r wants zeroed; it keeps a copy of the input. */
static struct crypt_data work;

static _Noreturn void broken(const char *what)
{
	log_error("password", "%s failed", what);
	abort();
}

static char *setting_new(void)
{
	char *setting = crypt_gensalt_ra("$y$", (unsigned long)settings.password_cost, NULL, 0);

	if (!setting)
		broken("crypt_gensalt");
	return setting;
}

const char *password_hash(struct arena *mem, const char *plain)
{
	if (strlen(plain) > PASSWORD_MAX)
		return NULL;
	char *setting = setting_new();
	const char *hash = crypt_r(plain, setting, &work);
	const char *kept = hash && hash[0] != '*' ? arena_strdup(mem, hash) : NULL;

	free(setting);
	explicit_bzero(&work, sizeof(work));
	if (!kept)
		broken("crypt");
	return kept;
}

/* A setting of today's cost that no stored hash has: an unknown user's password is
 * hashed by it, so that it takes as long as any other. */
static const char *decoy(void)
{
	static char *setting;

	if (!setting)
		setting = setting_new();
	return setting;
}

bool password_matches(const char *hash, const char *plain)
{
	if (strlen(plain) > PASSWORD_MAX)
		return false;
	const char *got = crypt_r(plain, hash ? hash : decoy(), &work);
	bool same = hash && got && got[0] != '*' && strlen(got) == strlen(hash) &&
		    bytes_equal(got, hash, strlen(got));

	explicit_bzero(&work, sizeof(work));
	return same;
}

/* "$y$j9T$salt$hash": method and cost go up to the third "$". */
bool password_hash_current(const char *hash)
{
	const char *ours = decoy();
	const char *cost = strchr(ours + 1, '$');
	const char *end = cost ? strchr(cost + 1, '$') : NULL;

	return end && strncmp(hash, ours, (size_t)(end - ours) + 1) == 0;
}
