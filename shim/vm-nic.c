/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-nic.h"

#include "shim/error.h"
#include "shim/nic-network.h"
#include "shim/nic-record.h"
#include "shim/text.h"
#include "shim/vm-device.h"

/* -- the record -------------------------------------------------------------------- */

/** Row: one property of a NIC. */
typedef struct _Row Row;
struct _Row {
  XmRecordRow record;
  GVariant *(*get) (const XmVmDevice *nic); /* NULL: what is stored */
  /* Handles Set by itself. @task: (transfer full) */
  void (*set) (const XmVmDevice *nic, const char *text, GTask *task);
};

static GVariant *
get_network (const XmVmDevice *nic)
{
  return g_variant_new_string (xm_nic_network (nic->vm, nic->id));
}

static GVariant *
get_mac_actual (const XmVmDevice *nic)
{
  return g_variant_new_take_string (xm_nic_mac (nic->vm, nic->id));
}

static void
set_network (const XmVmDevice *nic, const char *text, GTask *task)
{
  xm_nic_set_network (nic->vm, nic->id, text, task);
}

/* clang-format off */
static const Row rows[] = {
  { { "backend-name",    's', "backend-name",    "",      "",      NULL }, NULL, NULL },
  { { "backend-uuid",    's', "backend-uuid",    "",      "",      NULL }, NULL, NULL },
  { { "enabled",         'b', "enable",          "true",  NULL,    NULL }, NULL, NULL },
  { { "mac",             's', "mac",             "auto",  "auto",  NULL }, NULL, NULL },
  { { "mac-actual",      's', NULL,              NULL,    NULL,    NULL }, get_mac_actual, NULL },
  { { "model",           's', "model",           "e1000", "",      NULL }, NULL, NULL },
  { { "network",         's', "network",         NULL,    NULL,    NULL }, get_network, set_network },
  { { "wireless-driver", 'b', "wireless-driver", "false", "false", NULL }, NULL, NULL },
};
/* clang-format on */

static gconstpointer
lookup (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (g_str_equal (rows[i].record.name, name))
      return &rows[i];
  }
  return NULL;
}

const XmRecordRow *
xm_vm_nic_record (const char *property)
{
  const Row *row = lookup (property);
  return row != NULL ? &row->record : NULL;
}

static GVariant *
get (gpointer owner, gconstpointer property, GError **error)
{
  const XmVmDevice *nic = owner;
  const Row *row = property;
  if (row->get == NULL)
    return xm_vm_record_get (nic, &row->record, error);
  return xm_vm_record_exists (nic, error) ? row->get (nic) : NULL;
}

static void
set (gpointer owner,
     const char *interface,
     gconstpointer property,
     GVariant *value,
     GDBusMethodInvocation *invocation)
{
  const XmVmDevice *nic = owner;
  const Row *row = property;
  XmService *service = nic->vm->service;
  GError *error = NULL;
  if (row->set != NULL)
    row->set (nic, g_variant_get_string (value, NULL), xm_service_task (service, invocation));
  else if (xm_vm_record_set (nic, &row->record, value, &error))
    xm_service_answer_when_durable (service, invocation, NULL);
  else
    xm_error_return (invocation, error);
}

/* -- adding, listing, deleting ----------------------------------------------------- */

static char *
nic_path (const XmVm *vm, guint id)
{
  return g_strdup_printf ("%s/nic/%u", vm->path, id);
}

static gboolean
add (XmVm *vm, guint *id, GError **error)
{
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/nic");
  guint last = ids->len > 0 ? g_array_index (ids, guint, ids->len - 1) : 0;
  if (last >= G_MAXINT32) {
    xm_error_set_plain (error, "no id is left for another nic of vm %s", vm->uuid);
    return FALSE;
  }
  *id = ids->len > 0 ? last + 1 : 0;
  g_autofree char *text = g_strdup_printf ("%u", *id);
  return xm_vm_device_write (vm, "nic", *id, "id", text, error) &&
         xm_vm_device_write (vm, "nic", *id, "network", XM_NIC_DEFAULT_NETWORK, error);
}

void
xm_vm_add_nic (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmVm *vm = owner;
  GError *error = NULL;
  guint id;
  if (!add (vm, &id, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  xm_vm_config_changed (vm);
  g_autofree char *path = nic_path (vm, id);
  xm_service_answer_when_durable (vm->service, invocation, g_variant_new ("(o)", path));
}

void
xm_vm_list_nics (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmVm *vm = owner;
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/nic");
  g_auto (GVariantBuilder) paths = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_OBJECT_PATH_ARRAY);
  for (guint i = 0; i < ids->len; i++) {
    g_autofree char *path = nic_path (vm, g_array_index (ids, guint, i));
    g_variant_builder_add (&paths, "o", path);
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(ao)", &paths));
}

static void delete (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmVmDevice *nic = owner;
  g_autoptr (XmVm) vm = xm_vm_ref (nic->vm);
  g_autofree char *key = g_strconcat ("config/", nic->key, NULL);
  GError *error = NULL;
  if (!xm_vm_write (vm, key, NULL, &error)) { /* @nic is gone from here on */
    xm_error_return (invocation, error);
    return;
  }
  xm_vm_config_changed (vm);
  xm_service_answer_when_durable (vm->service, invocation, NULL);
}

/* -- the kind ---------------------------------------------------------------------- */

XmObjectKind *
xm_vm_nic_kind_new (void)
{
  static const XmMethod methods[] = {
    { "delete", delete },
    { NULL, NULL },
  };
  static const XmInterface interfaces[] = {
    { .name = "com.citrix.xenclient.vmnic",
      .methods = methods,
      .lookup = lookup,
      .get = get,
      .set = set },
  };
  return xm_object_kind_new (interfaces, G_N_ELEMENTS (interfaces));
}
