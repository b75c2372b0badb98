#include "web/refuse.h"

#include "net/upstream.h"

#include <string.h>

/* RFC 6749 §5.2 has words of its own for some of our codes. */
static const char *oauth_code(enum err err)
{
	switch (err) {
	case E_BAD_FIELD:
	case E_UNKNOWN_FIELD:
	case E_BAD_REQUEST:
	case E_BAD_BODY:
	case E_MEDIA_TYPE:
	case E_LENGTH_REQUIRED:
	case E_TOO_LARGE:
	case E_METHOD:
	case E_NOT_FOUND:
		return "invalid_request";
	case E_SESSION_ENDED: /* of a refresh token */
	case E_SESSION_REPLACED:
	case E_TOKEN_INVALID:
	case E_TOKEN_EXPIRED:
		return "invalid_grant";
	case E_UPSTREAM:
	case E_DB_DOWN:
	case E_RETRY:
		return "temporarily_unavailable";
	case E_INTERNAL:
		return "server_error";
	default:
		return err_info[err].code;
	}
}

/* What may stand in an error_description, of our own names at least (ibid.). */
static bool is_a_name(const char *field)
{
	return field &&
	       field[strspn(field, "abcdefghijklmnopqrstuvwxyz0123456789_.[]")] == '\0';
}

/* For people who read logs: our own code, which says it more exactly. */
static const char *oauth_description(struct req *r, enum err err)
{
	char *words = arena_strdup(r->mem, err_info[err].code);

	for (char *at = words; *at; at++)
		if (*at == '_')
			*at = ' ';
	return is_a_name(r->field) ? arena_printf(r->mem, "%s: %s", words, r->field) : words;
}

/* These say what is wrong by the status already. */
static bool keeps_status(enum err err)
{
	return err == E_METHOD || err == E_NOT_FOUND || err == E_TOO_LARGE;
}

static void write_oauth_error(struct req *r, struct buf *b, enum err err)
{
	const char *code = oauth_code(err);

	bool is_wrong =
		strcmp(code, "invalid_request") == 0 || strcmp(code, "invalid_grant") == 0;
	if (is_wrong && !keeps_status(err))
		r->status = 400;
	json_open(b, NULL, '{');
	json_text(b, "error", code);
	json_text(b, "error_description", oauth_description(r, err)); /* ASCII alone */
	json_text(b, "message", err_info[err].text);
	if (r->field)
		json_text(b, "field", r->field);
	if (strcmp(code, "invalid_grant") == 0 && err != E_LOGIN_REFUSED)
		json_text(b, "code", err_info[err].code); /* ours says it more exactly */
	json_text(b, "request_id", r->request_id);
	json_close(b, '}');
}

/* Also of what is no route there. The keys are a document as any other. */
static bool in_oauth_form(const struct req *r)
{
	if (r->route)
		return r->route->flags & OAUTH;
	return r->path && strncmp(r->path, "/oauth2/", 8) == 0 &&
	       strcmp(r->path, "/oauth2/jwks") != 0;
}

/* The upstream was not called: its breaker is open, and knows when to come again. */
static void note_wait(struct req *r, enum err err)
{
	if (err == E_UPSTREAM && !r->retry_after_s)
		r->retry_after_s = upstream_wait_s();
}

/* RFC 6750 §3: why the token, or none, does not open what was asked for. */
static const char *challenge_of(const struct req *r, enum err err)
{
	if (in_oauth_form(r))
		return NULL;
	switch (err) {
	case E_TOKEN_INVALID:
	case E_TOKEN_EXPIRED:
	case E_SESSION_ENDED:
	case E_SESSION_REPLACED:
		return ", error=\"invalid_token\"";
	case E_FORBIDDEN:
	case E_PASSWORD_CHANGE:
		return ", error=\"insufficient_scope\"";
	case E_LOGIN_AGAIN: /* RFC 9470 §3 */
		return ", error=\"insufficient_user_authentication\", max_age=\"600\"";
	default:
		return err_info[err].http == 401 ? "" : NULL;
	}
}

void refuse(struct req *r, enum err err)
{
	struct buf *b = reply_begin(r, err_info[err].http);

	note_wait(r, err);
	r->other_pool = NULL;
	r->challenge = challenge_of(r, err);
	if (in_oauth_form(r)) {
		write_oauth_error(r, b, err);
		return;
	}
	json_open(b, NULL, '{');
	json_open(b, "error", '{');
	json_text(b, "code", err_info[err].code);
	json_text(b, "message", err_info[err].text);
	if (r->field)
		json_text(b, "field", r->field);
	if (r->until.us)
		json_stamp(b, "until", r->until);
	if (r->detail.text && *r->detail.text)
		json_raw(b, "detail", r->detail.text);
	json_text(b, "request_id", r->request_id);
	json_close(b, '}');
	json_close(b, '}');
}
