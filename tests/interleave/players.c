#include "players.h"

#include "base/settings.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A player that says nothing is looked at after so long, and again after as long: whether it
 * waits for a lock is for the server to say. */
enum { LOOK_MS = 2, GIVE_UP_MS = 60000 };

struct stage *stage;
struct player players[PLAYERS_MAX];

static int me, line; /* in a player: its number, and its end of the socket */

/* What a player says. */
static const char SAYS_STOPPED = 's', SAYS_DONE = 'd';

static _Noreturn void give_up(const char *why, int number)
{
	fprintf(stderr, "player %d: %s\n", number, why);
	players_close();
	exit(3);
}

/* ---- In a player */

static enum command stopped(int backend)
{
	char command = GO;

	stage->backend[me] = backend;
	if (write(line, &SAYS_STOPPED, 1) != 1 || read(line, &command, 1) != 1)
		_exit(1);
	return (enum command)command;
}

static _Noreturn void perform(void)
{
	struct hands hands;
	size_t act;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	hands_open(&hands);
	stop_here = stopped;
	while (read(line, &act, sizeof(act)) == sizeof(act)) {
		act_play(act_at(act), &hands, &stage->scene, me, &stage->told[me]);
		if (write(line, &SAYS_DONE, 1) != 1)
			break;
	}
	_exit(0);
}

/* ---- In the driver */

static void player_make(int number)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		give_up(strerror(errno), number);
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		give_up(strerror(errno), number);
	if (pid == 0) {
		me = number;
		line = ends[1];
		close(ends[0]);
		perform();
	}
	close(ends[1]);
	players[number] = (struct player){.pid = pid, .fd = ends[0]};
}

static void player_bury(int number)
{
	int status;

	close(players[number].fd);
	waitpid(players[number].pid, &status, 0);
	players[number].pid = 0;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		give_up("has crashed", number);
	players[number].where = DEAD;
}

void players_open(void)
{
	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		-1, 0);
	if (stage == MAP_FAILED)
		abort();
	signal(SIGPIPE, SIG_IGN);
}

void players_close(void)
{
	for (int i = 0; i < PLAYERS_MAX; i++)
		if (players[i].pid > 0) {
			kill(players[i].pid, SIGKILL);
			waitpid(players[i].pid, NULL, 0);
			close(players[i].fd);
			players[i].pid = 0;
		}
}

/* Does it wait for a lock of somebody who is held by us? Who is dead or done lets go by himself. */
static bool is_blocked(int number, int playing)
{
	char others[96] = "";

	for (int i = 0; i < playing; i++)
		if (i != number && (players[i].where == STOPPED || players[i].where == BLOCKED))
			snprintf(others + strlen(others), sizeof(others) - strlen(others),
				",%d", stage->backend[i]);
	return strcmp(ask("SELECT pg_blocking_pids(%d) && '{0%s}'::int[]",
			      stage->backend[number], others),
		       "t") == 0;
}

/* What it says, if it does so in time. */
static bool player_hear(int number)
{
	struct player *p = &players[number];
	struct pollfd fd = {.fd = p->fd, .events = POLLIN};
	char says;

	if (poll(&fd, 1, LOOK_MS) != 1)
		return false;
	if (read(p->fd, &says, 1) == 1)
		p->where = says == SAYS_DONE ? DONE : STOPPED;
	else
		player_bury(number);
	return true;
}

/* Until it has stopped, is done, or waits for another of those who play. */
static void player_wait(int number, int playing)
{
	for (int ms = 0; ms < GIVE_UP_MS; ms += LOOK_MS) {
		if (player_hear(number))
			return;
		if (playing > 1 && is_blocked(number, playing)) {
			players[number].where = BLOCKED;
			return;
		}
	}
	give_up("says nothing any more", number);
}

static void wake_blocked(int playing, int but)
{
	for (int i = 0; i < playing; i++)
		if (i != but && players[i].where == BLOCKED)
			player_wait(i, playing);
}

void player_begin(int number, const struct act *act)
{
	size_t index = (size_t)(act - act_at(0));

	if (players[number].pid == 0)
		player_make(number);
	stage->told[number] = (struct answer){0};
	stage->backend[number] = 0;
	if (write(players[number].fd, &index, sizeof(index)) != sizeof(index))
		give_up("takes nothing any more", number);
	player_wait(number, 0);
}

void player_go(int number, enum command command, int playing)
{
	char byte = (char)command;

	if (write(players[number].fd, &byte, 1) != 1)
		give_up("can't be told to go on", number);
	player_wait(number, playing);
	wake_blocked(playing, number);
	if (players[number].where == BLOCKED) { /* by somebody who has gone on since? */
		player_wait(number, playing);
		wake_blocked(playing, number);
	}
}

/* One of them is refused by the server, which looks for deadlocks. */
void players_untie(int playing)
{
	for (int ms = 0; ms < GIVE_UP_MS; ms += LOOK_MS)
		for (int i = 0; i < playing; i++)
			if (players[i].where == BLOCKED && player_hear(i)) {
				wake_blocked(playing, i);
				return;
			}
	give_up("waits for ever", -1);
}
