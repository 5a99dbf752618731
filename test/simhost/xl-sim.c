/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests do to the simulated host: events inside guests, faults of xl, a look at its calls. */
#include "xl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "xl-sim guest NAME poweroff|reboot|crash|watchdog|suspend   end the guest from inside\n"
    "xl-sim guest NAME sleep|wake|hibernate|eject      what a guest with a QEMU can do\n"
    "xl-sim qmp NAME TEXT                              its QEMU says TEXT on its monitor\n"
    "xl-sim policy NAME|default WORD...                how a guest behaves: obedient, ignore,\n"
    "    crash, no-pv-drivers, acpi, zombie, slow-shutdown MS, slow-destroy MS, poweroff-after "
    "MS,\n"
    "    reboot-after MS, crash-after MS, pv-s3, pv-s4\n"
    "xl-sim fault SUBCOMMAND KIND [COUNT]              kinds: \"slow SECONDS\", hang,\n"
    "    \"until FILE\", \"signal N\", \"exit N TEXT\", garbage, truncated-json, bad-utf8, "
    "endless, off\n"
    "xl-sim reap                                       let dying domains go\n"
    "xl-sim log                                        every call of xl, one per line\n"
    "xl-sim calls [SUBCOMMAND]                         how many there were\n"
    "xl-sim forget                                     start counting anew\n";

/* What goes through the device model. Returns: FALSE when @event is nothing of the kind. */
static gboolean
qemu_event (SimDomain *domain, const char *event)
{
  if (g_str_equal (event, "sleep") || g_str_equal (event, "wake")) {
    sim_guest_sleep (domain, g_str_equal (event, "sleep"));
  } else if (g_str_equal (event, "eject")) {
    sim_qemu_tell (domain, event);
  } else if (g_str_equal (event, "hibernate")) {
    sim_qemu_tell (domain, event);
    sim_sleep_ms (50); /* a guest takes longer from there to its power-off */
    sim_guest_kill (domain);
    sim_domain_shut_down (domain, SIM_POWEROFF);
  } else {
    return FALSE;
  }
  return TRUE;
}

static int
say_qmp (const char *name, const char *text)
{
  int domid = xl_domain (name);
  int lock = sim_lock ("lock");
  g_autoptr (SimDomain) domain = sim_domain_load (domid);
  g_autofree char *line = g_strconcat ("raw ", text, NULL);

  if (domain != NULL)
    sim_qemu_tell (domain, line);
  sim_unlock (lock);
  return domain != NULL ? 0 : 1;
}

static int
guest_event (const char *name, const char *event)
{
  static const char *const events[] = { "poweroff", "reboot", "suspend", "crash", "watchdog" };
  int domid = xl_domain (name);
  int lock = sim_lock ("lock");
  g_autoptr (SimDomain) domain = sim_domain_load (domid);
  int status = 1;

  if (domain != NULL && domain->reason == SIM_RUNNING && qemu_event (domain, event)) {
    sim_unlock (lock);
    return 0;
  }
  for (int reason = 0; reason < (int)G_N_ELEMENTS (events); reason++)
    if (g_str_equal (event, events[reason])) {
      if (domain == NULL || domain->reason != SIM_RUNNING || domain->pauses > 0) {
        fprintf (stderr, "xl-sim: %s does not run\n", name);
      } else {
        sim_guest_kill (domain);
        sim_domain_shut_down (domain, reason);
        status = 0;
      }
    }
  sim_unlock (lock);
  return status;
}

static int
set_policy (const char *name, char **words)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, TRUE);
  g_autofree char *path = sim_path ("guest/%s", escaped);
  g_autofree char *text = g_strjoinv (" ", words);

  sim_write_file (path, text, -1);
  return 0;
}

static int
set_fault (const char *subcommand, const char *kind, const char *count)
{
  static const char *const kinds[] = { "slow",    "hang",           "signal",   "until",   "exit",
                                       "garbage", "truncated-json", "bad-utf8", "endless", NULL };
  g_autofree char *path = sim_path ("fault/%s", subcommand);
  g_autofree char *text = g_strdup_printf ("%s\n%s\n", kind, count != NULL ? count : "-1");
  g_auto (GStrv) words = g_strsplit (kind, " ", 2);

  if (g_str_equal (kind, "off")) {
    unlink (path);
    return 0;
  }
  if (!g_strv_contains (kinds, words[0])) {
    fputs (usage, stderr);
    return 2;
  }
  sim_write_file (path, text, -1);
  return 0;
}

static int
reap (void)
{
  int lock = sim_lock ("lock");
  g_autoptr (GPtrArray) domains = sim_domain_list ();

  for (guint i = 0; i < domains->len; i++) {
    const SimDomain *domain = g_ptr_array_index (domains, i);

    if (domain->dying)
      sim_domain_forget (domain);
  }
  sim_unlock (lock);
  return 0;
}

static int
show_calls (const char *subcommand, gboolean count)
{
  g_autofree char *path = sim_path ("calls");
  g_autofree char *text = NULL;
  g_autofree char *prefix = g_strconcat ("xl ", subcommand, NULL);
  g_auto (GStrv) lines = NULL;
  int n = 0;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    text = g_strdup ("");
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    gsize length = strlen (prefix);

    if (**line == '\0' ||
        (subcommand != NULL && (!g_str_has_prefix (*line, prefix) ||
                                ((*line)[length] != '\0' && (*line)[length] != ' '))))
      continue;
    n++;
    if (!count)
      puts (*line);
  }
  if (count)
    printf ("%d\n", n);
  return 0;
}

int
main (int argc, char **argv)
{
  const char *command = argc > 1 ? argv[1] : "";

  if (g_str_equal (command, "guest") && argc == 4)
    return guest_event (argv[2], argv[3]);
  if (g_str_equal (command, "qmp") && argc == 4)
    return say_qmp (argv[2], argv[3]);
  if (g_str_equal (command, "policy") && argc >= 4)
    return set_policy (argv[2], argv + 3);
  if (g_str_equal (command, "fault") && (argc == 4 || argc == 5))
    return set_fault (argv[2], argv[3], argv[4]);
  if (g_str_equal (command, "reap") && argc == 2)
    return reap ();
  if (g_str_equal (command, "log") && argc <= 3)
    return show_calls (argv[2], FALSE);
  if (g_str_equal (command, "calls") && argc <= 3)
    return show_calls (argv[2], TRUE);
  if (g_str_equal (command, "forget") && argc == 2) {
    g_autofree char *path = sim_path ("calls");

    unlink (path);
    return 0;
  }
  fputs (usage, stderr);
  return 2;
}
