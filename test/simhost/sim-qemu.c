/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated QEMU: one process per HVM domain that was given a QMP monitor
 * of its own, or whose QEMU is in a stubdomain: the other end of the way there
 * is then qemu/<domid>.qmp. It speaks on that monitor, to one client at a time as QEMU does,
 * and is told what happens in the guest by lines in the FIFO qemu/<domid>.
 */
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define GREETING                                                                                   \
  "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 19, \"minor\": 2, \"major\": 7}, \"package\": "  \
  "\"simulated\"}, \"capabilities\": [\"oob\"]}}\r\n"

static struct sockaddr_un address = { AF_UNIX, "" };

typedef struct {
  int listener, fifo, client; /* client: -1 for none */
  gboolean suspended;
  gboolean tray_open, medium;
  GString *from_client, *from_fifo;
} Qemu;

/* --- the monitor --- */

static void
say (Qemu *qemu, const char *text)
{
  if (qemu->client >= 0 && send (qemu->client, text, strlen (text), MSG_NOSIGNAL) < 0) {
    close (qemu->client);
    qemu->client = -1;
  }
}

/* @data: (nullable): the text of an object */
static void
tell_event (Qemu *qemu, const char *name, const char *data)
{
  g_autofree char *line = g_strdup_printf (
      "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 0}, \"event\": \"%s\"%s%s}\r\n", name,
      data != NULL ? ", \"data\": " : "", data != NULL ? data : "");

  say (qemu, line);
}

static void
move_tray (Qemu *qemu, gboolean open)
{
  g_autofree char *data = g_strdup_printf (
      "{\"device\": \"ide-5632\", \"tray-open\": %s, \"id\": \"\"}", open ? "true" : "false");

  qemu->tray_open = open;
  tell_event (qemu, "DEVICE_TRAY_MOVED", data);
}

static json_t *
list_drives (const Qemu *qemu)
{
  json_t *drive = json_pack ("{s:s, s:b, s:b, s:b}", "device", "ide-5632", "removable", 1, "locked",
                             0, "tray_open", (int)qemu->tray_open);

  if (qemu->medium)
    json_object_set_new (drive, "inserted", json_pack ("{s:b}", "ro", 1));
  return json_pack ("[{s:s, s:b}, o]", "device", "ide-768", "removable", 0, drive);
}

static void
answer (Qemu *qemu, const char *line)
{
  json_t *message = json_loads (line, 0, NULL);
  const char *command = json_string_value (json_object_get (message, "execute"));
  json_t *id = json_object_get (message, "id");
  json_t *reply = json_object ();
  char *text;
  g_autofree char *with_end = NULL;

  if (g_strcmp0 (command, "qmp_capabilities") == 0)
    json_object_set_new (reply, "return", json_object ());
  else if (g_strcmp0 (command, "query-status") == 0)
    json_object_set_new (reply, "return",
                         json_pack ("{s:b, s:s}", "running", (int)!qemu->suspended, "status",
                                    qemu->suspended ? "suspended" : "running"));
  else if (g_strcmp0 (command, "query-block") == 0)
    json_object_set_new (reply, "return", list_drives (qemu));
  else
    json_object_set_new (reply, "error",
                         json_pack ("{s:s, s:s}", "class", "CommandNotFound", "desc",
                                    "The command has not been found"));
  if (id != NULL)
    json_object_set (reply, "id", id);
  text = json_dumps (reply, 0);
  with_end = g_strconcat (text, "\r\n", NULL);
  say (qemu, with_end);
  free (text);
  json_decref (reply);
  json_decref (message);
}

/* --- the guest --- */

static void
happen (Qemu *qemu, const char *line)
{
  if (g_str_equal (line, "sleep")) {
    qemu->suspended = TRUE;
    tell_event (qemu, "SUSPEND", NULL);
  } else if (g_str_equal (line, "wake")) {
    qemu->suspended = FALSE;
    tell_event (qemu, "WAKEUP", NULL);
  } else if (g_str_equal (line, "hibernate")) {
    tell_event (qemu, "SUSPEND_DISK", NULL);
  } else if (g_str_equal (line, "eject")) { /* by the guest: the medium stays in the tray */
    move_tray (qemu, TRUE);
  } else if (g_str_equal (line, "cd-eject")) { /* by xl */
    qemu->medium = FALSE;
    move_tray (qemu, TRUE);
  } else if (g_str_equal (line, "cd-insert")) {
    qemu->medium = FALSE;
    move_tray (qemu, TRUE);
    qemu->medium = TRUE;
    move_tray (qemu, FALSE);
  } else if (g_str_has_prefix (line, "raw ")) {
    g_autofree char *text = g_strconcat (line + 4, "\r\n", NULL);

    say (qemu, text);
  }
}

/* --- the process --- */

/* Reads what is there and hands out whole lines. Returns: FALSE at the end. */
static gboolean
read_lines (Qemu *qemu, int fd, GString *buffer, void (*take) (Qemu *qemu, const char *line))
{
  char chunk[4096];
  ssize_t n = read (fd, chunk, sizeof chunk);
  char *end;

  if (n <= 0)
    return n < 0 && (errno == EINTR || errno == EAGAIN);
  g_string_append_len (buffer, chunk, n);
  while ((end = strchr (buffer->str, '\n')) != NULL) {
    *end = '\0';
    g_strchomp (buffer->str);
    take (qemu, buffer->str);
    g_string_erase (buffer, 0, end + 1 - buffer->str);
  }
  return TRUE;
}

static void
on_term (int signal_number)
{
  unlink (address.sun_path);
  _exit (0);
}

static G_NORETURN void
qemu_main (int listener, int fifo)
{
  Qemu qemu = { listener, fifo, -1, FALSE, FALSE, TRUE, g_string_new (NULL), g_string_new (NULL) };

  prctl (PR_SET_NAME, "sim-qemu");
  signal (SIGTERM, on_term);
  for (;;) {
    struct pollfd fds[] = { { fifo, POLLIN, 0 },
                            { qemu.client >= 0 ? qemu.client : listener, POLLIN, 0 } };

    if (poll (fds, 2, -1) < 0)
      continue;
    if (fds[0].revents != 0)
      read_lines (&qemu, fifo, qemu.from_fifo, happen);
    if (fds[1].revents == 0)
      continue;
    if (fds[1].fd == listener) {
      qemu.client = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
      g_string_truncate (qemu.from_client, 0);
      say (&qemu, GREETING);
    } else if (!read_lines (&qemu, qemu.client, qemu.from_client, answer)) {
      close (qemu.client);
      qemu.client = -1;
    }
  }
}

/* --- its beginning and end --- */

/* (transfer full) (nullable): the path in `-chardev socket,...,path=PATH,...`. */
static char *
find_path (int domid, json_t *config)
{
  json_t *build = json_object_get (config, "b_info");
  json_t *words = json_object_get (build, "extra_hvm");
  json_t *word;
  size_t i;

  if (g_strcmp0 (json_string_value (json_object_get (build, "device_model_stubdomain")), "True") ==
      0)
    return sim_path ("qemu/%d.qmp", domid);
  json_array_foreach (words, i, word)
  {
    const char *text = json_string_value (word);
    const char *path = text != NULL ? strstr (text, ",path=") : NULL;

    if (path != NULL && g_str_has_prefix (text, "socket,")) {
      GString *unescaped = g_string_new (NULL);

      for (path += strlen (",path="); *path != '\0' && (*path != ',' || path[1] == ','); path++) {
        path += *path == ',';
        g_string_append_c (unescaped, *path);
      }
      return g_string_free (unescaped, FALSE);
    }
  }
  return NULL;
}

static int
make_fifo (int domid)
{
  g_autofree char *dir = sim_path ("qemu");
  g_autofree char *path = sim_path ("qemu/%d", domid);

  mkdir (dir, 0700);
  unlink (path);
  if (mkfifo (path, 0600) < 0)
    g_error ("%s: %s", path, g_strerror (errno));
  return open (path, O_RDWR | O_NONBLOCK); /* also for writing, so that it never ends */
}

void
sim_qemu_start (SimDomain *domain, json_t *config)
{
  g_autofree char *path = find_path (domain->domid, config);
  int listener, fifo, pipe_fds[2];
  pid_t child;

  if (path == NULL)
    return;
  fifo = make_fifo (domain->domid);
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  unlink (path);
  listener = socket (AF_UNIX, SOCK_STREAM, 0);
  if (listener < 0 || bind (listener, (struct sockaddr *)&address, sizeof address) < 0 ||
      listen (listener, 1) < 0)
    g_error ("%s: %s", path, g_strerror (errno));
  if (pipe2 (pipe_fds, O_CLOEXEC) < 0 || (child = fork ()) < 0)
    g_error ("cannot start a device model");
  if (child == 0) { /* forked twice, so that nobody has to reap it */
    pid_t qemu = fork ();

    if (qemu == 0) {
      int null = open ("/dev/null", O_RDWR);

      setsid ();
      dup2 (null, 0);
      dup2 (null, 1);
      dup2 (null, 2);
      for (int fd = 3; fd < 256; fd++)
        if (fd != listener && fd != fifo)
          close (fd);
      qemu_main (listener, fifo);
    }
    if (write (pipe_fds[1], &qemu, sizeof qemu) < 0)
      _exit (1);
    _exit (0);
  }
  waitpid (child, NULL, 0);
  if (read (pipe_fds[0], &child, sizeof child) == sizeof child)
    domain->qemu_pid = child;
  close (pipe_fds[0]);
  close (pipe_fds[1]);
  close (listener);
  close (fifo);
}

void
sim_qemu_end (SimDomain *domain)
{
  g_autofree char *path = sim_path ("qemu/%d", domain->domid);

  if (domain->qemu_pid > 0)
    kill (domain->qemu_pid, SIGTERM);
  domain->qemu_pid = 0;
  unlink (path);
}

void
sim_qemu_tell (const SimDomain *domain, const char *line)
{
  g_autofree char *path = sim_path ("qemu/%d", domain->domid);
  g_autofree char *with_end = g_strconcat (line, "\n", NULL);
  int fifo = open (path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

  if (fifo < 0)
    return; /* it has none */
  if (write (fifo, with_end, strlen (with_end)) < 0)
    g_error ("%s: %s", path, g_strerror (errno));
  close (fifo);
}
