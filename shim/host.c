/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host.h"

#include "shim/host-properties.h"

static void
get_seconds_from_epoch (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  gint64 seconds = g_get_real_time () / G_USEC_PER_SEC;
  g_dbus_method_invocation_return_value (invocation,
                                         g_variant_new ("(i)", (gint32)MIN (seconds, G_MAXINT32)));
}

/* -- tables ------------------------------------------------------------------------ */

static const XmMethod host_methods[] = {
  { "get_seconds_from_epoch", get_seconds_from_epoch },
  { NULL, NULL },
};

static const XmMethod installer_methods[] = {
  { NULL, NULL },
};

static const XmMethod powersettings_methods[] = {
  { NULL, NULL },
};

XmObjectKind *
xm_host_kind_new (void)
{
  static const XmInterface interfaces[] = {
    { .name = "com.citrix.xenclient.xenmgr.host",
      .methods = host_methods,
      .lookup = xm_host_property_lookup,
      .get = xm_host_property_get,
      .set = xm_host_property_set },
    { .name = "com.citrix.xenclient.xenmgr.installer", .methods = installer_methods },
    { .name = "com.citrix.xenclient.xenmgr.powersettings", .methods = powersettings_methods },
  };
  return xm_object_kind_new (interfaces, G_N_ELEMENTS (interfaces));
}
