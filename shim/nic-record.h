/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * A NIC's record in the store, /vm/<uuid>/config/nic/<id>: what its keys mean
 * when they are unset, and what follows from them.
 */

/** The network of a NIC that names none. */
#define XM_NIC_DEFAULT_NETWORK "/wired/0/bridged"

/** xm_nic_network: (transfer none): the network's path. Valid until the store changes. */
const char *xm_nic_network (const XmVm *vm, guint id);

/** xm_nic_mac: (transfer full): the MAC that the guest sees: the one set, else the generated one.
 */
char *xm_nic_mac (const XmVm *vm, guint id);

/**
 * xm_nic_generate_mac: (transfer full): the MAC of a NIC that has none set, made of its id and the
 * uuid as the original makes it.
 */
char *xm_nic_generate_mac (guint nic_id, const char *uuid);

/** xm_nic_find: the NIC with the lowest id that has, or has not, the wireless driver.
 * @id: (out): its id. Returns: whether there is one */
gboolean xm_nic_find (const XmVm *vm, gboolean wireless, guint *id);

/**
 * xm_network_normalise: (transfer full) (nullable): @text as the path of a network: one of the
 * names of old, or a text that begins with a slash and has letters, digits, `_` and `/` only. An
 * error otherwise: `invalid object path: <text>`.
 */
char *xm_network_normalise (const char *text, GError **error);

/** xm_network_is_wireless: whether the policy for wireless networks is the one that counts. */
gboolean xm_network_is_wireless (const char *network);

G_END_DECLS
