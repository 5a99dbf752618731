/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/store-file.h"
#include "shim/store-json.h"
#include "shim/store-writer.h"

/* The newest layout of the tree that the original's upgrade tool knows. */
#define DB_VERSION "42"

struct _XmStore {
  GObject parent_instance;
  char *base;
  XmStoreNode *root;
  XmStoreWriter *writer;
};

G_DEFINE_FINAL_TYPE (XmStore, xm_store, G_TYPE_OBJECT)

static guint changed_signal;

/* Paths -------------------------------------------------------------------- */

/* What a path leads to, as far as files are concerned. */
typedef struct {
  const XmStoreMount *mount; /* first name is a mount */
  XmPathName child;          /* second name, when the first is a mount */
  guint depth;               /* names in the path */
} Place;

static Place
find_place (const char *path)
{
  Place place = { 0 };
  XmPathName name;

  while (xm_path_next (&path, &name)) {
    if (place.depth == 0)
      place.mount = xm_store_find_mount (name.text, name.len);
    else if (place.depth == 1 && place.mount)
      place.child = name;
    place.depth++;
  }
  return place;
}

/* The root and the mounts have no file of their own but many. */
static gboolean
spans_files (const Place *place)
{
  return place->depth == 0 || (place->mount && place->depth == 1);
}

/* Whether something may be put at @path. */
static gboolean
check_path (const char *path, Place *place, GError **error)
{
  if (!g_utf8_validate (path, -1, NULL)) {
    xm_error_set_plain (error, "the path is not UTF-8");
    return FALSE;
  }
  *place = find_place (path);
  if (place->depth > XM_TREE_MAX_DEPTH) {
    xm_error_set_plain (error, "more than %d names in a path", XM_TREE_MAX_DEPTH);
    return FALSE;
  }
  return !place->mount || place->depth == 1 ||
         xm_store_name_fits (place->child.text, place->child.len, error);
}

static gboolean
passes_binary (const XmStoreNode *node, const char *path)
{
  XmPathName name;

  while (node && xm_path_next (&path, &name)) {
    node = xm_node_find (node, name.text, name.len);
    if (node && xm_node_get_type (node) == XM_NODE_BINARY)
      return TRUE;
  }
  return FALSE;
}

/* Changed files ------------------------------------------------------------- */

static void
mark_place (XmStore *self, const Place *place)
{
  xm_store_writer_mark (self->writer,
                        place->mount
                            ? xm_store_file_for (place->mount, place->child.text, place->child.len)
                            : g_strdup (XM_STORE_MAIN_FILE));
}

static void
mark_children (XmStore *self, const XmStoreMount *mount, const XmStoreNode *node)
{
  guint n = xm_node_n_children (node);

  for (guint i = 0; i < n; i++) {
    const char *name = xm_node_get_name (xm_node_child (node, i));

    xm_store_writer_mark (self->writer, xm_store_file_for (mount, name, strlen (name)));
  }
}

static XmStoreNode *
mount_node (XmStoreNode *root, const XmStoreMount *mount)
{
  return xm_node_find (root, mount->node, strlen (mount->node));
}

/* All files of what is at @place, a root or mount. */
static void
mark_all (XmStore *self, const Place *place)
{
  for (gsize i = 0; i < XM_STORE_N_MOUNTS; i++)
    if (!place->mount || place->mount == &xm_store_mounts[i])
      mark_children (self, &xm_store_mounts[i], mount_node (self->root, &xm_store_mounts[i]));
  if (!place->mount)
    xm_store_writer_mark (self->writer, g_strdup (XM_STORE_MAIN_FILE));
}

static void
emit_changed (XmStore *self, const char *path)
{
  g_autofree char *normal = NULL;

  if (!g_signal_has_handler_pending (self, changed_signal, 0, FALSE))
    return;
  normal = xm_path_normal (path);
  g_signal_emit (self, changed_signal, 0, normal);
}

static char *
get_text (GObject *owner, const char *file)
{
  XmStore *self = XM_STORE (owner);
  const char *slash = strchr (file, '/');

  for (gsize i = 0; slash && i < XM_STORE_N_MOUNTS; i++) {
    const XmStoreMount *mount = &xm_store_mounts[i];
    gsize len = strlen (mount->directory);
    const XmStoreNode *node;

    if ((gsize)(slash - file) != len || memcmp (file, mount->directory, len) != 0)
      continue;
    node = xm_node_find (mount_node (self->root, mount), slash + 1,
                         strlen (slash + 1) - strlen (".db"));
    return node && xm_node_get_type (node) != XM_NODE_BINARY ? xm_node_to_file (node, 0) : NULL;
  }
  return xm_node_to_file (self->root, XM_STORE_N_MOUNTS);
}

static void
write_failed (GObject *owner, GPtrArray *files)
{
  XmStore *self = XM_STORE (owner);

  for (guint i = 0; i < files->len; i++)
    xm_store_load_again (self->base, g_ptr_array_index (files, i), self->root);
  emit_changed (self, "/");
}

/* Reading ------------------------------------------------------------------- */

const XmStoreNode *
xm_store_lookup (XmStore *self, const char *path)
{
  return xm_node_lookup (self->root, path);
}

static const char *
text_of (const XmStoreNode *node)
{
  return node && xm_node_get_type (node) != XM_NODE_BINARY ? xm_node_get_text (node) : NULL;
}

const char *
xm_store_node_read (XmStore *self, const XmStoreNode *base, const char *relative_path)
{
  return text_of (xm_node_lookup (base, relative_path));
}

const char *
xm_store_read (XmStore *self, const char *path)
{
  return text_of (xm_store_lookup (self, path));
}

gboolean
xm_store_exists (XmStore *self, const char *path)
{
  return xm_store_lookup (self, path) != NULL;
}

const char **
xm_store_list (XmStore *self, const char *path)
{
  const XmStoreNode *node = xm_store_lookup (self, path);
  guint n = node && xm_node_get_type (node) == XM_NODE_OBJECT ? xm_node_n_children (node) : 0;
  const char **names = g_new (const char *, n + 1);

  for (guint i = 0; i < n; i++)
    names[i] = xm_node_get_name (xm_node_child (node, i));
  names[n] = NULL;
  return names;
}

char *
xm_store_dump (XmStore *self, const char *path)
{
  const XmStoreNode *node = xm_store_lookup (self, path);

  return node ? xm_node_to_text (node, self->base) : g_strdup ("null\n");
}

char *
xm_store_binary_path (XmStore *self, const char *path)
{
  const XmStoreNode *node = xm_store_lookup (self, path);

  if (!node || xm_node_get_type (node) != XM_NODE_BINARY)
    return NULL;
  return g_build_filename (self->base, xm_node_get_text (node), NULL);
}

char *
xm_store_read_dbd (XmStore *self, const char *path)
{
  g_autofree char *file = xm_store_binary_path (self, path);
  const char *text;

  if (file)
    return g_strconcat ("file:", file, NULL);
  text = xm_store_read (self, path);
  return g_strdup (text ? text : "");
}

/* Changing ------------------------------------------------------------------ */

static XmStoreNode *
ensure (XmStoreNode *node, const char *path)
{
  XmPathName name;

  while (xm_path_next (&path, &name))
    node = xm_node_ensure (node, name.text, name.len);
  return node;
}

gboolean
xm_store_write (XmStore *self, const char *path, const char *value, GError **error)
{
  const XmStoreNode *node = xm_store_lookup (self, path);
  g_autofree char *own = NULL;
  Place place;

  if (node && xm_node_get_type (node) == XM_NODE_OBJECT && xm_node_n_children (node))
    return TRUE;
  if (node && xm_node_get_type (node) == XM_NODE_STRING &&
      g_str_equal (xm_node_get_text (node), value))
    return TRUE;
  if (!check_path (path, &place, error))
    return FALSE;
  if (!g_utf8_validate (value, -1, NULL)) {
    xm_error_set_plain (error, "the value for '%s' is not UTF-8", path);
    return FALSE;
  }
  if (spans_files (&place)) {
    xm_error_set_plain (error, "'%s' cannot have a value", path);
    return FALSE;
  }
  if (passes_binary (self->root, path)) {
    xm_error_set_plain (error, "cannot overwrite binary file nodes");
    return FALSE;
  }

  /* An own copy: @value may be the text of a leaf on the way, which goes. */
  own = g_strdup (value);
  xm_node_make_text (ensure (self->root, path), XM_NODE_STRING, own);
  mark_place (self, &place);
  emit_changed (self, path);
  return TRUE;
}

/* dbd's habit: the removal drops the empty nodes that it meets on its way. */
static void
drop_empty (XmStore *self, XmStoreNode *node, const XmStoreMount *mount, guint level)
{
  guint n = xm_node_n_children (node);

  for (guint i = 0; mount && level == 1 && i < n; i++) {
    XmStoreNode *child = xm_node_child (node, i);
    const char *name = xm_node_get_name (child);

    if (xm_node_get_type (child) == XM_NODE_EMPTY)
      xm_store_writer_mark (self->writer, xm_store_file_for (mount, name, strlen (name)));
  }
  if (xm_node_drop_empty (node) && level == 0)
    xm_store_writer_mark (self->writer, g_strdup (XM_STORE_MAIN_FILE));
}

static void
remove_below (XmStore *self, const char *path, const Place *place)
{
  XmStoreNode *node = self->root;
  XmPathName name;

  for (guint level = 0; node && xm_path_next (&path, &name); level++) {
    XmStoreNode *child;

    drop_empty (self, node, place->mount, level);
    child = xm_node_find (node, name.text, name.len);
    if (child && level + 1 == place->depth)
      xm_node_remove (node, child);
    node = level + 1 < place->depth ? child : NULL;
  }
}

static void
make_mounts (XmStoreNode *root)
{
  for (gsize i = 0; i < XM_STORE_N_MOUNTS; i++) {
    const char *name = xm_store_mounts[i].node;

    xm_node_make_parent (xm_node_append (root, name, strlen (name)), XM_NODE_OBJECT, 0);
  }
}

gboolean
xm_store_remove (XmStore *self, const char *path, GError **error)
{
  const XmStoreNode *node = xm_store_lookup (self, path);
  g_autofree char *normal = xm_path_normal (path); /* @path may be a name in the tree */
  Place place = find_place (normal);

  if (!node)
    return TRUE;
  if (xm_node_has_binary (node)) {
    xm_error_set_plain (error, "cannot remove binary file nodes");
    return FALSE;
  }

  if (!spans_files (&place)) {
    mark_place (self, &place);
    remove_below (self, normal, &place);
  } else {
    mark_all (self, &place);
    if (place.mount) {
      drop_empty (self, self->root, place.mount, 0);
      xm_node_make_parent (mount_node (self->root, place.mount), XM_NODE_OBJECT, 0);
    } else {
      xm_node_make_parent (self->root, XM_NODE_OBJECT, 0);
      make_mounts (self->root);
    }
  }
  emit_changed (self, normal);
  return TRUE;
}

/* A mount's new content: an object whose names can be file names, or nothing. */
static gboolean
check_mount (const XmStoreMount *mount, XmStoreNode *node, GError **error)
{
  guint n = xm_node_n_children (node);

  if (xm_node_get_type (node) == XM_NODE_EMPTY)
    xm_node_make_parent (node, XM_NODE_OBJECT, 0);
  if (xm_node_get_type (node) != XM_NODE_OBJECT) {
    xm_error_set_plain (error, "'%s' cannot have a value", mount->node);
    return FALSE;
  }
  for (guint i = 0; i < n; i++) {
    const char *name = xm_node_get_name (xm_node_child (node, i));

    if (!xm_store_name_fits (name, strlen (name), error))
      return FALSE;
  }
  return TRUE;
}

/* A new root gets the mounts in front, whether @fresh has them or not. */
static gboolean
arrange_root (XmStoreNode *fresh, GError **error)
{
  g_autoptr (XmStoreNode) root = xm_node_new ();
  guint n = xm_node_n_children (fresh);

  if (xm_node_get_type (fresh) != XM_NODE_OBJECT && xm_node_get_type (fresh) != XM_NODE_EMPTY) {
    xm_error_set_plain (error, "the root cannot have a value");
    return FALSE;
  }
  make_mounts (root);
  for (guint i = 0; i < n; i++) {
    XmStoreNode *child = xm_node_child (fresh, i);
    const char *name = xm_node_get_name (child);
    const XmStoreMount *mount = xm_store_find_mount (name, strlen (name));

    if (mount && !check_mount (mount, child, error))
      return FALSE;
    xm_node_move (xm_node_ensure (root, name, strlen (name)), child);
  }
  xm_node_move (fresh, root);
  return TRUE;
}

gboolean
xm_store_inject_json (XmStore *self, const char *path, json_t *json, GError **error)
{
  const XmStoreNode *node = xm_store_lookup (self, path);
  g_autoptr (XmStoreNode) fresh = xm_node_new ();
  g_autofree char *normal = NULL;
  Place place;

  if (!check_path (path, &place, error) ||
      !xm_node_set_json (fresh, json, XM_TREE_MAX_DEPTH - place.depth, error))
    return FALSE;
  if (passes_binary (self->root, path) || (node && xm_node_has_binary (node))) {
    xm_error_set_plain (error, "cannot overwrite binary file nodes");
    return FALSE;
  }
  if (spans_files (&place) &&
      !(place.mount ? check_mount (place.mount, fresh, error) : arrange_root (fresh, error)))
    return FALSE;

  normal = xm_path_normal (path);
  if (spans_files (&place)) {
    mark_all (self, &place);
    xm_node_move (ensure (self->root, normal), fresh);
    mark_all (self, &place);
  } else {
    xm_node_move (ensure (self->root, normal), fresh);
    mark_place (self, &place);
  }
  emit_changed (self, normal);
  return TRUE;
}

gboolean
xm_store_inject (XmStore *self, const char *path, const char *text, GError **error)
{
  json_t *json = xm_store_parse_json (text, -1, error);
  gboolean done;

  if (!json)
    return FALSE;
  done = xm_store_inject_json (self, path, json, error);
  json_decref (json);
  return done;
}

/* To and from disk ---------------------------------------------------------- */

void
xm_store_commit_async (XmStore *self,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, xm_store_commit_async);
  xm_store_writer_commit (self->writer, task);
}

gboolean
xm_store_commit_finish (XmStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
xm_store_flush (XmStore *self, GError **error)
{
  return xm_store_writer_flush (self->writer, error);
}

gboolean
xm_store_reload (XmStore *self, GError **error)
{
  g_autoptr (XmStoreNode) fresh = xm_node_new ();
  g_autoptr (GError) unsaved = NULL;

  if (!xm_store_flush (self, &unsaved))
    g_warning ("%s", unsaved->message);
  if (!xm_store_load_all (self->base, fresh, error))
    return FALSE;
  xm_node_move (self->root, fresh);
  emit_changed (self, "/");
  return TRUE;
}

const char *
xm_store_get_base (XmStore *self)
{
  return self->base;
}

static const XmStoreWriterFuncs writer_funcs = { get_text, write_failed };

static gboolean
load (XmStore *self, GError **error)
{
  g_autofree char *main_file = g_build_filename (self->base, XM_STORE_MAIN_FILE, NULL);

  if (g_mkdir_with_parents (self->base, 0755) < 0) {
    int errsv = errno;

    g_set_error (error, G_IO_ERROR, (int)g_io_error_from_errno (errsv), "%s: %s", self->base,
                 g_strerror (errsv));
    return FALSE;
  }
  if (!xm_store_load_all (self->base, self->root, error))
    return FALSE;
  if (access (main_file, F_OK) == 0)
    return TRUE;
  return xm_store_write (self, "/db-version", DB_VERSION, error) && xm_store_flush (self, error);
}

XmStore *
xm_store_new (const char *base, GError **error)
{
  g_autoptr (XmStore) self = g_object_new (XM_TYPE_STORE, NULL);

  self->base = g_canonicalize_filename (base, NULL);
  self->writer = xm_store_writer_new (self->base, G_OBJECT (self), &writer_funcs);
  return load (self, error) ? g_steal_pointer (&self) : NULL;
}

static void
xm_store_finalize (GObject *object)
{
  XmStore *self = XM_STORE (object);

  g_clear_pointer (&self->writer, xm_store_writer_free);
  xm_node_free (self->root);
  g_free (self->base);
  G_OBJECT_CLASS (xm_store_parent_class)->finalize (object);
}

static void
xm_store_init (XmStore *self)
{
  self->root = xm_node_new ();
}

static void
xm_store_class_init (XmStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = xm_store_finalize;

  changed_signal = g_signal_new ("changed", XM_TYPE_STORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
}
