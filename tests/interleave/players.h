#ifndef INTERLEAVE_PLAYERS_H
#define INTERLEAVE_PLAYERS_H

#include "acts.h"
#include "stops.h"

#include <sys/types.h>

/* The processes under test. Each plays one act at a time and stops before each exchange with
 * the server, until it is told to go on. */

enum where {
	IDLE,    /* it has nothing to do */
	STOPPED, /* before an exchange */
	BLOCKED, /* in one: it waits for a lock that another player holds */
	DONE,    /* its act is over: see told */
	DEAD,    /* was killed */
};

struct player {
	pid_t pid;
	int fd;
	enum where where;
};

/* In memory that all of them share. */
extern struct stage {
	struct scene scene;
	struct answer told[PLAYERS_MAX];
	int backend[PLAYERS_MAX];
} * stage;
extern struct player players[PLAYERS_MAX];

void players_open(void);
void players_close(void);
/* Let it begin: afterwards it is STOPPED or DONE. */
void player_begin(int number, const struct act *);
/* One exchange, and what follows of it for the others: nobody is left who could go on by
 * himself. */
void player_go(int number, enum command, int playing);
/* Nobody can go on: the server ends that. */
void players_untie(int playing);

#endif
