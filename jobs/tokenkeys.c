/* tokenkeys: the keys that sign access tokens (lib/login/token.h), changed
 * without signing anybody out.
 *
 *	tokenkeys list      the keys, the oldest first; * signs
 *	tokenkeys rotate    a new key; it signs once every program has seen it, and this
 *	                    returns when all of them do, or says which don't
 *	tokenkeys prune     take away keys whose last token is over
 *
 * `rotate` waits for the time in which every program looks at the folder twice, then
 * until those of this machine that sign do so by the new key (ZX_SHARED): the old key goes on verifying until `prune`. Both may be
 * broken off and begun again at any point. */
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "codec/crypto.h"
#include "login/token_keys.h"
#include "net/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, KID_BYTES = 8, PRUNE_MARGIN_S = 3600 };

static _Noreturn void stop(const char *what)
{
	fprintf(stderr, "tokenkeys: %s: %s\n", what, strerror(errno));
	exit(1);
}

static const char *path_to(char path[PATH_BYTES], const char *name, const char *ending)
{
	int n = snprintf(path, PATH_BYTES, "%s/%s%s", settings.token_keys, name, ending);

	if (n < 0 || n >= PATH_BYTES) {
		errno = ENAMETOOLONG;
		stop(settings.token_keys);
	}
	return path;
}

/* Written beside and renamed, with the folder's group, which the workers are in:
 * a program sees the whole file or none. */
static void write_file(const char *name, const char *text, size_t len)
{
	char part[PATH_BYTES], path[PATH_BYTES];
	struct stat folder;
	int fd = open(
		path_to(part, name, ".new"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || stat(settings.token_keys, &folder) != 0)
		stop(part);
	if (fchown(fd, (uid_t)-1, folder.st_gid) != 0 || fchmod(fd, 0640) != 0 ||
		write(fd, text, len) != (ssize_t)len || fsync(fd) != 0 || close(fd) != 0 ||
		rename(part, path_to(path, name, "")) != 0)
		stop(path);
}

static void write_pem(const char *kid, const char *ending, BIO *text)
{
	char name[KID_MAX + 16], *pem;
	long len = BIO_get_mem_data(text, &pem);

	snprintf(name, sizeof(name), "%s%s", kid, ending);
	write_file(name, pem, (size_t)len);
	OPENSSL_cleanse(pem, (size_t)len);
	BIO_free(text);
}

/* A new P-256 key under a random name; the name in `kid`. The public half is first:
 * nobody signs before those who only verify can have it. */
static void make_key(char kid[KID_MAX + 1])
{
	unsigned char id[KID_BYTES];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *half = BIO_new(BIO_s_mem()), *whole = BIO_new(BIO_s_mem());

	if (!key || !half || !whole || PEM_write_bio_PUBKEY(half, key) != 1 ||
		PEM_write_bio_PrivateKey(whole, key, NULL, NULL, 0, NULL, NULL) != 1)
		abort();
	random_bytes(id, sizeof(id));
	for (size_t i = 0; i < sizeof(id); i++)
		snprintf(kid + 2 * i, 3, "%02x", id[i]);
	write_pem(kid, ".pub.pem", half);
	write_pem(kid, ".pem", whole);
	EVP_PKEY_free(key);
}

static time_t changed(const char *name, const char *ending)
{
	char path[PATH_BYTES];
	struct stat st;

	return stat(path_to(path, name, ending), &st) == 0 ? st.st_mtime : 0;
}

static int list(void)
{
	size_t count;
	const struct token_key *keys = token_keys(&count), *current = token_key_current();

	for (size_t i = 0; i < count; i++) {
		char when[STAMP_TEXT];
		stamp_write(when, (stamp){changed(keys[i].kid, ".pem") * SECOND});
		printf("%c %s  %s\n", &keys[i] == current ? '*' : ' ', keys[i].kid, when);
	}
	return 0;
}

/* The newest key that nobody signs with yet: left by a run that was broken off. */
static const char *waiting(void)
{
	size_t count;
	const struct token_key *keys = token_keys(&count), *current = token_key_current();
	const char *found = NULL;

	for (size_t i = 0; current && i < count; i++)
		if (changed(keys[i].kid, ".pem") > changed("current", "") &&
			(!found || changed(keys[i].kid, ".pem") > changed(found, ".pem")))
			found = keys[i].kid;
	return found;
}

/* What signs on this machine. */
struct signers {
	int by_new, by_other;
};

/* By that key and by others; with `tell` those are named. */
static struct signers count_signers(struct arena *mem, int64_t mark, bool tell)
{
	struct signers n = {0};
	const struct shared_view *views;

	arena_reset(mem);
	size_t programs = shared_list(mem, &views);
	for (size_t i = 0; i < programs * SHARED_WORKERS; i++) {
		const struct shared_view *v = &views[i / SHARED_WORKERS];
		int64_t pid = v->all.workers[i % SHARED_WORKERS],
			signs = v->all.signing[i % SHARED_WORKERS];

		if (!signs || !process_lives(pid))
			continue;
		n.by_new += signs == mark;
		n.by_other += signs != mark;
		if (tell && signs != mark)
			printf("%s: process %" PRId64 " still signs by another key\n",
				v->program, pid);
	}
	return n;
}

/* Those that are idle look at the folder, too. */
static int wait_for_signers(const char *kid, unsigned limit_s)
{
	const struct timespec pause = {.tv_nsec = 200 * 1000000L};
	int64_t end = clock_ms() + INT64_C(1000) * limit_s, mark = shared_key_mark(kid);
	struct arena *mem = arena_new(1 << 16);
	struct signers n = count_signers(mem, mark, false);

	while (n.by_other > 0 && clock_ms() < end) {
		nanosleep(&pause, NULL);
		n = count_signers(mem, mark, false);
	}
	n = count_signers(mem, mark, true);
	if (n.by_other == 0)
		printf("%s signs now, in %d processes of this machine\n", kid, n.by_new);
	arena_free(mem);
	return n.by_other > 0;
}

static int rotate(void)
{
	char kid[KID_MAX + 1];
	const char *left = waiting();
	unsigned pause_s = (unsigned)settings.token_keys_look_s * 2 + 1;

	if (left)
		snprintf(kid, sizeof(kid), "%s", left);
	else
		make_key(kid);
	printf("%s is there; every program has seen it in %u s\n", kid, pause_s);
	fflush(stdout);
	sleep(pause_s);
	write_file("current", kid, strlen(kid));
	return wait_for_signers(kid, pause_s);
}

/* A key is over when the one after it has signed for as long as a token lives. One
 * without its private half signed nothing here: it is somebody else's. */
static int prune(void)
{
	size_t count;
	const struct token_key *keys = token_keys(&count), *current = token_key_current();
	time_t since = changed("current", "");
	char path[PATH_BYTES];

	if (!current || time(NULL) - since < settings.token_ttl_s + PRUNE_MARGIN_S) {
		printf("nothing yet: the last token of the key before may still be in use\n");
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		time_t made = changed(keys[i].kid, ".pem");
		if (&keys[i] == current || made == 0 || made >= since)
			continue;
		unlink(path_to(path, keys[i].kid, ".pub.pem"));
		if (unlink(path_to(path, keys[i].kid, ".pem")) != 0)
			stop(path);
		printf("%s is gone\n", keys[i].kid);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		int (*fn)(void);
	} commands[] = {
		{"list", list},
		{"rotate", rotate},
		{"prune", prune},
	};

	settings_load(argc, argv);
	log_init("tokenkeys");
	token_keys_init();
	for (size_t i = 0; argc == 2 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].word) == 0)
			return commands[i].fn();
	fprintf(stderr, "usage: tokenkeys list | rotate | prune\n");
	return 2;
}
