/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/xenstore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "qmp-helper/log.h"

/* Requests are told apart by their number. */
enum { REQUEST_WAITED = 1, REQUEST_WATCH, REQUEST_LOOK };

static int
connect_socket (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  if (strlen (path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy (address.sun_path, path, strlen (path));
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect (fd, (struct sockaddr *)&address, sizeof address) < 0) {
    int error = errno;
    close (fd);
    errno = error;
    return -1;
  }
  return fd;
}

bool
qh_xenstore_open (QhXenstore *self)
{
  const char *path = getenv ("XENSTORED_PATH"), *folder = getenv ("XENSTORED_RUNDIR");
  char joined[256];
  self->gone = false;
  self->count = 0;
  self->domid = -1;
  if (path == NULL) {
    snprintf (joined, sizeof joined, "%s/socket", folder != NULL ? folder : "/run/xenstored");
    path = joined;
  }
  self->fd = connect_socket (path);
  if (self->fd < 0 && getenv ("XENSTORED_PATH") == NULL && folder == NULL)
    self->fd = open ("/dev/xen/xenbus", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  return self->fd >= 0;
}

void
qh_xenstore_close (QhXenstore *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

/* All in one write, as the device wants it. What xenstored does not take at once is not sent. */
static bool
request (QhXenstore *self, uint32_t type, unsigned number, const char *body, size_t len)
{
  char message[sizeof (struct xsd_sockmsg) + 2048];
  struct xsd_sockmsg header = { .type = type, .req_id = number, .len = (uint32_t)len };
  if (self->fd < 0 || len > sizeof message - sizeof header)
    return false;
  memcpy (message, &header, sizeof header);
  memcpy (message + sizeof header, body, len);
  return write (self->fd, message, sizeof header + len) == (ssize_t)(sizeof header + len);
}

static void
look (QhXenstore *self)
{
  char domid[16];
  int len = snprintf (domid, sizeof domid, "%d", self->domid);
  request (self, XS_IS_DOMAIN_INTRODUCED, REQUEST_LOOK, domid, (size_t)len + 1);
}

static void
take_message (QhXenstore *self, const struct xsd_sockmsg *header, const char *body)
{
  if (header->type == XS_WATCH_EVENT) {
    look (self);
    return;
  }
  /* Others may come right behind it, in the same read. */
  if (header->req_id == REQUEST_WAITED) {
    self->answered = header->req_id;
    self->refused = header->type == XS_ERROR;
  }
  if (header->req_id == REQUEST_LOOK && header->type == XS_IS_DOMAIN_INTRODUCED)
    self->gone = header->len > 0 && body[0] == 'F';
}

void
qh_xenstore_process (QhXenstore *self)
{
  struct xsd_sockmsg header;
  for (;;) {
    if (self->fd < 0)
      return;
    ssize_t n = read (self->fd, self->bytes + self->count, sizeof self->bytes - self->count);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (n <= 0) {
      qh_log (QH_LOG_NOTICE, "xenstored is gone; the other domain's end will not be seen");
      qh_xenstore_close (self);
      return;
    }
    self->count += (size_t)n;
    while (self->count >= sizeof header) {
      memcpy (&header, self->bytes, sizeof header);
      if (header.len > sizeof self->bytes - sizeof header) {
        qh_xenstore_close (self); /* not xenstored */
        return;
      }
      size_t whole = sizeof header + header.len;
      if (self->count < whole)
        break;
      take_message (self, &header, self->bytes + sizeof header);
      self->count -= whole;
      memmove (self->bytes, self->bytes + whole, self->count);
    }
  }
}

static bool
ask (QhXenstore *self, uint32_t type, const char *body, size_t len, int ms)
{
  int64_t until = qh_now () + ms;
  self->answered = 0;
  if (!request (self, type, REQUEST_WAITED, body, len))
    return false;
  while (self->answered != REQUEST_WAITED) {
    struct pollfd fd = { .fd = self->fd, .events = POLLIN };
    int64_t left = until - qh_now ();
    if (self->fd < 0 || left <= 0)
      return false;
    poll (&fd, 1, (int)left);
    qh_xenstore_process (self);
  }
  return !self->refused;
}

bool
qh_xenstore_write (QhXenstore *self, const char *path, const char *value, int ms)
{
  char body[1024];
  size_t value_at = strlen (path) + 1, value_len = strlen (value);
  if (value_at + value_len + 1 > sizeof body)
    return false;
  memcpy (body, path, value_at);
  memcpy (body + value_at, value, value_len + 1);
  return ask (self, XS_WRITE, body, value_at + value_len, ms);
}

bool
qh_xenstore_remove (QhXenstore *self, const char *path, int ms)
{
  return ask (self, XS_RM, path, strlen (path) + 1, ms);
}

bool
qh_xenstore_watch_domain (QhXenstore *self, int domid)
{
  static const char watch[] = "@releaseDomain\0end";
  self->domid = domid;
  /* Its first event comes at once, and with it the first look. */
  return request (self, XS_WATCH, REQUEST_WATCH, watch, sizeof watch);
}
