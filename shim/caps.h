/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * xm_caps_read: what the file of capabilities, /etc/caps.<flavour>, says of the host, as it was
 * last read (host-files.h): at the service's start and SIGHUP, and whenever a client asks for a
 * setting that is a file of the host.
 *
 * Its lines are `key=value`, with blanks around both allowed and quotes around the value.
 *
 * Returns: (transfer full) (nullable): the value of @key; %NULL where it, or the file, is missing.
 */
char *xm_caps_read (const XmService *service, const char *key);

G_END_DECLS
