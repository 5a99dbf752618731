/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-gpu.h"

#include <string.h>

#include "shim/error.h"
#include "shim/gpu.h"
#include "shim/host-file.h"
#include "shim/host-pci.h"
#include "shim/peers.h"
#include "shim/pci-device.h"
#include "shim/signals.h"
#include "shim/vm-set.h"

#define INPUT        "com.citrix.xenclient.input"
#define RESERVED_KEY "/xenmgr/dh/gpu"
#define MAX_RESERVED 64 /* adapters in one list */

static const char *
name_of (GPtrArray *devices, const char *id)
{
  XmPciAddress address;
  const XmPciDevice *device =
      xm_pci_address_parse (id, &address) ? xm_pci_devices_find (devices, &address) : NULL;
  return device != NULL ? device->name : "";
}

/* Whether the display handler has it. */
static gboolean
is_reserved (const XmService *service, const char *id)
{
  const char *reserved = xm_store_read (service->store, RESERVED_KEY);
  return reserved != NULL && strstr (reserved, id) != NULL;
}

static gboolean
is_assigned (XmService *service, const char *id)
{
  g_autoptr (GPtrArray) vms = xm_vm_set_list (service);
  for (guint i = 0; i < vms->len; i++) {
    const char *gpu = xm_vm_read (vms->pdata[i], "gpu");
    if (gpu != NULL && strstr (gpu, id) != NULL)
      return TRUE;
  }
  return FALSE;
}

/* (transfer full): number of the DRM card that drives the adapter, "-1" for none: the link cardN
 * passes the adapter's directory. */
static char *
drm_card (const XmService *service, const char *id)
{
  g_auto (GStrv) names = xm_host_file_list (service->settings, "/sys/class/drm");
  for (char **name = names; *name != NULL; name++) {
    guint64 number;
    if (!g_str_has_prefix (*name, "card") ||
        !g_ascii_string_to_unsigned (*name + strlen ("card"), 10, 0, G_MAXINT32, &number, NULL))
      continue; /* the others are connectors, such as card0-DP-1 */
    g_autofree char *path = g_strconcat ("/sys/class/drm/", *name, NULL);
    g_autofree char *real = xm_settings_host_path (service->settings, path);
    g_autofree char *target = g_file_read_link (real, NULL);
    if (target != NULL && strstr (target, id) != NULL)
      return g_strdup (*name + strlen ("card"));
  }
  return g_strdup ("-1");
}

/* -- lists ------------------------------------------------------------------------- */

void
xm_host_list_gpu_devices (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  g_autoptr (GPtrArray) gpus = xm_gpus_read (service);
  g_autoptr (GPtrArray) devices = xm_host_pci_devices (service);
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (guint i = 0; i < gpus->len; i++) {
    const XmGpu *gpu = gpus->pdata[i];
    g_autofree char *placement = g_strdup_printf ("%d", gpu->placement);
    if (!is_reserved (service, gpu->id))
      g_variant_builder_add_value (&list, XM_HOST_DICT ("addr", gpu->id, "name",
                                                        name_of (devices, gpu->id), "placement",
                                                        placement));
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &list));
}

void
xm_host_list_gpus_for_displayhandler (gpointer owner,
                                      GVariant *parameters,
                                      GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  g_autoptr (GPtrArray) gpus = xm_gpus_read (service);
  g_autoptr (GPtrArray) devices = xm_host_pci_devices (service);
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (guint i = 0; i < gpus->len; i++) {
    const XmGpu *gpu = gpus->pdata[i];
    if (is_assigned (service, gpu->id))
      continue;
    g_autofree char *card = drm_card (service, gpu->id);
    g_variant_builder_add_value (
        &list, XM_HOST_DICT ("addr", gpu->id, "drmcard", card, "name", name_of (devices, gpu->id)));
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &list));
}

/* -- placement --------------------------------------------------------------------- */

static const XmGpu *
find_gpu (GPtrArray *gpus, const char *id, GError **error)
{
  for (guint i = 0; i < gpus->len; i++) {
    const XmGpu *gpu = gpus->pdata[i];
    if (g_str_equal (gpu->id, id))
      return gpu;
  }
  xm_error_set_about (error, XM_ERROR_UNKNOWN_GPU, id);
  return NULL;
}

void
xm_host_get_gpu_placement (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *id;
  GError *error = NULL;
  g_variant_get (parameters, "(&s)", &id);
  g_autoptr (GPtrArray) gpus = xm_gpus_read (owner);
  const XmGpu *gpu = find_gpu (gpus, id, &error);
  if (gpu != NULL)
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(i)", gpu->placement));
  else
    xm_error_return (invocation, error);
}

/* On whose left and right a VM is has changed, as it may for each of them. */
static void
tell_neighbours (XmService *service)
{
  g_autoptr (GPtrArray) vms = xm_vm_set_list (service);
  for (guint i = 0; i < vms->len; i++) {
    const XmVm *vm = vms->pdata[i];
    xm_peers_call (service->peers, INPUT, "update_seamless_mouse_settings",
                   g_variant_new ("(s)", vm->uuid), NULL, NULL);
  }
}

void
xm_host_configure_gpu_placement (gpointer owner,
                                 GVariant *parameters,
                                 GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  const char *id;
  gint32 slot;
  GError *error = NULL;
  g_variant_get (parameters, "(&si)", &id, &slot);
  g_autoptr (GPtrArray) gpus = xm_gpus_read (service);
  g_autofree char *path = g_strconcat ("/xenmgr/gpu-placement/", id, NULL);
  g_autofree char *text = g_strdup_printf ("%d", slot);
  if (find_gpu (gpus, id, &error) == NULL || !xm_store_write (service->store, path, text, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  tell_neighbours (service);
  xm_service_answer_when_durable (service, invocation, NULL);
}

/* -- the display handler's --------------------------------------------------------- */

static gboolean
can_be_reserved (XmService *service, const char *id)
{
  XmPciAddress address;
  if (!xm_pci_address_parse (id, &address))
    return FALSE;
  g_autofree char *exact = xm_pci_address_to_text (&address);
  return g_str_equal (exact, id) && !is_assigned (service, id);
}

void
xm_host_set_displayhandler_gpu (gpointer owner,
                                GVariant *parameters,
                                GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  const char *given;
  GError *error = NULL;
  g_variant_get (parameters, "(&s)", &given);
  g_autofree char *list = g_ascii_strdown (given, -1);
  g_auto (GStrv) ids = g_strsplit (list, ",", MAX_RESERVED + 1);
  gboolean fine = g_strv_length (ids) <= MAX_RESERVED;
  for (char **id = ids; *id != NULL && fine; id++)
    fine = can_be_reserved (service, *id);
  if (!fine)
    xm_error_set_plain (&error, "A gpu is already assigned for Passthrough or badly formed.");
  if (!fine || !xm_store_write (service->store, RESERVED_KEY, list, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  xm_signal_host (service, "displayhandler_gpu_changed", g_variant_new ("()"));
  xm_service_answer_when_durable (service, invocation, NULL);
}

/* (transfer full) (array zero-terminated=1): the adapters that the display handler uses. */
static char **
displayhandler_gpus (const XmService *service)
{
  const char *reserved = xm_store_read (service->store, RESERVED_KEY);
  if (reserved != NULL && *reserved != '\0')
    return g_strsplit (reserved, ",", MAX_RESERVED);
  g_autoptr (GStrvBuilder) ids = g_strv_builder_new ();
  g_autofree char *sysfs = xm_settings_host_path (service->settings, "/sys");
  g_autoptr (GPtrArray) devices = xm_pci_devices_read (sysfs);
  for (guint i = 0; i < devices->len; i++) {
    const XmPciDevice *device = devices->pdata[i];
    if (device->class >> 8 != 0x03 || device->boot_vga != 1)
      continue;
    g_autofree char *id = xm_pci_address_to_text (&device->address);
    g_strv_builder_add (ids, id);
    break;
  }
  return g_strv_builder_end (ids);
}

void
xm_host_get_displayhandler_gpu (gpointer owner,
                                GVariant *parameters,
                                GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  g_auto (GStrv) ids = displayhandler_gpus (service);
  g_autoptr (GStrvBuilder) cards = g_strv_builder_new ();
  for (char **id = ids; *id != NULL; id++) {
    g_autofree char *card = drm_card (service, *id);
    g_strv_builder_add (cards, card);
  }
  g_auto (GStrv) numbers = g_strv_builder_end (cards);
  g_autofree char *text = g_strjoinv (",", numbers);
  g_dbus_method_invocation_return_value (invocation,
                                         g_variant_new ("(s)", *numbers != NULL ? text : "-1"));
}
