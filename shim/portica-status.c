/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/portica-status.h"

#include <string.h>

#include "shim/text.h"

#define TOP         "/xc_tools/porticaStatus"
#define INTERVAL_MS 250

struct _XmPorticaStatus {
  XmService *service; /* not owned */
  GSource *watch;
  GHashTable *changed; /* uuids; to be looked at when @timer ends */
  guint timer;
};

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
look (XmPorticaStatus *self, XmVm *vm)
{
  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++) {
    g_autofree char *path = g_strdup_printf (TOP "/%s/%s", vm->uuid, flags[i].node);
    Reading *reading = g_new (Reading, 1);
    *reading = (Reading){ xm_vm_ref (vm), flags[i].key };
    xl_xenstore_read_async (self->service->xenstore, path, self->service->end, on_read, reading);
  }
}

static gboolean
on_timer (gpointer user_data)
{
  XmPorticaStatus *self = user_data;
  GHashTableIter iter;
  gpointer uuid;
  self->timer = 0;
  g_hash_table_iter_init (&iter, self->changed);
  while (g_hash_table_iter_next (&iter, &uuid, NULL)) {
    XmVm *vm = xm_vm_lookup (self->service, uuid);
    if (vm != NULL)
      look (self, vm);
  }
  g_hash_table_remove_all (self->changed);
  return G_SOURCE_REMOVE;
}

/* Only of VMs that there are: nodes with other names are nobody's. */
static void
note (XmPorticaStatus *self, const char *uuid)
{
  if (xm_vm_lookup (self->service, uuid) == NULL)
    return;
  g_hash_table_add (self->changed, g_strdup (uuid));
  if (self->timer == 0)
    self->timer = g_timeout_add (INTERVAL_MS, on_timer, self);
}

/* Cancelled, it has no names, and the follower may be no more. */
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
  XmPorticaStatus *self = user_data;
  if (!g_str_has_prefix (path, TOP "/")) { /* the beginning, or xenstored is back */
    xl_xenstore_list_async (self->service->xenstore, TOP, self->service->end, on_listed, self);
    return G_SOURCE_CONTINUE;
  }
  g_auto (GStrv) names = g_strsplit (path + strlen (TOP "/"), "/", 2);
  if (names[0] != NULL)
    note (self, names[0]);
  return G_SOURCE_CONTINUE;
}

XmPorticaStatus *
xm_portica_status_new (XmService *service)
{
  XmPorticaStatus *self = g_new0 (XmPorticaStatus, 1);
  self->service = service;
  self->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->watch = xl_xenstore_watch_source_new (service->xenstore, TOP);
  g_source_set_callback (self->watch, G_SOURCE_FUNC (on_watch), self, NULL);
  g_source_attach (self->watch, NULL);
  return self;
}

void
xm_portica_status_free (XmPorticaStatus *self)
{
  g_source_destroy (self->watch);
  g_source_unref (self->watch);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_hash_table_unref (self->changed);
  g_free (self);
}
