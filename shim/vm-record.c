/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-record.h"

#include "shim/error.h"
#include "shim/text.h"

static char *
record_key (const XmVmDevice *device, const XmRecordRow *row)
{
  return g_strjoin ("/", "config", device->key, row->key, NULL);
}

gboolean
xm_vm_record_exists (const XmVmDevice *device, GError **error)
{
  g_autofree char *path = g_strjoin ("/", device->vm->db_path, "config", device->key, NULL);
  if (xm_store_exists (device->vm->service->store, path))
    return TRUE;
  xm_error_set (error, g_str_has_prefix (device->key, "disk/") ? XM_ERROR_NO_SUCH_DISK
                                                               : XM_ERROR_NO_SUCH_NIC);
  return FALSE;
}

static gboolean
check_word (const XmRecordRow *row, const char *text, GError **error)
{
  if (row->words == NULL || g_strv_contains (row->words, text))
    return TRUE;
  xm_error_set_plain (error, "unexpected enumeration value");
  return FALSE;
}

GVariant *
xm_vm_record_get (const XmVmDevice *device, const XmRecordRow *row, GError **error)
{
  if (!xm_vm_record_exists (device, error))
    return NULL;
  g_autofree char *key = record_key (device, row);
  const char *text = xm_vm_read (device->vm, key);
  if (text == NULL)
    text = row->fallback;
  if (row->type == 's')
    return check_word (row, text, error) ? g_variant_new_string (text) : NULL;

  gboolean flag;
  if (xm_text_to_boolean (text, &flag))
    return g_variant_new_boolean (flag);
  xm_error_set_plain (error, "unexpected boolean text representation: %s while reading %s/%s", text,
                      device->vm->db_path, key);
  return NULL;
}

gboolean
xm_vm_record_set (const XmVmDevice *device, const XmRecordRow *row, GVariant *value, GError **error)
{
  if (!xm_vm_record_exists (device, error))
    return FALSE;
  const char *text = row->type == 's'                ? g_variant_get_string (value, NULL)
                     : g_variant_get_boolean (value) ? "true"
                                                     : "false";
  if (!check_word (row, text, error))
    return FALSE;
  g_autoptr (GVariant) old = xm_vm_record_get (device, row, NULL);
  if (old != NULL && g_variant_equal (g_variant_ref_sink (old), value))
    return TRUE;

  g_autofree char *key = record_key (device, row);
  if (!xm_vm_write (device->vm, key, g_strcmp0 (text, row->removes) == 0 ? NULL : text, error))
    return FALSE;
  xm_vm_config_changed (device->vm);
  return TRUE;
}
