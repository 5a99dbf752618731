/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/host-properties.h"

G_BEGIN_DECLS

/* What the host is: properties read from the firmware's tables, procfs and files of the
 * installation. */

/** xm_host_get_line: first line of the file that the row names: DMI strings. */
GVariant *xm_host_get_line (XmService *service, const XmHostProperty *row);

/** xm_host_get_exists: whether the file that the row names exists. */
GVariant *xm_host_get_exists (XmService *service, const XmHostProperty *row);

/** xm_host_get_laptop: whether the chassis is portable, a laptop or a notebook. */
GVariant *xm_host_get_laptop (XmService *service, const XmHostProperty *row);

/** xm_host_get_cpu_model: `model name` in /proc/cpuinfo. */
GVariant *xm_host_get_cpu_model (XmService *service, const XmHostProperty *row);

/** xm_host_get_safe_graphics: whether dom0's command line says `safe-graphic`. */
GVariant *xm_host_get_safe_graphics (XmService *service, const XmHostProperty *row);

/** xm_host_get_build_info: what is installed: from /etc/xenclient.conf, else this service's
 * version and the distribution's release. */
GVariant *xm_host_get_build_info (XmService *service, const XmHostProperty *row);

G_END_DECLS
