/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-xenstore-calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>
#include <xen/io/xs_wire.h>

#define MAX_ATTEMPTS 100

/* More than libxl ever sets, and less than fits into one message. */
#define MAX_PERMISSIONS 64

/* After these libxenstore has closed its socket; all others are answers of xenstored. */
static gboolean
is_disconnection (int errnum)
{
  return errnum == EBADF || errnum == EPIPE || errnum == ECONNRESET || errnum == ENOTCONN;
}

/* @missing: the code for ENOENT, which can also mean a domain in the permissions. */
static void
set_error (XlXenstoreLink *link,
           GError **error,
           XlErrorCode missing,
           int errnum,
           const char *verb,
           const char *path)
{
  if (is_disconnection (errnum)) {
    link->broken = TRUE;
    g_set_error (error, XL_ERROR, XL_ERROR_XENSTORE,
                 "cannot %s %s: the connection to xenstored broke", verb, path);
    return;
  }
  g_set_error (error, XL_ERROR, errnum == ENOENT ? missing : XL_ERROR_XENSTORE,
               "cannot %s %s in xenstore: %s", verb, path, g_strerror (errnum));
}

char *
xl_xenstore_call_read (XlXenstoreLink *link, const char *path, GError **error)
{
  unsigned int length;
  char *raw = xs_read (link->handle, XBT_NULL, path, &length), *text = NULL;

  if (!raw)
    set_error (link, error, XL_ERROR_NOT_FOUND, errno, "read", path);
  else if (memchr (raw, '\0', length))
    g_set_error (error, XL_ERROR, XL_ERROR_XENSTORE,
                 "the value of %s in xenstore is not text: it holds a NUL", path);
  else
    text = g_strndup (raw, length);
  free (raw);
  return text;
}

char **
xl_xenstore_call_list (XlXenstoreLink *link, const char *path, GError **error)
{
  unsigned int n;
  char **raw = xs_directory (link->handle, XBT_NULL, path, &n), **names;

  if (!raw) {
    set_error (link, error, XL_ERROR_NOT_FOUND, errno, "list", path);
    return NULL;
  }
  names = g_new0 (char *, (gsize)n + 1);
  for (unsigned int i = 0; i < n; i++)
    names[i] = g_strdup (raw[i]);
  free (raw);
  return names;
}

/* "n0,r5" Returns: the number of entries, 0 when the text is not that. */
static unsigned int
parse_permissions (const char *text, struct xs_permissions permissions[static MAX_PERMISSIONS])
{
  static const struct {
    char letter;
    unsigned int type;
  } types[] = { { 'n', XS_PERM_NONE },
                { 'r', XS_PERM_READ },
                { 'w', XS_PERM_WRITE },
                { 'b', XS_PERM_READ | XS_PERM_WRITE } };
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  unsigned int n = g_strv_length (words);

  if (n > MAX_PERMISSIONS)
    return 0;
  for (unsigned int i = 0; i < n; i++) {
    guint64 domid;
    gboolean known = FALSE;

    for (gsize t = 0; t < G_N_ELEMENTS (types); t++)
      if (types[t].letter == words[i][0]) {
        permissions[i].perms = types[t].type;
        known = TRUE;
      }
    if (!known || !g_ascii_string_to_unsigned (words[i] + 1, 10, 0, G_MAXUINT16, &domid, NULL))
      return 0;
    permissions[i].id = (unsigned int)domid;
  }
  return n;
}

gboolean
xl_xenstore_check_change (const XlXenstoreChange *change, GError **error)
{
  struct xs_permissions permissions[MAX_PERMISSIONS];
  gsize size;

  if (change->path[0] != '/') {
    g_set_error (error, XL_ERROR, XL_ERROR_XENSTORE,
                 "cannot change %s in xenstore: not an absolute path", change->path);
    return FALSE;
  }
  size = strlen (change->path) + 1 + (change->value ? strlen (change->value) : 0);
  if (size > XENSTORE_PAYLOAD_MAX) {
    g_set_error (error, XL_ERROR, XL_ERROR_XENSTORE,
                 "cannot write %.200s in xenstore: path and value have %" G_GSIZE_FORMAT
                 " bytes, more than the %d that fit into one message",
                 change->path, size, XENSTORE_PAYLOAD_MAX);
    return FALSE;
  }
  if (change->permissions && parse_permissions (change->permissions, permissions) == 0) {
    g_set_error (error, XL_ERROR, XL_ERROR_XENSTORE,
                 "cannot change %s in xenstore: bad permissions \"%s\"", change->path,
                 change->permissions);
    return FALSE;
  }
  return TRUE;
}

/* Returns: 0, or errno with @verb saying what failed. */
static int
apply_change (struct xs_handle *handle,
              xs_transaction_t transaction,
              const XlXenstoreChange *change,
              const char **verb)
{
  struct xs_permissions permissions[MAX_PERMISSIONS];

  *verb = change->value ? "write" : "remove";
  if (!change->value && !change->permissions)
    return xs_rm (handle, transaction, change->path) || errno == ENOENT ? 0 : errno;
  if (change->value &&
      !xs_write (handle, transaction, change->path, change->value, strlen (change->value)))
    return errno;
  if (change->permissions) {
    unsigned int n = parse_permissions (change->permissions, permissions);

    *verb = "set the permissions of";
    if (!xs_set_permissions (handle, transaction, change->path, permissions, n))
      return errno;
  }
  return 0;
}

gboolean
xl_xenstore_call_apply (XlXenstoreLink *link,
                        const XlXenstoreChange *changes,
                        gsize n_changes,
                        GError **error)
{
  const char *first = n_changes > 0 ? changes[0].path : "nothing";

  for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const char *verb = "commit changes of", *path = first;
    xs_transaction_t transaction = xs_transaction_start (link->handle);
    int errnum = 0;

    if (transaction == XBT_NULL) {
      set_error (link, error, XL_ERROR_XENSTORE, errno, "begin changes of", first);
      return FALSE;
    }
    for (gsize i = 0; i < n_changes && errnum == 0; i++) {
      path = changes[i].path;
      errnum = apply_change (link->handle, transaction, &changes[i], &verb);
    }
    if (errnum != 0) {
      xs_transaction_end (link->handle, transaction, true);
    } else {
      verb = "commit changes of";
      path = first;
      if (xs_transaction_end (link->handle, transaction, false))
        return TRUE;
      errnum = errno;
    }
    if (errnum != EAGAIN) {
      set_error (link, error, XL_ERROR_XENSTORE, errnum, verb, path);
      return FALSE;
    }
  }
  g_set_error (error, XL_ERROR, XL_ERROR_XENSTORE,
               "cannot commit changes of %s in xenstore: others changed it meanwhile, %d times",
               first, MAX_ATTEMPTS);
  return FALSE;
}
