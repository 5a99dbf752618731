/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xm_property_reference: (transfer full): all properties of VMs, disks and NICs in Markdown, one
 * table row each, from the D-Bus descriptions, the tables that serve them and property-notes.c.
 * docs/vm-properties.md is this text.
 */
char *xm_property_reference (void);

G_END_DECLS
