/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/settings.h"

G_BEGIN_DECLS

/**
 * xm_caps_read: what the file of capabilities, /etc/caps.<flavour>, says of the host.
 *
 * Its lines are `key=value`, with blanks around both allowed and quotes around the value. The file
 * is small and read at each call.
 *
 * Returns: (transfer full) (nullable): the value of @key; %NULL where it, or the file, is missing.
 */
char *xm_caps_read (const XmSettings *settings, const char *key);

G_END_DECLS
