/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/read-file.h"
#include "shim/store-file.h"
#include "shim/store-json.h"

/* Sub-directories below a mount; each open one costs a file descriptor. */
#define MAX_DIRECTORIES 16

static void
set_aside (const char *path, const char *why)
{
  g_autofree char *aside = NULL;
  guint n = 0;

  do {
    g_free (aside);
    aside = g_strdup_printf ("%s.damaged-%u", path, ++n);
  } while (faccessat (AT_FDCWD, aside, F_OK, AT_SYMLINK_NOFOLLOW) == 0);

  if (rename (path, aside) < 0)
    g_warning ("%s is damaged (%s) and cannot be renamed to %s: %s", path, why, aside,
               g_strerror (errno));
  else
    g_warning ("%s is damaged (%s), it is now %s", path, why, aside);
}

static gboolean
is_blank (const char *text, gsize len)
{
  return strspn (text, " \t\r\n") == len;
}

/* Errors: those of JSON, and a main file that is no object. */
static gboolean
parse (const char *text, gsize len, gboolean must_be_object, XmStoreNode *node, GError **error)
{
  json_t *json;
  gboolean fine;

  if (is_blank (text, len)) {
    xm_node_make_parent (node, XM_NODE_OBJECT, 0);
    return TRUE;
  }
  json = xm_store_parse_file (text, len, error);
  if (!json)
    return FALSE;
  fine = xm_node_set_json (node, json, XM_TREE_MAX_DEPTH, error);
  if (fine && must_be_object && xm_node_get_type (node) != XM_NODE_OBJECT) {
    xm_error_set_plain (error, "it is not a JSON object");
    fine = FALSE;
  }
  if (!fine)
    xm_node_clear (node);
  json_decref (json);
  return fine;
}

/* A missing file's temporary one is complete when it parses: then it only lacks the renaming. */
static gboolean
recover (const char *path, gboolean must_be_object, XmStoreNode *node)
{
  g_autofree char *temporary = g_strconcat (path, ".tmp", NULL);
  g_autofree char *text = NULL;
  gsize len;

  if (xm_read_file (temporary, G_MAXINT, &text, &len) != 0)
    return FALSE;
  if (is_blank (text, len) || !parse (text, len, must_be_object, node, NULL)) {
    g_message ("%s is incomplete, it is removed", temporary);
    unlink (temporary);
    return FALSE;
  }
  g_message ("%s is missing, %s takes its place", path, temporary);
  if (rename (temporary, path) < 0)
    g_warning ("%s cannot be renamed to %s: %s", temporary, path, g_strerror (errno));
  return TRUE;
}

typedef enum { LOAD_FAILED, LOAD_MISSING, LOAD_DONE } LoadResult;

/* @recovering: a temporary file may stand in for one that is missing or damaged. */
static LoadResult
load (const char *base, const char *file, gboolean recovering, XmStoreNode *node, GError **error)
{
  g_autofree char *path = g_build_filename (base, file, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) why = NULL;
  gboolean must_be_object = g_str_equal (file, XM_STORE_MAIN_FILE);
  gsize len;
  int errsv = xm_read_file (path, G_MAXINT, &text, &len);

  switch (errsv) {
  case 0:
    if (parse (text, len, must_be_object, node, &why))
      return LOAD_DONE;
    set_aside (path, why->message);
    break;
  case ENOENT:
    break;
  case EIO:
  case EISDIR:
  case EINVAL:
  case EFBIG:
    set_aside (path, g_strerror (errsv));
    break;
  default:
    /* Nothing is wrong with the file; served without it, the next write would destroy it. */
    g_set_error (error, G_IO_ERROR, (int)g_io_error_from_errno (errsv), "%s: %s", path,
                 g_strerror (errsv));
    return LOAD_FAILED;
  }
  return recovering && recover (path, must_be_object, node) ? LOAD_DONE : LOAD_MISSING;
}

/* The main file ------------------------------------------------------------ */

static void
take_main (XmStoreNode *root, XmStoreNode *loaded)
{
  guint n = xm_node_n_children (loaded);

  for (guint i = 0; i < n; i++) {
    XmStoreNode *child = xm_node_child (loaded, i);
    const char *name = xm_node_get_name (child);

    if (xm_store_find_mount (name, strlen (name)))
      g_warning ("'%s' in the file %s is ignored: it has a directory", name, XM_STORE_MAIN_FILE);
    else
      xm_node_move (xm_node_append (root, name, strlen (name)), child);
  }
}

static LoadResult
load_main (const char *base, gboolean recovering, XmStoreNode *root, GError **error)
{
  g_autoptr (XmStoreNode) loaded = xm_node_new ();
  LoadResult result = load (base, XM_STORE_MAIN_FILE, recovering, loaded, error);

  if (result == LOAD_DONE)
    take_main (root, loaded);
  return result;
}

/* Directories ---------------------------------------------------------------- */

/* Returns the number in front of the suffix, or 0 when @name does not end with it. */
static gsize
stem (const char *name, const char *suffix)
{
  return g_str_has_suffix (name, suffix) ? strlen (name) - strlen (suffix) : 0;
}

static gboolean
is_set_aside (const char *name)
{
  const char *mark = g_strrstr (name, ".db.damaged-");

  return mark && mark != name &&
         !mark[strlen (".db.damaged-") + strspn (mark + strlen (".db.damaged-"), "0123456789")];
}

/* A file that is a node of its own, @path below the base and below @mount. */
static void
add_binary (XmStoreNode *mount, const char *path)
{
  const char *rest = strchr (path, '/');
  XmStoreNode *node = mount;
  XmPathName name;

  while (xm_path_next (&rest, &name)) {
    XmStoreNode *child = xm_node_find (node, name.text, name.len);

    /* A child that is there is from a .db file or another directory entry. */
    if (child && (xm_node_get_type (child) != XM_NODE_OBJECT || !*rest)) {
      g_warning ("%s is not served: the node has a file already", path);
      return;
    }
    node = xm_node_ensure (node, name.text, name.len);
  }
  xm_node_make_text (node, XM_NODE_BINARY, path);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* (element-type utf8): names in the directory in a stable order, NULL with errno. */
static GPtrArray *
read_names (const char *path)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  DIR *directory = opendir (path);
  const struct dirent *entry;

  if (!directory)
    return NULL;
  while ((entry = readdir (directory))) {
    if (g_str_equal (entry->d_name, ".") || g_str_equal (entry->d_name, ".."))
      continue;
    if (g_utf8_validate (entry->d_name, -1, NULL))
      g_ptr_array_add (names, g_strdup (entry->d_name));
    else
      g_warning ("A file in %s is ignored: its name is not UTF-8", path);
  }
  closedir (directory);
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

/* Adds all files below @path, a directory below the base. */
static void
add_binaries (const char *base, const char *path, XmStoreNode *mount, guint depth)
{
  g_autofree char *full = g_build_filename (base, path, NULL);
  g_autoptr (GPtrArray) names = read_names (full);

  if (!names) {
    g_warning ("%s: %s", full, g_strerror (errno));
    return;
  }
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);
    g_autofree char *below = g_strconcat (path, "/", name, NULL);
    g_autofree char *entry = g_build_filename (base, below, NULL);
    struct stat status;

    if (lstat (entry, &status) < 0)
      continue;
    if (S_ISDIR (status.st_mode) && depth > 0)
      add_binaries (base, below, mount, depth - 1);
    else if (S_ISREG (status.st_mode) &&
             (depth < MAX_DIRECTORIES || (!stem (name, ".db") && !is_set_aside (name))))
      add_binary (mount, below);
  }
}

static gboolean
load_child (const char *base,
            const XmStoreMount *mount,
            XmStoreNode *node,
            const char *name,
            gsize len,
            gboolean recovering,
            GError **error)
{
  g_autofree char *file = xm_store_file_for (mount, name, len);
  g_autoptr (XmStoreNode) loaded = xm_node_new ();
  LoadResult result = load (base, file, recovering, loaded, error);

  if (result == LOAD_DONE)
    xm_node_move (xm_node_ensure (node, name, len), loaded);
  return result != LOAD_FAILED;
}

static gboolean
load_mount (const char *base, const XmStoreMount *mount, XmStoreNode *node, GError **error)
{
  g_autofree char *directory = g_build_filename (base, mount->directory, NULL);
  g_autoptr (GPtrArray) names = NULL;

  if (g_mkdir_with_parents (directory, 0755) < 0 || !(names = read_names (directory))) {
    int errsv = errno;

    g_set_error (error, G_IO_ERROR, (int)g_io_error_from_errno (errsv), "%s: %s", directory,
                 g_strerror (errsv));
    return FALSE;
  }

  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);
    gsize len = stem (name, ".db");

    if (len && !load_child (base, mount, node, name, len, TRUE, error))
      return FALSE;
  }
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);
    gsize len = stem (name, ".db.tmp");

    if (!len)
      continue;
    if (xm_node_find (node, name, len)) {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      unlink (path);
    } else if (!load_child (base, mount, node, name, len, TRUE, error))
      return FALSE;
  }
  add_binaries (base, mount->directory, node, MAX_DIRECTORIES);
  return TRUE;
}

gboolean
xm_store_load_all (const char *base, XmStoreNode *root, GError **error)
{
  g_autofree char *left_over = g_build_filename (base, XM_STORE_MAIN_FILE ".tmp", NULL);

  xm_node_make_parent (root, XM_NODE_OBJECT, 0);
  for (gsize i = 0; i < XM_STORE_N_MOUNTS; i++) {
    const char *name = xm_store_mounts[i].node;
    XmStoreNode *node = xm_node_append (root, name, strlen (name));

    xm_node_make_parent (node, XM_NODE_OBJECT, 0);
    if (!load_mount (base, &xm_store_mounts[i], node, error))
      return FALSE;
  }
  if (load_main (base, TRUE, root, error) == LOAD_FAILED)
    return FALSE;
  unlink (left_over);
  return TRUE;
}

static void
load_main_again (const char *base, XmStoreNode *root, GError **error)
{
  g_autoptr (XmStoreNode) kept = xm_node_new ();

  for (gsize i = 0; i < XM_STORE_N_MOUNTS; i++) {
    const char *name = xm_store_mounts[i].node;
    gsize len = strlen (name);

    xm_node_move (xm_node_append (kept, name, len), xm_node_find (root, name, len));
  }
  load_main (base, FALSE, kept, error);
  xm_node_move (root, kept);
}

static void
load_child_again (const char *base,
                  const XmStoreMount *mount,
                  XmStoreNode *node,
                  const char *name,
                  GError **error)
{
  gsize len = strlen (name);
  XmStoreNode *child = xm_node_ensure (node, name, len); /* keeps its place among the others */
  gboolean binary = xm_node_has_binary (child);

  xm_node_clear (child);
  if (!load_child (base, mount, node, name, len, FALSE, error) ||
      xm_node_get_type (child) == XM_NODE_EMPTY)
    xm_node_remove (node, child);
  if (binary) {
    g_autofree char *directory = g_strconcat (mount->directory, "/", name, NULL);

    add_binaries (base, directory, node, MAX_DIRECTORIES - 1);
  }
}

void
xm_store_load_again (const char *base, const char *file, XmStoreNode *root)
{
  g_autoptr (GError) error = NULL;
  const char *slash = strchr (file, '/');

  if (!slash)
    load_main_again (base, root, &error);
  for (gsize i = 0; slash && i < XM_STORE_N_MOUNTS; i++) {
    const XmStoreMount *mount = &xm_store_mounts[i];
    gsize len = (gsize)(slash - file);

    if (strlen (mount->directory) == len && !memcmp (mount->directory, file, len)) {
      g_autofree char *name = g_strndup (slash + 1, stem (slash + 1, ".db"));

      load_child_again (base, mount, xm_node_find (root, mount->node, strlen (mount->node)), name,
                        &error);
    }
  }
  if (error)
    g_warning ("%s", error->message);
}
