/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xm_stubdom_memory_needed: MiB that a Linux stubdomain with this ramdisk takes at least; 0 if
 * there is no such file.
 *
 * Linux gives half of the memory that is free when it boots to the root file system, and libxl has
 * put the ramdisk there, unpacked if it can, which is gzip. How large it is unpacked gzip's last
 * word says; of other compression only the usual ratio is known. stubdom-patches/stubdom-init/build
 * reckons the same.
 */
guint xm_stubdom_memory_needed (const char *ramdisk);

G_END_DECLS
