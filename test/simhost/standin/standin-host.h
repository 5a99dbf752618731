/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * StandinHost:
 *
 * A private directory with Debian's real xenstored running in it, for tests.
 * Failures end the test program with a message: a test has no use for them.
 */
typedef struct _StandinHost StandinHost;

/** standin_host_new: makes the directory and sets XENSTORED_PATH for this process; nothing runs
 * yet. */
StandinHost *standin_host_new (void);

/** standin_host_free: kills xenstored, removes the directory. */
void standin_host_free (StandinHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StandinHost, standin_host_free)

/** standin_host_start_xenstored: returns when xenstored answers. */
void standin_host_start_xenstored (StandinHost *host);

/** standin_host_kill_xenstored: SIGKILL, reaped; its socket stays behind as after a crash. */
void standin_host_kill_xenstored (StandinHost *host);

/** standin_host_signal_xenstored: SIGSTOP and SIGCONT for a xenstored that hangs. */
void standin_host_signal_xenstored (StandinHost *host, int signum);

/** standin_host_introduce: a new running domain, as a toolstack makes it. */
void standin_host_introduce (StandinHost *host, unsigned domid);

/** standin_host_shutdown: the domain has shut down with xl's @reason, and still exists. */
void standin_host_shutdown (StandinHost *host, unsigned domid, unsigned reason);

/** standin_host_destroy: the domain is gone. */
void standin_host_destroy (StandinHost *host, unsigned domid);

/** standin_host_xl: (transfer none): path of the real xl. */
const char *standin_host_xl (void);

/** standin_host_dry_run: what the real `xl -N create` prints for @config. Returns: (transfer full):
 * JSON, or %NULL when xl refuses. */
char *standin_host_dry_run (StandinHost *host, const char *config);

G_END_DECLS
