/* Settings out of the environment, NAME=value a line. What is refused ends the
 * program; here exit() comes back instead. */
#include "fuzz.h"

#include "base/settings.h"

#include <setjmp.h>

static jmp_buf ended;

void __wrap_exit(int code);
void __real_exit(int code) __attribute__((noreturn));

void __wrap_exit(int code)
{
	if (code != EXIT_CONFIG)
		__real_exit(code);
	longjmp(ended, 1);
}

static const char *const names[] = {"ZX_LOG_LEVEL", "ZX_TOKEN_TTL_S", "ZX_MQ_PORT",
	"ZX_REFUND_GAP_S", "ZX_BODY_MAX", "ZX_DB"};

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	char *argv[] = {(char[]){"fuzz"}, NULL};

	begin();
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *value = line_of(&at, &n);

		if (*value)
			setenv(names[i], value, 1);
		else
			unsetenv(names[i]);
	}
	if (setjmp(ended) != 0)
		return 0;
	settings_load(1, argv);
	CLAIM(settings.token_ttl_s >= 60 && settings.token_ttl_s <= 86400);
	CLAIM(settings.mq_port >= 1 && settings.mq_port <= 65535);
	CLAIM(settings.refund_gap_s >= 0 && settings.refund_gap_s <= 3600);
	CLAIM(settings.body_max >= 1024 && settings.body_max <= 1048576);
	CLAIM(strlen(settings.log_level) >= 4);
	return 0;
}
