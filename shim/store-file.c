/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/store-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/error.h"

/* Leaves room in NAME_MAX for the suffixes ".db.tmp" and ".db.damaged-<n>". */
#define MAX_NAME 235

const XmStoreMount xm_store_mounts[XM_STORE_N_MOUNTS] = {
  { "vm", "vms" },
  { "dom-store", "dom-store" },
};

const XmStoreMount *
xm_store_find_mount (const char *name, gsize len)
{
  for (gsize i = 0; i < XM_STORE_N_MOUNTS; i++)
    if (strlen (xm_store_mounts[i].node) == len && !memcmp (xm_store_mounts[i].node, name, len))
      return &xm_store_mounts[i];
  return NULL;
}

char *
xm_store_file_for (const XmStoreMount *mount, const char *name, gsize len)
{
  return g_strdup_printf ("%s/%.*s.db", mount->directory, (int)len, name);
}

gboolean
xm_store_name_fits (const char *name, gsize len, GError **error)
{
  if (len > 0 && len <= MAX_NAME && !memchr (name, '/', len) &&
      !(name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'))))
    return TRUE;
  xm_error_set_plain (error, "'%.*s' cannot be the name of a file", (int)len, name);
  return FALSE;
}

XmFileChange *
xm_file_change_new (const char *file, char *text)
{
  XmFileChange *change = g_new0 (XmFileChange, 1);

  change->file = g_strdup (file);
  change->text = text;
  return change;
}

void
xm_file_change_free (XmFileChange *change)
{
  g_free (change->file);
  g_free (change->text);
  g_free (change->failure);
  g_free (change);
}

static void
fail (XmFileChange *change, const char *path)
{
  change->errsv = errno;
  change->failure = g_strdup_printf ("%s: %s", path, g_strerror (change->errsv));
}

static gboolean
write_all (int fd, const char *text, gsize len)
{
  while (len > 0) {
    ssize_t n = write (fd, text, len);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return FALSE;
    text += n;
    len -= (gsize)n;
  }
  return TRUE;
}

static int
open_new (const char *path)
{
  /* What a crash left is removed, and nothing that somebody put there is followed. */
  if (unlink (path) < 0 && errno != ENOENT)
    return -1;
  return open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static void
write_temporary (XmFileChange *change, const char *temporary)
{
  int fd = open_new (temporary);
  int errsv;

  if (fd < 0) {
    fail (change, temporary);
    return;
  }
  if (!write_all (fd, change->text, strlen (change->text)) || fchmod (fd, 0644) < 0 ||
      fsync (fd) < 0)
    fail (change, temporary);
  if (close (fd) < 0 && !change->failure)
    fail (change, temporary);
  if (change->failure) {
    errsv = change->errsv;
    unlink (temporary);
    change->errsv = errsv;
  }
}

static void
replace (XmFileChange *change, const char *path, const char *temporary)
{
  if (change->text) {
    if (rename (temporary, path) < 0) {
      fail (change, path);
      unlink (temporary);
    }
  } else {
    /* Or the next start would take it for the missing file. */
    unlink (temporary);
    if (unlink (path) < 0 && errno != ENOENT)
      fail (change, path);
  }
}

static void
sync_directory (const char *directory, GPtrArray *changes, const char *base)
{
  int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean synced = fd >= 0 && fsync (fd) == 0;
  int errsv = errno;

  if (fd >= 0)
    close (fd);
  for (guint i = 0; !synced && i < changes->len; i++) {
    XmFileChange *change = g_ptr_array_index (changes, i);
    g_autofree char *path = g_build_filename (base, change->file, NULL);
    g_autofree char *parent = g_path_get_dirname (path);

    errno = errsv;
    if (!change->failure && g_str_equal (parent, directory))
      fail (change, directory);
  }
}

void
xm_store_apply (const char *base, GPtrArray *changes)
{
  g_autoptr (GHashTable) directories =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer directory;

  for (guint i = 0; i < changes->len; i++) {
    XmFileChange *change = g_ptr_array_index (changes, i);
    g_autofree char *temporary = g_strdup_printf ("%s/%s.tmp", base, change->file);

    if (change->text)
      write_temporary (change, temporary);
  }
  for (guint i = 0; i < changes->len; i++) {
    XmFileChange *change = g_ptr_array_index (changes, i);
    g_autofree char *path = g_build_filename (base, change->file, NULL);
    g_autofree char *temporary = g_strconcat (path, ".tmp", NULL);

    if (change->failure)
      continue;
    replace (change, path, temporary);
    g_hash_table_add (directories, g_path_get_dirname (path));
  }
  g_hash_table_iter_init (&iter, directories);
  while (g_hash_table_iter_next (&iter, &directory, NULL))
    sync_directory (directory, changes, base);
}
