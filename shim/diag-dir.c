/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/diag-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/error.h"

#define MAX_NAME 200 /* bytes; leaves room for a number behind it */
#define MAX_SAME 1000
#define N_RANDOM 6 /* characters that mkdtemp() makes up */

/* -- directories ------------------------------------------------------------------- */

void
xm_diag_dir_remove (const char *dir)
{
  char *const paths[] = { (char *)dir, NULL };
  FTS *tree = fts_open (paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
  if (tree == NULL)
    return;
  FTSENT *entry;
  while ((entry = fts_read (tree)) != NULL) {
    if (entry->fts_info == FTS_D)
      continue; /* comes again when it is empty */
    int done = entry->fts_info == FTS_DP ? rmdir (entry->fts_accpath) : unlink (entry->fts_accpath);
    if (done != 0 && errno != ENOENT)
      g_warning ("cannot remove %s: %s", entry->fts_path, g_strerror (errno));
  }
  fts_close (tree);
}

typedef struct {
  char *path;
  gint64 time;
} Old;

static void
old_clear (gpointer data)
{
  g_free (((Old *)data)->path);
}

static int
compare_by_age (gconstpointer a, gconstpointer b)
{
  gint64 x = ((const Old *)a)->time, y = ((const Old *)b)->time;
  return (x > y) - (x < y);
}

static gboolean
is_ours (const char *name, const char *prefix, const char *path, struct stat *info)
{
  gsize length = strlen (prefix);
  return g_str_has_prefix (name, prefix) && name[length] == '-' &&
         strlen (name) == length + 1 + N_RANDOM && lstat (path, info) == 0 &&
         S_ISDIR (info->st_mode) && info->st_uid == geteuid ();
}

/* Leaves room for one more. */
static void
remove_oldest (const char *base, const char *prefix)
{
  g_autoptr (GDir) folder = g_dir_open (base, 0, NULL);
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Old));
  const char *name;
  g_array_set_clear_func (all, old_clear);
  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
    g_autofree char *path = g_build_filename (base, name, NULL);
    struct stat info;
    if (!is_ours (name, prefix, path, &info))
      continue;
    Old old = { g_steal_pointer (&path),
                (gint64)info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000 };
    g_array_append_val (all, old);
  }
  g_array_sort (all, compare_by_age);
  for (guint i = 0; i + XM_DIAG_DIRS_KEPT <= all->len; i++)
    xm_diag_dir_remove (g_array_index (all, Old, i).path);
}

char *
xm_diag_dir_new (const char *base, const char *prefix, GError **error)
{
  if (g_mkdir_with_parents (base, 0700) != 0) {
    xm_error_set_file (error, base, "createDirectory", errno);
    return NULL;
  }
  remove_oldest (base, prefix);
  g_autofree char *dir = g_strdup_printf ("%s/%s-XXXXXX", base, prefix);
  if (g_mkdtemp (dir) == NULL) {
    xm_error_set_file (error, dir, "createDirectory", errno);
    return NULL;
  }
  return g_steal_pointer (&dir);
}

/* -- files ------------------------------------------------------------------------- */

gboolean
xm_diag_name_check (const char *name, GError **error)
{
  gboolean good = *name != '\0' && *name != '.' && strlen (name) <= MAX_NAME;
  for (const char *c = name; good && *c != '\0'; c = g_utf8_next_char (c))
    good = *c != '/' && g_unichar_isprint (g_utf8_get_char (c));
  if (!good)
    xm_error_set_plain (error, "bad file name");
  return good;
}

static int
write_all (int fd, const char *data, gsize length)
{
  while (length > 0) {
    ssize_t n = write (fd, data, length);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    data += n;
    length -= (gsize)n;
  }
  return 0;
}

gboolean
xm_diag_dir_write (const char *dir,
                   const char *name,
                   gconstpointer data,
                   gsize length,
                   GError **error)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  int fd = -1;
  for (int number = 2; number <= MAX_SAME; number++) {
    fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 || errno != EEXIST)
      break;
    g_free (path);
    path = g_strdup_printf ("%s/%s.%d", dir, name, number);
  }
  int errsv = fd < 0 ? errno : write_all (fd, data, length);
  if (fd >= 0 && close (fd) != 0 && errsv == 0)
    errsv = errno;
  if (errsv == 0)
    return TRUE;
  if (fd >= 0)
    unlink (path);
  xm_error_set_file (error, path, "openFile", errsv);
  return FALSE;
}

/* -- hexadecimal ------------------------------------------------------------------- */

guint8 *
xm_hex_decode (const char *text, gsize *length, GError **error)
{
  gsize n = strlen (text);
  g_autofree guint8 *bytes = g_malloc (n / 2 + 1);
  for (gsize i = 0; i < n; i++) {
    int digit = g_ascii_xdigit_value (text[i]);
    if (digit < 0) {
      if (g_ascii_isprint (text[i]))
        xm_error_set_plain (error, "unexpected char: '%c'", text[i]);
      else
        xm_error_set_plain (error, "unexpected char: '\\x%02x'", (guint8)text[i]);
      return NULL;
    }
    bytes[i / 2] = (guint8)(i % 2 == 0 ? digit << 4 : bytes[i / 2] | digit);
  }
  if (n % 2 != 0) {
    xm_error_set_plain (error, "malformed bytes string");
    return NULL;
  }
  *length = n / 2;
  return g_steal_pointer (&bytes);
}
