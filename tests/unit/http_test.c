#include "test.h"

#include "base/settings.h"
#include "base/time.h"
#include "io/http.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A party of our own that does to each request what the request's path says. */

static struct arena *mem;
static char ca_file[] = "/tmp/http_test_XXXXXX";
static pid_t party;
static int party_port, mute_port, hasty_port, closed_port;

static int listen_on_any(int backlog, int *port)
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
static X509 *certificate(EVP_PKEY *key)
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

static void say(SSL *ssl, const char *text)
{
	SSL_write(ssl, text, (int)strlen(text));
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"

/* False ends the connection. */
static bool act(SSL *ssl, const char *path, int seen)
{
	char text[128];

	if (strcmp(path, "/lost") == 0)
		return false;
	if (strcmp(path, "/torn") == 0) {
		say(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok");
		return false;
	}
	if (strcmp(path, "/slow") == 0)
		sleep(2);
	if (strcmp(path, "/continue") == 0)
		say(ssl, "HTTP/1.1 100 Continue\r\nX-Thing: early\r\n\r\n");
	if (strcmp(path, "/moved") == 0)
		say(ssl, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
	else if (strcmp(path, "/large") == 0)
		say(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n012345678");
	else if (strcmp(path, "/twice") == 0)
		say(ssl, OK_HEAD "X-Thing: a\r\nx-thing: b\r\n\r\nok");
	else {
		snprintf(text, sizeof(text), OK_HEAD "X-Thing: \t late \r\n\r\n%02d", seen);
		say(ssl, text);
	}
	return true;
}

/* One connection; counts the requests whose path isn't /count. */
static void attend(SSL *ssl, int *seen)
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

static _Noreturn void be_the_party(int fd, int hasty, EVP_PKEY *key, X509 *cert)
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
				attend(ssl, seen);
			_exit(0);
		}
		close(client);
	}
}

static enum err get(const char *host, int port, const char *path, struct http_answer *a)
{
	struct http_call call = {.method = "GET",
		.url = arena_printf(mem, "https://%s:%d%s?secret=1", host, port, path),
		.max = 8,
		.limit_ms = 700};

	return http_send(mem, &call, a);
}

static int requests_seen(void)
{
	struct http_answer a;
	char *url = arena_printf(mem, "https://127.0.0.1:%d/count", party_port);

	assert_int_equal(
		http_send(mem, &(struct http_call){.method = "GET", .url = url}, &a), E_OK);
	return (int)strtol((const char *)a.body.at, NULL, 10);
}

static void what_was_never_sent_is_told_from_what_perhaps_was(void **state)
{
	/* clang-format off */
	const struct {
		const char *says, *host, *path;
		int port, sends;
		enum err want;
	} cases[] = {
		{"an answer", "127.0.0.1", "/ok", party_port, 1, E_OK},
		{"nobody listens", "127.0.0.1", "/ok", closed_port, 0, E_UPSTREAM},
		{"no such name", "no.invalid", "/ok", party_port, 0, E_UPSTREAM},
		{"another name's certificate", "localhost", "/ok", party_port, 0, E_UPSTREAM},
		{"hangs up before TLS", "127.0.0.1", "/ok", hasty_port, 0, E_UPSTREAM},
		{"says nothing to TLS", "127.0.0.1", "/ok", mute_port, 0, E_UPSTREAM},
		{"hangs up on a request", "127.0.0.1", "/lost", party_port, 1, E_UNKNOWN},
		{"half an answer", "127.0.0.1", "/torn", party_port, 1, E_UNKNOWN},
		{"an answer too large", "127.0.0.1", "/large", party_port, 1, E_UNKNOWN},
		{"an answer too late", "127.0.0.1", "/slow", party_port, 1, E_UNKNOWN},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int before = requests_seen(); /* and leaves a connection that is kept */
		struct http_answer a;

		print_message("  %s\n", cases[i].says);
		assert_int_equal(
			get(cases[i].host, cases[i].port, cases[i].path, &a), cases[i].want);
		assert_int_equal(requests_seen() - before, cases[i].sends);
	}
}

static void redirects_are_answers_like_others(void **state)
{
	struct http_answer a;

	(void)state;
	assert_int_equal(get("127.0.0.1", party_port, "/moved", &a), E_OK);
	assert_int_equal(a.status, 302);
	assert_string_equal(http_header(&a, "location"), "/ok");
}

static void headers_are_found_in_any_case_and_only_once(void **state)
{
	struct http_answer a;

	(void)state;
	assert_int_equal(get("127.0.0.1", party_port, "/ok", &a), E_OK);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body.len, 2);
	assert_string_equal(http_header(&a, "x-THING"), "late");
	assert_null(http_header(&a, "X-Other"));
	assert_int_equal(get("127.0.0.1", party_port, "/twice", &a), E_OK);
	assert_null(http_header(&a, "X-Thing"));
	assert_int_equal(get("127.0.0.1", party_port, "/continue", &a), E_OK);
	assert_int_equal(a.status, 200);
	assert_string_equal(http_header(&a, "X-Thing"), "late");
}

static void only_https_is_spoken(void **state)
{
	static const char *const schemes[] = {"http", "file", "ftp", "gopher", "ws"};
	struct http_answer a;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		struct http_call call = {.method = "GET",
			.url = arena_printf(
				mem, "%s://127.0.0.1:%d/etc/hostname", schemes[i], party_port)};
		assert_int_equal(http_send(mem, &call, &a), E_UPSTREAM);
		assert_int_equal(a.body.len, 0);
	}
}

static void urls_are_escaped(void **state)
{
	(void)state;
	assert_string_equal(url_escape(mem, "aZ09-._~"), "aZ09-._~");
	assert_string_equal(url_escape(mem, "a b&c=d/e?f#g%h+i|j*"),
		"a%20b%26c%3Dd%2Fe%3Ff%23g%25h%2Bi%7Cj%2A");
	assert_string_equal(url_escape(mem, "球"), "%E7%90%83");
	assert_string_equal(url_escape(mem, ""), "");
}

static int begin_all(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = certificate(key);
	FILE *f = fdopen(mkstemp(ca_file), "we");

	(void)state;
	mem = arena_new(1 << 16);
	assert_non_null(f);
	PEM_write_X509(f, cert);
	fclose(f);
	int fd = listen_on_any(8, &party_port), hasty = listen_on_any(8, &hasty_port);
	listen_on_any(8, &mute_port);
	listen_on_any(0, &closed_port);
	settings.ca_file = ca_file;
	settings.out_connect_ms = settings.out_timeout_ms = 700;
	party = fork();
	if (party == 0) {
		setpgid(0, 0);
		be_the_party(fd, hasty, key, cert);
	}
	assert_true(party > 0);
	setpgid(party, party);
	X509_free(cert);
	EVP_PKEY_free(key);
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	kill(-party, SIGKILL);
	waitpid(party, NULL, 0);
	unlink(ca_file);
	arena_free(mem);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_never_sent_is_told_from_what_perhaps_was),
		cmocka_unit_test(redirects_are_answers_like_others),
		cmocka_unit_test(headers_are_found_in_any_case_and_only_once),
		cmocka_unit_test(only_https_is_spoken),
		cmocka_unit_test(urls_are_escaped),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
