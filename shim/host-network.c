/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-network.h"

#include "shim/host-file.h"

#define NET      "/sys/class/net/"
#define ETHERNET 1 /* ARPHRD_ETHER in `type` */

static char *
attribute (const char *device, const char *name)
{
  return g_strconcat (NET, device, "/", name, NULL);
}

static gboolean
has (const XmSettings *settings, const char *device, const char *name)
{
  g_autofree char *path = attribute (device, name);
  return xm_host_file_exists (settings, path);
}

static gboolean
is_link_to (const XmSettings *settings, const char *device, const char *name, const char *target)
{
  g_autofree char *path = attribute (device, name);
  g_autofree char *leads_to = xm_host_file_link_name (settings, path);
  return g_strcmp0 (leads_to, target) == 0;
}

static gboolean
is_wireless (const XmSettings *settings, const char *device)
{
  return has (settings, device, "phy80211") || has (settings, device, "wireless");
}

/* The backends of guests' NICs are devices, too. */
static gboolean
is_wired (const XmSettings *settings, const char *device)
{
  g_autofree char *type = attribute (device, "type");
  return has (settings, device, "device") && xm_host_file_number (settings, type) == ETHERNET &&
         !is_wireless (settings, device) &&
         !is_link_to (settings, device, "device/subsystem", "xen-backend");
}

static GVariant *
get_mac (const XmSettings *settings, const char *device)
{
  if (device == NULL)
    return g_variant_new_string ("");
  g_autofree char *path = attribute (device, "address");
  return g_variant_new_take_string (xm_host_file_line (settings, path));
}

GVariant *
xm_host_get_wired_mac (XmService *service, const XmHostProperty *row)
{
  const XmSettings *settings = service->settings;
  if (has (settings, "eth0", "address"))
    return get_mac (settings, "eth0");
  g_autofree char *bridge = xm_settings_bridge (settings, "/wired/0/bridged");
  g_auto (GStrv) devices = xm_host_file_list (settings, NET);
  const char *first = NULL;
  for (char **device = devices; *device != NULL; device++) {
    if (!is_wired (settings, *device))
      continue;
    if (is_link_to (settings, *device, "master", bridge))
      return get_mac (settings, *device);
    if (first == NULL)
      first = *device;
  }
  return get_mac (settings, first);
}

GVariant *
xm_host_get_wireless_mac (XmService *service, const XmHostProperty *row)
{
  const XmSettings *settings = service->settings;
  if (has (settings, "wlan0", "address"))
    return get_mac (settings, "wlan0");
  g_auto (GStrv) devices = xm_host_file_list (settings, NET);
  const char *first = NULL;
  for (char **device = devices; *device != NULL && first == NULL; device++) {
    if (has (settings, *device, "phy80211"))
      first = *device;
  }
  return get_mac (settings, first);
}
