/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * A bus of the test's own with the limits of a system bus, and on it, under the
 * names com.citrix.xenclient.xenmgr and .db, a service whose answers the test gives one
 * by one. Command lines run against it; what they send is recorded.
 *
 * Failures end the test; the daemon dies with the test process.
 */
typedef struct _CliBus CliBus;

/**
 * CliAnswer: answers one call, by cli_bus_return() or cli_bus_fail(), at once or
 * later. Runs in the main thread, while cli_bus_run() waits.
 */
typedef void (*CliAnswer) (CliBus *bus, GDBusMessage *call);

/** CliResult: how a command line ended; @status is -1 after a signal. */
typedef struct {
  int status;
  char *out;
  char *err;
} CliResult;

CliBus *cli_bus_start (CliAnswer answer);
void cli_bus_stop (CliBus *bus);

/** cli_bus_run: runs @argv to its end, with DBUS_SYSTEM_BUS_ADDRESS set and @locale as LC_ALL. */
CliResult *cli_bus_run (CliBus *bus, const char *const *argv, const char *locale);
void cli_result_free (CliResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliResult, cli_result_free)

/** cli_bus_take_log: the calls since the last time, one `PATH MEMBER arguments` per line. */
char *cli_bus_take_log (CliBus *bus);

/** cli_bus_return: answers with @results, a tuple as GVariant text. */
void cli_bus_return (CliBus *bus, GDBusMessage *call, const char *results);
void cli_bus_return_value (CliBus *bus, GDBusMessage *call, GVariant *results);

/** cli_bus_fail: answers with an error whose body is @body, a tuple as GVariant text or %NULL. */
void cli_bus_fail (CliBus *bus, GDBusMessage *call, const char *name, const char *body);

/** cli_bus_hang_up: the service leaves the bus. */
void cli_bus_hang_up (CliBus *bus);
