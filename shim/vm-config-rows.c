/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of xl.cfg that come of one property each. */
#include "shim/error.h"
#include "shim/text.h"
#include "shim/vm-config-lines.h"
#include "shim/vm-properties.h"

static gboolean
set_text (XmConfigBuilder *b, const XmVmProperty *row, const char *text, GError **error)
{
  const char *wanted = row->config_check != NULL ? row->config_check (text) : NULL;
  if (wanted != NULL) {
    xm_error_set_plain (error, "property %s of vm %s must be %s, not %s", row->name, b->vm->uuid,
                        wanted, text);
    return FALSE;
  }
  const char *const list[] = { text, NULL };
  gboolean done = row->config_line == XM_CONFIG_STRING
                      ? xl_config_set_string (b->lines, row->config_key, text, error)
                      : xl_config_set_list (b->lines, row->config_key, list, error);
  return done || xm_vm_config_refuse (b, row->name, error);
}

static gboolean
set_integer (XmConfigBuilder *b, const XmVmProperty *row, const char *text, GError **error)
{
  gint64 number;
  if (!g_ascii_string_to_signed (text, 10, G_MININT32, G_MAXINT32, &number, error))
    return xm_vm_config_refuse (b, row->name, error);
  if ((row->config_use & XM_CONFIG_IF_POSITIVE) && number <= 0)
    return TRUE;
  return xl_config_set_integer (b->lines, row->config_key, number, error);
}

static gboolean
set_boolean (XmConfigBuilder *b, const XmVmProperty *row, const char *text, GError **error)
{
  gboolean flag;
  if (!xm_text_to_boolean (text, &flag)) {
    if (row->config_check != NULL) /* words besides true and false */
      return set_text (b, row, text, error);
    xm_error_set_plain (error, "property %s of vm %s: unexpected boolean text representation: %s",
                        row->name, b->vm->uuid, text);
    return FALSE;
  }
  if (((row->config_use & XM_CONFIG_IF_TRUE) && !flag) ||
      ((row->config_use & XM_CONFIG_IF_FALSE) && flag))
    return TRUE;
  return xl_config_set_boolean (b->lines, row->config_key, flag, error);
}

static gboolean
add_row (XmConfigBuilder *b, const XmVmProperty *row, GError **error)
{
  if (row->config_line == XM_CONFIG_NONE || ((row->config_use & XM_CONFIG_HVM) && !b->hvm) ||
      ((row->config_use & XM_CONFIG_PV) && b->hvm) ||
      ((row->config_use & XM_CONFIG_OPENXT) && !b->openxt))
    return TRUE;
  const char *text = xm_vm_read (b->vm, row->key);
  if ((row->config_use & XM_CONFIG_ALWAYS) && (text == NULL || *text == '\0'))
    text = row->fallback;
  if (text == NULL || g_str_equal (text, "none"))
    return TRUE;

  switch (row->config_line) {
  case XM_CONFIG_NONE:
    return TRUE;
  case XM_CONFIG_STRING:
  case XM_CONFIG_LIST:
    if (*text == '\0' && !(row->config_use & XM_CONFIG_ALWAYS))
      return TRUE;
    return set_text (b, row, text, error);
  case XM_CONFIG_INTEGER:
    return set_integer (b, row, text, error);
  case XM_CONFIG_BOOLEAN:
    return set_boolean (b, row, text, error);
  }
  return TRUE;
}

gboolean
xm_vm_config_add_rows (XmConfigBuilder *b, GError **error)
{
  gsize n;
  const XmVmProperty *rows = xm_vm_properties (&n);
  for (gsize i = 0; i < n; i++) {
    if (!add_row (b, &rows[i], error))
      return FALSE;
  }
  return TRUE;
}
