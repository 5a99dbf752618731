/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-properties.h"

#include "shim/host-files.h"
#include "shim/host-identity.h"
#include "shim/host-memory.h"
#include "shim/host-network.h"
#include "shim/host-pci.h"
#include "shim/host-power.h"
#include "shim/host-sound.h"
#include "shim/host-ui.h"
#include "shim/text.h"

#define DMI "/sys/class/dmi/id/"

static GVariant *
get_stored_flag (XmService *service, const XmHostProperty *row)
{
  const char *text = xm_store_read (service->store, row->detail);
  return g_variant_new_boolean (text != NULL && xm_text_is_true (text));
}

static GVariant *
get_state (XmService *service, const XmHostProperty *row)
{
  return g_variant_new_string (xm_host_power_state (service));
}

static GVariant *
get_true (XmService *service, const XmHostProperty *row)
{
  return g_variant_new_boolean (TRUE);
}

/* -- the table --------------------------------------------------------------------- */

#define ROW(name_, source_, get_, detail_, ...)                                                    \
  {                                                                                                \
    .name = (name_), .source = XM_HOST_##source_, .get = (get_), .detail = (detail_), __VA_ARGS__  \
  }

/* clang-format off */
static const XmHostProperty rows[] = {
  ROW ("amt-capable", HARDWARE, xm_host_get_amt_capable, NULL),
  ROW ("avail-mem", FROM_XL, xm_host_get_available_memory, NULL),
  ROW ("bios-revision", HARDWARE, xm_host_get_line, DMI "bios_version"),
  ROW ("build-info", FROM_FILES, xm_host_get_build_info, XM_HOST_FILE_BUILD),
  ROW ("capture-pcm", AT_HAND, xm_host_get_pcm, "/audio/capture-pcm", .set = xm_host_set_pcm),
  ROW ("cpu-count", FROM_XL_ONCE, xm_host_get_xl_number, "nr_cpus"),
  ROW ("eth0-mac", HARDWARE, xm_host_get_wired_mac, NULL),
  ROW ("eth0-model", HARDWARE, xm_host_get_pci_model, "0200"),
  ROW ("free-mem", FROM_XL, xm_host_get_xl_number, "free_memory"),
  ROW ("free-storage", FROM_STORAGE, xm_host_get_storage, "free"),
  ROW ("is-licensed", AT_HAND, get_true, NULL),
  ROW ("laptop", HARDWARE, xm_host_get_laptop, DMI "chassis_type"),
  ROW ("measured-boot-enabled", FROM_FILES, xm_host_get_exists, "/boot/system/tpm/enabled"),
  ROW ("measured-boot-successful", FROM_FILES, xm_host_get_exists, "/config/tpm/measured-boot"),
  ROW ("model", HARDWARE, xm_host_get_line, DMI "product_name"),
  ROW ("physical-cpu-model", HARDWARE, xm_host_get_cpu_model, NULL),
  ROW ("physical-gpu-model", HARDWARE, xm_host_get_gpu_models, NULL),
  ROW ("playback-pcm", AT_HAND, xm_host_get_pcm, "/audio/playback-pcm", .set = xm_host_set_pcm),
  ROW ("safe-graphics", HARDWARE, xm_host_get_safe_graphics, NULL),
  ROW ("serial", HARDWARE, xm_host_get_line, DMI "product_serial"),
  ROW ("state", AT_HAND, get_state, NULL),
  ROW ("system-amt-pt", AT_HAND, get_stored_flag, "/system-amt-pt-active"),
  ROW ("total-mem", FROM_XL_ONCE, xm_host_get_xl_number, "total_memory"),
  ROW ("total-storage", FROM_STORAGE, xm_host_get_storage, "total"),
  ROW ("ui-ready", AT_HAND, xm_host_get_ui_ready, NULL, .set = xm_host_set_ui_ready),
  ROW ("vendor", HARDWARE, xm_host_get_line, DMI "sys_vendor"),
  ROW ("wireless-mac", HARDWARE, xm_host_get_wireless_mac, NULL),
  ROW ("wireless-model", HARDWARE, xm_host_get_pci_model, "0280"),
};
/* clang-format on */

gconstpointer
xm_host_property_lookup (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (g_str_equal (rows[i].name, name))
      return &rows[i];
  }
  return NULL;
}

gboolean
xm_host_property_look (gpointer service,
                       gconstpointer row,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  return xm_host_look (service, row, callback, user_data);
}

/* What was not found is looked for again: its driver may come later. */
static gboolean
is_known (GVariant *value)
{
  return !g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ||
         *g_variant_get_string (value, NULL) != '\0';
}

GVariant *
xm_host_property_get (gpointer owner, gconstpointer property, GError **error)
{
  XmService *service = owner;
  const XmHostProperty *row = property;
  if (row->source != XM_HOST_HARDWARE)
    return row->get (service, row);
  GVariant *kept = g_hash_table_lookup (service->host_kept, row);
  if (kept != NULL)
    return g_variant_ref (kept);
  GVariant *value = row->get (service, row);
  if (is_known (value))
    g_hash_table_insert (service->host_kept, (gpointer)row,
                         g_variant_ref (g_variant_ref_sink (value)));
  return value;
}

void
xm_host_property_set (gpointer service,
                      const char *interface,
                      gconstpointer property,
                      GVariant *value,
                      GDBusMethodInvocation *invocation)
{
  const XmHostProperty *row = property;
  row->set (service, row, value, invocation); /* those without are read-only in the XML */
}
