/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-set.h"

#include <string.h>

#include "shim/disk-images.h"
#include "shim/disk-mount-node.h"
#include "shim/disk-mounts.h"
#include "shim/error.h"
#include "shim/hook.h"
#include "shim/lifecycle.h"
#include "shim/root-config.h"
#include "shim/run-files.h"
#include "shim/signals.h"
#include "shim/vm-device.h"
#include "shim/vm-saved.h"

#define FIRST_SLOT 1
#define LAST_SLOT  9

/* -- following the store ----------------------------------------------------------- */

static void
export_vm (XmService *service, const char *uuid)
{
  g_autoptr (GError) error = NULL;
  if (!xm_uuid_is_valid (uuid))
    g_warning ("/vm/%s is not named by a uuid: no VM", uuid);
  else if (xm_vm_export (service, uuid, &error) == NULL)
    g_warning ("cannot export VM %s: %s", uuid, error->message);
}

static void
withdraw_vm (XmVm *vm)
{
  G_GNUC_UNUSED g_autoptr (XmVm) kept = xm_vm_ref (vm);
  xm_lifecycle_cancel_all (vm);
  xm_vm_unexport (vm);
}

static void
sync_one (XmService *service, const char *uuid)
{
  g_autofree char *db_path = g_strconcat ("/vm/", uuid, NULL);
  XmVm *vm = xm_vm_lookup (service, uuid);
  gboolean wanted = xm_store_exists (service->store, db_path);
  if (wanted != (vm != NULL))
    g_clear_pointer (&service->paths, g_variant_unref);
  if (wanted && vm == NULL)
    export_vm (service, uuid);
  else if (!wanted && vm != NULL)
    withdraw_vm (vm);
  else if (vm != NULL)
    xm_vm_sync_devices (vm);
}

void
xm_vm_set_sync (XmService *service)
{
  g_clear_pointer (&service->paths, g_variant_unref); /* their order may be another */
  g_autoptr (GHashTable) uuids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree const char **names = xm_store_list (service->store, "/vm");
  for (const char **name = names; *name != NULL; name++)
    g_hash_table_add (uuids, g_strdup (*name));
  g_autofree char **exported = (char **)g_hash_table_get_keys_as_array (service->vms, NULL);
  for (char **uuid = exported; *uuid != NULL; uuid++)
    g_hash_table_add (uuids, g_strdup (*uuid));

  GHashTableIter iter;
  gpointer uuid;
  g_hash_table_iter_init (&iter, uuids);
  while (g_hash_table_iter_next (&iter, &uuid, NULL))
    sync_one (service, uuid);
}

void
xm_vm_set_store_changed (XmService *service, const char *path)
{
  if (service->connection == NULL)
    return;
  /* Empty first segment, "vm", uuid, "config", "disk" or "nic": what lies deeper changes no object.
   */
  g_auto (GStrv) parts = g_strsplit (path, "/", 7);
  guint n = g_strv_length (parts);
  if (n < 2 || *parts[1] == '\0' || (n == 2 && g_str_equal (parts[1], "vm")))
    xm_vm_set_sync (service);
  else if (g_str_equal (parts[1], "vm") &&
           (n == 3 || xm_vm_lookup (service, parts[2]) == NULL ||
            (g_str_equal (parts[3], "config") &&
             (n == 4 || g_str_equal (parts[4], "disk") || g_str_equal (parts[4], "nic")))))
    sync_one (service, parts[2]);
}

GPtrArray *
xm_vm_set_list (XmService *service)
{
  GPtrArray *vms = g_ptr_array_new ();
  g_autofree const char **names = xm_store_list (service->store, "/vm");
  for (const char **name = names; *name != NULL; name++) {
    XmVm *vm = xm_vm_lookup (service, *name);
    if (vm != NULL)
      g_ptr_array_add (vms, vm);
  }
  return vms;
}

GVariant *
xm_vm_set_paths (XmService *service)
{
  if (service->paths != NULL)
    return service->paths;

  g_autoptr (GPtrArray) vms = xm_vm_set_list (service);
  g_auto (GVariantBuilder) paths = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_OBJECT_PATH_ARRAY);
  for (guint i = 0; i < vms->len; i++)
    g_variant_builder_add (&paths, "o", ((XmVm *)vms->pdata[i])->path);
  service->paths = g_variant_ref_sink (g_variant_new ("(ao)", &paths));
  return service->paths;
}

/* -- creating ---------------------------------------------------------------------- */

static gboolean
is_blank (const char *text)
{
  return text == NULL || text[strspn (text, " \t\r\n\v\f")] == '\0';
}

static gboolean
policy_allows (XmService *service, const char *setting, GError **error)
{
  gboolean allowed;
  if (!xm_root_config_allows (service, setting, &allowed, error))
    return FALSE;
  if (!allowed)
    xm_error_set (error, XM_ERROR_POLICY);
  return allowed;
}

static json_t *
load_configuration (XmService *service, const XmCreate *create, GError **error)
{
  json_auto_t *overrides = NULL;
  if (!is_blank (create->json)) {
    overrides = xm_json_parse_object (create->json, error);
    if (overrides == NULL)
      return NULL;
  }
  json_auto_t *configuration = xm_templates_load (service->templates, create->template, error);
  if (configuration == NULL || overrides == NULL)
    return g_steal_pointer (&configuration);
  return xm_json_merge (configuration, overrides);
}

/* @text: (out) (nullable): NULL when the key is absent or empty. */
static gboolean
get_text (json_t *configuration, const char *key, const char **text, GError **error)
{
  json_t *value = json_object_get (configuration, key);
  *text = NULL;
  if (value == NULL)
    return TRUE;
  if (!json_is_string (value)) {
    xm_error_set_plain (error, "string json value was expected: %s", key);
    return FALSE;
  }
  if (*json_string_value (value) != '\0')
    *text = json_string_value (value);
  return TRUE;
}

static gboolean
put_text (json_t *configuration, const char *key, const char *text, GError **error)
{
  if (json_object_set_new (configuration, key, json_string (text)) == 0)
    return TRUE;
  xm_error_set_plain (error, "%s is not valid UTF-8", key);
  return FALSE;
}

/* User VMs get the first of the slots 1 to 9 that no other user VM has. */
static gboolean
put_slot (XmService *service, json_t *configuration, GError **error)
{
  const char *given;
  gint64 slot;
  if (!get_text (configuration, "slot", &given, error))
    return FALSE;
  if (given != NULL && g_ascii_string_to_signed (given, 10, G_MININT32, G_MAXINT32, &slot, NULL))
    return TRUE;

  gboolean taken[LAST_SLOT + 1] = { FALSE };
  GHashTableIter iter;
  gpointer vm;
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm)) {
    slot = xm_vm_read_integer (vm, "slot", 0);
    if (xm_vm_is_user (vm) && slot >= FIRST_SLOT && slot <= LAST_SLOT)
      taken[slot] = TRUE;
  }
  for (slot = FIRST_SLOT; slot <= LAST_SLOT; slot++) {
    if (taken[slot])
      continue;
    char text[2] = { (char)('0' + slot), '\0' };
    return put_text (configuration, "slot", text, error);
  }
  xm_error_set (error, XM_ERROR_TOO_MANY_VMS);
  return FALSE;
}

/* Xen does not tell uuids apart by case. */
static gboolean
is_taken (XmService *service, const char *uuid)
{
  g_autofree const char **names = xm_store_list (service->store, "/vm");
  for (const char **name = names; *name != NULL; name++) {
    if (g_ascii_strcasecmp (*name, uuid) == 0)
      return TRUE;
  }
  return FALSE;
}

static char *
choose_uuid (XmService *service, const XmCreate *create, json_t *configuration, GError **error)
{
  const char *given = create->uuid;
  if (given == NULL && !get_text (configuration, "uuid", &given, error))
    return NULL;
  g_autofree char *uuid = given != NULL ? g_strdup (given) : g_uuid_string_random ();
  if (!xm_uuid_is_valid (uuid)) {
    xm_error_set_plain (error, "not a uuid: %s", uuid);
    return NULL;
  }
  if (is_taken (service, uuid)) {
    xm_error_set_plain (error, "there is a vm with uuid %s already", uuid);
    return NULL;
  }
  return g_steal_pointer (&uuid);
}

static gboolean
put_identity (const XmCreate *create, json_t *configuration, const char *uuid, GError **error)
{
  const char *name;
  if (!get_text (configuration, "name", &name, error))
    return FALSE;
  g_autofree char *made_up = g_strconcat ("name-", uuid, NULL);
  if (name == NULL)
    name = is_blank (create->name) ? made_up : create->name;
  g_autofree char *kept_name = g_strdup (name); /* it may live in @configuration */
  return put_text (configuration, "uuid", uuid, error) &&
         put_text (configuration, "seamless-id", uuid, error) &&
         put_text (configuration, "name", kept_name, error) &&
         (create->description == NULL ||
          put_text (configuration, "description", create->description, error)) &&
         (create->image_path == NULL ||
          put_text (configuration, "image_path", create->image_path, error));
}

XmVm *
xm_vm_set_create (XmService *service, const XmCreate *create, GError **error)
{
  if (!create->unrestricted && !policy_allows (service, "vm-creation-allowed", error))
    return NULL;
  json_auto_t *configuration = load_configuration (service, create, error);
  if (configuration == NULL || (!create->no_slot && !put_slot (service, configuration, error)))
    return NULL;
  g_autofree char *uuid = choose_uuid (service, create, configuration, error);
  if (uuid == NULL || !put_identity (create, configuration, uuid, error))
    return NULL;

  g_autofree char *db_path = g_strconcat ("/vm/", uuid, NULL);
  if (!xm_store_inject_json (service->store, db_path, configuration, error))
    return NULL;
  XmVm *vm = xm_vm_lookup (service, uuid); /* exported because the store changed */
  if (vm == NULL) {
    xm_store_remove (service->store, db_path, NULL);
    xm_error_set_plain (error, "cannot export vm %s", uuid);
    return NULL;
  }
  xm_vm_config_changed (vm);
  return vm;
}

/* -- deleting ---------------------------------------------------------------------- */

typedef struct {
  XmVm *vm;
  GTask *task;
} Deletion;

/* @deletion: (transfer full) @error: (transfer full) */
static void
fail_deletion (Deletion *deletion, GError *error)
{
  g_task_return_error (deletion->task, error);
  g_object_unref (deletion->task);
  xm_vm_unref (deletion->vm);
  g_free (deletion);
}

static void
on_removal_durable (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Deletion *deletion = user_data;
  g_autoptr (XmVm) vm = deletion->vm;
  g_autoptr (GTask) task = deletion->task;
  GError *error = NULL;
  gboolean durable = xm_store_commit_finish (XM_STORE (source), result, &error);
  if (!durable && xm_store_exists (vm->service->store, vm->db_path)) {
    g_task_return_error (task, error);
    return;
  }
  xm_run_files_remove (vm);
  g_autofree char *state_node = g_strconcat ("/state/", vm->uuid, NULL);
  g_autofree char *mount_nodes = xm_disk_mount_node_folder (vm);
  const XlXenstoreChange gone[] = { { state_node, NULL, NULL }, { mount_nodes, NULL, NULL } };
  xl_xenstore_apply_async (vm->service->xenstore, gone, G_N_ELEMENTS (gone), NULL, NULL, NULL);
  xm_signal_vm (vm, "vm_deleted");
  if (durable)
    g_task_return_boolean (task, TRUE);
  else /* it is gone, but may come back when the host loses power */
    g_task_return_error (task, error);
}

static void
on_images_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Deletion *deletion = user_data;
  XmVm *vm = deletion->vm;
  XmStore *store = vm->service->store;
  GError *error = NULL;
  g_autofree char *dom_store = g_strconcat ("/dom-store/", vm->uuid, NULL);
  xm_vm_saved_discard (vm); /* while the record still names its disks */
  if (!xm_disk_images_remove_finish (result, &error) ||
      !xm_store_remove (store, vm->db_path, &error) ||
      !xm_store_remove (store, dom_store, &error)) {
    fail_deletion (deletion, error);
    return;
  }
  xm_store_commit_async (store, NULL, on_removal_durable, deletion);
}

/* Before anything of it goes. */
static gboolean
check_off (XmVm *vm, GError **error)
{
  const XmStoreNode *node = xm_store_lookup (vm->service->store, vm->db_path);
  if (xm_vm_is_running (vm) || xm_lifecycle_is_busy (vm))
    xm_error_set (error, XM_ERROR_REMOVE_RUNNING);
  else if (vm->object == NULL)
    xm_error_set_plain (error, "no vm with uuid %s", vm->uuid);
  else if (!xm_lifecycle_is_known (vm))
    xm_error_set_plain (error, "whether vm %s runs is not known: xl does not list the domains",
                        vm->uuid);
  else if (node != NULL && xm_node_has_binary (node))
    xm_error_set_plain (error, "cannot remove binary file nodes: vm %s has some", vm->uuid);
  else
    return TRUE;
  return FALSE;
}

/* All this may have taken its time: the VM need not be as it was. */
static void
on_mounts_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Deletion *deletion = user_data;
  XmVm *vm = deletion->vm;
  GError *error = NULL;
  if (!xm_disk_mounts_check_finish (result, &error) || !check_off (vm, &error)) {
    fail_deletion (deletion, error);
    return;
  }
  g_autofree char *ovf_root = xm_settings_host_path (vm->service->settings, "/storage/ovffiles");
  g_autofree char *ovf_folder = g_build_filename (ovf_root, vm->uuid, NULL);
  xm_disk_images_remove_async (vm->service, xm_disk_images_of_vm (vm), ovf_folder,
                               on_images_removed, deletion);
}

static void
on_pre_delete_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Deletion *deletion = user_data;
  GError *error = NULL;
  if (xm_hook_run_finish (result, &error))
    xm_disk_mounts_check_vm_async (deletion->vm, on_mounts_looked, deletion);
  else
    fail_deletion (deletion, error);
}

void
xm_vm_set_delete_async (XmVm *vm,
                        gboolean unrestricted,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  Deletion *deletion = g_new (Deletion, 1);
  *deletion = (Deletion){ xm_vm_ref (vm), g_task_new (NULL, NULL, callback, user_data) };
  g_task_set_source_tag (deletion->task, xm_vm_set_delete_async);
  GError *error = NULL;
  gboolean allowed = unrestricted || policy_allows (vm->service, "vm-deletion-allowed", &error);
  if (!allowed || !check_off (vm, &error)) {
    fail_deletion (deletion, error);
    return;
  }
  xm_hook_run_async (vm, XM_HOOK_PRE_DELETE, NULL, NULL, on_pre_delete_ended, deletion);
}

gboolean
xm_vm_set_delete_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
