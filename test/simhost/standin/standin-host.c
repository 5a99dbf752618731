/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test/simhost/standin/standin-host.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenstore.h>

struct _StandinHost {
  char *dir;
  char **environment; /* of the programs with the stand-in */
  GPid xenstored;
};

static void
must (gboolean ok, const char *what)
{
  if (!ok)
    g_error ("stand-in host: %s: %s", what, g_strerror (errno));
}

StandinHost *
standin_host_new (void)
{
  StandinHost *host = g_new0 (StandinHost, 1);
  g_autofree char *store = NULL, *domains = NULL, *socket_path = NULL;

  host->dir = g_dir_make_tmp ("standin-XXXXXX", NULL);
  must (host->dir != NULL, "temporary directory");
  store = g_build_filename (host->dir, "xs", NULL);
  domains = g_build_filename (host->dir, "domains", NULL);
  must (g_mkdir (store, 0700) == 0 && g_mkdir (domains, 0700) == 0, "directories");

  socket_path = g_build_filename (store, "socket", NULL);
  must (g_setenv ("XENSTORED_PATH", socket_path, TRUE), "XENSTORED_PATH");

  host->environment = g_get_environ ();
  host->environment = g_environ_setenv (host->environment, "XENSTANDIN_DIR", host->dir, TRUE);
  host->environment = g_environ_setenv (host->environment, "XENSTORED_RUNDIR", store, TRUE);
  host->environment = g_environ_setenv (host->environment, "XENSTORED_ROOTDIR", store, TRUE);
  host->environment = g_environ_setenv (host->environment, "LD_PRELOAD", STANDIN_LIBRARY, TRUE);
  return host;
}

static void
remove_tree (const char *path)
{
  GDir *dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *child = g_build_filename (path, name, NULL);

    remove_tree (child);
  }
  if (dir)
    g_dir_close (dir);
  g_remove (path);
}

void
standin_host_free (StandinHost *host)
{
  standin_host_kill_xenstored (host);
  remove_tree (host->dir);
  g_strfreev (host->environment);
  g_free (host->dir);
  g_free (host);
}

/* xenstored says nothing when it is ready, and its pid file comes before its socket: so ask it. */
static void
wait_until_it_answers (void)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  while (g_get_monotonic_time () < end) {
    struct xs_handle *handle = xs_open (0);
    char *path = handle ? xs_get_domain_path (handle, 0) : NULL;

    xs_close (handle);
    if (path) {
      free (path);
      return;
    }
    g_usleep (2000);
  }
  g_error ("stand-in host: xenstored does not answer");
}

void
standin_host_start_xenstored (StandinHost *host)
{
  g_autofree char *pidfile = g_build_filename (host->dir, "xs", "pid", NULL);
  const char *argv[] = { REAL_XENSTORED, "-N", "-F", pidfile, NULL };
  g_autoptr (GError) error = NULL;

  g_remove (pidfile);
  if (!g_spawn_async (NULL, (char **)argv, host->environment, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                      &host->xenstored, &error))
    g_error ("stand-in host: %s", error->message);
  wait_until_it_answers ();
}

void
standin_host_kill_xenstored (StandinHost *host)
{
  if (host->xenstored == 0)
    return;
  kill (host->xenstored, SIGKILL);
  waitpid (host->xenstored, NULL, 0);
  host->xenstored = 0;
}

void
standin_host_signal_xenstored (StandinHost *host, int signum)
{
  must (kill (host->xenstored, signum) == 0, "signal");
  if (signum == SIGSTOP)
    must (waitpid (host->xenstored, NULL, WUNTRACED) == host->xenstored, "stop");
}

static void
write_domain (StandinHost *host, unsigned domid, const char *state)
{
  g_autofree char *name = g_strdup_printf ("%u", domid);
  g_autofree char *path = g_build_filename (host->dir, "domains", name, NULL);

  /* Written to a temporary and renamed. */
  must (g_file_set_contents (path, state, -1, NULL), path);
}

static void
raise_event (StandinHost *host)
{
  g_autofree char *path = g_build_filename (host->dir, "event", NULL);
  int fd = open (path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

  must (fd >= 0 && write (fd, "x", 1) == 1, path);
  close (fd);
}

void
standin_host_introduce (StandinHost *host, unsigned domid)
{
  struct xs_handle *handle = xs_open (0);

  write_domain (host, domid, "0 0 0 0 1 0 0\n");
  must (handle && xs_introduce_domain (handle, domid, 1, 1), "introduce");
  xs_close (handle);
}

void
standin_host_shutdown (StandinHost *host, unsigned domid, unsigned reason)
{
  g_autofree char *state = g_strdup_printf ("0 0 1 0 0 0 %u\n", reason);

  write_domain (host, domid, state);
  raise_event (host);
}

void
standin_host_destroy (StandinHost *host, unsigned domid)
{
  g_autofree char *name = g_strdup_printf ("%u", domid);
  g_autofree char *path = g_build_filename (host->dir, "domains", name, NULL);

  must (g_remove (path) == 0, path);
  raise_event (host);
}

const char *
standin_host_xl (void)
{
  return REAL_XL;
}

char *
standin_host_dry_run (StandinHost *host, const char *config)
{
  g_autofree char *path = g_build_filename (host->dir, "guest.cfg", NULL);
  const char *argv[] = { REAL_XL, "-N", "create", path, NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *out = NULL, *err = NULL;
  g_auto (GStrv) environment = g_strdupv (host->environment);
  int status;

  /* xl only insists that it can be opened. */
  environment = g_environ_setenv (environment, "XENSTORED_PATH", "/dev/xen/xenbus", TRUE);
  must (g_file_set_contents (path, config, -1, NULL), path);
  if (!g_spawn_sync (NULL, (char **)argv, environment, G_SPAWN_DEFAULT, NULL, NULL, &out, &err,
                     &status, &error))
    g_error ("stand-in host: %s", error->message);
  return g_spawn_check_wait_status (status, NULL) ? g_steal_pointer (&out) : NULL;
}
