/* hashpw: one password as a line on stdin, its hash on stdout, for staff_login. */
#include "base/log.h"
#include "base/settings.h"
#include "login/password.h"

#include <stdio.h>
#include <string.h>

static int refuse(const char *why)
{
	fprintf(stderr, "hashpw: %s\n", why);
	return 1;
}

int main(int argc, char **argv)
{
	char line[PASSWORD_MAX + 3]; /* room for \r\n */

	settings_load(argc, argv);
	log_init("hashpw");
	if (!fgets(line, sizeof(line), stdin))
		return refuse("no password on standard input");
	line[strcspn(line, "\r\n")] = '\0';
	if (!*line)
		return refuse("the password is empty");

	struct arena *mem = arena_new(1024);
	const char *hash = password_hash(mem, line);
	int bad = hash ? puts(hash) < 0 || fflush(stdout) != 0
		       : refuse("the password is longer than 511 bytes");
	explicit_bzero(line, sizeof(line));
	arena_free(mem);
	return bad;
}
