#include "base/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { SECRET_MAX = 65536 };

struct settings settings;

static const struct spec {
	const char *name, *text, *says;
	int64_t number, min, max;
	const char **text_at;
	int64_t *number_at;
} specs[] = {
#define X(name, text, says) {#name, text, says, 0, 0, 0, &settings.name, NULL},
	SETTINGS_TEXT(X)
#undef X
#define X(name, number, min, max, says) \
	{#name, NULL, says, number, min, max, NULL, &settings.name},
		SETTINGS_INT(X)
#undef X
};

static const char *env_name(const struct spec *s)
{
	static char name[64];
	size_t n = (size_t)snprintf(name, sizeof(name), "ZX_%s", s->name);

	for (size_t i = 0; i < n; i++)
		name[i] = (char)toupper((unsigned char)name[i]);
	return name;
}

_Noreturn void setting_refuse(const char *setting, const char *why)
{
	fprintf(stderr, "setting %s: %s\n", setting, why);
	exit(EXIT_CONFIG);
}

void setting_want(bool ok, const char *setting, const char *why)
{
	if (!ok)
		setting_refuse(setting, why);
}

static void load_number(const struct spec *s, const char *given)
{
	char *end, why[128];

	*s->number_at = s->number;
	if (!given || !*given)
		return;
	errno = 0;
	*s->number_at = strtoll(given, &end, 10);
	if (errno || *end || *s->number_at < s->min || *s->number_at > s->max) {
		snprintf(why, sizeof(why), "wants a whole number from %lld to %lld",
			(long long)s->min, (long long)s->max);
		setting_refuse(env_name(s), why);
	}
}

static void check_log_level(void)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(settings.log_level, levels[i]) == 0)
			return;
	setting_refuse("ZX_LOG_LEVEL", "wants debug, info, warn or error");
}

bool setting_is_origin(const char *url)
{
	static const char scheme[] = "https://";

	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return false;
	const char *host = url + strlen(scheme);
	const char *port = host + strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-");
	if (port == host || !*port)
		return port != host;
	return port[0] == ':' && port[1] && !port[1 + strspn(port + 1, "0123456789")] &&
	       strcmp(port, ":443") != 0;
}

void settings_load(int argc, char **argv)
{
	/* A core file would hold the keys. */
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		const struct spec *s = &specs[i];
		const char *given = getenv(env_name(s));

		if (s->text_at)
			*s->text_at = given && *given ? given : s->text;
		else
			load_number(s, given);
	}
	check_log_level();
	if (!setting_is_origin(settings.issuer))
		setting_refuse("ZX_ISSUER",
			"wants https://host or https://host:port, nothing behind it");
	if (argc == 2 && strcmp(argv[1], "--settings") == 0) {
		settings_print(stdout);
		exit(0);
	}
}

void settings_print(FILE *out)
{
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		const struct spec *s = &specs[i];

		fprintf(out, "# %s", s->says);
		if (s->number_at)
			fprintf(out, " (%lld to %lld, default %lld)\n%s=%lld\n",
				(long long)s->min, (long long)s->max, (long long)s->number,
				env_name(s), (long long)*s->number_at);
		else
			fprintf(out, " (default: %s)\n%s=%s\n", *s->text ? s->text : "none",
				env_name(s), *s->text_at);
	}
}

const char *secret_read(const char *setting, const char *path, size_t *len)
{
	FILE *f = *path ? fopen(path, "re") : NULL;
	struct stat st;

	if (!f)
		setting_refuse(
			setting, *path ? "its file can't be opened" : "must name a file");
	if (fstat(fileno(f), &st) != 0 || st.st_mode & S_IROTH)
		setting_refuse(setting, "its file must not be readable by everybody");
	char *text = calloc(1, SECRET_MAX + 1);
	size_t n = text ? fread(text, 1, SECRET_MAX, f) : 0;
	fclose(f);
	bool cut = n == SECRET_MAX;
	if (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	if (!text || n == 0 || cut)
		setting_refuse(setting, "its file is empty or too long");
	if (len)
		*len = n;
	return text;
}
