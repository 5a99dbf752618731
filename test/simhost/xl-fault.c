/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tests make xl do wrong. fault/SUB holds the kind in its first line (with
 * its argument) and in the second how many calls it still strikes, -1 for all.
 */
#include "xl.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *kind;
static char *argument;
static int real_stdout = -1;

/* Takes one strike of the fault of @subcommand. */
static void
take (const char *subcommand)
{
  g_autofree char *path = sim_path ("fault/%s", subcommand);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  int count;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return;
  int lock = sim_lock ("fault.lock");
  if (g_file_get_contents (path, &text, NULL, NULL)) {
    g_auto (GStrv) words = NULL;

    lines = g_strsplit (text, "\n", 2);
    words = g_strsplit (lines[0], " ", 2);
    kind = g_strdup (words[0]);
    argument = g_strdup (words[1] != NULL ? words[1] : "");
    count = lines[1] != NULL ? atoi (lines[1]) : -1;
    if (count == 1) {
      unlink (path);
    } else if (count > 1) {
      g_autofree char *left = g_strdup_printf ("%s\n%d\n", lines[0], count - 1);

      sim_write_file (path, left, -1);
    }
  }
  sim_unlock (lock);
}

static G_NORETURN void
print_endlessly (void)
{
  char line[4096];

  memset (line, 'x', sizeof line);
  line[sizeof line - 1] = '\n';
  for (;;)
    if (write (STDOUT_FILENO, line, sizeof line) < 0)
      exit (1);
}

static void
print_garbage (void)
{
  guint32 number = 2463534242; /* a fixed seed: the same garbage each time */

  for (int i = 0; i < 4096; i++) {
    number ^= number << 13;
    number ^= number >> 17;
    number ^= number << 5;
    putchar ((int)(number & 255));
  }
}

void
xl_fault_begin (const char *subcommand)
{
  static const char *const in_the_middle[] = { "create", "restore", "save", NULL };

  take (subcommand);
  if (kind == NULL)
    return;
  if (g_str_equal (kind, "exit")) {
    char *text;
    int status = (int)strtol (argument, &text, 10);

    fprintf (stderr, "%s\n", g_strchug (text));
    exit (status);
  }
  if (g_str_equal (kind, "garbage")) {
    print_garbage ();
    exit (0);
  }
  if (g_str_equal (kind, "endless"))
    print_endlessly ();
  if (g_str_equal (kind, "truncated-json") || g_str_equal (kind, "bad-utf8")) {
    int memory = memfd_create ("stdout", MFD_CLOEXEC);

    real_stdout = dup (STDOUT_FILENO);
    dup2 (memory, STDOUT_FILENO);
    close (memory);
  }
  if (!g_strv_contains (in_the_middle, subcommand))
    xl_fault_point ();
}

void
xl_fault_point (void)
{
  if (kind == NULL)
    return;
  if (g_str_equal (kind, "slow"))
    sim_sleep_ms ((gint64)(g_ascii_strtod (argument, NULL) * 1000));
  else if (g_str_equal (kind, "hang"))
    for (;;)
      pause ();
  else if (g_str_equal (kind, "signal"))
    raise (atoi (argument));
  else if (g_str_equal (kind, "until"))
    while (!g_file_test (argument, G_FILE_TEST_EXISTS))
      sim_sleep_ms (5);
}

/* Bytes that no UTF-8 text has, in every name. */
static void
print_spoilt (const char *text)
{
  gboolean json = *text == '[';
  const char *mark = json ? "\"name\": \"" : "\n";

  for (const char *p = text; *p != '\0'; p++) {
    putchar (*p);
    if (p - text + 1 >= (gssize)strlen (mark) && p[1] != '\0' &&
        strncmp (p + 1 - strlen (mark), mark, strlen (mark)) == 0)
      fputs ("\xff\xfe", stdout);
  }
}

void
xl_fault_end (void)
{
  g_autofree char *text = NULL;
  off_t length;

  fflush (stdout);
  if (real_stdout < 0)
    return;
  length = lseek (STDOUT_FILENO, 0, SEEK_END);
  text = g_malloc0 ((gsize)length + 1);
  if (pread (STDOUT_FILENO, text, (gsize)length, 0) != length)
    abort ();
  dup2 (real_stdout, STDOUT_FILENO);
  if (g_str_equal (kind, "truncated-json"))
    fwrite (text, 1, (gsize)length / 2, stdout);
  else
    print_spoilt (text);
  fflush (stdout);
}
