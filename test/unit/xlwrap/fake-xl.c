/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program to be run in place of xl by the unit tests. What it does is told by
 * the environment variable FAKE_XL_REPLAY or FAKE_XL_ARGV, else by its first
 * argument. It uses nothing but the C library, so that its file descriptors and
 * its environment are just what the runner gave it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void
wait_forever (void)
{
  for (;;)
    pause ();
}

static void
print_bytes (FILE *stream, long n)
{
  static char bytes[65536];

  memset (bytes, 'x', sizeof bytes);
  for (; n > 0; n -= (long)sizeof bytes)
    fwrite (bytes, 1, n < (long)sizeof bytes ? (size_t)n : sizeof bytes, stream);
  fflush (stream);
}

static void
copy_file (const char *base, const char *suffix, FILE *to)
{
  char path[4096];
  FILE *file;
  int c;

  snprintf (path, sizeof path, "%s%s", base, suffix);
  if ((file = fopen (path, "re")) == NULL)
    exit (99);
  while ((c = getc (file)) != EOF)
    putc (c, to);
  fclose (file);
}

/* Prints what a recorded command printed, and ends as it ended. */
static int
replay (const char *base)
{
  char path[4096];
  FILE *file;
  int status = 99;

  copy_file (base, ".out", stdout);
  copy_file (base, ".err", stderr);
  snprintf (path, sizeof path, "%s.rc", base);
  if ((file = fopen (path, "re")) == NULL || fscanf (file, "%d", &status) != 1)
    exit (99);
  fclose (file);
  return status;
}

/* Says NAME and its pid on a FIFO. */
static void
notify (const char *fifo, const char *name, pid_t pid)
{
  char line[256];
  int fd = open (fifo, O_WRONLY | O_CLOEXEC);
  int len = snprintf (line, sizeof line, "%s %d\n", name, (int)pid);

  if (fd < 0 || write (fd, line, len) != len)
    exit (98);
  close (fd);
}

/* Returns in the child as 0. */
static pid_t
make_child (void)
{
  pid_t pid = fork ();

  if (pid < 0)
    exit (97);
  return pid;
}

/*
 * `stuck NOTIFY`: cannot be killed as long as its tracer lives, like a process that
 * hangs in the kernel. The tracer, of a session of its own, is told on NOTIFY.
 */
static int
be_stuck (char **argv)
{
  pid_t target = getpid ();
  pid_t tracer;

  /* Some kernels let only ancestors trace, unless told otherwise. */
  prctl (PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  tracer = make_child ();
  if (tracer == 0) {
    setsid ();
    if (ptrace (PTRACE_SEIZE, target, NULL, (void *)PTRACE_O_TRACEEXIT) != 0)
      exit (95);
    close (STDOUT_FILENO);
    close (STDERR_FILENO);
    notify (argv[2], "tracer", getpid ());
  }
  wait_forever ();
  return 0;
}

/* `gate NAME NOTIFY GATE`: says its start on NOTIFY and ends when GATE was opened and closed. */
static int
gate (char **argv)
{
  char byte;
  int fd;

  notify (argv[3], argv[2], getpid ());
  fd = open (argv[4], O_RDONLY | O_CLOEXEC);
  while (fd >= 0 && read (fd, &byte, 1) > 0)
    ;
  printf ("%s\n", argv[2]);
  return 0;
}

static int
list_fds (void)
{
  DIR *dir = opendir ("/proc/self/fd");
  struct dirent *entry;
  char target[4096];
  ssize_t len;

  while ((entry = readdir (dir)) != NULL)
    if (entry->d_name[0] != '.' && atoi (entry->d_name) != dirfd (dir))
      printf ("%s\n", entry->d_name);
  closedir (dir);
  len = readlink ("/proc/self/fd/0", target, sizeof target - 1);
  printf ("stdin %.*s\n", (int)len, target);
  return 0;
}

static int
print_signals (void)
{
  sigset_t blocked;

  sigprocmask (SIG_SETMASK, NULL, &blocked);
  for (int i = 1; i < NSIG; i++)
    if (sigismember (&blocked, i) == 1)
      printf ("blocked %d\n", i);
  return 0;
}

int
main (int argc, char **argv)
{
  const char *mode = argc > 1 ? argv[1] : "";

  if (getenv ("FAKE_XL_REPLAY") != NULL)
    return replay (getenv ("FAKE_XL_REPLAY"));

  if (getenv ("FAKE_XL_ARGV") != NULL) {
    fputs (getenv ("FAKE_XL_ARGV"), stderr);
    for (int i = 1; i < argc; i++)
      printf ("%s\n", argv[i]);
    return 0;
  }

  if (strcmp (mode, "print") == 0) {
    print_bytes (stdout, atol (argv[2]));
    print_bytes (stderr, atol (argv[3]));
    return 0;
  }
  if (strcmp (mode, "nul") == 0) {
    fwrite ("a\0b\xff", 1, 4, stdout);
    return 0;
  }
  if (strcmp (mode, "endless") == 0)
    for (;;)
      print_bytes (strcmp (argv[2], "err") == 0 ? stderr : stdout, 65536);
  if (strcmp (mode, "sleep") == 0) {
    fputs ("half a word", stderr);
    wait_forever ();
  }
  if (strcmp (mode, "stubborn") == 0) {
    /* `stubborn NOTIFY`: two processes of one group that survive all but SIGKILL. */
    for (int i = 1; i < NSIG; i++)
      if (i != SIGCHLD)
        signal (i, SIG_IGN);
    pid_t child = make_child ();
    if (child != 0)
      notify (argv[2], "child", child);
    wait_forever ();
  }
  if (strcmp (mode, "background") == 0) {
    /* Leaves a process of its own session that keeps stdout and stderr open. */
    pid_t child = make_child ();
    if (child == 0) {
      setsid ();
      wait_forever ();
    }
    printf ("%d\n", (int)child);
    return 0;
  }
  if (strcmp (mode, "stuck") == 0)
    return be_stuck (argv);
  if (strcmp (mode, "gate") == 0)
    return gate (argv);
  if (strcmp (mode, "signal") == 0) {
    fputs ("before the end\n", stderr);
    fflush (stderr);
    raise (atoi (argv[2]));
  }
  if (strcmp (mode, "exit") == 0) {
    fputs (argv[3], stderr);
    return atoi (argv[2]);
  }
  if (strcmp (mode, "env") == 0) {
    for (char **word = environ; *word != NULL; word++)
      printf ("%s\n", *word);
    return 0;
  }
  if (strcmp (mode, "fds") == 0)
    return list_fds ();
  if (strcmp (mode, "group") == 0) {
    printf ("%s\n", getpid () == getpgrp () ? "leader" : "member");
    return 0;
  }
  if (strcmp (mode, "signals") == 0)
    return print_signals ();
  return 96;
}
