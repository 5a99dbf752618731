/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/host-properties.h"

G_BEGIN_DECLS

/*
 * Properties from what host-info.h and host-storage.h have heard; zero where that is nothing.
 */

/** xm_host_get_xl_number: `nr_cpus`, `total_memory` or `free_memory` of `xl info`, as the row says.
 */
GVariant *xm_host_get_xl_number (XmService *service, const XmHostProperty *row);

/** xm_host_get_available_memory: MiB that are free, or that running VMs have above their
 * memory-min. */
GVariant *xm_host_get_available_memory (XmService *service, const XmHostProperty *row);

/** xm_host_get_storage: MiB of the file system for disks: `total` or `free`, as the row says. */
GVariant *xm_host_get_storage (XmService *service, const XmHostProperty *row);

/**
 * xm_host_look: for XmInterface.look: begins to get what the property @row must wait for; %FALSE
 * when that is nothing. @row: (nullable): all
 */
gboolean xm_host_look (XmService *service,
                       const XmHostProperty *row,
                       GAsyncReadyCallback callback,
                       gpointer user_data);

G_END_DECLS
