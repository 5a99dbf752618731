/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-xenstore-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <xenstore.h>
#include <xenstore_lib.h>
#include <xen/io/xs_wire.h>

/* Read at once at most; what is left waits in the socket. */
#define READ_BYTES (16 * 1024)

struct _XlXenstoreWire {
  int fd;
  GByteArray *in, *out;
  gsize unsent; /* of the first message in @out, once it is begun */
};

static int
connect_socket (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd;

  if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
    return -1;
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* With its queue full a hanging xenstored refuses, instead of holding us here. */
  if (fd >= 0 && connect (fd, (struct sockaddr *)&address, sizeof address) < 0) {
    close (fd);
    return -1;
  }
  return fd;
}

/* The places where libxenstore looks too: where xenstored runs in another domain, the kernel's
 * driver. */
static int
open_connection (void)
{
  static const char *const devices[] = { "/dev/xen/xenbus", "/proc/xen/xenbus" };
  const char *path = xs_daemon_socket ();
  struct stat st;
  int fd = -1;

  if (path && stat (path, &st) == 0)
    return S_ISSOCK (st.st_mode) ? connect_socket (path)
                                 : open (path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  for (gsize i = 0; i < G_N_ELEMENTS (devices) && fd < 0 && !g_getenv ("XENSTORED_PATH"); i++)
    fd = open (devices[i], O_RDWR | O_NONBLOCK | O_CLOEXEC);
  return fd;
}

XlXenstoreWire *
xl_xenstore_wire_open (void)
{
  int fd = open_connection ();
  XlXenstoreWire *self;

  if (fd < 0)
    return NULL;
  self = g_new0 (XlXenstoreWire, 1);
  self->fd = fd;
  self->in = g_byte_array_new ();
  self->out = g_byte_array_new ();
  return self;
}

void
xl_xenstore_wire_close (XlXenstoreWire *self)
{
  close (self->fd);
  g_byte_array_unref (self->in);
  g_byte_array_unref (self->out);
  g_free (self);
}

static void
append_request (XlXenstoreWire *self, guint32 type, guint32 token, const char *path)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT32_FORMAT, token);
  struct xsd_sockmsg header = { .type = type, .req_id = token };
  gsize path_size = strlen (path) + 1, text_size = strlen (text) + 1;

  /* xenstored closes the connection upon a longer message. */
  if (path_size + text_size > XENSTORE_PAYLOAD_MAX) {
    g_warning ("cannot watch %.200s in xenstore: the path is too long", path);
    return;
  }
  header.len = (guint32)(path_size + text_size);
  g_byte_array_append (self->out, (const guint8 *)&header, sizeof header);
  g_byte_array_append (self->out, (const guint8 *)path, (guint)path_size);
  g_byte_array_append (self->out, (const guint8 *)text, (guint)text_size);
}

void
xl_xenstore_wire_watch (XlXenstoreWire *self, guint32 token, const char *path)
{
  append_request (self, XS_WATCH, token, path);
}

void
xl_xenstore_wire_unwatch (XlXenstoreWire *self, guint32 token, const char *path)
{
  append_request (self, XS_UNWATCH, token, path);
}

int
xl_xenstore_wire_get_fd (XlXenstoreWire *self)
{
  return self->fd;
}

short
xl_xenstore_wire_get_events (XlXenstoreWire *self)
{
  return self->out->len > 0 ? POLLIN | POLLOUT : POLLIN;
}

/* Message by message: the kernel's driver takes no two in one call. */
static gboolean
flush (XlXenstoreWire *self)
{
  while (self->out->len > 0) {
    ssize_t n;

    if (self->unsent == 0) {
      struct xsd_sockmsg header;

      memcpy (&header, self->out->data, sizeof header);
      self->unsent = sizeof header + header.len;
    }
    n = write (self->fd, self->out->data, self->unsent);
    if (n < 0)
      return errno == EAGAIN || errno == EINTR;
    self->unsent -= (gsize)n;
    g_byte_array_remove_range (self->out, 0, (guint)n);
  }
  return TRUE;
}

static gboolean
fill (XlXenstoreWire *self)
{
  guint8 buffer[READ_BYTES];
  ssize_t n = read (self->fd, buffer, sizeof buffer);

  if (n > 0)
    g_byte_array_append (self->in, buffer, (guint)n);
  /* 0: xenstored has gone. */
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* @body: @length bytes, which are strings with their NULs when xenstored is sane */
static gboolean
handle_message (guint32 type,
                guint32 id,
                const char *body,
                gsize length,
                const XlXenstoreWireFuncs *funcs,
                gpointer user_data)
{
  if (type != XS_WATCH_EVENT && type != XS_ERROR)
    return type == XS_WATCH || type == XS_UNWATCH;
  if (length == 0 || body[length - 1] != '\0')
    return FALSE;
  if (type == XS_ERROR) {
    funcs->refused (id, body, user_data);
  } else {
    const char *token = body + strlen (body) + 1;
    guint64 number;

    if (token >= body + length ||
        !g_ascii_string_to_unsigned (token, 10, 0, G_MAXUINT32, &number, NULL))
      return FALSE;
    funcs->changed ((guint32)number, body, user_data);
  }
  return TRUE;
}

static gboolean
handle_messages (XlXenstoreWire *self, const XlXenstoreWireFuncs *funcs, gpointer user_data)
{
  gboolean sane = TRUE;
  guint begin = 0;

  while (sane && self->in->len - begin >= sizeof (struct xsd_sockmsg)) {
    struct xsd_sockmsg header;
    const char *body = (const char *)self->in->data + begin + sizeof header;

    memcpy (&header, self->in->data + begin, sizeof header);
    if (header.len > XENSTORE_PAYLOAD_MAX)
      return FALSE;
    if (self->in->len - begin - sizeof header < header.len)
      break;
    sane = handle_message (header.type, header.req_id, body, header.len, funcs, user_data);
    begin += (guint)sizeof header + header.len;
  }
  g_byte_array_remove_range (self->in, 0, begin);
  return sane;
}

gboolean
xl_xenstore_wire_process (XlXenstoreWire *self,
                          const XlXenstoreWireFuncs *funcs,
                          gpointer user_data)
{
  return flush (self) && fill (self) && handle_messages (self, funcs, user_data);
}
