/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/service.h"

#include <errno.h>
#include <sys/stat.h>

#include "shim/access.h"
#include "shim/autostart.h"
#include "shim/diag-gather.h"
#include "shim/error.h"
#include "shim/guest-signals.h"
#include "shim/host-files.h"
#include "shim/host-lid.h"
#include "shim/host-power.h"
#include "shim/host-info.h"
#include "shim/host-storage.h"
#include "shim/host-ui.h"
#include "shim/host.h"
#include "shim/hosts-file.h"
#include "shim/images-recover.h"
#include "shim/lifecycle.h"
#include "shim/network-daemon.h"
#include "shim/peers.h"
#include "shim/portica-status.h"
#include "shim/property-changes.h"
#include "shim/root-config-files.h"
#include "shim/root.h"
#include "shim/run-files.h"
#include "shim/script-queue.h"
#include "shim/service-vms.h"
#include "shim/state-node.h"
#include "shim/vm-disk.h"
#include "shim/vm-methods.h"
#include "shim/vm-nic.h"
#include "shim/vm-nodes.h"
#include "shim/vm-set.h"

#include "dbus-xml-resources.h"

/* -- reacting ---------------------------------------------------------------------- */

/* Once there are both VMs and a picture; dom0 is in every one. */
static void
recover (XmService *service)
{
  if (service->recovered || service->vm_node == NULL ||
      xm_domains_get_all (service->domains)->len == 0)
    return;
  service->recovered = TRUE;
  xm_vm_nodes_recover (service);
  xm_hosts_file_update (service);
}

static void
on_refreshed (XmDomains *domains, gpointer user_data)
{
  XmService *service = user_data;
  GHashTableIter iter;
  gpointer vm;
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm)) {
    xm_lifecycle_observe (vm);
    xm_vm_nodes_follow (vm);
  }
  recover (service);
}

static void
on_store_changed (XmStore *store, const char *path, gpointer user_data)
{
  XmService *service = user_data;
  service->default_backend_known = FALSE;
  xm_vm_set_store_changed (service, path);
  xm_property_changes_stored (service, path);
}

gboolean
xm_service_has_subcommand (const XmService *service, const char *subcommand)
{
  return xm_toolstack_has (service->toolstack, subcommand);
}

typedef struct {
  GDBusMethodInvocation *invocation;
  GVariant *value;
} Answer;

static void
on_durable (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Answer *answer = user_data;
  g_autoptr (GVariant) value = answer->value;
  GError *error = NULL;
  if (xm_store_commit_finish (XM_STORE (source), result, &error))
    g_dbus_method_invocation_return_value (answer->invocation, value);
  else
    xm_error_return (answer->invocation, error);
}

void
xm_service_answer_when_durable (XmService *service,
                                GDBusMethodInvocation *invocation,
                                GVariant *value)
{
  Answer *answer = g_new (Answer, 1);
  *answer = (Answer){ invocation, value != NULL ? g_variant_ref_sink (value) : NULL };
  xm_store_commit_async (service->store, NULL, on_durable, answer);
}

typedef struct {
  XmService *service;
  GDBusMethodInvocation *invocation;
} Request;

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Request *request = user_data;
  GError *error = NULL;
  if (g_task_propagate_boolean (G_TASK (result), &error))
    xm_service_answer_when_durable (request->service, request->invocation, NULL);
  else
    xm_error_return (request->invocation, error);
}

GTask *
xm_service_task (XmService *service, GDBusMethodInvocation *invocation)
{
  Request *request = g_new (Request, 1);
  *request = (Request){ service, invocation };
  return g_task_new (NULL, NULL, on_done, request);
}

/* -- setting up -------------------------------------------------------------------- */

static void
apply_limits (XmService *service)
{
  const XmSettings *settings = service->settings;
  XlRunner *const runners[] = { service->runner, service->helpers };
  for (gsize r = 0; r < G_N_ELEMENTS (runners); r++) {
    for (int i = 0; i < XL_N_TIMEOUTS; i++)
      xl_runner_set_timeout (runners[r], (XlTimeout)i, settings->timeouts[i]);
    xl_runner_set_max_parallel (runners[r], settings->max_parallel);
    xl_runner_set_output_limit (runners[r], settings->output_limit);
  }
}

static gboolean
make_private_dir (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0700) == 0 && chmod (path, 0700) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", path,
               g_strerror (errno));
  return FALSE;
}

XmService *
xm_service_new (XmSettings *settings, GError **error)
{
  g_autoptr (XmService) service = g_new0 (XmService, 1);
  service->settings = settings;
  service->vms = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)xm_vm_unref);
  service->mounting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!make_private_dir (settings->run_dir, error))
    return NULL;
  service->store = xm_store_new (settings->state_dir, error);
  if (service->store == NULL)
    return NULL;
  g_signal_connect (service->store, "changed", G_CALLBACK (on_store_changed), service);
  service->templates = xm_templates_new (settings->templates);
  service->runner = xl_runner_new (settings->xl);
  service->helpers = xl_runner_new (NULL);
  service->toolstack = xm_toolstack_new (service->runner);
  service->hosts_file = xm_hosts_file_new (service);
  service->host_files = xm_host_files_new (service);
  service->host_info = xm_host_info_new (service);
  service->host_kept = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_variant_unref);
  service->host_power = xm_host_power_new (service);
  service->root_files = xm_root_files_new ();
  service->script_queue = xm_script_queue_new ();
  service->diag_gather = xm_diag_gather_new (service);
  service->end = g_cancellable_new ();
  apply_limits (service);
  service->xenstore = xl_xenstore_new ();
  service->domains =
      xm_domains_new (service->runner, service->xenstore, settings->refresh_interval);
  g_signal_connect (service->domains, "refreshed", G_CALLBACK (on_refreshed), service);
  service->state_nodes = xm_state_nodes_new (service);
  return g_steal_pointer (&service);
}

void
xm_service_make_kinds (XmService *service)
{
  g_resources_register (dbus_xml_get_resource ());
  service->root_kind = xm_root_kind_new ();
  service->host_kind = xm_host_kind_new ();
  service->vm_kind = xm_vm_kind_new ();
  service->disk_kind = xm_vm_disk_kind_new ();
  service->nic_kind = xm_vm_nic_kind_new ();
}

/* -- on the bus -------------------------------------------------------------------- */

static char **
list_top (gpointer owner)
{
  const char *const names[] = { "host", "vm", NULL };
  return g_strdupv ((char **)names);
}

static char **
list_vm_nodes (gpointer owner)
{
  g_autoptr (GPtrArray) vms = xm_vm_set_list (owner);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  for (guint i = 0; i < vms->len; i++)
    g_strv_builder_add (names, ((XmVm *)vms->pdata[i])->path + strlen ("/vm/"));
  return g_strv_builder_end (names);
}

gboolean
xm_service_export (XmService *service, GDBusConnection *connection, GError **error)
{
  xm_service_make_kinds (service);
  xm_images_recover (service);
  xm_run_files_tidy (service);
  xm_service_vms_write (service);
  service->connection = g_object_ref (connection);
  service->network_daemon = xm_network_daemon_new (service);
  service->peers = xm_peers_new (connection);
  if (service->settings->polkit) {
    service->access = xm_access_new (connection);
    xm_bus_object_set_guard (connection, xm_access_check, service->access);
  }
  service->host_lid = xm_host_lid_new (service);
  service->guest_signals = xm_guest_signals_new (service);
  service->autostart = xm_autostart_new (service);
  service->host_storage = xm_host_storage_new (service);
  xm_host_ui_begin (service);
  xm_host_power_show (service);
  service->root =
      xm_bus_object_export (connection, "/", service->root_kind, list_top, service, error);
  if (service->root == NULL)
    return FALSE;
  service->host =
      xm_bus_object_export (connection, "/host", service->host_kind, NULL, service, error);
  if (service->host == NULL)
    return FALSE;
  service->vm_node = xm_bus_object_export (connection, "/vm", NULL, list_vm_nodes, service, error);
  if (service->vm_node == NULL)
    return FALSE;
  xm_vm_set_sync (service);
  service->portica_status = xm_portica_status_new (service);
  recover (service);
  xm_bus_object_announce (connection, TRUE);
  return TRUE;
}

void
xm_service_reload (XmService *service)
{
  g_autoptr (GError) error = NULL;
  if (xm_settings_reload (service->settings, &error)) {
    apply_limits (service);
    xm_domains_set_interval (service->domains, service->settings->refresh_interval);
    if (service->host_storage != NULL)
      xm_host_storage_reload (service->host_storage);
  } else {
    g_warning ("settings stay as they were: %s", error->message);
    g_clear_error (&error);
  }
  xm_host_files_refresh (service->host_files, NULL, NULL);
  xm_toolstack_forget (service->toolstack);
  xm_toolstack_find_async (service->toolstack, NULL, NULL, NULL);
  if (!xm_store_reload (service->store, &error))
    g_warning ("the store stays as it was: %s", error->message);
}

static void
unexport_all (XmService *service)
{
  GHashTableIter iter;
  gpointer value;
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (vms, value);
  g_ptr_array_foreach (vms, (GFunc)(void (*) (void))xm_vm_unexport, NULL);
}

void
xm_service_free (XmService *service)
{
  g_autoptr (GError) error = NULL;
  if (service->store != NULL && !xm_store_flush (service->store, &error))
    g_warning ("not everything could be written: %s", error->message);
  service->ending = TRUE;
  if (service->end != NULL)
    g_cancellable_cancel (service->end);
  if (service->connection != NULL)
    xm_bus_object_announce (service->connection, FALSE);
  unexport_all (service);
  g_hash_table_unref (service->vms);
  g_hash_table_unref (service->mounting);
  g_clear_pointer (&service->paths, g_variant_unref);
  g_clear_pointer (&service->network_daemon, xm_network_daemon_free);
  g_clear_pointer (&service->autostart, xm_autostart_free);
  g_clear_pointer (&service->peers, xm_peers_free);
  g_clear_pointer (&service->host_lid, xm_host_lid_free);
  g_clear_pointer (&service->guest_signals, xm_guest_signals_free);
  g_clear_pointer (&service->portica_status, xm_portica_status_free);
  g_clear_pointer (&service->hosts_file, xm_hosts_file_free);
  g_clear_pointer (&service->host_files, xm_host_files_free);
  g_clear_pointer (&service->host_info, xm_host_info_free);
  g_clear_pointer (&service->host_storage, xm_host_storage_free);
  g_clear_pointer (&service->host_kept, g_hash_table_unref);
  g_clear_pointer (&service->root_files, xm_root_files_free);
  g_clear_pointer (&service->script_queue, xm_script_queue_free);
  g_clear_pointer (&service->diag_gather, xm_diag_gather_free);
  g_clear_pointer (&service->root, xm_bus_object_unexport);
  g_clear_pointer (&service->host, xm_bus_object_unexport);
  g_clear_pointer (&service->vm_node, xm_bus_object_unexport);
  g_clear_pointer (&service->access, xm_access_free);

  g_clear_pointer (&service->state_nodes, xm_state_nodes_free);
  if (service->domains != NULL) { /* an xl list may be on its way */
    g_signal_handlers_disconnect_by_data (service->domains, service);
    xm_domains_stop (service->domains);
  }
  g_clear_object (&service->domains);
  if (service->xenstore != NULL)
    xl_xenstore_close (service->xenstore);
  g_clear_object (&service->xenstore);
  g_clear_pointer (&service->toolstack, xm_toolstack_free);
  g_clear_object (&service->runner);
  g_clear_object (&service->helpers);
  g_clear_pointer (&service->templates, xm_templates_free);
  if (service->store != NULL)
    g_signal_handlers_disconnect_by_data (service->store, service);
  g_clear_object (&service->store);

  g_clear_pointer (&service->host_power, xm_host_power_free);
  g_clear_pointer (&service->root_kind, xm_object_kind_free);
  g_clear_pointer (&service->host_kind, xm_object_kind_free);
  g_clear_pointer (&service->vm_kind, xm_object_kind_free);
  g_clear_pointer (&service->disk_kind, xm_object_kind_free);
  g_clear_pointer (&service->nic_kind, xm_object_kind_free);
  g_clear_object (&service->connection);
  g_clear_object (&service->end);
  xm_settings_free (service->settings);
  g_free (service);
}
