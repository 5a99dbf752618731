/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/host-power.h"

G_BEGIN_DECLS

/*
 * What the host does when its lid is closed, a button is pressed or the battery
 * runs out. OpenXT's input daemon and its power daemon, where they are, tell by
 * a signal that something has changed, and what it is now in xenstore below
 * /pm. Signals of anybody else are not listened to.
 */

typedef enum { XM_POWER_MAINS, XM_POWER_BATTERY } XmPowerSource;

/** xm_host_lid_action: what it does; XM_HOST_NOTHING when a word is stored that is none. */
XmHostAction xm_host_lid_action (XmService *service, XmPowerSource source);
gboolean xm_host_lid_set_action (XmService *service,
                                 XmPowerSource source,
                                 XmHostAction action,
                                 GError **error);

typedef struct _XmHostLid XmHostLid;

/** xm_host_lid_new: listens, as soon as the service has a connection. */
XmHostLid *xm_host_lid_new (XmService *service);
void xm_host_lid_free (XmHostLid *lid);

G_END_DECLS
