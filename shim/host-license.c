/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-license.h"

#include <string.h>

#include "shim/error.h"
#include "shim/signals.h"

#define MAX_TEXT 1024 /* bytes; xenstore takes no more than 4096 */

/* `2026-12-31 23:59:59 +0100` */
static gboolean
is_date (const char *text)
{
  static const char form[] = "dddd-dd-dd dd:dd:dd sdddd";
  if (strlen (text) != strlen (form))
    return FALSE;
  for (gsize i = 0; form[i] != '\0'; i++) {
    gboolean fits = form[i] == 'd'   ? g_ascii_isdigit (text[i])
                    : form[i] == 's' ? text[i] == '+' || text[i] == '-'
                                     : text[i] == form[i];
    if (!fits)
      return FALSE;
  }
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier (text + strlen ("dddd-dd-dd dd:dd:dd "));
  g_autofree char *iso = g_strdup_printf ("%.10sT%.8s", text, text + strlen ("dddd-dd-dd "));
  g_autoptr (GDateTime) date = zone != NULL ? g_date_time_new_from_iso8601 (iso, zone) : NULL;
  return date != NULL;
}

static gboolean
check (const char *expiry, const char *device, const char *hash, GError **error)
{
  if (g_str_equal (hash, "local"))
    xm_error_set_plain (error, "invalid hash");
  else if (!is_date (expiry))
    xm_error_set_plain (error, "failed to parse expiry date");
  else if (strlen (device) > MAX_TEXT)
    xm_error_set_plain (error, "device uuid is longer than %d bytes", MAX_TEXT);
  else if (strlen (hash) > MAX_TEXT)
    xm_error_set_plain (error, "hash is longer than %d bytes", MAX_TEXT);
  else
    return TRUE;
  return FALSE;
}

typedef struct {
  XmService *service;
  GDBusMethodInvocation *invocation;
} Storing;

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Storing *storing = user_data;
  g_autoptr (GError) problem = NULL;
  if (xl_xenstore_apply_finish (XL_XENSTORE (source), result, &problem)) {
    xm_signal_host (storing->service, "license_changed", g_variant_new ("()"));
    g_dbus_method_invocation_return_value (storing->invocation, NULL);
    return;
  }
  GError *error = NULL;
  xm_error_set_io (&error, "license: %s", problem->message);
  xm_error_return (storing->invocation, error);
}

void
xm_host_set_license (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  const char *expiry, *device, *hash;
  GError *error = NULL;
  g_variant_get (parameters, "(&s&s&s)", &expiry, &device, &hash);
  if (!check (expiry, device, hash, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  const XlXenstoreChange changes[] = {
    { "/xenmgr/license/expiry", expiry, NULL },
    { "/xenmgr/license/deviceuuid", device, NULL },
    { "/xenmgr/license/hash", hash, NULL },
  };
  Storing *storing = g_new (Storing, 1);
  *storing = (Storing){ service, invocation };
  xl_xenstore_apply_async (service->xenstore, changes, G_N_ELEMENTS (changes), NULL, on_stored,
                           storing);
}
