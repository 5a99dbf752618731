/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * control-platform-power-state: what a guest does to its own power, the host
 * does, too. It sleeps: the host sleeps. It hibernates and is off: the host
 * hibernates. It ends for another reason than a reboot, a save or a start that
 * failed: the host shuts down. Not while the host is on its way down already,
 * nor while an update waits (/updatemgr/update-state). Where the key file does
 * not let the service do it (host-power.h), the log says what the host would do.
 */

/** xm_platform_power_asleep: the guest has told that it sleeps. Returns: whether the host does,
 * too; it wakes the guest then. */
gboolean xm_platform_power_asleep (XmVm *vm);

/** xm_platform_power_domain_gone: the domain has ended, and not for a reboot. @last: the state in
 * which it did */
void xm_platform_power_domain_gone (XmVm *vm, XmVmState last);

G_END_DECLS
