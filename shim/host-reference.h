/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xm_host_reference: the properties of the objects `/` and `/host` as Markdown: type, where each is
 * kept or read, default and effect. `xenmgr-xl --list-host-config` prints it, docs/host-config.md
 * is it.
 *
 * Returns: (transfer full)
 */
char *xm_host_reference (void);

G_END_DECLS
