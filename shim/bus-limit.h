/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** XM_BUS_MAX_MESSAGE: bytes of a message that a system bus lets pass unless it is configured
 * otherwise (max_message_size of dbus-daemon 1.14). */
#define XM_BUS_MAX_MESSAGE (32 * 1024 * 1024)

/**
 * xm_bus_limit: from now on no larger message leaves @connection: the bus would hang up, and the
 * service were gone for everybody. An answer that is too large becomes the error
 * org.freedesktop.DBus.Error.LimitsExceeded; a signal is left out with a warning.
 */
void xm_bus_limit (GDBusConnection *connection);

G_END_DECLS
