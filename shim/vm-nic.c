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
  const char *name;
  char type;                                /* 'b' or 's' */
  const char *key;                          /* of the record; NULL for what is not stored */
  const char *fallback;                     /* text when unset */
  const char *removes;                      /* this value removes the key; NULL: none does */
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
  { "backend-name",    's', "backend-name",    "",      "",      NULL, NULL },
  { "backend-uuid",    's', "backend-uuid",    "",      "",      NULL, NULL },
  { "enabled",         'b', "enable",          "true",  NULL,    NULL, NULL },
  { "mac",             's', "mac",             "auto",  "auto",  NULL, NULL },
  { "mac-actual",      's', NULL,              NULL,    NULL,    get_mac_actual, NULL },
  { "model",           's', "model",           "e1000", "",      NULL, NULL },
  { "network",         's', "network",         NULL,    NULL,    get_network, set_network },
  { "wireless-driver", 'b', "wireless-driver", "false", "false", NULL, NULL },
};
/* clang-format on */

static gconstpointer
lookup (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (g_str_equal (rows[i].name, name))
      return &rows[i];
  }
  return NULL;
}

XmRecordKey
xm_vm_nic_record_key (const char *property)
{
  const Row *row = lookup (property);
  XmRecordKey none = { NULL, NULL, NULL };
  return row == NULL ? none : (XmRecordKey){ row->key, row->fallback, NULL };
}

static gboolean
check_exists (const XmVmDevice *nic, GError **error)
{
  if (xm_vm_device_exists (nic->vm, "nic", nic->id))
    return TRUE;
  xm_error_set (error, XM_ERROR_NO_SUCH_NIC);
  return FALSE;
}

static GVariant *
get (gpointer owner, gconstpointer property, GError **error)
{
  const XmVmDevice *nic = owner;
  const Row *row = property;
  if (!check_exists (nic, error))
    return NULL;
  if (row->get != NULL)
    return row->get (nic);

  const char *text = xm_vm_device_read (nic->vm, "nic", nic->id, row->key);
  gboolean flag;
  if (text == NULL)
    text = row->fallback;
  if (row->type == 's')
    return g_variant_new_string (text);
  if (xm_text_to_boolean (text, &flag))
    return g_variant_new_boolean (flag);
  xm_error_set_plain (error,
                      "unexpected boolean text representation: %s while reading "
                      "%s/config/nic/%u/%s",
                      text, nic->vm->db_path, nic->id, row->key);
  return NULL;
}

static gboolean
store (const XmVmDevice *nic, const Row *row, GVariant *value, GError **error)
{
  if (!check_exists (nic, error))
    return FALSE;
  g_autoptr (GVariant) old = get ((gpointer)nic, row, NULL);
  if (old != NULL && g_variant_equal (g_variant_ref_sink (old), value))
    return TRUE;

  const char *text = row->type == 's'                ? g_variant_get_string (value, NULL)
                     : g_variant_get_boolean (value) ? "true"
                                                     : "false";
  if (g_strcmp0 (text, row->removes) == 0)
    text = NULL;
  if (!xm_vm_device_write (nic->vm, "nic", nic->id, row->key, text, error))
    return FALSE;
  xm_vm_config_changed (nic->vm);
  return TRUE;
}

typedef struct {
  XmService *service;
  GDBusMethodInvocation *invocation;
} Setting;

static void
on_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Setting *setting = user_data;
  GError *error = NULL;
  if (g_task_propagate_boolean (G_TASK (result), &error))
    xm_service_answer_when_durable (setting->service, setting->invocation, NULL);
  else
    xm_error_return (setting->invocation, error);
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
  GError *error = NULL;
  if (row->set != NULL) {
    Setting *setting = g_new (Setting, 1);
    *setting = (Setting){ nic->vm->service, invocation };
    row->set (nic, g_variant_get_string (value, NULL), g_task_new (NULL, NULL, on_set, setting));
  } else if (store (nic, row, value, &error)) {
    xm_service_answer_when_durable (nic->vm->service, invocation, NULL);
  } else {
    xm_error_return (invocation, error);
  }
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
