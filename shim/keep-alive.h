/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * keep-alive: a VM with this property starts again, the normal way and with its
 * hook, after every end of its domain but a reboot, which has its own start, and
 * a save, whose file would be worth nothing afterwards. So it does after
 * `shutdown` and `destroy`, as in the original; taking the property away is how
 * it is kept off.
 *
 * Unlike the original it waits before: [limits] keep-alive-delay-ms, twice as
 * long after each further start that fails or run that is shorter than
 * [limits] keep-alive-run seconds, up to a minute. After
 * [limits] keep-alive-failures of these in a row it gives up; the next end of a
 * domain that somebody else starts begins a new row.
 *
 * `<run-dir>/<uuid>.again` says that a VM waits for its start, so that a restart
 * of the service loses none.
 */

/** xm_keep_alive_delay_ms: how long to wait when the last @failures in a row have failed. @first:
 * after none or one */
guint xm_keep_alive_delay_ms (guint first, guint failures);

XmKeepAlive *xm_keep_alive_new (void);
void xm_keep_alive_free (XmKeepAlive *keep_alive);

/** xm_keep_alive_domain_came: there is a domain: whoever started it. */
void xm_keep_alive_domain_came (XmVm *vm);

/** xm_keep_alive_domain_gone: the domain has ended. @last: the state in which it did */
void xm_keep_alive_domain_gone (XmVm *vm, XmVmState last);

/** xm_keep_alive_start_failed: a start that nobody waits for, after a reboot, has failed. */
void xm_keep_alive_start_failed (XmVm *vm);

/** xm_keep_alive_found_off: the service begins and finds the VM without a domain. @had_one: it had
 * one when the service ended */
void xm_keep_alive_found_off (XmVm *vm, gboolean had_one);

/** xm_keep_alive_stop: the VM leaves the bus. What is on disk stays. */
void xm_keep_alive_stop (XmVm *vm);

G_END_DECLS
