/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <sys/types.h>

G_BEGIN_DECLS

/*
 * The simulated host as the model test sees it: the service on the bus, `xl`
 * and `xl-sim` as processes. What the test cannot do without ends the program.
 */

#define XENMGR  "com.citrix.xenclient.xenmgr"
#define VM      XENMGR ".vm"
#define VM_FREE XENMGR ".vm.unrestricted"

/** HostTold: @state was told of the VM with @uuid. */
typedef void (*HostTold) (const char *uuid, const char *state, gpointer user_data);

/** host_connect: to the bus. @told: (nullable): without it no signal is listened to */
void host_connect (HostTold told, gpointer user_data);

/** host_call: (transfer full) (nullable): the answer of a method. @parameters: (transfer floating)
 * (nullable). */
GVariant *host_call (const char *path,
                     const char *interface,
                     const char *method,
                     GVariant *parameters,
                     GError **error);

/** HostAnswered: a call was answered; @error is NULL when it went well. */
typedef void (*HostAnswered) (const GError *error, gpointer user_data);

void host_call_async (const char *path,
                      const char *interface,
                      const char *method,
                      GVariant *parameters,
                      HostAnswered answered,
                      gpointer user_data);

/** host_get: (transfer full): a property of a VM; an error is answered as text. */
char *host_get (const char *path, const char *property);

typedef struct {
  const char *path, *property;
  char *value; /* as host_get() answers */
} HostGet;

/** host_get_many: the same for several, asked at once. */
void host_get_many (HostGet *gets, gsize n);
void host_set (const char *path, const char *property, GVariant *value);

/** host_dispatch: takes what the bus has for us. */
void host_dispatch (void);

/** host_dispatch_until: waits for something from the bus until @deadline at most (monotonic). */
void host_dispatch_until (gint64 deadline);

/** host_spawn: starts a program without output. Returns: for host_wait(). */
pid_t host_spawn (const char *const *argv);
int host_wait (pid_t pid);

/** host_run: both. The words end with NULL. Returns: exit status. */
int host_run (const char *word, ...) G_GNUC_NULL_TERMINATED;

typedef struct {
  int domid;
  char *name, *uuid;
  char state[7]; /* rbpscd */
} HostDomain;

/** host_list: (transfer full) (element-type HostDomain): the domains of the simulated host, without
 * dom0, from the records that its xl prints: a look costs no process. */
GPtrArray *host_list (void);

/** host_list_by_xl: (transfer full) (element-type HostDomain): the same, as `xl list -v` prints it.
 */
GPtrArray *host_list_by_xl (void);

/** host_file: (transfer full): path below the host's folder. */
char *host_file (const char *format, ...) G_GNUC_PRINTF (1, 2);

/** host_wait_for_xl: until no xl runs on this host; those of a killed daemon go on without it. */
void host_wait_for_xl (void);

/** host_trim_logs: empties the logs of the host, which would otherwise fill the disk. */
void host_trim_logs (void);

G_END_DECLS
