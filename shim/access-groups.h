/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What a member of the interfaces does, in four groups. Each group is an action
 * of polkit; see access.h.
 */
typedef enum {
  XM_ACCESS_READ,      /* looks, and learns no secret */
  XM_ACCESS_OPERATE,   /* starts, stops and uses VMs as they are */
  XM_ACCESS_CONFIGURE, /* makes, changes and deletes VMs */
  XM_ACCESS_HOST,      /* changes the host, or reads and writes all that is stored */
} XmAccessGroup;

/** xm_access_group_of_method: a method that is in no group, such as one of an unknown interface,
 * counts as XM_ACCESS_HOST. @known: (out) (nullable): whether it is in one */
XmAccessGroup
xm_access_group_of_method (const char *interface, const char *method, gboolean *known);

/** xm_access_group_of_set: the group of setting a property of @interface. Reading one is
 * XM_ACCESS_READ. */
XmAccessGroup xm_access_group_of_set (const char *interface);

/** xm_access_group_action: polkit's name of it, such as com.citrix.xenclient.xenmgr.read. */
const char *xm_access_group_action (XmAccessGroup group);

G_END_DECLS
