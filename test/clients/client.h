/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What the client programs share: calls to the daemon of a simulated host
 * (test/simhost/run), and assertions that print TAP. What a test cannot do
 * without ends the program.
 */

#define XENMGR  "com.citrix.xenclient.xenmgr"
#define VM      XENMGR ".vm"
#define VM_FREE XENMGR ".vm.unrestricted"
#define VMDISK  "com.citrix.xenclient.vmdisk"
#define VMNIC   "com.citrix.xenclient.vmnic"
#define DB      "com.citrix.xenclient.db"

/** client_connect: (transfer none): the system bus. */
GDBusConnection *client_connect (void);

/** client_call: (transfer full) (nullable): the answer. @parameters: (transfer floating)
 * (nullable). */
GVariant *client_call (const char *path,
                       const char *interface,
                       const char *method,
                       GVariant *parameters,
                       GError **error);

/** client_must_call: the same; an error ends the program. */
GVariant *client_must_call (const char *path,
                            const char *interface,
                            const char *method,
                            GVariant *parameters);

GVariant *
client_get (const char *path, const char *interface, const char *property, GError **error);
gboolean client_set (const char *path,
                     const char *interface,
                     const char *property,
                     GVariant *value,
                     GError **error);

/** client_get_text: (transfer full): the value as text, without quotes; an error's text after
 * `error: `. */
char *client_get_text (const char *path, const char *interface, const char *property);

/** client_db_write: writes to the configuration database, behind the properties' back. */
void client_db_write (const char *path, const char *value);
gboolean client_db_try_write (const char *path, const char *value, GError **error);

/** client_new_vm: (transfer full): path of a new VM. */
char *client_new_vm (const char *template);

/** client_restart_daemon: simhost-daemon restart. */
void client_restart_daemon (void);

/** client_simhost_file: (transfer full): text of a file below the host's folder. */
char *client_simhost_file (const char *name);

/** client_load_table: (transfer full) (element-type char **): lines of a file of test/fixtures
 * without the first, split at tabs. */
GPtrArray *client_load_table (const char *name);

/* -- TAP --------------------------------------------------------------------------- */

gboolean client_ok (gboolean ok, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean
client_is (const char *got, const char *expected, const char *format, ...) G_GNUC_PRINTF (3, 4);

/** client_fails: that @error (transfer full) was set and holds @part. */
gboolean
client_fails (GError *error, const char *part, const char *format, ...) G_GNUC_PRINTF (3, 4);

void client_diag (const char *format, ...) G_GNUC_PRINTF (1, 2);

/** client_done: prints the plan. Returns: exit status. */
int client_done (void);

G_END_DECLS
