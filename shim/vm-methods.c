/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-methods.h"

#include "shim/error.h"
#include "shim/lifecycle.h"
#include "shim/vm-pci.h"
#include "shim/vm-disk.h"
#include "shim/vm-nic.h"
#include "shim/vm-auth.h"
#include "shim/vm-child.h"
#include "shim/vm-firewall.h"
#include "shim/vm-icon.h"
#include "shim/vm-product.h"
#include "shim/vm-properties.h"
#include "shim/vm-set.h"

/* -- life cycle -------------------------------------------------------------------- */

static void
on_operation (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  GError *error = NULL;
  if (xm_lifecycle_run_finish (result, &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    xm_error_return (invocation, error);
}

static const struct {
  const char *method;
  XmOperationKind kind;
} operations[] = {
  { "start", XM_OPERATION_START },       { "start_internal", XM_OPERATION_START_INTERNAL },
  { "shutdown", XM_OPERATION_SHUTDOWN }, { "reboot", XM_OPERATION_REBOOT },
  { "destroy", XM_OPERATION_DESTROY },   { "pause", XM_OPERATION_PAUSE },
  { "unpause", XM_OPERATION_UNPAUSE },   { "sleep", XM_OPERATION_SLEEP },
  { "resume", XM_OPERATION_RESUME },     { "hibernate", XM_OPERATION_HIBERNATE },
  { "switch", XM_OPERATION_SWITCH },
};

static void
run_operation (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++) {
    if (g_str_equal (operations[i].method, method)) {
      xm_lifecycle_run_async (owner, operations[i].kind, on_operation, invocation);
      return;
    }
  }
  g_assert_not_reached ();
}

static void
suspend_to_file (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *file;
  g_variant_get (parameters, "(&s)", &file);
  xm_lifecycle_run_on_file_async (owner, XM_OPERATION_SUSPEND_TO_FILE, file, on_operation,
                                  invocation);
}

static void
resume_from_file (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *file;
  g_variant_get (parameters, "(&s)", &file);
  xm_lifecycle_run_on_file_async (owner, XM_OPERATION_RESUME_FROM_FILE, file, on_operation,
                                  invocation);
}

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  GError *error = NULL;
  if (xm_vm_set_delete_finish (result, &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    xm_error_return (invocation, error);
}

void
xm_vm_delete (XmVm *vm, gboolean unrestricted, GDBusMethodInvocation *invocation)
{
  xm_vm_set_delete_async (vm, unrestricted, on_deleted, invocation);
}

static void delete (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  xm_vm_delete (owner, FALSE, invocation);
}

/* -- keys -------------------------------------------------------------------------- */

/* Dots of a key stand for slashes. */
static char *
key_path (const char *base, const char *key)
{
  g_autofree char *below = g_strdelimit (g_strdup (key), ".", '/');
  return g_strjoin ("/", base, below, NULL);
}

static void
get_key (XmVm *vm, const char *base, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *key;
  g_variant_get (parameters, "(&s)", &key);
  g_autofree char *path = key_path (base, key);
  const char *value = xm_store_read (vm->service->store, path);
  g_dbus_method_invocation_return_value (invocation,
                                         g_variant_new ("(s)", value != NULL ? value : ""));
}

static void
set_key (XmVm *vm, const char *base, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *key, *value;
  g_variant_get (parameters, "(&s&s)", &key, &value);
  g_autofree char *path = key_path (base, key);
  GError *error = NULL;
  if (xm_store_write (vm->service->store, path, value, &error))
    xm_service_answer_when_durable (vm->service, invocation, NULL);
  else
    xm_error_return (invocation, error);
}

static void
get_db_key (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  get_key (owner, ((XmVm *)owner)->db_path, parameters, invocation);
}

static void
set_db_key (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  set_key (owner, ((XmVm *)owner)->db_path, parameters, invocation);
}

static void
get_domstore_key (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autofree char *base = g_strconcat ("/dom-store/", ((XmVm *)owner)->uuid, NULL);
  get_key (owner, base, parameters, invocation);
}

static void
set_domstore_key (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autofree char *base = g_strconcat ("/dom-store/", ((XmVm *)owner)->uuid, NULL);
  set_key (owner, base, parameters, invocation);
}

/* -- tables ------------------------------------------------------------------------ */

static const XmMethod vm_methods[] = {
  { "add_argo_firewall_rule", xm_vm_add_argo_firewall_rule },
  { "add_disk", xm_vm_add_disk },
  { "add_net_firewall_rule", xm_vm_add_net_firewall_rule },
  { "add_nic", xm_vm_add_nic },
  { "create_child_service_vm", xm_vm_create_child_service_vm },
  { "delete", delete },
  { "delete_argo_firewall_rule", xm_vm_delete_argo_firewall_rule },
  { "delete_net_firewall_rule", xm_vm_delete_net_firewall_rule },
  { "destroy", run_operation },
  { "get_db_key", get_db_key },
  { "get_domstore_key", get_domstore_key },
  { "list_argo_firewall_rules", xm_vm_list_argo_firewall_rules },
  { "list_disks", xm_vm_list_disks },
  { "list_net_firewall_rules", xm_vm_list_net_firewall_rules },
  { "list_nics", xm_vm_list_nics },
  { "hibernate", run_operation },
  { "pause", run_operation },
  { "read_icon", xm_vm_read_icon },
  { "reboot", run_operation },
  { "resume", run_operation },
  { "resume_from_file", resume_from_file },
  { "set_db_key", set_db_key },
  { "set_domstore_key", set_domstore_key },
  { "shutdown", run_operation },
  { "start", run_operation },
  { "start_internal", run_operation },
  { "sleep", run_operation },
  { "suspend_to_file", suspend_to_file },
  { "switch", run_operation },
  { "unpause", run_operation },
  { NULL, NULL },
};

XmObjectKind *
xm_vm_kind_new (void)
{
  static const XmInterface interfaces[] = {
    { .name = "com.citrix.xenclient.xenmgr.vm",
      .methods = vm_methods,
      .lookup = xm_vm_lookup_property,
      .get = xm_vm_get_property,
      .set = xm_vm_set_property },
    { .name = "com.citrix.xenclient.xenmgr.vm.auth", .methods = xm_vm_auth_methods },
    { .name = "com.citrix.xenclient.xenmgr.vm.pci", .methods = xm_vm_pci_methods },
    { .name = "com.citrix.xenclient.xenmgr.vm.product", .methods = xm_vm_product_methods },
    { .name = "com.citrix.xenclient.xenmgr.vm.unrestricted",
      .lookup = xm_vm_lookup_property,
      .get = xm_vm_get_property,
      .set = xm_vm_set_property },
  };
  return xm_object_kind_new (interfaces, G_N_ELEMENTS (interfaces));
}
