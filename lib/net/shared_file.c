#include "net/shared_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* VERSION: to be raised when the meaning of what lies there changes. */
enum { VERSION = 2, TRIES = 100, PAUSE_MS = 10 };

#define ANYBODY ((uid_t)-1)

static const char magic[8] = "ZXSHARED";
#define X(id, name, ...) name ","
static const char upstreams[] = UPSTREAM_TABLE(X);
#undef X
_Static_assert(sizeof(upstreams) <= sizeof(((struct shared_head *)0)->upstreams), "raise it");

void shared_lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

static void read_boot_id(char *out, size_t size)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(out, (int)size, f))
		snprintf(out, size, "unknown");
	if (f)
		fclose(f);
	out[strcspn(out, "\n")] = '\0';
}

static struct shared_head head_of(const char *program)
{
	struct shared_head h = {.version = VERSION, .size = sizeof(struct shared)};

	memcpy(h.magic, magic, sizeof(magic));
	read_boot_id(h.boot_id, sizeof(h.boot_id));
	snprintf(h.program, sizeof(h.program), "%.*s", (int)sizeof(h.program) - 1, program);
	memcpy(h.upstreams, upstreams, sizeof(upstreams));
	return h;
}

/* NULL: another layout, another boot, or torn. */
static struct shared *map(int fd, const char *program)
{
	struct stat st;
	struct shared *c;
	struct shared_head want;

	if (fstat(fd, &st) != 0 || st.st_size != sizeof(*c))
		return NULL;
	c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (c == MAP_FAILED)
		return NULL;
	want = head_of(program ? program : c->head.program);
	if (memcmp(&c->head, &want, sizeof(want)) == 0)
		return c;
	munmap(c, sizeof(*c));
	return NULL;
}

/* All bytes are reserved now: a full file system must not be found out later, by a
 * signal. */
static struct shared *make(int fd, const char *program)
{
	struct shared *c;
	struct shared_head head = head_of(program);

	if (posix_fallocate(fd, 0, sizeof(*c)) != 0)
		return NULL;
	c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (c == MAP_FAILED)
		return NULL;
	shared_lock_init(&c->lock);
	c->head = head;
	return c;
}

/* Whoever else may write into the folder must not lend us a file of his. */
static bool is_of(int fd, uid_t user)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_uid == user || user == ANYBODY) && (st.st_mode & 077) == 0;
}

static bool is_still_there(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* Under the file's lock: as it is, or made now. NULL with *again: it was taken away,
 * by us or by another who found it unfit. */
static struct shared *take(int fd, const char *path, const char *program, bool *again)
{
	struct stat st;
	struct shared *c;

	*again = flock(fd, LOCK_EX | LOCK_NB) != 0 || !is_still_there(fd, path);
	if (*again || fstat(fd, &st) != 0)
		return NULL;
	c = st.st_size == 0 ? make(fd, program) : map(fd, program);
	if (!c)
		*again = unlink(path) == 0 && st.st_size != 0;
	return c;
}

struct shared *shared_attach(const char *path, const char *program)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	struct shared *c = NULL;
	bool again = true;

	for (int i = 0; again && i < TRIES; i++) {
		int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0)
			return NULL;
		again = false;
		if (is_of(fd, geteuid()))
			c = take(fd, path, program, &again);
		flock(fd, LOCK_UN); /* or it would last as long as the mapping */
		close(fd);
		if (again)
			nanosleep(&pause, NULL);
	}
	return c;
}

struct shared *shared_look(const char *path)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	uid_t user = geteuid() == 0 ? ANYBODY : geteuid();
	struct shared *c = fd >= 0 && is_of(fd, user) ? map(fd, NULL) : NULL;

	if (fd >= 0)
		close(fd);
	return c;
}

void shared_unmap(struct shared *c)
{
	munmap(c, sizeof(*c));
}
