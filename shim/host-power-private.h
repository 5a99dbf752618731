/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/host-power.h"
#include "shim/sleep-all.h"

G_BEGIN_DECLS

/*
 * One action of the host, from its beginning to its end: host-power.c begins and ends it,
 * host-power-down.c and host-power-sleep.c are what it does.
 */

struct _XmHostPower {
  XmService *service; /* NULL: it has ended, and a program still runs */
  XmHostState state;
  GTask *pending;   /* the action whose VMs end; NULL when the host is told, or none */
  guint watchdog;   /* timer: it waits no longer for them */
  guint still_here; /* timer: the host does not go down */
};

/** XmHostRun: the data of an action's task. */
typedef struct {
  XmHostPower *power;
  XmHostAction action;
  XmVm *sleeper; /* NULL: none */
  XmSleepers *sleepers;
  gint64 slept;          /* µs that the host had slept before */
  gint64 deadline;       /* monotonic µs */
  gboolean surfman_told; /* that the host sleeps */
  GError *failure;
} XmHostRun;

/** XmHostBegin: begins what an action does; the task ends when it has. */
typedef void (*XmHostBegin) (GTask *task);

void xm_host_go_down (GTask *task);
void xm_host_go_down_in_time (GTask *task); /* with a limit, see xm_host_power_hurry() */
void xm_host_hibernate (GTask *task);
void xm_host_sleep (GTask *task);

/** xm_host_tell_of_end_of_sleep: surfman is told that the host is back or has refused, if it was
 * told that it would sleep. */
void xm_host_tell_of_end_of_sleep (const XmHostRun *run);

/** xm_host_can_sleep: whether the host knows how. */
gboolean xm_host_can_sleep (const XmService *service, GError **error);

/** xm_host_power_hurry: from now on VMs have a limited time to end, and then the host goes down
 * with them. */
void xm_host_power_hurry (XmHostPower *power);

/** xm_host_forget_hibernation: the mark of a hibernation, which the next start would go by, is
 * taken out of the store: the host stays. */
void xm_host_forget_hibernation (XmHostPower *power);

/** xm_host_action_command: what the key file has for @action: (transfer none) (nullable) */
char **xm_host_action_command (const XmService *service, XmHostAction action);

/** xm_host_power_become_idle: VMs may start again. */
void xm_host_power_become_idle (XmHostPower *power);

/**
 * xm_host_run_end:
 * @task: (transfer full)
 * @error: (transfer full) (nullable)
 *
 * The host stays, or is back. Its sleepers wake.
 */
void xm_host_run_end (GTask *task, GError *error);

G_END_DECLS
