/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * The VMs that start with the host: those with `start-on-boot` that are `ready`
 * and do not run, by descending start-on-boot-priority, then ascending slot;
 * after a hibernation of the host (/platform/hibernated, which is removed) only
 * service VMs of these, and the user VMs that are hibernated. They wait in
 * /xenmgr/autostart-pending-vms, from which each is taken before it is started;
 * one starts after the other, /xenmgr/svm-autostart-delay seconds after a start
 * that made a domain. A start that fails is logged. The first user VM that
 * runs, and whose files are not locked, gets the screen.
 *
 * It happens each time the service starts, as in the original: not with the
 * option --no-autostart, nor while /xenmgr/autostart is false; and with
 * --autostart-once only at the first start after the host's boot, so that a
 * restart of the service starts nothing but what was still waiting.
 * `<run-dir>/autostarted` holds the boot it was done for.
 *
 * While the installer's work is not done (/config/deferred_*), the VMs wait.
 */

typedef struct _XmAutostart XmAutostart;

XmAutostart *xm_autostart_new (XmService *service);
void xm_autostart_free (XmAutostart *autostart);

/** xm_autostart_begin: once, when the service can be called. */
void xm_autostart_begin (XmAutostart *autostart);

/** xm_autostart_continue: goes on with what waits, if nothing is being started: what held it up may
 * be over. */
void xm_autostart_continue (XmAutostart *autostart);

G_END_DECLS
