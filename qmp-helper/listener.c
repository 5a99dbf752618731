/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp-helper/stats.h"

#define BACKLOG  16
#define PAUSE_MS 200

static int
fail (const char *path, const char *what)
{
  qh_log (QH_LOG_ERROR, "%s: %s: %s", path, what, strerror (errno));
  return QH_EXIT_RUNTIME;
}

/* Opens the folder, so that everything after it is relative to the same one. */
static int
open_folder (QhListener *self)
{
  char folder[QH_PATH_SIZE];
  const char *path = self->options->socket;
  const char *slash = strrchr (path, '/');
  size_t len = slash == NULL ? 0 : (size_t)(slash - path);

  /* Clients have to be able to name it. */
  if (strlen (path) >= sizeof ((struct sockaddr_un *)NULL)->sun_path) {
    qh_log (QH_LOG_ERROR, "%s: too long for a socket", path);
    return QH_EXIT_USAGE;
  }
  self->name = slash == NULL ? path : slash + 1;
  if (*self->name == '\0') {
    qh_log (QH_LOG_ERROR, "%s: no name for a socket", path);
    return QH_EXIT_USAGE;
  }
  snprintf (folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(len > 0 ? len : 1),
            slash == NULL ? "." : path);
  self->folder = open (folder, O_DIRECTORY | O_PATH | O_CLOEXEC);
  return self->folder < 0 ? fail (path, "its folder") : 0;
}

/* Whether that name is still the file that this one made. */
static bool
is_there (const QhListener *self, const char *name, const struct stat *made)
{
  struct stat there;
  return made->st_ino != 0 && fstatat (self->folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         there.st_dev == made->st_dev && there.st_ino == made->st_ino;
}

/* What is in the lock tells others whether they may stay connected without keeping anybody out. */
static int
describe (const QhListener *self)
{
  const char *text = self->options->mux ? QH_LOCK_MUX : QH_LOCK_SINGLE;
  size_t len = strlen (text);
  if (ftruncate (self->lock, 0) < 0 || pwrite (self->lock, text, len, 0) != (ssize_t)len)
    return fail (self->options->socket, "its lock");
  return 0;
}

/* Locks a file beside the socket. One that was removed meanwhile locks nothing. */
static int
take_lock (QhListener *self)
{
  char name[128];
  snprintf (name, sizeof name, "%s.lock", self->name);
  for (;;) {
    self->lock = openat (self->folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (self->lock < 0)
      return fail (self->options->socket, "its lock");
    if (flock (self->lock, LOCK_EX | LOCK_NB) < 0) {
      if (errno != EWOULDBLOCK)
        return fail (self->options->socket, "its lock");
      qh_log (QH_LOG_ERROR, "%s: another instance serves it", self->options->socket);
      close (self->lock);
      self->lock = -1;
      return QH_EXIT_RUNNING;
    }
    if (fstat (self->lock, &self->lock_made) == 0 && is_there (self, name, &self->lock_made))
      return describe (self);
    close (self->lock);
  }
}

/* Through /proc, so that the temporary name has no length limit of its own. */
static int
bind_temporary (QhListener *self, const char *temporary)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  struct stat there;

  if (fstatat (self->folder, self->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
      !S_ISSOCK (there.st_mode)) {
    qh_log (QH_LOG_ERROR, "%s: is there and no socket", self->options->socket);
    return QH_EXIT_RUNTIME;
  }
  self->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd < 0)
    return fail (self->options->socket, "socket");
  snprintf (address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", self->folder,
            temporary);
  unlinkat (self->folder, temporary, 0);
  mode_t mask = umask (0777);
  int bound = bind (self->fd, (struct sockaddr *)&address, sizeof address);
  umask (mask);
  return bound < 0 ? fail (self->options->socket, "bind") : 0;
}

static int
put_in_place (QhListener *self)
{
  char temporary[32];
  snprintf (temporary, sizeof temporary, ".qmp-helper.%d", (int)getpid ());
  int status = bind_temporary (self, temporary);
  if (status != 0)
    return status;
  if (fchmodat (self->folder, temporary, self->options->mode, 0) < 0 ||
      listen (self->fd, BACKLOG) < 0 || fstatat (self->folder, temporary, &self->made, 0) < 0 ||
      renameat (self->folder, temporary, self->folder, self->name) < 0) {
    status = fail (self->options->socket, "cannot be put in place");
    unlinkat (self->folder, temporary, 0);
    return status;
  }
  return 0;
}

int
qh_listener_open (QhListener *self, const QhOptions *options)
{
  *self = (QhListener){ .options = options, .folder = -1, .lock = -1, .fd = -1 };
  int status = open_folder (self);
  if (status == 0)
    status = take_lock (self);
  return status == 0 ? put_in_place (self) : status;
}

static bool
may_connect (const QhListener *self, int client)
{
  struct ucred peer;
  socklen_t len = sizeof peer;
  if (getsockopt (client, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
    return false;
  if (peer.uid == 0 || peer.uid == geteuid ())
    return true;
  for (unsigned i = 0; i < self->options->n_allowed; i++)
    if (self->options->allowed[i] == peer.uid)
      return true;
  return false;
}

int
qh_listener_accept (QhListener *self)
{
  static QhQuiet errors, strangers;
  int client = accept4 (self->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client >= 0) {
    if (may_connect (self, client))
      return client;
    qh_stats.refused++;
    if (qh_quiet_passed (&strangers))
      qh_log (QH_LOG_NOTICE, "a client of another user was turned away");
    close (client);
    return -1;
  }
  if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
    return -1;
  /* The client still waits; poll would tell of it without pause. */
  qh_stats.accept_errors++;
  self->pause_until = qh_now () + PAUSE_MS;
  if (qh_quiet_passed (&errors))
    qh_log (QH_LOG_ERROR, "cannot accept a client: %s", strerror (errno));
  return -1;
}

int
qh_listener_timeout (const QhListener *self)
{
  if (self->pause_until == 0)
    return -1;
  int64_t left = self->pause_until - qh_now ();
  return left > 0 ? (int)left : -1;
}

void
qh_listener_close (QhListener *self)
{
  char name[128];
  if (self->fd >= 0) {
    close (self->fd);
    if (is_there (self, self->name, &self->made))
      unlinkat (self->folder, self->name, 0);
  }
  if (self->lock >= 0) {
    snprintf (name, sizeof name, "%s.lock", self->name);
    if (is_there (self, name, &self->lock_made))
      unlinkat (self->folder, name, 0);
    close (self->lock);
  }
  if (self->folder >= 0)
    close (self->folder);
  self->fd = self->lock = self->folder = -1;
}
