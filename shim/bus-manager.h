/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * org.freedesktop.DBus.ObjectManager on `/`: GetManagedObjects. Its signals are
 * those of bus-news.h. The many values of many VMs are read in small parts,
 * between which other calls are served; what changes meanwhile is read again,
 * so that the answer is what holds when it leaves. Calls that come while one is
 * being answered get the same answer.
 */

/** xm_bus_manager_answer: answers GetManagedObjects, sooner or later. */
void xm_bus_manager_answer (GDBusConnection *connection, GDBusMethodInvocation *invocation);

G_END_DECLS
