/* A new password against its rules. First the name of the person, a newline, the
 * password. */
#include "fuzz.h"

#include "base/settings.h"
#include "login/password_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	begin();
	settings.password_min = 10;
	const char *name = line_of(&at, &n), *plain = text_of(at, n);
	bool good = password_good(plain, name);
	CLAIM(!good || strlen(plain) >= 10);
	CLAIM(!good || strcmp(plain, name) != 0 || strlen(name) > 32);
	CLAIM(password_good(plain, name) == good);
	return 0;
}
