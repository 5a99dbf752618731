/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm.h"

#include <string.h>

#include "shim/hook.h"
#include "shim/keep-alive.h"
#include "shim/lifecycle.h"
#include "shim/nic-move.h"
#include "shim/signals.h"
#include "shim/state-hooks.h"
#include "shim/state-node.h"
#include "shim/text.h"
#include "shim/vm-device.h"
#include "shim/vm-nodes.h"
#include "shim/vm-peers.h"
#include "shim/vm-power.h"
#include "shim/vm-qmp.h"

/* A change is announced when no other has followed for this long. */
#define CONFIG_CHANGED_MS 500

/* Above it are Xen's own names for domains. */
#define LAST_DOMID 0x7FEF

/* -- uuid and path ----------------------------------------------------------------- */

gboolean
xm_uuid_is_valid (const char *uuid)
{
  return strlen (uuid) == 36 && g_uuid_string_is_valid (uuid);
}

char *
xm_vm_path (const char *uuid)
{
  return g_strdelimit (g_strconcat ("/vm/", uuid, NULL), "-", '_');
}

/* -- what the store holds ---------------------------------------------------------- */

const char *
xm_vm_read (const XmVm *vm, const char *key)
{
  const XmStoreNode *node = xm_store_lookup (vm->service->store, vm->db_path);
  return node != NULL ? xm_store_node_read (vm->service->store, node, key) : NULL;
}

gboolean
xm_vm_read_boolean (const XmVm *vm, const char *key, gboolean fallback)
{
  const char *text = xm_vm_read (vm, key);
  gboolean value;
  return text != NULL && xm_text_to_boolean (text, &value) ? value : fallback;
}

gint64
xm_vm_read_integer (const XmVm *vm, const char *key, gint64 fallback)
{
  const char *text = xm_vm_read (vm, key);
  gint64 value;
  return text != NULL && g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &value, NULL)
             ? value
             : fallback;
}

static char *
full_path (const XmVm *vm, const char *key)
{
  return g_strjoin ("/", vm->db_path, key, NULL);
}

gboolean
xm_vm_write (XmVm *vm, const char *key, const char *value, GError **error)
{
  g_autofree char *path = full_path (vm, key);
  if (value == NULL)
    return xm_store_remove (vm->service->store, path, error);
  return xm_store_write (vm->service->store, path, value, error);
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  guint left = *(const guint *)a, right = *(const guint *)b;
  return (left > right) - (left < right);
}

GArray *
xm_vm_list_ids (const XmVm *vm, const char *key)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree char *path = full_path (vm, key);
  g_autofree const char **names = xm_store_list (vm->service->store, path);
  for (const char **name = names; *name != NULL; name++) {
    guint64 id;
    if (!g_ascii_string_to_unsigned (*name, 10, 0, G_MAXINT32, &id, NULL))
      continue;
    guint number = (guint)id;
    g_array_append_val (ids, number);
  }
  g_array_sort (ids, compare_ids);
  return ids;
}

char **
xm_vm_read_list (const XmVm *vm, const char *key)
{
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, key);
  g_autoptr (GStrvBuilder) items = g_strv_builder_new ();
  for (guint i = 0; i < ids->len; i++) {
    g_autofree char *item_key = g_strdup_printf ("%s/%u", key, g_array_index (ids, guint, i));
    const char *text = xm_vm_read (vm, item_key);
    if (text != NULL)
      g_strv_builder_add (items, text);
  }
  return g_strv_builder_end (items);
}

gboolean
xm_vm_write_list (XmVm *vm, const char *key, const char *const *items, GError **error)
{
  if (!xm_vm_write (vm, key, NULL, error))
    return FALSE;
  for (guint i = 0; items[i] != NULL; i++) {
    g_autofree char *item_key = g_strdup_printf ("%s/%u", key, i);
    if (!xm_vm_write (vm, item_key, items[i], error))
      return FALSE;
  }
  return TRUE;
}

/* -- state ------------------------------------------------------------------------- */

gboolean
xm_vm_is_hvm (const XmVm *vm)
{
  return g_strcmp0 (xm_vm_read (vm, "config/virt-type"), "hvm") == 0;
}

gboolean
xm_vm_is_user (const XmVm *vm)
{
  const char *type = xm_vm_read (vm, "type");
  return type == NULL || g_str_equal (type, "svm") || g_str_equal (type, "pvm");
}

gboolean
xm_vm_is_running (const XmVm *vm)
{
  return vm->state != XM_VM_SHUTDOWN || vm->domid >= 0;
}

int
xm_vm_acpi_state (const XmVm *vm)
{
  if (vm->state == XM_VM_SHUTDOWN)
    return xm_vm_read_boolean (vm, "hibernated", FALSE) ? 4 : 5;
  return xm_vm_power_is_asleep (vm) ? 3 : 0;
}

void
xm_vm_set_state (XmVm *vm, XmVmState state)
{
  if (vm->state == state)
    return;
  g_autofree char *domid = g_strdup_printf ("%d", vm->domid);
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "DOMID", domid, "MESSAGE", "%s: %s -> %s",
                    vm->uuid, xm_vm_state_internal (vm->state), xm_vm_state_internal (state));
  vm->state = state;
  xm_bus_object_changed (vm->object, "state");
  xm_bus_object_changed (vm->object, "acpi-state");
  xm_state_hooks_state (vm, xm_lifecycle_is_known (vm));
  xm_vm_qmp_follow (vm);
  xm_vm_nodes_follow (vm);
  xm_vm_peers_follow (vm);
}

static gboolean
on_config_changed_timer (gpointer user_data)
{
  XmVm *vm = user_data;
  vm->config_changed_timer = 0;
  xm_signal_vm (vm, "vm_config_changed");
  return G_SOURCE_REMOVE;
}

void
xm_vm_config_changed (XmVm *vm)
{
  if (vm->object == NULL)
    return;
  g_clear_handle_id (&vm->config_changed_timer, g_source_remove);
  vm->config_changed_timer = g_timeout_add (CONFIG_CHANGED_MS, on_config_changed_timer, vm);
}

/* -- what xenstore tells of the domain --------------------------------------------- */

static XmWatchedNumber *
watch_domain (const XmVm *vm, const char *node, gint64 minimum, gint64 maximum, gint64 absent)
{
  g_autofree char *path = g_strdup_printf ("/local/domain/%d/%s", vm->domid, node);
  return xm_watched_number_new (vm->service->xenstore, path, minimum, maximum, absent);
}

static void
on_memory_changed (gpointer user_data)
{
  const XmVm *vm = user_data;
  xm_bus_object_changed (vm->object, "memory-target");
}

static void
on_stub_domid_changed (gpointer user_data)
{
  const XmVm *vm = user_data;
  xm_bus_object_changed (vm->object, "stub_domid");
  xm_vm_nodes_stubdomain_changed (user_data);
}

void
xm_vm_set_domid (XmVm *vm, int domid)
{
  if (vm->domid == domid)
    return;
  vm->domid = domid;
  xm_bus_object_changed (vm->object, "domid");
  xm_bus_object_changed (vm->object, "memory-target");
  xm_bus_object_changed (vm->object, "stub_domid");
  g_clear_pointer (&vm->memory_kib, xm_watched_number_free);
  g_clear_pointer (&vm->stub_domid, xm_watched_number_free);
  xm_vm_power_reset (vm);
  xm_vm_qmp_follow (vm);
  xm_vm_nodes_follow (vm);
  xm_vm_peers_follow (vm);
  if (domid < 0)
    return;
  xm_keep_alive_domain_came (vm);
  vm->memory_kib = watch_domain (vm, "memory/target", 0, G_MAXINT64, 0);
  vm->stub_domid = watch_domain (vm, "image/device-model-domid", 1, LAST_DOMID, -1);
  xm_watched_number_on_change (vm->memory_kib, on_memory_changed, vm);
  xm_watched_number_on_change (vm->stub_domid, on_stub_domid_changed, vm);
}

/* -- on the bus -------------------------------------------------------------------- */

static char **
list_children (gpointer owner)
{
  XmVm *vm = owner;
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init (&iter, vm->devices);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_strv_builder_add (names, key);
  return g_strv_builder_end (names);
}

XmVm *
xm_vm_lookup (XmService *service, const char *uuid)
{
  return g_hash_table_lookup (service->vms, uuid);
}

XmVm *
xm_vm_export (XmService *service, const char *uuid, GError **error)
{
  g_autoptr (XmVm) vm = g_rc_box_new0 (XmVm);
  vm->service = service;
  vm->uuid = g_strdup (uuid);
  vm->path = xm_vm_path (uuid);
  vm->db_path = g_strconcat ("/vm/", uuid, NULL);
  vm->domid = -1;
  vm->devices = xm_vm_devices_new ();
  vm->power = xm_vm_power_new ();
  vm->lifecycle = xm_lifecycle_new (vm);
  vm->keep_alive = xm_keep_alive_new ();

  vm->object = xm_bus_object_export (service->connection, vm->path, service->vm_kind, list_children,
                                     vm, error);
  if (vm->object == NULL)
    return NULL;
  xm_vm_sync_devices (vm);
  g_hash_table_insert (service->vms, vm->uuid, xm_vm_ref (vm));
  xm_lifecycle_observe (vm);
  xm_state_nodes_look (service->state_nodes, vm);
  return vm; /* service->vms holds the reference */
}

void
xm_vm_unexport (XmVm *vm)
{
  G_GNUC_UNUSED g_autoptr (XmVm) kept = xm_vm_ref (vm);
  g_hash_table_remove (vm->service->vms, vm->uuid);
  xm_state_hooks_flush (vm);
  xm_keep_alive_stop (vm);
  xm_vm_set_domid (vm, -1);
  g_clear_handle_id (&vm->config_changed_timer, g_source_remove);
  g_hash_table_remove_all (vm->devices);
  g_clear_pointer (&vm->object, xm_bus_object_unexport);
}

XmVm *
xm_vm_ref (XmVm *vm)
{
  return g_rc_box_acquire (vm);
}

static void
vm_clear (gpointer data)
{
  XmVm *vm = data;
  g_assert (vm->memory_kib == NULL && vm->config_changed_timer == 0); /* they point here */
  g_assert (vm->qmp == NULL && vm->nodes == NULL);                    /* they point here */
  g_clear_pointer (&vm->lifecycle, xm_lifecycle_free);
  g_clear_pointer (&vm->power, xm_vm_power_free);
  g_clear_pointer (&vm->nic_moves, xm_nic_moves_free);
  g_clear_pointer (&vm->hooks, xm_hooks_free);
  g_clear_pointer (&vm->state_node, xm_state_node_free);
  g_clear_pointer (&vm->state_hooks, xm_state_hooks_free);
  g_clear_pointer (&vm->keep_alive, xm_keep_alive_free);
  g_clear_pointer (&vm->peers, xm_vm_peers_free);
  g_clear_pointer (&vm->devices, g_hash_table_unref);
  g_clear_pointer (&vm->object, xm_bus_object_unexport);
  g_free (vm->uuid);
  g_free (vm->path);
  g_free (vm->db_path);
}

void
xm_vm_unref (XmVm *vm)
{
  g_rc_box_release_full (vm, vm_clear);
}
