/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/cd-device.h"

#include "shim/error.h"
#include "shim/host-file.h"

#define SCSI    "/sys/bus/scsi/devices/"
#define CD_TYPE 5 /* of SCSI's types of devices: CD and DVD drives */

/* Directories from a drive up to /sys; on USB behind hubs these are many. */
#define MAX_LEVELS 24

gboolean
xm_cd_id_parse (const char *text, XmCdId *id, GError **error)
{
  gsize n = G_N_ELEMENTS (id->numbers);
  g_auto (GStrv) parts = g_strsplit (text, ":", (int)n + 1);
  gboolean fine = g_strv_length (parts) == n;
  for (gsize i = 0; i < n && fine; i++) {
    guint64 number = 0;
    fine = g_ascii_string_to_unsigned (parts[i], 10, 0, G_MAXUINT32, &number, NULL);
    id->numbers[i] = (guint32)number;
  }
  if (!fine)
    xm_error_set_plain (error, "bad device id");
  return fine;
}

char *
xm_cd_id_to_text (const XmCdId *id, char separator)
{
  const guint32 *n = id->numbers;
  return g_strdup_printf ("%u%c%u%c%u%c%u", n[0], separator, n[1], separator, n[2], separator,
                          n[3]);
}

/* (transfer full) */
static char *
path_of (const XmCdId *id, const char *name)
{
  g_autofree char *text = xm_cd_id_to_text (id, ':');
  return g_strconcat (SCSI, text, "/", name, NULL);
}

static gint
compare_ids (gconstpointer a, gconstpointer b)
{
  const XmCdId *x = a, *y = b;
  for (gsize i = 0; i < G_N_ELEMENTS (x->numbers); i++) {
    if (x->numbers[i] != y->numbers[i])
      return x->numbers[i] < y->numbers[i] ? -1 : 1;
  }
  return 0;
}

GArray *
xm_cd_devices_read (const XmSettings *settings)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (XmCdId));
  g_auto (GStrv) names = xm_host_file_list (settings, SCSI);
  for (char **name = names; *name != NULL; name++) {
    XmCdId id;
    if (!xm_cd_id_parse (*name, &id, NULL))
      continue; /* adapters and targets */
    g_autofree char *type = path_of (&id, "type");
    if (xm_host_file_number (settings, type) == CD_TYPE)
      g_array_append_val (ids, id);
  }
  g_array_sort (ids, compare_ids);
  return ids;
}

char *
xm_cd_device_name (const XmSettings *settings, const XmCdId *id)
{
  g_autofree char *vendor_path = path_of (id, "vendor");
  g_autofree char *model_path = path_of (id, "model");
  g_autofree char *vendor = xm_host_file_line (settings, vendor_path);
  g_autofree char *model = xm_host_file_line (settings, model_path);
  g_autofree char *name = g_strjoin (" ", vendor, model, NULL);
  return g_strdup (g_strstrip (name));
}

/* The USB device is one of the directories above the drive's. */
char *
xm_cd_device_usb_id (const XmSettings *settings, const XmCdId *id)
{
  g_autofree char *drive = path_of (id, "");
  g_autoptr (GString) directory = g_string_new (drive);
  for (int level = 0; level < MAX_LEVELS; level++) {
    g_autofree char *bus_path = g_strconcat (directory->str, "busnum", NULL);
    g_autofree char *device_path = g_strconcat (directory->str, "devnum", NULL);
    gint64 bus = xm_host_file_number (settings, bus_path);
    gint64 device = xm_host_file_number (settings, device_path);
    if (bus >= 0 && device >= 0)
      return g_strdup_printf ("%d", (int)((bus & 255) << 8) + (int)(device & 255));
    g_string_append (directory, "../");
  }
  return g_strdup ("");
}

char *
xm_cd_device_node (const XmSettings *settings, const XmCdId *id)
{
  g_autofree char *path = path_of (id, "block");
  g_auto (GStrv) names = xm_host_file_list (settings, path);
  if (*names == NULL)
    return NULL;
  g_autofree char *node = g_strconcat ("/dev/", *names, NULL);
  return xm_settings_host_path (settings, node);
}
