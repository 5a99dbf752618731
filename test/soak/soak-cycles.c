/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * soak-cycles N: N lives of a VM, which end in turn by shutdown, destroy, the
 * guest's power-off and its crash. Afterwards the daemon must have no more
 * memory, files, children and files in its run directory than after the first
 * lives, nor xenstore more nodes, nor xenstored, which keeps the watches, more
 * memory. Run by ./run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vms.h"

#define WARM_UP     40
#define LIMIT_US    (20 * G_USEC_PER_SEC)
#define PAUSE_US    5000
#define TRIM_CYCLES 500
#define SETTLED     20   /* this often the same */
#define SLACK_KIB   1024 /* what an allocator needs to settle */
#define SLACK_BYTES 50   /* a cycle: a page more or less now and then */

typedef enum { DAEMON_KIB, STORE_KIB, FILES, CHILDREN, NODES, RUN_FILES, N_FIGURES } Figure;

static const char *const names[N_FIGURES] = {
  "KiB of the daemon", "KiB of xenstored", "open files",
  "children",          "xenstore nodes",   "files in the run directory",
};

static guint
count_entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;
  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static char *
read_pid (const char *name)
{
  g_autofree char *path = host_file ("%s", name);
  char *text;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("%s cannot be read", path);
  return g_strstrip (text);
}

static guint
resident_kib (const char *pid)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "status", NULL);
  g_autofree char *text = NULL;
  const char *line = NULL;
  if (g_file_get_contents (path, &text, NULL, NULL))
    line = strstr (text, "\nVmRSS:");
  if (line == NULL)
    g_error ("%s does not say how much memory", path);
  return (guint)g_ascii_strtoull (line + strlen ("\nVmRSS:"), NULL, 10);
}

static guint
count_lines (const char *command)
{
  g_autofree char *text = NULL;
  guint n = 0;
  if (!g_spawn_command_line_sync (command, &text, NULL, NULL, NULL))
    g_error ("%s failed", command);
  for (const char *at = text; *at != '\0'; at++)
    n += *at == '\n';
  return n;
}

static void
measure_now (guint figures[N_FIGURES])
{
  g_autofree char *daemon = read_pid ("daemon.pid");
  g_autofree char *store = read_pid ("xs/pid");
  g_autofree char *files = g_build_filename ("/proc", daemon, "fd", NULL);
  g_autofree char *children_path =
      g_build_filename ("/proc", daemon, "task", daemon, "children", NULL);
  g_autofree char *run_dir = host_file ("run");
  g_autofree char *children = NULL;
  if (!g_file_get_contents (children_path, &children, NULL, NULL))
    g_error ("%s cannot be read", children_path);
  figures[DAEMON_KIB] = resident_kib (daemon);
  figures[STORE_KIB] = resident_kib (store);
  figures[FILES] = count_entries (files);
  figures[CHILDREN] = 0;
  for (const char *at = children; *at != '\0'; at++)
    figures[CHILDREN] += *at == ' ';
  figures[NODES] = count_lines ("xenstore-ls");
  figures[RUN_FILES] = count_entries (run_dir);
}

/* The daemon closes the pipes of an xl somewhat after its end, and nobody tells of it. */
static void
measure (guint figures[N_FIGURES])
{
  gint64 limit = g_get_monotonic_time () + LIMIT_US;
  guint same = 0;
  host_wait_for_xl ();
  measure_now (figures);
  while (same < SETTLED) {
    guint now[N_FIGURES];
    if (g_get_monotonic_time () > limit)
      g_error ("files, children and nodes change although no xl runs");
    host_dispatch_until (g_get_monotonic_time () + PAUSE_US);
    measure_now (now);
    same =
        memcmp (now + FILES, figures + FILES, sizeof now - FILES * sizeof *now) == 0 ? same + 1 : 0;
    memcpy (figures, now, sizeof now);
  }
}

static void
on_told (const char *uuid, const char *state, gpointer user_data)
{
  g_string_assign (user_data, state);
}

static void
do_it (TestVm *vm, Action action)
{
  g_autofree char *error = NULL;
  if (!test_vm_act (vm, action, &error))
    g_error ("%s: %s", model_action_name (action), error);
}

static void
live (TestVm *vm, const GString *state, guint cycle)
{
  static const Action ends[] = { ACTION_SHUTDOWN, ACTION_DESTROY, ACTION_GUEST_POWEROFF,
                                 ACTION_GUEST_CRASH };
  gint64 limit = g_get_monotonic_time () + LIMIT_US;
  do_it (vm, ACTION_START);
  g_autofree char *domid = host_get (vm->path, "domid");
  vm->model.domid = atoi (domid);
  do_it (vm, ends[cycle % G_N_ELEMENTS (ends)]);
  host_dispatch ();
  while (!g_str_equal (state->str, "stopped")) {
    if (g_get_monotonic_time () > limit)
      g_error ("cycle %u: the VM is %s", cycle, state->str);
    host_dispatch_until (limit);
  }
}

int
main (int argc, char **argv)
{
  guint cycles = argc > 1 ? (guint)g_ascii_strtoull (argv[1], NULL, 10) : 0;
  g_autoptr (GString) state = g_string_new (NULL);
  guint before[N_FIGURES], after[N_FIGURES];
  gboolean grown = FALSE;
  if (cycles == 0) {
    fprintf (stderr, "usage: soak-cycles CYCLES\n");
    return 2;
  }
  host_connect (on_told, state);
  TestVm *vm = test_vm_new (0);
  for (guint i = 0; i < WARM_UP; i++)
    live (vm, state, i);
  measure (before);
  gint64 started = g_get_monotonic_time ();
  for (guint i = 0; i < cycles; i++) {
    live (vm, state, i);
    if (i % TRIM_CYCLES == TRIM_CYCLES - 1)
      host_trim_logs ();
  }
  double seconds = (double)(g_get_monotonic_time () - started) / G_USEC_PER_SEC;
  measure (after);
  printf ("%u cycles, %.1f a second\n", cycles, cycles / seconds);
  for (int i = 0; i < N_FIGURES; i++) {
    guint slack = i <= STORE_KIB ? SLACK_KIB + cycles * SLACK_BYTES / 1024 : 0;
    gboolean more = after[i] > before[i] + slack;
    printf ("%-28s %7u -> %7u%s\n", names[i], before[i], after[i], more ? "  GROWN" : "");
    grown |= more;
  }
  test_vm_free (vm);
  return grown ? 1 : 0;
}
