/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/root.h"

#include "shim/create-vhd.h"
#include "shim/db-caller.h"
#include "shim/diag.h"
#include "shim/error.h"
#include "shim/guest-request.h"
#include "shim/hook.h"
#include "shim/policy.h"
#include "shim/root-config.h"
#include "shim/script-queue.h"
#include "shim/signals.h"
#include "shim/vm-methods.h"
#include "shim/vm-set.h"

/* -- lists and look-ups ------------------------------------------------------------ */

static void
list_vms (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_dbus_method_invocation_return_value (invocation, xm_vm_set_paths (owner));
}

static void
list_domids (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autoptr (GPtrArray) vms = xm_vm_set_list (owner);
  g_auto (GVariantBuilder) domids = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("ai"));
  for (guint i = 0; i < vms->len; i++) {
    const XmVm *vm = vms->pdata[i];
    if (vm->domid >= 0)
      g_variant_builder_add (&domids, "i", vm->domid);
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(ai)", &domids));
}

static void
list_cpu_times (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  const GPtrArray *domains = xm_domains_get_all (service->domains);
  g_autoptr (GPtrArray) vms = xm_vm_set_list (service);
  g_autoptr (GHashTable) paths = g_hash_table_new (NULL, NULL); /* domid -> path */
  g_auto (GVariantBuilder) times = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{od}"));
  for (guint i = 0; i < vms->len; i++) {
    const XmVm *vm = vms->pdata[i];
    if (vm->domid >= 0)
      g_hash_table_insert (paths, GINT_TO_POINTER (vm->domid), vm->path);
  }
  for (guint i = 0; i < domains->len; i++) {
    const XlDomain *domain = domains->pdata[i];
    const char *path = g_hash_table_lookup (paths, GUINT_TO_POINTER (domain->domid));
    if (path != NULL)
      g_variant_builder_add (&times, "{od}", path, domain->cpu_seconds);
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(a{od})", &times));
}

static void
return_path (GDBusMethodInvocation *invocation, const XmVm *vm)
{
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", vm->path));
}

static void
find_vm_by_uuid (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *uuid;
  g_variant_get (parameters, "(&s)", &uuid);
  const XmVm *vm = xm_vm_lookup (owner, uuid);
  GError *error = NULL;
  if (vm != NULL) {
    return_path (invocation, vm);
    return;
  }
  xm_error_set_plain (&error, "no vm with uuid %s", uuid);
  xm_error_return (invocation, error);
}

static void
find_vm_by_domid (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  gint32 domid;
  g_variant_get (parameters, "(i)", &domid);
  g_autoptr (GPtrArray) vms = xm_vm_set_list (owner);
  for (guint i = 0; i < vms->len; i++) {
    const XmVm *vm = vms->pdata[i];
    if (vm->domid >= 0 && vm->domid == domid) {
      return_path (invocation, vm);
      return;
    }
  }
  GError *error = NULL;
  xm_error_set_plain (&error, "no vm with domid %d", domid);
  xm_error_return (invocation, error);
}

/* -- templates --------------------------------------------------------------------- */

static void
list_templates (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  GError *error = NULL;
  g_auto (GStrv) tags = xm_templates_list (service->templates, &error);
  if (tags == NULL)
    xm_error_return (invocation, error);
  else
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(^as)", tags));
}

static void
list_ui_templates (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  GError *error = NULL;
  GVariant *templates = xm_templates_list_ui (service->templates, &error);
  if (templates == NULL)
    xm_error_return (invocation, error);
  else
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(@aa{ss})", templates));
}

static void
list_child_service_vm_templates (gpointer owner,
                                 GVariant *parameters,
                                 GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  GError *error = NULL;
  g_auto (GStrv) tags = xm_templates_list_child (service->templates, &error);
  if (tags == NULL)
    xm_error_return (invocation, error);
  else
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(^as)", tags));
}

static void
list_extension_packs (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  static const char *const keys[] = { "description", "id", "image", "name", "vendor", "version" };
  XmService *service = owner;
  g_autofree const char **packs = xm_store_list (service->store, "/extpack");
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (const char **pack = packs; *pack != NULL; pack++) {
    g_variant_builder_open (&builder, G_VARIANT_TYPE ("a{ss}"));
    for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
      g_autofree char *path = g_strconcat ("/extpack/", *pack, "/", keys[i], NULL);
      const char *text = xm_store_read (service->store, path);
      g_variant_builder_add (&builder, "{ss}", keys[i], text != NULL ? text : "");
    }
    g_variant_builder_close (&builder);
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &builder));
}

/* -- creating and deleting --------------------------------------------------------- */

typedef struct {
  XmVm *vm;
  GDBusMethodInvocation *invocation;
} Creation;

/* @error: (transfer full) (nullable) */
static void
end_creation (Creation *creation, GError *error)
{
  g_autoptr (XmVm) vm = creation->vm;
  if (error == NULL && vm->object == NULL)
    xm_error_set_plain (&error, "vm %s was removed while it was created", vm->uuid);
  if (error == NULL) {
    xm_signal_vm (vm, "vm_created");
    return_path (creation->invocation, vm);
  } else {
    xm_error_return (creation->invocation, error);
  }
  g_free (creation);
}

static void
on_post_create_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  xm_hook_run_finish (result, &error);
  end_creation (user_data, error);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Creation *creation = user_data;
  GError *error = NULL;
  if (xm_store_commit_finish (XM_STORE (source), result, &error))
    xm_hook_run_async (creation->vm, XM_HOOK_POST_CREATE, NULL, NULL, on_post_create_ended,
                       creation);
  else
    end_creation (creation, error);
}

static void
create (XmService *service, const XmCreate *what, GDBusMethodInvocation *invocation)
{
  GError *error = NULL;
  XmVm *vm = xm_vm_set_create (service, what, &error);
  if (vm == NULL) {
    xm_error_return (invocation, error);
    return;
  }
  Creation *creation = g_new (Creation, 1);
  *creation = (Creation){ xm_vm_ref (vm), invocation };
  xm_store_commit_async (service->store, NULL, on_created, creation);
}

static void
create_vm (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  create (owner, &(XmCreate){ .template = "new-vm" }, invocation);
}

static void
create_vm_with_template (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmCreate what = { 0 };
  g_variant_get (parameters, "(&s)", &what.template);
  create (owner, &what, invocation);
}

static void
create_vm_with_template_and_uuid (gpointer owner,
                                  GVariant *parameters,
                                  GDBusMethodInvocation *invocation)
{
  XmCreate what = { 0 };
  g_variant_get (parameters, "(&s&s)", &what.template, &what.uuid);
  create (owner, &what, invocation);
}

static void
create_vm_with_template_and_json (gpointer owner,
                                  GVariant *parameters,
                                  GDBusMethodInvocation *invocation)
{
  XmCreate what = { 0 };
  g_variant_get (parameters, "(&s&s)", &what.template, &what.json);
  create (owner, &what, invocation);
}

static void
create_vm_with_ui (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmCreate what = { 0 };
  g_variant_get (parameters, "(&s&s&s&s)", &what.template, &what.name, &what.description,
                 &what.image_path);
  create (owner, &what, invocation);
}

static void
unrestricted_create_vm (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  create (owner, &(XmCreate){ .template = "new-vm", .unrestricted = TRUE }, invocation);
}

static void
unrestricted_create_vm_with_template_and_json (gpointer owner,
                                               GVariant *parameters,
                                               GDBusMethodInvocation *invocation)
{
  XmCreate what = { .unrestricted = TRUE };
  g_variant_get (parameters, "(&s&s)", &what.template, &what.json);
  create (owner, &what, invocation);
}

static void
unrestricted_delete_vm (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *uuid;
  g_variant_get (parameters, "(&s)", &uuid);
  XmVm *vm = xm_vm_lookup (owner, uuid);
  GError *error = NULL;
  if (vm != NULL) {
    xm_vm_delete (vm, TRUE, invocation);
    return;
  }
  xm_error_set_plain (&error, "no vm with uuid %s", uuid);
  xm_error_return (invocation, error);
}

/* -- tables ------------------------------------------------------------------------ */

static const XmMethod xenmgr_methods[] = {
  { "create_vhd", xm_create_vhd },
  { "create_vm", create_vm },
  { "create_vm_with_template", create_vm_with_template },
  { "create_vm_with_template_and_json", create_vm_with_template_and_json },
  { "create_vm_with_template_and_uuid", create_vm_with_template_and_uuid },
  { "create_vm_with_ui", create_vm_with_ui },
  { "find_vm_by_domid", find_vm_by_domid },
  { "find_vm_by_uuid", find_vm_by_uuid },
  { "list_child_service_vm_templates", list_child_service_vm_templates },
  { "list_domids", list_domids },
  { "list_extension_packs", list_extension_packs },
  { "list_templates", list_templates },
  { "list_ui_templates", list_ui_templates },
  { "list_vms", list_vms },
  { NULL, NULL },
};

static const XmMethod unrestricted_methods[] = {
  { "unrestricted_create_vm", unrestricted_create_vm },
  { "unrestricted_create_vm_with_template_and_json",
    unrestricted_create_vm_with_template_and_json },
  { "unrestricted_delete_vm", unrestricted_delete_vm },
  { NULL, NULL },
};

static const XmMethod own_methods[] = {
  { "list_cpu_times", list_cpu_times },
  { NULL, NULL },
};

static const XmMethod db_methods[] = {
  { "dump", xm_db_call }, { "exists", xm_db_call }, { "inject", xm_db_call },
  { "list", xm_db_call }, { "read", xm_db_call },   { "read_binary", xm_db_call },
  { "rm", xm_db_call },   { "write", xm_db_call },  { NULL, NULL },
};

XmObjectKind *
xm_root_kind_new (void)
{
  static const XmInterface interfaces[] = {
    { .name = "com.citrix.xenclient.policy", .methods = xm_policy_methods },
    { .name = "com.citrix.xenclient.xenmgr", .methods = xenmgr_methods },
    { .name = "com.citrix.xenclient.xenmgr.config",
      .lookup = xm_root_config_lookup,
      .get = xm_root_config_get,
      .look = xm_root_config_look,
      .set = xm_root_config_set },
    { .name = "com.citrix.xenclient.xenmgr.config.ui",
      .lookup = xm_root_config_lookup,
      .get = xm_root_config_get,
      .look = xm_root_config_look,
      .set = xm_root_config_set },
    { .name = "com.citrix.xenclient.xenmgr.diag", .methods = xm_diag_methods },
    { .name = "com.citrix.xenclient.xenmgr.guestreq", .methods = xm_guest_request_methods },
    { .name = "com.citrix.xenclient.xenmgr.testing", .methods = xm_testing_methods },
    { .name = "com.citrix.xenclient.xenmgr.unrestricted", .methods = unrestricted_methods },
    { .name = "com.citrix.xenclient.xenmgr_xl", .methods = own_methods },
    { .name = "com.citrix.xenclient.db", .methods = db_methods },
  };
  return xm_object_kind_new (interfaces, G_N_ELEMENTS (interfaces));
}
