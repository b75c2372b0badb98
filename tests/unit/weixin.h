/* A small api.weixin.qq.com: gives tokens, takes reports, and says what it is
 * told to say. */
#include "upstream.h"

/* Seen by all processes. */
static struct weixin {
	int tokens, reports, questions; /* that were asked for */
	int refused_tokens;             /* so many calls still find theirs wrong */
	int errcode;                    /* of a report */
	int token_errcode, expires_in;
	bool managed, broken; /* broken: no decent answer but a token */
} * weixin;

static inline void answer(SSL *ssl, const char *status, const char *json)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
		status, strlen(json), json);
	say(ssl, text);
}

static inline void answer_token(SSL *ssl)
{
	char text[200];

	weixin->tokens++;
	snprintf(text, sizeof(text), "{\"access_token\":\"TOKEN%d\",\"expires_in\":%d}",
		weixin->tokens, weixin->expires_in);
	if (weixin->token_errcode)
		snprintf(text, sizeof(text),
			"{\"errcode\":%d,\"errmsg\":\"invalid appsecret\"}",
			weixin->token_errcode);
	answer(ssl, "200 OK", text);
}

static bool weixin_act(SSL *ssl, const char *path, int seen)
{
	char text[200];
	bool refused = weixin->refused_tokens > 0;
	int errcode = refused ? 40001 : 0;

	(void)seen;
	if (strcmp(path, "/cgi-bin/stable_token") == 0)
		return answer_token(ssl), true;
	weixin->refused_tokens -= refused;
	if (strcmp(path, "/wxa/sec/order/is_trade_managed") == 0)
		weixin->questions++;
	else
		weixin->reports++;
	if (!refused && strcmp(path, "/wxa/sec/order/upload_shipping_info") == 0)
		errcode = weixin->errcode;
	snprintf(text, sizeof(text),
		"{\"errcode\":%d,\"errmsg\":\"said rid: 1-2-3\",\"is_trade_managed\":%s}",
		errcode, weixin->managed ? "true" : "false");
	answer(ssl, weixin->broken ? "502 Bad Gateway" : "200 OK", text);
	return true;
}

static char secret_file[] = "/tmp/weixin_XXXXXX";

/* Settings for it; it stays until weixin_end. */
static inline void weixin_begin(void)
{
	static char base[64];
	FILE *f = fdopen(mkstemp(secret_file), "we");

	assert_non_null(f);
	fputs("THESECRET\n", f);
	fclose(f);
	weixin = mmap(NULL, sizeof(*weixin), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		-1, 0);
	*weixin = (struct weixin){.expires_in = 7200, .managed = true};
	upstream_begin(weixin_act);
	snprintf(base, sizeof(base), "https://127.0.0.1:%d", upstream_port);
	settings.wx_api_base = base;
	settings.wx_appid = "wx0123456789abcdef";
	settings.wx_secret_file = secret_file;
	settings.wx_shipping = "on";
}

static inline void weixin_end(void)
{
	upstream_end();
	unlink(secret_file);
	munmap(weixin, sizeof(*weixin));
}
