#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

/* One JSON object a line on stderr, in UTF-8. Values are escaped, cut at 2 KB,
 * what is no UTF-8 or would move a reader's cursor becomes U+FFFD; they never
 * hold tokens, passwords, openids or whole phone numbers: callers see to it. */

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_init(const char *name); /* of the program */

/* What the lines of the running request are marked with; NULL ends it. */
void log_request(const char *request_id);

void log_write(enum log_level, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

/* The line of a finished request. */
struct log_access {
	const char *method, *route;
	int status;
	int64_t us, user_id;
	const char *code; /* of the error, or NULL */
};
void log_access(const struct log_access *);

#endif
