/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "xec/options.h"

G_BEGIN_DECLS

#define XEC_INTROSPECTABLE "org.freedesktop.DBus.Introspectable"
#define XEC_PROPERTIES     "org.freedesktop.DBus.Properties"

/**
 * xec_bus_connect: the bus that the options name: the system bus
 * (DBUS_SYSTEM_BUS_ADDRESS is honoured), with --session the session bus, with
 * --host the system bus of another host.
 *
 * Errors: XEC_ERROR_LOCAL, also for --target-domid, which needs the bus of
 * another domain over Argo.
 * Returns: (transfer full): a connection whose loss does not end the process
 */
GDBusConnection *xec_bus_connect (const XecOptions *options, GError **error);

/**
 * xec_bus_call: calls a method and waits for the answer, however long it takes. The main context
 * runs meanwhile.
 * @arguments: (transfer floating) (nullable): a tuple
 *
 * Errors: XEC_ERROR_REMOTE with "NAME: text" for an error reply,
 * XEC_ERROR_LOCAL for a name that D-Bus does not allow and for a lost bus.
 * Returns: (transfer full): the tuple of results
 */
GVariant *xec_bus_call (GDBusConnection *connection,
                        const char *service,
                        const char *object,
                        const char *interface,
                        const char *member,
                        GVariant *arguments,
                        GError **error);

/**
 * xec_bus_get: Properties.Get; XEC_ERROR_LOCAL also when the reply holds not exactly one value.
 *
 * Returns: (transfer full): the value, out of its variant
 */
GVariant *xec_bus_get (GDBusConnection *connection,
                       const char *service,
                       const char *object,
                       const char *interface,
                       const char *property,
                       GError **error);

/**
 * XecGot: the answer to one of many xec_bus_get_many() calls.
 * @object: the object that was asked
 * @property: the property that was asked for
 * @value: (nullable): the answer, out of its variant
 * @error: (nullable): or why there is none, as from xec_bus_get()
 */
typedef struct {
  const char *object;
  const char *property;
  GVariant *value;
  GError *error;
} XecGot;

/**
 * xec_bus_get_many: Properties.Get of every entry of @gets, all in flight
 * together as far as the bus allows a client to have calls unanswered.
 * @gets: entries with @object and @property set; the rest is filled in
 */
void xec_bus_get_many (GDBusConnection *connection,
                       const char *service,
                       const char *interface,
                       XecGot *gets,
                       gsize n_gets);

/** xec_bus_is_gone: whether @error is a reply saying that the object is no longer there. */
gboolean xec_bus_is_gone (const GError *error);

G_END_DECLS
