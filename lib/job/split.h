#ifndef JOB_SPLIT_H
#define JOB_SPLIT_H

#include <stddef.h>

/* A program of `count` parts that must not wait for each other: a process for each. Called
 * first of all, before daemon_begin() and before any connection. In each of them it returns
 * the number of its part; one that ends is started again a second later. The process that
 * called stays as their guardian: it hands SIGTERM and SIGINT on to them, and when all have
 * finished it returns `count`. If it is killed they finish, too. */
size_t job_split(size_t count);

#endif
