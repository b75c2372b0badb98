/* In libFuzzer's place: gives every file of the named folders to the harness once.
 * A crash, a broken claim or a sanitizer's word ends it; the last line that was
 * printed names the file. */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20 };

static size_t count;

int __attribute__((weak)) LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void give(const char *path)
{
	FILE *f = fopen(path, "re");
	uint8_t *all = malloc(FILE_MAX);

	if (!f || !all) {
		fprintf(stderr, "%s can't be read\n", path);
		exit(1);
	}
	size_t n = fread(all, 1, FILE_MAX, f);
	fclose(f);
	uint8_t *exact = malloc(n ? n : 1);
	if (!exact)
		exit(1);
	memcpy(exact, all, n);
	free(all);
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	count++;
}

int main(int argc, char **argv)
{
	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);
		char path[4096];

		for (struct dirent *e; folder && (e = readdir(folder));) {
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			if (*e->d_name != '.')
				give(path);
		}
		if (folder)
			closedir(folder);
	}
	printf("[  PASSED  ] %zu inputs.\n", count);
	fflush(stdout); /* before the sanitizer looks for leaks */
	return count == 0;
}
