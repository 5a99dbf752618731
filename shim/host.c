/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host.h"

#include "shim/error.h"
#include "shim/host-cd.h"
#include "shim/host-gpu.h"
#include "shim/host-installer.h"
#include "shim/host-license.h"
#include "shim/host-lists.h"
#include "shim/host-mixer.h"
#include "shim/host-pci.h"
#include "shim/host-power-methods.h"
#include "shim/host-properties.h"
#include "shim/host-sound.h"

static void
get_seconds_from_epoch (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  gint64 seconds = g_get_real_time () / G_USEC_PER_SEC;
  g_dbus_method_invocation_return_value (invocation,
                                         g_variant_new ("(i)", (gint32)MIN (seconds, G_MAXINT32)));
}

static void
on_owner_known (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (answer != NULL)
    g_dbus_method_invocation_return_value (user_data, answer);
  else
    xm_error_return (user_data, xm_error_from_peer (error));
}

static void
is_service_running (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmService *service = owner;
  g_dbus_connection_call (service->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "NameHasOwner", parameters,
                          G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_owner_known,
                          invocation);
}

/* -- tables ------------------------------------------------------------------------ */

static const XmMethod host_methods[] = {
  { "assign_cd_device", xm_host_assign_cd_device },
  { "configure_gpu_placement", xm_host_configure_gpu_placement },
  { "eject_cd_device", xm_host_eject_cd_device },
  { "get_cd_device_assignment", xm_host_get_cd_device_assignment },
  { "get_displayhandler_gpu", xm_host_get_displayhandler_gpu },
  { "get_gpu_placement", xm_host_get_gpu_placement },
  { "get_seconds_from_epoch", get_seconds_from_epoch },
  { "get_sound_card_control", xm_host_get_sound_card_control },
  { "hibernate", xm_host_power_method },
  { "is_service_running", is_service_running },
  { "list_capture_devices", xm_host_list_capture_devices },
  { "list_cd_devices", xm_host_list_cd_devices },
  { "list_disk_devices", xm_host_list_disk_devices },
  { "list_gpu_devices", xm_host_list_gpu_devices },
  { "list_gpus_for_displayhandler", xm_host_list_gpus_for_displayhandler },
  { "list_isos", xm_host_list_isos },
  { "list_pci_devices", xm_host_list_pci_devices },
  { "list_playback_devices", xm_host_list_playback_devices },
  { "list_sound_card_controls", xm_host_list_sound_card_controls },
  { "list_sound_cards", xm_host_list_sound_cards },
  { "list_ui_plugins", xm_host_list_ui_plugins },
  { "reboot", xm_host_power_method },
  { "set_displayhandler_gpu", xm_host_set_displayhandler_gpu },
  { "set_license", xm_host_set_license },
  { "set_sound_card_control", xm_host_set_sound_card_control },
  { "shutdown", xm_host_power_method },
  { "shutdown_idle", xm_host_power_method },
  { "sleep", xm_host_power_method },
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
      .look = xm_host_property_look,
      .set = xm_host_property_set },
    { .name = "com.citrix.xenclient.xenmgr.installer", .methods = xm_host_installer_methods },
    { .name = "com.citrix.xenclient.xenmgr.powersettings",
      .methods = xm_host_powersettings_methods },
  };
  return xm_object_kind_new (interfaces, G_N_ELEMENTS (interfaces));
}
