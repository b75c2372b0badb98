#ifndef BASE_WATCHDOG_H
#define BASE_WATCHDOG_H

/* For work that may hang, such as a call into a library: unless it is set anew or
 * taken off in time, the watchdog writes a log line (event "watchdog") that names
 * what was `doing`, and ends the process; its supervisor starts another. */
void watchdog_init(const char *program);
void watchdog_set(int seconds, const char *doing);
void watchdog_off(void);

#endif
