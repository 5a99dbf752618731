/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Who may call what, where the bus policy lets others than root call at all.
 * With `polkit=true` in [access] of the key file every call is authorized
 * first: root's always, any other by polkit, whose action is that of the
 * member's group (access-groups.h). polkit gets the caller's name on the bus,
 * and the details `object`, `interface` and `member`. Without polkit on the bus
 * all but root are refused.
 *
 * Calls of one caller begin in the order in which they came as long as polkit
 * asks nobody.
 */
typedef struct _XmAccess XmAccess;

XmAccess *xm_access_new (GDBusConnection *connection);

/** xm_access_free: what is being asked is forgotten; those calls are not answered any more. */
void xm_access_free (XmAccess *access);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmAccess, xm_access_free)

/**
 * xm_access_check: an XmGuard (bus-object.h); @access is the XmAccess.
 *
 * Errors, with which the call is answered then: org.freedesktop.DBus.Error.AccessDenied, and
 * InteractiveAuthorizationRequired when the caller did not allow polkit to ask the user.
 */
void xm_access_check (gpointer access,
                      GDBusMethodInvocation *invocation,
                      void (*pass) (gpointer user_data, gboolean allowed),
                      gpointer user_data);

G_END_DECLS
