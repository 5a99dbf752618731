/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * The host goes down, sleeps and comes back, one at a time. First the VMs do
 * what is theirs (shutdown-all.h, sleep-all.h), then a program that the key file
 * names does the rest: without one, an action fails at once. While the state is
 * not `idle` no VM starts, whoever wants it.
 */

typedef enum {
  XM_HOST_IDLE,
  XM_HOST_SHUTTING_DOWN,
  XM_HOST_REBOOTING,
  XM_HOST_SLEEPING,
  XM_HOST_HIBERNATING,
} XmHostState;

typedef enum {
  XM_HOST_NOTHING,
  XM_HOST_SHUTDOWN,
  XM_HOST_SHUTDOWN_FORCED, /* VMs are destroyed */
  XM_HOST_SHUTDOWN_IDLE,   /* goes down in the end even with VMs that do not */
  XM_HOST_REBOOT,
  XM_HOST_SLEEP,
  XM_HOST_HIBERNATE,
} XmHostAction;

typedef struct _XmHostPower XmHostPower;

XmHostPower *xm_host_power_new (XmService *service);

/** xm_host_power_free: whatever the host is doing, it goes on with without us. */
void xm_host_power_free (XmHostPower *power);

/** xm_host_power_is_idle: neither does the host do anything of this, nor do all VMs end for another
 * reason. */
gboolean xm_host_power_is_idle (const XmService *service);

/** xm_host_power_state: `idle`, `shutdowning`, `rebooting`, `sleeping` or `hibernating`. */
const char *xm_host_power_state (const XmService *service);

/** xm_host_power_show: writes the state to xenstore, /xenmgr/host-state, where others look at it.
 */
void xm_host_power_show (XmService *service);

/** xm_host_action_from_word: one of sleep, hibernate, shutdown, forced-shutdown, idle-shutdown and
 * reboot; XM_HOST_NOTHING for any other. */
XmHostAction xm_host_action_from_word (const char *word);

/** xm_host_action_word: the word, `nothing` for XM_HOST_NOTHING. */
const char *xm_host_action_word (XmHostAction action);

/**
 * xm_host_power_check: whether the key file lets the service do @action. The error, XM_ERROR_PLAIN,
 * names the key.
 */
gboolean xm_host_power_check (const XmService *service, XmHostAction action, GError **error);

/**
 * xm_host_power_run_async:
 * @sleeper: (nullable): a VM that sleeps and is to be woken with the host
 *
 * Ends when the host has been told to go down, or has slept and its VMs are back. Unless the host
 * is idle it does nothing and ends well; only that a shutdown shall not take for ever can be added
 * to one in progress, by XM_HOST_SHUTDOWN_IDLE.
 *
 * Emits `state_changed`. After a failure the host is idle again.
 */
void xm_host_power_run_async (XmService *service,
                              XmHostAction action,
                              XmVm *sleeper,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/** xm_host_power_run_finish: Errors: those of xm_host_power_check(), XM_ERROR_HIBERNATE, that of a
 * VM that does not do its part, that of the program. */
gboolean xm_host_power_run_finish (GAsyncResult *result, GError **error);

/** xm_host_power_act: the same in the background, for nobody who waits; failures are logged. @why:
 * for the log */
void xm_host_power_act (XmService *service, XmHostAction action, XmVm *sleeper, const char *why);

G_END_DECLS
