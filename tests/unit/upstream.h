/* An upstream of our own behind TLS, good for 127.0.0.1 only; it does to each request
 * what the test's upstream_act says. */
#include "base/settings.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* seen counts the requests whose path isn't /count. False ends the connection. */
typedef bool upstream_act(SSL *, const char *path, int seen);

static char ca_file[] = "/tmp/upstream_XXXXXX";
static pid_t upstream_pid;
static int upstream_port, mute_port, hasty_port, closed_port;

static inline int listen_on_any(int backlog, int *port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	if (backlog)
		assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* Good for 127.0.0.1 only, not for localhost. */
static inline X509 *certificate(EVP_PKEY *key)
{
	X509 *c = X509_new();
	X509_EXTENSION *name =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");

	X509_set_version(c, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
	X509_gmtime_adj(X509_getm_notBefore(c), -60);
	X509_gmtime_adj(X509_getm_notAfter(c), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
		(const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(c));
	X509_set_pubkey(c, key);
	X509_add_ext(c, name, -1);
	X509_EXTENSION_free(name);
	assert_true(X509_sign(c, key, EVP_sha256()) > 0);
	return c;
}

static inline void say(SSL *ssl, const char *text)
{
	SSL_write(ssl, text, (int)strlen(text));
}

/* One connection; counts the requests whose path isn't /count. */
static inline void attend(SSL *ssl, int *seen, upstream_act *act)
{
	char in[4096], path[64];
	int n;

	while ((n = SSL_read(ssl, in, sizeof(in) - 1)) > 0) {
		in[n] = '\0';
		if (sscanf(in, "%*s %63[^ ?]", path) != 1)
			return;
		*seen += strcmp(path, "/count") != 0;
		if (!act(ssl, path, *seen))
			return;
	}
}

static inline _Noreturn void upstream_serve(
	int fd, int hasty, EVP_PKEY *key, X509 *cert, upstream_act *act)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int *seen = mmap(
		NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	if (fork() == 0)
		for (;;)
			close(accept(hasty, NULL, NULL));
	for (;;) {
		int client = accept(fd, NULL, NULL);

		if (fork() == 0) {
			SSL *ssl = SSL_new(ctx);

			SSL_set_fd(ssl, client);
			if (SSL_accept(ssl) == 1)
				attend(ssl, seen, act);
			_exit(0);
		}
		close(client);
	}
}

static inline void upstream_begin(upstream_act *act)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = certificate(key);
	FILE *f = fdopen(mkstemp(ca_file), "we");

	assert_non_null(f);
	PEM_write_X509(f, cert);
	fclose(f);
	int fd = listen_on_any(8, &upstream_port), hasty = listen_on_any(8, &hasty_port);
	listen_on_any(8, &mute_port);
	listen_on_any(0, &closed_port);
	settings.ca_file = ca_file;
	settings.breakers = "off"; /* upstreams fail here again and again */
	settings.out_connect_ms = settings.out_timeout_ms = 700;
	upstream_pid = fork();
	if (upstream_pid == 0) {
		setpgid(0, 0);
		upstream_serve(fd, hasty, key, cert, act);
	}
	assert_true(upstream_pid > 0);
	setpgid(upstream_pid, upstream_pid);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static inline void upstream_end(void)
{
	kill(-upstream_pid, SIGKILL);
	waitpid(upstream_pid, NULL, 0);
	unlink(ca_file);
}
