#include "db/schema.h"

#include "base/err.h"
#include "codec/crypto.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SQL_MAX = 16 * 1024 * 1024, DIGITS = 4 };

static int not_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* By bytes, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* NNNN_what.sql: four digits, then lower-case letters, digits and _. */
static bool name_is_good(const char *name)
{
	static const char what[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	if (strspn(name, "0123456789") != DIGITS || name[DIGITS] != '_')
		return false;
	size_t n = strspn(name + DIGITS + 1, what);
	return n > 0 && strcmp(name + DIGITS + 1 + n, ".sql") == 0;
}

static bool read_whole(int fd, char *at, size_t size)
{
	for (size_t got = 0; got < size;) {
		ssize_t n = read(fd, at + got, size - got);

		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

static const char *read_sql(struct arena *mem, int fd, struct migration *m)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "is not a file";
	if (st.st_size == 0 || st.st_size > SQL_MAX)
		return "is empty or larger than 16 MiB";
	size_t size = (size_t)st.st_size;
	char *sql = arena_alloc(mem, size + 1, 1), *hex = arena_alloc(mem, SHA256_HEX, 1);
	if (!read_whole(fd, sql, size))
		return "can't be read";
	if (strlen(sql) != size)
		return "has a NUL byte in it";
	sha256_hex(sql, size, hex);
	m->sql = sql;
	m->checksum = hex;
	return NULL;
}

static const char *read_one(
	struct arena *mem, int dir, const char *name, int64_t version, struct migration *m)
{
	if (!name_is_good(name))
		return "bad file name, NNNN_what.sql is wanted";
	*m = (struct migration){
		.version = strtoll(name, NULL, 10), .name = arena_strdup(mem, name)};
	if (m->version == version - 1 && version > 1)
		return "its number is taken by another file";
	if (m->version != version)
		return arena_printf(
			mem, "number %04lld is missing before it", (long long)version);
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return arena_strdup(mem, strerror(errno));
	const char *why = read_sql(mem, fd, m);
	close(fd);
	return why;
}

static const char *read_all(
	struct arena *mem, int dir, struct dirent *const *names, size_t count, struct list *out)
{
	struct migration *all = NEW_N(mem, struct migration, count);

	*out = (struct list){.at = all, .count = count};
	for (size_t i = 0; i < count; i++) {
		const char *why = read_one(mem, dir, names[i]->d_name, (int64_t)i + 1, &all[i]);
		if (why)
			return arena_printf(mem, "%s: %s", names[i]->d_name, why);
	}
	return count ? NULL : "no migration files in this folder";
}

const char *schema_read(struct arena *mem, const char *dir, struct list *out)
{
	struct dirent **names = NULL;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int count = fd < 0 ? -1 : scandirat(fd, ".", &names, not_hidden, by_name);
	const char *why = count < 0 ? arena_printf(mem, "%s: %s", dir, strerror(errno))
				    : read_all(mem, fd, names, (size_t)count, out);

	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	if (fd >= 0)
		close(fd);
	return why;
}

const char *schema_compare(
	struct arena *mem, const struct list *files, const struct list *applied)
{
	const struct migration *want = files->at, *had = applied->at;

	for (size_t i = 0; i < applied->count; i++) {
		if (had[i].version != (int64_t)i + 1)
			return arena_printf(mem,
				"%s: the database has had it, but not number %04zu",
				had[i].name, i + 1);
		if (i >= files->count)
			return arena_printf(mem,
				"%s: the database has had it, there is no such file: "
				"the database is newer than these files",
				had[i].name);
		if (strcmp(want[i].checksum, had[i].checksum) != 0)
			return arena_printf(mem, "%s: was changed after it was applied (as %s)",
				want[i].name, had[i].name);
	}
	return NULL;
}
