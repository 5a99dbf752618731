/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-lists.h"

#include <string.h>

#include "shim/error.h"
#include "shim/host-file.h"
#include "shim/vm-cd.h"

#define PLUGINS   "/usr/lib/xui/plugins"
#define MAX_NAMES 65536

/* -- directories ------------------------------------------------------------------- */

typedef struct {
  char *path;
  gboolean (*wanted) (const char *name); /* NULL: all */
  GDBusMethodInvocation *invocation;
} Listing;

static void
listing_free (gpointer data)
{
  Listing *listing = data;
  g_free (listing->path);
  g_free (listing);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

static void
read_names (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Listing *listing = data;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) directory = g_dir_open (listing->path, 0, NULL);
  const char *name;
  while (directory != NULL && names->len < MAX_NAMES &&
         (name = g_dir_read_name (directory)) != NULL) {
    if (g_utf8_validate (name, -1, NULL) && (listing->wanted == NULL || listing->wanted (name)))
      g_ptr_array_add (names, g_strdup (name));
  }
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  g_task_return_pointer (task, g_ptr_array_free (g_steal_pointer (&names), FALSE),
                         (GDestroyNotify)g_strfreev);
}

static void
on_names (GObject *source, GAsyncResult *result, gpointer user_data)
{
  const Listing *listing = g_task_get_task_data (G_TASK (result));
  g_auto (GStrv) names = g_task_propagate_pointer (G_TASK (result), NULL);
  g_dbus_method_invocation_return_value (listing->invocation, g_variant_new ("(^as)", names));
}

/* @path: (transfer full) */
static void
answer_names (char *path, gboolean (*wanted) (const char *name), GDBusMethodInvocation *invocation)
{
  Listing *listing = g_new (Listing, 1);
  *listing = (Listing){ path, wanted, invocation };
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_names, NULL);
  g_task_set_task_data (task, listing, listing_free);
  g_task_run_in_thread (task, read_names);
}

static gboolean
is_iso (const char *name)
{
  return g_str_has_suffix (name, ".iso") && !xm_iso_is_null (name);
}

void
xm_host_list_isos (gpointer service, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  answer_names (xm_iso_dir (service), is_iso, invocation);
}

void
xm_host_list_ui_plugins (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  const char *subdir;
  g_variant_get (parameters, "(&s)", &subdir);
  g_auto (GStrv) parts = g_strsplit (subdir, "/", -1);
  if (g_strv_contains ((const char *const *)parts, "..")) {
    GError *error = NULL;
    xm_error_set_plain (&error, "bad subdirectory");
    xm_error_return (invocation, error);
    return;
  }
  g_autofree char *path = g_build_filename (PLUGINS, subdir, NULL);
  answer_names (xm_settings_host_path (service->settings, path), NULL, invocation);
}

/* -- disks ------------------------------------------------------------------------- */

/* What the kernel makes up by itself; some of these have a `device`, too. */
static gboolean
is_virtual (const char *name)
{
  static const char *const prefixes[] = { "dm-", "loop", "nbd", "ram", "zram" };
  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++) {
    if (g_str_has_prefix (name, prefixes[i]))
      return TRUE;
  }
  return FALSE;
}

void
xm_host_list_disk_devices (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmService *service = owner;
  g_auto (GStrv) names = xm_host_file_list (service->settings, "/sys/block");
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (char **name = names; *name != NULL; name++) {
    g_autofree char *device = g_strconcat ("/sys/block/", *name, "/device", NULL);
    if (is_virtual (*name) || !xm_host_file_exists (service->settings, device))
      continue;
    /* sysfs has `!` for a slash in a name. */
    g_autofree char *node = g_strdelimit (g_strconcat ("/dev/", *name, NULL), "!", '/');
    g_autofree char *udi = g_strconcat ("/org/freedesktop/UDisks2/block_devices/", *name, NULL);
    g_variant_builder_add_value (&list, XM_HOST_DICT ("block-device", node, "udi", udi));
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &list));
}
