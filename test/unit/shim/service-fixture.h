/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"
#include "shim/vm.h"

/*
 * An XmService of the test's own: its store and run directory in a fresh
 * directory, its objects on a D-Bus connection to oneself, dummy-xl in place of
 * xl, and no xenstored. From then on a critical message ends the test.
 */
typedef struct _ServiceFixture ServiceFixture;

ServiceFixture *service_fixture_new (void);

/** service_fixture_new_with_xenstored: with the one that a StandinHost runs. */
ServiceFixture *service_fixture_new_with_xenstored (void);

void service_fixture_free (ServiceFixture *fixture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ServiceFixture, service_fixture_free)

XmService *service_fixture_service (ServiceFixture *fixture);

/** service_fixture_set_host_root: the service finds the host's files below @root. */
void service_fixture_set_host_root (ServiceFixture *fixture, const char *root);

/** service_fixture_client: (transfer none): the other end of the service's connection, for objects
 * that play its peers. */
GDBusConnection *service_fixture_client (ServiceFixture *fixture);

/** service_fixture_add_vm: (transfer none): a VM with @json as its node. */
XmVm *service_fixture_add_vm (ServiceFixture *fixture, const char *uuid, const char *json);

/**
 * service_fixture_call: calls a method and runs the main context until the answer is there.
 * @destination: the bus name that the caller used
 * @parameters: (transfer floating)
 *
 * Returns: (transfer full) (nullable): %NULL with the error as it came over the wire.
 */
GVariant *service_fixture_call (ServiceFixture *fixture,
                                const char *destination,
                                const char *path,
                                const char *interface,
                                const char *method,
                                GVariant *parameters,
                                GError **error);

/** service_fixture_get, service_fixture_set: the same for a property of a VM's interface. */
GVariant *service_fixture_get (ServiceFixture *fixture,
                               const char *path,
                               const char *interface,
                               const char *property,
                               GError **error);
gboolean service_fixture_set (ServiceFixture *fixture,
                              const char *path,
                              const char *interface,
                              const char *property,
                              GVariant *value,
                              GError **error);

/** service_fixture_signals: (transfer none): what was emitted since the last call: `member
 * arguments` each. */
GPtrArray *service_fixture_signals (ServiceFixture *fixture);

/** service_fixture_wait_signal: runs the main context until a signal @member arrives. */
void service_fixture_wait_signal (ServiceFixture *fixture, const char *member);

#define XENMGR       "com.citrix.xenclient.xenmgr"
#define UNRESTRICTED XENMGR ".unrestricted"
#define VM           XENMGR ".vm"
#define VM_FREE      XENMGR ".vm.unrestricted"
#define DB           "com.citrix.xenclient.db"
