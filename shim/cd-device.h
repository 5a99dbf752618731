/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/settings.h"

G_BEGIN_DECLS

/** XmCdId: SCSI address of an optical drive: host adapter, channel, target, unit. */
typedef struct {
  guint32 numbers[4];
} XmCdId;

/** xm_cd_id_parse: exactly four decimal numbers joined by colons; else `bad device id`. */
gboolean xm_cd_id_parse (const char *text, XmCdId *id, GError **error);

/** xm_cd_id_to_text: (transfer full): the numbers joined by @separator. */
char *xm_cd_id_to_text (const XmCdId *id, char separator);

/** xm_cd_devices_read: (transfer full) (element-type XmCdId): all drives of the host, sorted. */
GArray *xm_cd_devices_read (const XmSettings *settings);

/** xm_cd_device_name: (transfer full): "<vendor> <model>". */
char *xm_cd_device_name (const XmSettings *settings, const XmCdId *id);

/** xm_cd_device_usb_id: (transfer full): 256 times the bus and the device's number on it, each of 8
 * bits, in decimal; "" for a drive that is not on USB. */
char *xm_cd_device_usb_id (const XmSettings *settings, const XmCdId *id);

/** xm_cd_device_node: (transfer full) (nullable): host path of its block device; %NULL where it has
 * none. */
char *xm_cd_device_node (const XmSettings *settings, const XmCdId *id);

G_END_DECLS
