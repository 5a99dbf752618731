/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * xec_remote_connect: the system bus of another host, through ssh and the
 * systemd-stdio-bridge of that host, as `busctl --host` has it. Whom one is
 * there, ssh decides; it runs until the connection is closed.
 * @host: [USER@]HOST[:PORT]
 *
 * Errors: XEC_ERROR_LOCAL
 * Returns: (transfer full): a connection whose loss does not end the process
 */
GDBusConnection *xec_remote_connect (const char *host, GError **error);

/**
 * xec_remote_argv: the command that connects.
 *
 * Returns: (transfer full) (nullable): %NULL for what is no host
 */
char **xec_remote_argv (const char *host);

G_END_DECLS
