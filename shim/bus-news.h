/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/bus-object-private.h"

G_BEGIN_DECLS

/*
 * The standard signals of all objects of a connection: PropertiesChanged of
 * org.freedesktop.DBus.Properties, InterfacesAdded and InterfacesRemoved of
 * org.freedesktop.DBus.ObjectManager on `/`.
 *
 * What happens in one go is told in one signal, when the main loop comes to it,
 * and with the values of that moment. Where much is to be told, the next part
 * is made when the bus has taken the last.
 */

/** xm_bus_news_added: @object is on the bus now. */
void xm_bus_news_added (XmBusObject *object);

/** xm_bus_news_removed: @object is about to leave it. */
void xm_bus_news_removed (XmBusObject *object);

/** xm_bus_news_objects: (transfer none): all objects of a connection, path -> XmBusObject. */
GHashTable *xm_bus_news_objects (GDBusConnection *connection);

/**
 * xm_bus_news_follow:
 * @func: called with the path of whatever is added, changes or is removed, at once; %NULL ends it
 */
void xm_bus_news_follow (GDBusConnection *connection,
                         void (*func) (const char *path, gpointer user_data),
                         gpointer user_data);

G_END_DECLS
