/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-runner.h"

/*
 * A runner of fake-xl, the commands that a test gives it, and FIFOs to talk with
 * these: a command says on one that it has started, and ends when another is opened.
 */

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

extern XlRunner *runner;
extern char *notify_path; /* where a command says `NAME PID` */

void runner_setup (void);
void runner_teardown (void);

/** run: begins a command; its end comes by one of the finish functions. */
GAsyncResult **run (const char *const *argv);
GAsyncResult **
run_with (const char *const *argv, const char *const *envp, GCancellable *cancellable);
GAsyncResult **run_as (XlTimeout timeout, const char *const *argv);

/** finish: waits for its end. Returns: (transfer full) (nullable): its output. */
XlOutput *finish (GAsyncResult **result, GError **error);
XlOutput *finish_well (GAsyncResult **result);

/** finish_badly: with that error. Returns: (transfer full): the error. */
GError *finish_badly (GAsyncResult **result, GQuark domain, int code);

/** wait_notify: waits until a command has said `NAME PID`. Returns: PID; @name may be %NULL. */
int wait_notify (char *name, gsize size);

/** make_gate: (transfer full): path of a FIFO that a command can wait behind. */
char *make_gate (guint i);

/** open_gate: lets the command behind it end; returns once it has noticed. */
void open_gate (const char *path);
