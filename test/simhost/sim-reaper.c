/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sim-reaper CMD...: runs CMD and lets none of its descendants outlive it, not
 * even those that left its session or are stopped. Ends with CMD's status.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t command;

static void
on_signal (int signum)
{
  if (command > 0)
    kill ((pid_t)command, signum);
}

/* Orphans become children of the nearest sub-reaper, which is this process. */
static void
kill_children (void)
{
  char path[64];

  snprintf (path, sizeof path, "/proc/self/task/%d/children", (int)getpid ());
  for (;;) {
    FILE *file = fopen (path, "re");
    int child, found = 0;

    while (file != NULL && fscanf (file, "%d", &child) == 1) {
      kill (child, SIGKILL);
      found++;
    }
    if (file != NULL)
      fclose (file);
    if (found == 0 || (waitpid (-1, NULL, 0) < 0 && errno == ECHILD))
      return;
  }
}

int
main (int argc, char **argv)
{
  static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
  struct sigaction action = { .sa_handler = on_signal };
  int status = 0;

  if (argc < 2) {
    fprintf (stderr, "usage: sim-reaper COMMAND [ARGUMENT...]\n");
    return 2;
  }
  prctl (PR_SET_CHILD_SUBREAPER, 1);
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
    sigaction (signals[i], &action, NULL);
  command = fork ();
  if (command == 0) {
    execvp (argv[1], argv + 1);
    perror (argv[1]);
    _exit (127);
  }
  for (;;) {
    pid_t ended = waitpid (-1, &status, 0);

    if (ended == (pid_t)command || (ended < 0 && errno != EINTR))
      break;
  }
  kill_children ();
  return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}
