/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * The NICs of running VMs that another VM serves, when that VM's domain ends and a new one begins:
 * meanwhile OpenXT's frontends are told that the link is down, then the NIC is taken from the guest
 * and given again, served by the new domain. NICs whose backend still exists stay as they are.
 */

/** xm_nic_follow_end: the domain @domid of @backend has ended. */
void xm_nic_follow_end (XmVm *backend, int domid);

/** xm_nic_follow_begin: the domain that @backend has now runs. Moving takes up to 31 attempts for
 * each NIC, one second apart; nobody waits. */
void xm_nic_follow_begin (XmVm *backend);

G_END_DECLS
