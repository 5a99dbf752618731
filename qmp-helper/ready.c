/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/ready.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MS 20000 /* libxl waits for 60 s */
#define UNDO_MS   200

static int notify = -1;

/* systemd's protocol is one datagram; its library would double the memory. */
static void
open_notify (void)
{
  const char *path = getenv ("NOTIFY_SOCKET");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  size_t len = path != NULL ? strlen (path) : 0;
  if (len < 2 || len >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
    return;
  memcpy (address.sun_path, path, len);
  if (path[0] == '@')
    address.sun_path[0] = '\0';
  notify = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (notify >= 0 && connect (notify, (struct sockaddr *)&address,
                              (socklen_t)(offsetof (struct sockaddr_un, sun_path) + len)) < 0) {
    close (notify);
    notify = -1;
  }
}

bool
qh_ready_prepare (const QhOptions *options, QhXenstore *xenstore)
{
  bool watches = !options->linger && options->connect == NULL && options->peer == NULL;
  xenstore->fd = -1;
  open_notify ();
  if (!watches && options->state_path == NULL)
    return true;
  if (!qh_xenstore_open (xenstore)) {
    qh_log (options->state_path != NULL ? QH_LOG_ERROR : QH_LOG_NOTICE, "xenstore: %s",
            strerror (errno));
    return options->state_path == NULL;
  }
  if (watches)
    qh_xenstore_watch_domain (xenstore, options->stubdom);
  return true;
}

bool
qh_ready_tell (const QhOptions *options, QhXenstore *xenstore)
{
  static const char ready[] = "READY=1";
  if (options->state_path != NULL &&
      !qh_xenstore_write (xenstore, options->state_path, "running", ANSWER_MS)) {
    qh_log (QH_LOG_ERROR, "%s: cannot be written", options->state_path);
    return false;
  }
  if (notify >= 0) {
    if (send (notify, ready, sizeof ready - 1, MSG_NOSIGNAL) < 0)
      qh_log (QH_LOG_NOTICE, "systemd: %s", strerror (errno));
    close (notify);
    notify = -1;
  }
  if (options->ready_fd >= 0)
    close (options->ready_fd);
  return true;
}

void
qh_ready_undo (const QhOptions *options, QhXenstore *xenstore)
{
  if (options->state_path != NULL && xenstore->fd >= 0)
    qh_xenstore_remove (xenstore, options->state_path, UNDO_MS);
  qh_xenstore_close (xenstore);
}
