/* limiter SECONDS: one worker's calls of admit_take(), for so long, each for another of
 * some accounts. Prints calls a second, and the script's name for redis-benchmark. */
#include "base/settings.h"
#include "base/time.h"
#include "guard/admit.h"

#include <stdio.h>
#include <stdlib.h>

enum { ACCOUNTS = 200 };

int main(int argc, char **argv)
{
	int64_t seconds = argc == 2 ? atoll(argv[1]) : 0, calls = 0;
	struct admit_answer answer;

	if (seconds < 1)
		return fputs("usage: limiter SECONDS\n", stderr), 64;
	settings_load(1, argv);
	int64_t began = clock_ms(), end = began + seconds * 1000;
	for (; clock_ms() < end; calls++) {
		int64_t account = 1 + calls % ACCOUNTS;
		const struct admit_params ask = {account, account, "/", false, 0};
		if (admit_take(&ask, &answer) != E_OK || !answer.quota)
			return fputs("limiter: refused\n", stderr), 1;
	}
	printf("{\"calls_s\":%.1f,\"sha1\":\"%s\"}\n",
		(double)calls * 1000 / (double)(clock_ms() - began), admit_script.sha1);
	return 0;
}
