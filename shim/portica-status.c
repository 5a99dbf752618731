/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/portica-status.h"

#include <string.h>

#include "shim/text.h"

#define TOP         "/xc_tools/porticaStatus"
#define INTERVAL_MS 250

typedef struct {
  XmService *service; /* not owned */
  GSource *watch;
  GHashTable *changed; /* uuids; to be looked at when @timer ends */
  guint timer;
} Follower;

/** Flag: a node and the key of the VM that it is copied to. */
static const struct {
  const char *node, *key;
} flags[] = {
  { "installed", "portica-installed" },
  { "enabled", "portica-enabled" },
};

/** Reading: of one node. */
typedef struct {
  XmVm *vm;
  const char *key;
} Reading;

static void
take (XmVm *vm, const char *key, gboolean value)
{
  const char *text = value ? "true" : "false";
  g_autoptr (GError) error = NULL;
  if (!xm_store_exists (vm->service->store, vm->db_path) ||
      xm_vm_read_boolean (vm, key, FALSE) == value)
    return;
  if (!xm_vm_write (vm, key, text, &error)) {
    g_warning ("%s: %s is not recorded: %s", vm->uuid, key, error->message);
    return;
  }
  xm_store_commit_async (vm->service->store, NULL, NULL, NULL);
  xm_vm_config_changed (vm);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Reading *reading = user_data;
  g_autoptr (XmVm) vm = reading->vm;
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, NULL);
  gboolean value;
  if (text != NULL && vm->object != NULL && xm_text_to_boolean (text, &value))
    take (vm, reading->key, value);
}

static void
look (Follower *follower, XmVm *vm)
{
  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++) {
    g_autofree char *path = g_strdup_printf (TOP "/%s/%s", vm->uuid, flags[i].node);
    Reading *reading = g_new (Reading, 1);
    *reading = (Reading){ xm_vm_ref (vm), flags[i].key };
    xl_xenstore_read_async (follower->service->xenstore, path, follower->service->end, on_read,
                            reading);
  }
}

static gboolean
on_timer (gpointer user_data)
{
  Follower *follower = user_data;
  GHashTableIter iter;
  gpointer uuid;
  follower->timer = 0;
  g_hash_table_iter_init (&iter, follower->changed);
  while (g_hash_table_iter_next (&iter, &uuid, NULL)) {
    XmVm *vm = xm_vm_lookup (follower->service, uuid);
    if (vm != NULL)
      look (follower, vm);
  }
  g_hash_table_remove_all (follower->changed);
  return G_SOURCE_REMOVE;
}

/* Only of VMs that there are: nodes with other names are nobody's. */
static void
note (Follower *follower, const char *uuid)
{
  if (xm_vm_lookup (follower->service, uuid) == NULL)
    return;
  g_hash_table_add (follower->changed, g_strdup (uuid));
  if (follower->timer == 0)
    follower->timer = g_timeout_add (INTERVAL_MS, on_timer, follower);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_auto (GStrv) uuids = xl_xenstore_list_finish (XL_XENSTORE (source), result, NULL);
  for (char **uuid = uuids; uuid != NULL && *uuid != NULL; uuid++)
    note (user_data, *uuid);
}

static gboolean
on_watch (const char *path, gpointer user_data)
{
  Follower *follower = user_data;
  if (!g_str_has_prefix (path, TOP "/")) { /* the beginning, or xenstored is back */
    xl_xenstore_list_async (follower->service->xenstore, TOP, follower->service->end, on_listed,
                            follower);
    return G_SOURCE_CONTINUE;
  }
  g_auto (GStrv) names = g_strsplit (path + strlen (TOP "/"), "/", 2);
  if (names[0] != NULL)
    note (follower, names[0]);
  return G_SOURCE_CONTINUE;
}

static void
on_end (GCancellable *end, gpointer user_data)
{
  Follower *follower = user_data;
  g_source_destroy (follower->watch);
  g_clear_handle_id (&follower->timer, g_source_remove);
}

static void
follower_free (gpointer data)
{
  Follower *follower = data;
  g_source_unref (follower->watch);
  g_hash_table_unref (follower->changed);
  g_free (follower);
}

void
xm_portica_status_follow (XmService *service)
{
  Follower *follower = g_new0 (Follower, 1);
  follower->service = service;
  follower->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  follower->watch = xl_xenstore_watch_source_new (service->xenstore, TOP);
  g_source_set_callback (follower->watch, G_SOURCE_FUNC (on_watch), follower, NULL);
  g_source_attach (follower->watch, NULL);
  g_cancellable_connect (service->end, G_CALLBACK (on_end), follower, follower_free);
}
