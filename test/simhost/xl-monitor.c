/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process that `xl create` and `xl restore` leave behind: it waits for the
 * domain's end and does what on_poweroff, on_reboot and on_crash say.
 */
#include "xl.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* How a domain ended, as the monitor finds it. */
typedef enum { ALIVE, SHUT_DOWN, GONE } End;

static End
look (int domid, int *reason)
{
  int lock = sim_lock ("lock");
  g_autoptr (SimDomain) domain = sim_domain_load (domid);

  sim_unlock (lock);
  if (domain == NULL || domain->dying)
    return GONE;
  *reason = domain->reason;
  return domain->reason == SIM_RUNNING ? ALIVE : SHUT_DOWN;
}

static char *
action_for (int domid, int reason)
{
  static const char *const keys[] = { "on_poweroff", "on_reboot", NULL, "on_crash", "on_watchdog" };
  int lock = sim_lock ("lock");
  json_t *config = sim_config_load (domid);
  char *action;

  sim_unlock (lock);
  action = g_strdup (sim_config_string (config, NULL, keys[reason]));
  json_decref (config);
  /* libxl leaves out what has its default value */
  return action != NULL ? action : g_strdup ("destroy");
}

static void
destroy (int domid)
{
  int lock = sim_lock ("lock");
  g_autoptr (SimDomain) domain = sim_domain_load (domid);

  if (domain != NULL)
    xl_destroy_domain (domain);
  sim_unlock (lock);
}

/* Acts on a shutdown. Returns: the domid to watch from now on, or -1 to end. */
static int
act (int domid, int reason)
{
  g_autofree char *action = NULL;
  json_t *config;
  int lock;

  fprintf (stderr, "Domain %d has shut down, reason code %d 0x%x\n", domid, reason, reason);
  if (reason == SIM_SUSPEND) {
    fprintf (stderr, "Domain has suspended.\n");
    return -1;
  }
  action = action_for (domid, reason);
  fprintf (stderr, "Action for shutdown reason code %d is %s\n", reason, action);
  if (g_str_equal (action, "preserve"))
    return -1;
  lock = sim_lock ("lock");
  config = sim_config_load (domid);
  sim_unlock (lock);
  fprintf (stderr, "Domain %d needs to be cleaned up: destroying the domain\n", domid);
  destroy (domid);
  if (!g_str_has_suffix (action, "restart")) {
    json_decref (config);
    return -1;
  }
  fprintf (stderr, "Done. Rebooting now\n");
  sim_sleep_ms (sim_knob ("SIMHOST_REBOOT_DELAY_MS", 2000));
  domid = xl_make_domain (config, 0);
  json_decref (config);
  return domid;
}

static void
watch (int domid, const char *name)
{
  struct xs_handle *xs = sim_store ();

  xs_watch (xs, "@releaseDomain", "end");
  fprintf (stderr, "Waiting for domain %s (domid %d) to die [pid %d]\n", name, domid, getpid ());
  for (;;) {
    int reason;
    unsigned n;
    char **event = xs_read_watch (xs, &n);

    if (event == NULL)
      return;
    free (event);
    switch (look (domid, &reason)) {
    case ALIVE:
      break;
    case GONE:
      fprintf (stderr, "Domain %d has been destroyed.\n", domid);
      return;
    case SHUT_DOWN:
      domid = act (domid, reason);
      if (domid < 0) {
        fprintf (stderr, "Done. Exiting now\n");
        return;
      }
      fprintf (stderr, "Waiting for domain %s (domid %d) to die [pid %d]\n", name, domid,
               getpid ());
    }
  }
}

void
xl_monitor (int domid, int flags)
{
  int lock = sim_lock ("lock");
  g_autoptr (SimDomain) domain = sim_domain_load (domid);
  g_autofree char *escaped = NULL;
  g_autofree char *log = NULL;
  int fd, null;

  sim_unlock (lock);
  if ((flags & XL_NO_MONITOR) != 0 || domain == NULL)
    return;
  if ((flags & XL_FOREGROUND) != 0) {
    watch (domid, domain->name);
    return;
  }
  fflush (NULL);
  if (fork () != 0)
    return;
  sim_store_reset ();
  setsid ();
  prctl (PR_SET_NAME, "sim-monitor");
  escaped = g_uri_escape_string (domain->name, NULL, TRUE);
  log = sim_path ("log/xl-%s.log", escaped);
  fd = open (log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  null = open ("/dev/null", O_RDWR | O_CLOEXEC);
  dup2 (null, STDIN_FILENO);
  dup2 (fd, STDOUT_FILENO);
  dup2 (fd, STDERR_FILENO);
  for (int other = 3; other < 256; other++)
    close (other);
  watch (domid, domain->name);
  _exit (0);
}
