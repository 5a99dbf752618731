/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client.h"

G_BEGIN_DECLS

/*
 * What the clients share that kill the daemon of a simulated host: how it is
 * started, and whether what it then says of a VM is what Xen says.
 */

/** daemon_control: simhost-daemon @word. Returns: whether that succeeded. */
gboolean daemon_control (const char *word);

/** daemon_is_dead: whether it has ended by itself. */
gboolean daemon_is_dead (void);

/** daemon_wait_dead: waits until the daemon has ended by itself. Returns: whether it has. */
gboolean daemon_wait_dead (void);

/**
 * daemon_arm: from the next start on the daemon runs with crash-points (test/simhost/crash).
 * @order: (nullable): what the control file says, NULL for no file
 */
void daemon_arm (const char *order);

/** daemon_points: (transfer full): the changes of files since daemon_arm(), in order. */
GPtrArray *daemon_points (void);

/** XenDomain: a line of `xl list -v`. */
typedef struct {
  int domid;
  char state[8];
  char uuid[37];
} XenDomain;

/** xen_domains: (transfer full) (element-type XenDomain): all but dom0. */
GArray *xen_domains (void);

/** xen_destroy_all: destroys every domain but dom0 by `xl destroy`. */
void xen_destroy_all (void);

/** vm_uuid: (transfer full): of the VM at @path. */
char *vm_uuid (const char *path);

/** vm_domid: the domain with the VM's uuid, -1 for none, -2 for several. */
int vm_domid (const char *path);

/**
 * vm_settles: waits until the VM is running with one domain that runs, or stopped without one, and
 * the service says so, and its run directory too.
 * Returns: (nullable): what is wrong, NULL for nothing.
 */
char *vm_settles (const char *path);

/**
 * saves_left: waits until nothing is left of a save of the VM to a file in @folder of the host, but
 * what the log tells could not be removed.
 * Returns: (nullable): what is, NULL for nothing.
 */
char *saves_left (const char *vm, const char *folder);

/** store_is_whole: every file of the store is JSON, and none was set aside. */
gboolean store_is_whole (void);

/** folder_left: (transfer full): names of the files in a folder of the host, with blanks between;
 * "" for none. */
char *folder_left (const char *folder);

G_END_DECLS
