/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated guest: one process per domain that has run. It reads its
 * control nodes in xenstore and goes down as it is told, if it obeys. A paused
 * domain is a stopped process, so it does nothing until it is continued.
 */
#include "sim.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

char **
sim_guest_policy (const char *name)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, TRUE);
  const char *const files[] = { escaped, "default" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *path = sim_path ("guest/%s", files[i]);
    g_autofree char *text = NULL;

    if (g_file_get_contents (path, &text, NULL, NULL))
      return g_strsplit_set (g_strstrip (text), " \t\n", -1);
  }
  return g_strsplit ("obedient", " ", -1);
}

gboolean
sim_guest_policy_has (char **policy, const char *word, gint64 *number)
{
  for (char **p = policy; *p != NULL; p++)
    if (g_str_equal (*p, word)) {
      if (number != NULL)
        *number = p[1] != NULL ? g_ascii_strtoll (p[1], NULL, 10) : 0;
      return TRUE;
    }
  return FALSE;
}

/* --- the process --- */

typedef struct {
  int domid;
  struct xs_handle *xs;
  char *name;
  gint64 end_at; /* monotonic µs at which it goes down, 0 for never */
  int end_reason;
} Guest;

static void
guest_end_in (Guest *guest, gint64 ms, int reason)
{
  guest->end_at = g_get_monotonic_time () + MAX (ms, 1) * 1000;
  guest->end_reason = reason;
}

static void
guest_end (Guest *guest)
{
  SimDomain *domain;

  sim_lock ("lock"); /* released with the process */
  domain = sim_domain_load (guest->domid);
  if (domain != NULL && domain->reason == SIM_RUNNING && domain->guest_pid == getpid ()) {
    domain->guest_pid = 0;
    sim_domain_shut_down (domain, guest->end_reason);
  }
  _exit (0);
}

/* What a guest announces once its kernel runs. */
static void
guest_announce (Guest *guest)
{
  g_auto (GStrv) policy = sim_guest_policy (guest->name);
  int lock;
  SimDomain *domain;

  if (sim_guest_policy_has (policy, "no-pv-drivers", NULL))
    return;
  sim_store_write (guest->domid, "control/feature-poweroff", "1");
  sim_store_write (guest->domid, "control/feature-reboot", "1");
  sim_store_write (guest->domid, "control/feature-suspend", "1");
  if (sim_guest_policy_has (policy, "pv-s3", NULL))
    sim_store_write (guest->domid, "control/feature-s3", "1");
  if (sim_guest_policy_has (policy, "pv-s4", NULL))
    sim_store_write (guest->domid, "control/feature-s4", "1");
  lock = sim_lock ("lock");
  domain = sim_domain_load (guest->domid);
  if (domain != NULL) {
    domain->pv_control = TRUE;
    sim_domain_save (domain);
    sim_domain_free (domain);
  }
  sim_unlock (lock);
}

/* Acts by itself: told so by its policy or, as the lab's guest, by its command line. */
static void
guest_plan (Guest *guest, const char *cmdline)
{
  static const struct {
    const char *word, *cmdline_word;
    int reason;
  } plans[] = {
    { "poweroff-after", "poweroff_after", SIM_POWEROFF },
    { "reboot-after", "reboot_after", SIM_REBOOT },
    { "crash-after", "crash_after", SIM_CRASH },
  };
  g_auto (GStrv) policy = sim_guest_policy (guest->name);

  for (guint i = 0; i < G_N_ELEMENTS (plans); i++) {
    g_autofree char *key = g_strdup_printf ("xmtest.%s=", plans[i].cmdline_word);
    const char *at = cmdline != NULL ? strstr (cmdline, key) : NULL;
    gint64 ms;

    if (sim_guest_policy_has (policy, plans[i].word, &ms))
      guest_end_in (guest, ms, plans[i].reason);
    else if (at != NULL)
      guest_end_in (guest, g_ascii_strtoll (at + strlen (key), NULL, 10) * 1000, plans[i].reason);
  }
}

/* Sleeping and hibernating through PV control, as Windows' PV drivers offer. */
static gboolean
guest_power_control (Guest *guest, const char *request)
{
  g_auto (GStrv) policy = sim_guest_policy (guest->name);
  gboolean sleeps = g_str_equal (request, "s3");

  if (!sleeps && !g_str_equal (request, "s4"))
    return FALSE;
  if (!sim_guest_policy_has (policy, sleeps ? "pv-s3" : "pv-s4", NULL))
    return TRUE;
  sim_store_write (guest->domid, "control/shutdown", "");
  int lock = sim_lock ("lock");
  g_autoptr (SimDomain) domain = sim_domain_load (guest->domid);
  if (domain != NULL && sleeps)
    sim_guest_sleep (domain, TRUE);
  sim_unlock (lock);
  if (!sleeps)
    guest_end_in (guest, 5, SIM_POWEROFF);
  return TRUE;
}

static void
guest_control (Guest *guest)
{
  static const struct {
    const char *request;
    int reason;
  } requests[] = {
    { "poweroff", SIM_POWEROFF },
    { "halt", SIM_POWEROFF },
    { "reboot", SIM_REBOOT },
    { "suspend", SIM_SUSPEND },
  };
  g_autofree char *request = sim_store_read (guest->domid, "control/shutdown");
  g_auto (GStrv) policy = sim_guest_policy (guest->name);
  gint64 delay = 5;

  if (request == NULL || *request == '\0' || sim_guest_policy_has (policy, "ignore", NULL) ||
      guest_power_control (guest, request))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    if (g_str_equal (request, requests[i].request)) {
      sim_guest_policy_has (policy, "slow-shutdown", &delay);
      sim_store_write (guest->domid, "control/shutdown", "");
      guest_end_in (guest, delay,
                    sim_guest_policy_has (policy, "crash", NULL) ? SIM_CRASH : requests[i].reason);
    }
}

static void
guest_sysrq (Guest *guest)
{
  g_autofree char *letter = sim_store_read (guest->domid, "control/sysrq");

  if (letter == NULL || *letter == '\0')
    return;
  sim_store_write (guest->domid, "control/sysrq", "");
  if (*letter == 'o')
    guest_end_in (guest, 5, SIM_POWEROFF);
  else if (*letter == 'b')
    guest_end_in (guest, 5, SIM_REBOOT);
  else if (*letter == 'c')
    guest_end_in (guest, 5, SIM_CRASH);
}

static G_NORETURN void
guest_main (int domid, const char *name, const char *cmdline)
{
  Guest guest = { domid, NULL, g_strdup (name), 0, 0 };
  const char *const watched[] = { "control/shutdown", "control/sysrq" };

  prctl (PR_SET_NAME, "sim-guest");
  sim_store_reset ();
  guest.xs = sim_store ();
  guest_plan (&guest, cmdline);
  guest_announce (&guest);
  for (guint i = 0; i < G_N_ELEMENTS (watched); i++) {
    g_autofree char *path = g_strdup_printf ("/local/domain/%d/%s", domid, watched[i]);

    xs_watch (guest.xs, path, watched[i]);
  }
  for (;;) {
    struct pollfd fd = { xs_fileno (guest.xs), POLLIN, 0 };
    gint64 left = guest.end_at - g_get_monotonic_time ();

    if (guest.end_at != 0 && left <= 0)
      guest_end (&guest);
    if (poll (&fd, 1, guest.end_at != 0 ? (int)(left / 1000 + 1) : -1) < 0)
      continue;
    if (fd.revents != 0) {
      unsigned n;
      char **event = xs_read_watch (guest.xs, &n);

      if (event == NULL)
        _exit (0); /* xenstored is gone, and with it the host */
      if (g_str_equal (event[XS_WATCH_TOKEN], watched[0]))
        guest_control (&guest);
      else
        guest_sysrq (&guest);
      free (event);
    }
  }
}

/* --- what its processors do --- */

void
sim_guest_run (SimDomain *domain, const char *cmdline)
{
  int pipe_fds[2];
  pid_t child;

  if (domain->reason != SIM_RUNNING)
    return;
  if (domain->guest_pid > 0) {
    kill (domain->guest_pid, SIGCONT);
    return;
  }
  /* forked twice, so that nobody has to reap it */
  if (pipe2 (pipe_fds, O_CLOEXEC) < 0 || (child = fork ()) < 0)
    g_error ("cannot start a guest");
  if (child == 0) {
    pid_t guest = fork ();

    if (guest == 0) {
      int null = open ("/dev/null", O_RDWR);

      setsid ();
      dup2 (null, 0);
      dup2 (null, 1);
      dup2 (null, 2);
      /* The lock of whoever starts it is held as long as any copy of it is open, and a guest can be
       * stopped at once: its pid is told when there is none left here. */
      for (int fd = 3; fd < 256; fd++)
        if (fd != pipe_fds[1])
          close (fd);
      guest = getpid ();
      if (write (pipe_fds[1], &guest, sizeof guest) < 0)
        _exit (1);
      close (pipe_fds[1]);
      guest_main (domain->domid, domain->name, cmdline);
    }
    _exit (guest > 0 ? 0 : 1);
  }
  close (pipe_fds[1]);
  waitpid (child, NULL, 0);
  if (read (pipe_fds[0], &child, sizeof child) == sizeof child)
    domain->guest_pid = child;
  close (pipe_fds[0]);
}

void
sim_guest_sleep (SimDomain *domain, gboolean asleep)
{
  if (domain->s3 == asleep)
    return;
  domain->s3 = asleep;
  sim_domain_save (domain);
  sim_qemu_tell (domain, asleep ? "sleep" : "wake");
}

static gboolean
is_runnable (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int)pid);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  const char *state = strrchr (text, ')');
  return state != NULL && strchr ("TZX", state[2]) == NULL;
}

/* Returns once it has stopped: one that waits for the host's lock, which the caller has, would
 * still get it, and stop with it. */
void
sim_guest_stop (const SimDomain *domain)
{
  if (domain->guest_pid <= 0)
    return;
  kill (domain->guest_pid, SIGSTOP);
  while (is_runnable (domain->guest_pid))
    g_usleep (100);
}

void
sim_guest_kill (SimDomain *domain)
{
  if (domain->guest_pid > 0)
    kill (domain->guest_pid, SIGKILL);
  domain->guest_pid = 0;
}
