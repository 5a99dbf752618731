/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/node-changes.h"

void
xm_node_changes_add (GArray *changes, char *path, char *value, char *permissions)
{
  const XlXenstoreChange change = { path, value, permissions };
  g_array_append_val (changes, change);
}

static void
change_clear (gpointer data)
{
  XlXenstoreChange *change = data;
  g_free ((char *)change->path);
  g_free ((char *)change->value);
  g_free ((char *)change->permissions);
}

GArray *
xm_node_changes_new (void)
{
  GArray *changes = g_array_new (FALSE, FALSE, sizeof (XlXenstoreChange));
  g_array_set_clear_func (changes, change_clear);
  return changes;
}

static void
on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  if (!xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_warning ("%s", error->message);
}

void
xm_node_changes_make (XmService *service, const GArray *changes)
{
  if (changes->len > 0)
    xl_xenstore_apply_async (service->xenstore, (const XlXenstoreChange *)(void *)changes->data,
                             changes->len, NULL, on_made, NULL);
}
