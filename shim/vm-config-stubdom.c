/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-config-stubdom.h"

#include <unistd.h>

#include "shim/stubdom-memory.h"

/* What libxl gives a stubdomain for which nothing is said. */
#define LIBXL_DEFAULT 128 /* MiB */

gboolean
xm_vm_config_stubdom_memory (const XmConfigBuilder *b, gint64 *memory, GError **error)
{
  const char *text = xm_vm_read (b->vm, "config/stubdom-memory");
  gint64 wanted = 0;
  if (text != NULL && !g_str_equal (text, "none") &&
      !g_ascii_string_to_signed (text, 10, G_MININT32, G_MAXINT32, &wanted, error))
    return xm_vm_config_refuse (b, "stubdom-memory", error);
  *memory = MAX (wanted, 0);
  if (!b->stubdom)
    return TRUE;
  gint64 needed = xm_stubdom_memory_needed (b->vm->service->settings->stubdomain_ramdisk);
  if (*memory > 0 && *memory < needed)
    g_message ("%s: stubdom-memory is %" G_GINT64_FORMAT
               " MiB, but the ramdisk takes %" G_GINT64_FORMAT,
               b->vm->uuid, *memory, needed);
  if (*memory > 0 || needed > LIBXL_DEFAULT)
    *memory = MAX (*memory, needed);
  return TRUE;
}

static gboolean
add_memory (XmConfigBuilder *b, GError **error)
{
  gint64 memory = 0;
  return xm_vm_config_stubdom_memory (b, &memory, error) &&
         (memory == 0 || xl_config_set_integer (b->lines, "stubdomain_memory", memory, error));
}

/* Over a vchan qmp-helper is at the other end, too, if that is this project's ramdisk; and with
 * Xen's own proxy there it gets along. */
static gboolean
add_qmp (XmConfigBuilder *b, GError **error)
{
  const XmSettings *settings = b->vm->service->settings;
  const char *transport = settings->qmp_transport;
  if (b->start == NULL || !b->start->chooses_qmp_proxy || access (settings->qmp_helper, X_OK) != 0)
    return TRUE;
  return xl_config_set_string (b->lines, "stubdomain_qmp_proxy", settings->qmp_helper, error) &&
         (g_str_equal (transport, "vchan") ||
          xl_config_set_string (b->lines, "stubdomain_qmp_transport", transport, error));
}

gboolean
xm_vm_config_add_stubdom (XmConfigBuilder *b, GError **error)
{
  const XmSettings *settings = b->vm->service->settings;
  if (!b->stubdom)
    return add_memory (b, error);
  xm_vm_config_need (b->config, settings->stubdomain_kernel, -1);
  xm_vm_config_need (b->config, settings->stubdomain_ramdisk, -1);
  return xl_config_set_boolean (b->lines, "device_model_stubdomain_override", TRUE, error) &&
         xl_config_set_string (b->lines, "stubdomain_kernel", settings->stubdomain_kernel, error) &&
         xl_config_set_string (b->lines, "stubdomain_ramdisk", settings->stubdomain_ramdisk,
                               error) &&
         add_memory (b, error) && add_qmp (b, error);
}
