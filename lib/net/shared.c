#include "net/shared_file.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "codec/sign.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "zhixing."
#define SUFFIX ".breakers"

enum { PATH_SIZE = 512, LOCK_MS = 100 };

static struct shared own; /* of a process that is alone */
static struct shared *mapped;
static bool is_pool;
static int place = -1; /* of this process among the workers */

bool shared_lock(struct shared *c)
{
	struct timespec until;
	int rc = pthread_mutex_trylock(&c->lock);

	if (rc == EBUSY) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += LOCK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		rc = pthread_mutex_clocklock(&c->lock, CLOCK_MONOTONIC, &until);
	}
	if (rc == EOWNERDEAD)
		rc = pthread_mutex_consistent(&c->lock);
	return rc == 0;
}

void shared_unlock(struct shared *c)
{
	pthread_mutex_unlock(&c->lock);
}

struct shared *shared(void)
{
	if (!mapped) {
		shared_lock_init(&own.lock);
		mapped = &own;
	}
	return mapped;
}

bool process_lives(int64_t pid)
{
	return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

static void sign_in(struct shared *c)
{
	if (!shared_lock(c))
		return;
	for (size_t i = 0; i < SHARED_WORKERS; i++) {
		if (c->workers[i] && process_lives(c->workers[i]))
			continue;
		c->workers[i] = getpid();
		c->signing[i] = 0;
		place = (int)i;
		break;
	}
	shared_unlock(c);
}

void shared_open(const char *program, bool pool)
{
	char path[PATH_SIZE];

	if (strcmp(settings.breakers, "on") != 0 && strcmp(settings.breakers, "off") != 0)
		setting_refuse("ZX_BREAKERS", "wants on or off");
	is_pool = pool;
	if (!*settings.shared)
		return;
	snprintf(path, sizeof(path), "%s/" PREFIX "%s" SUFFIX, settings.shared, program);
	for (char *p = path + strlen(settings.shared); *p; p++)
		*p = *p == ' ' ? '-' : *p;
	struct shared *c = shared_attach(path, program);
	if (!c) {
		log_error("commons", "%s can't be used: this process is on its own", path);
		return;
	}
	mapped = c;
	c->pool = pool;
	sign_in(c);
}

void shared_close(void)
{
	if (mapped && mapped != &own)
		shared_unmap(mapped);
	memset(&own, 0, sizeof(own));
	mapped = NULL;
	is_pool = false;
	place = -1;
}

/* FNV-1a. */
int64_t shared_key_mark(const char *kid)
{
	uint64_t h = 14695981039346656037U;

	for (; *kid; kid++)
		h = (h ^ (unsigned char)*kid) * 1099511628211U;
	return (int64_t)(h | 1);
}

void shared_signs(const char *kid)
{
	if (place >= 0)
		shared()->signing[place] = kid ? shared_key_mark(kid) : 0;
}

static int64_t living(const struct shared *c)
{
	int64_t n = 0;

	for (size_t i = 0; i < SHARED_WORKERS; i++)
		n += c->workers[i] && process_lives(c->workers[i]);
	return n;
}

int64_t shared_workers(void)
{
	return is_pool ? living(shared()) : 0;
}

void shared_count_request(int status, int64_t us)
{
	struct shared *c = shared();
	int class = status / 100 - 1;

	if (class >= 0 && class < STATUS_CLASSES)
		shared_count(&c->requests[class], 1);
	shared_count(&c->request_us, us);
}

void shared_count_database(int64_t us)
{
	timing_count(&shared()->database, us);
}

static struct timing *route_place(struct shared *c, const char *name)
{
	for (struct shared_route *r = c->routes; r < c->routes + ROUTES_MAX; r++) {
		if (!*r->name)
			snprintf(r->name, sizeof(r->name), "%s", name);
		if (strcmp(r->name, name) == 0)
			return &r->timing;
	}
	return NULL;
}

struct timing *shared_route(struct shared *c, const char *name)
{
	if (!shared_lock(c))
		return NULL;
	struct timing *found = route_place(c, name);
	shared_unlock(c);
	return found;
}

static bool read_one(struct arena *mem, const char *path, struct shared_view *out)
{
	struct shared *c = shared_look(path);

	if (!c)
		return false;
	bool locked = shared_lock(c);
	memcpy(&out->all, c, sizeof(*c));
	if (locked)
		shared_unlock(c);
	shared_unmap(c);
	out->program = arena_strdup(mem, out->all.head.program);
	out->workers = living(&out->all);
	for (int i = 0; i < UPSTREAM_COUNT; i++)
		breaker_tidy(&out->all.upstream[i].breaker, &upstream_info[i].rule, clock_ms(),
			process_lives);
	return true;
}

static int is_shared(const struct dirent *d)
{
	size_t n = strlen(d->d_name), end = strlen(SUFFIX);

	return n > end && strncmp(d->d_name, PREFIX, strlen(PREFIX)) == 0 &&
	       strcmp(d->d_name + n - end, SUFFIX) == 0;
}

size_t shared_list(struct arena *mem, const struct shared_view **out)
{
	struct dirent **names = NULL;
	int n = *settings.shared ? scandir(settings.shared, &names, is_shared, alphasort) : 0;
	struct shared_view *views = NEW_N(mem, struct shared_view, n > 0 ? (size_t)n : 1);
	size_t count = 0;

	for (int i = 0; i < n; i++) {
		char *path = arena_printf(mem, "%s/%s", settings.shared, names[i]->d_name);
		count += read_one(mem, path, &views[count]);
		free(names[i]);
	}
	free(names);
	*out = views;
	return count;
}
