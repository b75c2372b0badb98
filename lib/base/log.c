#include "base/log.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/settings.h"
#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A byte may need six in JSON; a line that is too long would not be written at all. */
enum { VALUE_MAX = 2048, LINE_MAX_BYTES = 6 * VALUE_MAX + 1024 };

static struct arena *mem;
static const char *program = "zhixing", *request;
static enum log_level lowest = LOG_INFO;
static const char *const names[] = {"debug", "info", "warn", "error"};

void log_init(const char *name)
{
	program = name;
	mem = arena_new((size_t)2 * LINE_MAX_BYTES);
	for (size_t i = 0; settings.log_level && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], settings.log_level) == 0)
			lowest = (enum log_level)i;
}

void log_request(const char *request_id)
{
	request = request_id;
}

static struct buf line_begin(enum log_level level, const char *event)
{
	if (!mem)
		log_init(program);
	struct buf b = buf_in(mem, LINE_MAX_BYTES);
	json_open(&b, NULL, '{');
	json_stamp(&b, "ts", stamp_now());
	json_text(&b, "level", names[level]);
	json_text(&b, "program", program);
	json_text(&b, "event", event);
	if (request)
		json_text(&b, "request_id", request);
	return b;
}

/* Bytes of the character here; 0 if it is none. */
static size_t character(const char *s, size_t left)
{
	for (size_t n = 1; n <= 4 && n <= left; n++)
		if (utf8_valid(s, n))
			return n;
	return 0;
}

/* What JSON leaves as it is, but terminals or readers of lines act upon: U+0080 to
 * U+009F, line and paragraph separators, changes of the writing direction. */
static bool is_active(const char *s, size_t n)
{
	const unsigned char *c = (const unsigned char *)s;

	return (n == 2 && c[0] == 0xc2 && c[1] < 0xa0) ||
	       (n == 3 && c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae) ||
	       (n == 3 && c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
}

/* A value that others may have had a hand in; cut at VALUE_MAX. */
static void say(struct buf *b, const char *name, const char *s)
{
	static const char instead[] = "\xef\xbf\xbd"; /* U+FFFD */
	char clean[VALUE_MAX];
	size_t left = strlen(s), len = 0;

	while (left > 0) {
		size_t n = character(s, left), step = n ? n : 1;
		bool kept = n > 0 && !is_active(s, n);
		size_t more = kept ? n : sizeof(instead) - 1;

		if (len + more > sizeof(clean))
			break;
		memcpy(clean + len, kept ? s : instead, more);
		len += more;
		s += step;
		left -= step;
	}
	json_text_n(b, name, clean, len);
}

/* One write a line, so that lines of several processes never mix. A log that
 * can't be written must not stop the work. */
static void line_end(struct buf *b)
{
	json_close(b, '}');
	buf_add(b, "\n", 1);
	ssize_t ignored = b->full ? 0 : write(STDERR_FILENO, b->at, b->len);
	(void)ignored;
	arena_reset(mem);
}

void log_write(enum log_level level, const char *event, const char *fmt, ...)
{
	char text[VALUE_MAX];
	va_list ap;

	if (level < lowest)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct buf b = line_begin(level, event);
	say(&b, "msg", text);
	line_end(&b);
}

void log_access(const struct log_access *a)
{
	if (LOG_INFO < lowest)
		return;
	struct buf b = line_begin(a->status >= 500 ? LOG_ERROR : LOG_INFO, "request");
	say(&b, "method", a->method ? a->method : "");
	json_text(&b, "route", a->route);
	json_int(&b, "status", a->status);
	json_int(&b, "us", a->us);
	if (a->user_id)
		json_int(&b, "user", a->user_id);
	if (a->code)
		json_text(&b, "code", a->code);
	line_end(&b);
}
