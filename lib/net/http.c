#include "net/http.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <strings.h>

/* Parties close idle connections after a minute or so; ours are given up before
 * that, or a request could run into the closing. */
enum { ANSWER_MAX = 1 << 20, IDLE_MAX_S = 15, FAILED_FROM = 500 };

/* Kept for the life of the process: it owns the open connections. */
static CURL *easy;

struct receiving {
	const struct http_call *call;
	struct arena *mem;
	struct buf body;
	size_t max;
	int begun;    /* requests that were about to be written */
	bool stopped; /* by the sink */
	struct http_answer *answer;
};

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type */
static size_t take_body(char *at, size_t each, size_t n, void *arg)
{
	struct receiving *r = arg;
	struct bytes piece = {(const unsigned char *)at, each * n};
	long status = 0;

	if (r->call->sink)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200) {
		r->stopped = !r->call->sink(r->call->sink_arg, piece);
		return r->stopped ? 0 : piece.len;
	}
	if (piece.len > r->max - r->body.len)
		return 0;
	buf_add(&r->body, piece.at, piece.len);
	return piece.len;
}

/* libcurl writes a request a second time by itself when a kept connection closes
 * without an answer. Whether to repeat is not for it to decide. */
/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type */
static int about_to_send(void *arg, char *peer, char *own, int peer_port, int own_port)
{
	struct receiving *r = arg;

	(void)peer, (void)own, (void)peer_port, (void)own_port;
	return ++r->begun == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* A status line begins the headers anew: 100 Continue comes before 200. */
static size_t take_header(char *at, size_t each, size_t n, void *arg)
{
	struct receiving *r = arg;
	size_t len = each * n;
	const char *colon = memchr(at, ':', len);

	if (len >= 5 && memcmp(at, "HTTP/", 5) == 0) {
		r->answer->headers = NULL;
		return len;
	}
	if (!colon)
		return len;
	struct http_header *h = NEW(r->mem, struct http_header);
	size_t name = (size_t)(colon - at), from = name + 1, end = len;
	while (from < end && (at[from] == ' ' || at[from] == '\t'))
		from++;
	while (end > from && strchr(" \t\r\n", at[end - 1]))
		end--;
	h->name = arena_printf(r->mem, "%.*s", (int)name, at);
	h->value = arena_printf(r->mem, "%.*s", (int)(end - from), at + from);
	h->next = r->answer->headers;
	r->answer->headers = h;
	return len;
}

int64_t http_deadline(void)
{
	return clock_ms() + settings.request_limit_s * 800;
}

int64_t http_time_left(int64_t deadline)
{
	int64_t left = deadline - clock_ms();

	return left < settings.out_timeout_ms ? left : settings.out_timeout_ms;
}

const char *http_header(const struct http_answer *a, const char *name)
{
	const char *found = NULL;

	for (const struct http_header *h = a->headers; h; h = h->next) {
		if (strcasecmp(h->name, name) != 0)
			continue;
		if (found)
			return NULL;
		found = h->value;
	}
	return found;
}

char *url_escape(struct arena *mem, const char *s)
{
	static const char plain[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~";
	char *out = arena_alloc(mem, 3 * strlen(s) + 1, 1), *to = out;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (strchr(plain, c)) {
			*to++ = *s;
			continue;
		}
		*to++ = '%';
		*to++ = "0123456789ABCDEF"[c >> 4];
		*to++ = "0123456789ABCDEF"[c & 15];
	}
	return out;
}

static int64_t limit_of(const struct http_call *c)
{
	return c->limit_ms ? c->limit_ms : settings.out_timeout_ms;
}

/* What every call shares. Options that this libcurl doesn't know must not be
 * passed over in silence, hence the sum. */
static int set_rules(const struct http_call *c)
{
	int64_t limit = limit_of(c);
	int64_t connect = settings.out_connect_ms < limit ? settings.out_connect_ms : limit;
	int bad = 0;

	bad |= (int)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	bad |= (int)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	bad |= (int)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	/* One request at a time: HTTP/2 would only add states. */
	bad |= (int)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_USERAGENT, "zhixing/1");
	bad |= (int)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)limit);
	if (c->sink) { /* whose limit is long: silence must not last as long */
		bad |= (int)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
			(long)(settings.out_timeout_ms + 999) / 1000);
	}
	if (*settings.ca_file) { /* instead of the system's, not besides */
		bad |= (int)curl_easy_setopt(easy, CURLOPT_CAINFO, settings.ca_file);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	return bad;
}

static int set_call(const struct http_call *c, struct receiving *r, struct curl_slist *headers)
{
	int bad = 0;

	bad |= (int)curl_easy_setopt(easy, CURLOPT_URL, c->url);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	if (strcmp(c->method, "POST") == 0) {
		bad |= (int)curl_easy_setopt(easy, CURLOPT_POST, 1L);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)c->body.len);
		bad |= (int)curl_easy_setopt(
			easy, CURLOPT_POSTFIELDS, c->body.len ? (const char *)c->body.at : "");
	}
	bad |= (int)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, about_to_send);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_PREREQDATA, r);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
	return bad;
}

static enum err outcome(
	const struct http_call *c, const struct receiving *r, CURLcode rc, const char *detail)
{
	if (rc == CURLE_OK)
		return E_OK;
	log_warn("http", "%s %.*s: %s (%s)", c->method, (int)strcspn(c->url, "?"), c->url,
		r->begun > 1 ? "connection closed without an answer"
		: *detail    ? detail
			     : curl_easy_strerror(rc),
		r->begun ? "sent" : "not sent");
	return r->begun ? E_UNKNOWN : E_UPSTREAM;
}

static bool easy_ready(void)
{
	if (!easy && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		easy = curl_easy_init();
	if (easy)
		curl_easy_reset(easy); /* keeps the connections */
	return easy != NULL;
}

static struct curl_slist *header_list(const char *const *headers)
{
	struct curl_slist *list = NULL;

	for (; headers && *headers; headers++) {
		struct curl_slist *longer = curl_slist_append(list, *headers);
		if (!longer)
			abort();
		list = longer;
	}
	return list;
}

static enum err perform(struct receiving *r, const struct http_call *c)
{
	char detail[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = header_list(c->headers);
	enum err err = E_INTERNAL;

	int bad = set_rules(c) | set_call(c, r, headers) |
		  (int)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
	if (bad)
		log_error("http", "libcurl refused an option");
	else
		err = outcome(c, r, curl_easy_perform(easy), detail);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
	curl_slist_free_all(headers);
	return err;
}

/* What we ourselves have no use for is not the upstream's fault. */
static unsigned how_it_went(const struct receiving *r, enum err err)
{
	if (err == E_INTERNAL || r->stopped)
		return BREAKER_VOID;
	return err != E_OK || r->answer->status >= FAILED_FROM ? BREAKER_FAILED : BREAKER_WELL;
}

enum err http_send(struct arena *mem, const struct http_call *c, struct http_answer *a)
{
	size_t max = c->max ? c->max : ANSWER_MAX;
	struct receiving r = {
		.call = c, .mem = mem, .body = buf_in(mem, max + 1), .max = max, .answer = a};
	long status = 0;
	struct upstream_call visit;

	*a = (struct http_answer){0};
	if (c->upstream == UPSTREAM_NONE) {
		log_error("http", "a call that doesn't name its party");
		return E_UPSTREAM;
	}
	if (!upstream_enter_for(c->upstream, c->about, limit_of(c), &visit))
		return E_UPSTREAM;
	enum err err = easy_ready() ? perform(&r, c) : E_INTERNAL;
	if (easy)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	a->status = (int)status;
	a->body = bytes_of(buf_text(&r.body));
	a->body.len = r.body.len;
	upstream_leave(&visit, how_it_went(&r, err), c->sink != NULL);
	return err == E_INTERNAL ? E_UPSTREAM : err;
}
