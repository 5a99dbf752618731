/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-device.h"

G_BEGIN_DECLS

/**
 * XmRecordRow: a property of a disk or NIC that is a key of its record in the
 * store. Interfaces begin their own rows with it.
 */
typedef struct {
  const char *name;
  char type;                /* D-Bus type: 'b' or 's', or any for what is not stored */
  const char *key;          /* NULL for what is not stored */
  const char *fallback;     /* text when unset */
  const char *removes;      /* word that is stored as no key at all; NULL: none is */
  const char *const *words; /* allowed values, NULL for any */
} XmRecordRow;

/** xm_vm_record_exists: or error 206 or 222. */
gboolean xm_vm_record_exists (const XmVmDevice *device, GError **error);

/** xm_vm_record_get: (transfer floating): the value of a stored property. */
GVariant *xm_vm_record_get (const XmVmDevice *device, const XmRecordRow *row, GError **error);

/**
 * xm_vm_record_set: checks and stores @value, and schedules `vm_config_changed` when it is a new
 * one. Memory only: the caller waits for the disk.
 */
gboolean xm_vm_record_set (const XmVmDevice *device,
                           const XmRecordRow *row,
                           GVariant *value,
                           GError **error);

G_END_DECLS
