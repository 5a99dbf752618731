/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service-fixture.h"

/*
 * Short forms of calls of the service, which end the test when they do not do what it expects.
 * Parameters are (transfer floating), answers (transfer full).
 */

#define INTROSPECTABLE "org.freedesktop.DBus.Introspectable"
#define PROPERTIES     "org.freedesktop.DBus.Properties"
#define FAILED         "org.freedesktop.DBus.Error.Failed"
#define UNKNOWN_METHOD "org.freedesktop.DBus.Error.UnknownMethod"

/** must_call: the call's answer. */
GVariant *must_call (ServiceFixture *fixture,
                     const char *path,
                     const char *interface,
                     const char *method,
                     GVariant *parameters);

/** run_call: it succeeds. */
void run_call (ServiceFixture *fixture,
               const char *path,
               const char *interface,
               const char *method,
               GVariant *parameters);

/** must_fail: it fails with this error name; its text contains @part. */
void must_fail (ServiceFixture *fixture,
                const char *path,
                const char *interface,
                const char *method,
                GVariant *parameters,
                const char *name,
                const char *part);

/** create_vm: (transfer full): path of a VM of @template and @json. */
char *create_vm (ServiceFixture *fixture, const char *template, const char *json);

/** get_text: (transfer full): a property of the VM, as text. */
char *get_text (ServiceFixture *fixture, const char *path, const char *property);

void assert_property (ServiceFixture *fixture,
                      const char *path,
                      const char *property,
                      const char *expected);

/** assert_gone: there is no such object. */
void assert_gone (ServiceFixture *fixture, const char *path);

guint count_vms (ServiceFixture *fixture);

/** introspect: (transfer full): what @destination shows at @path. */
char *introspect (ServiceFixture *fixture, const char *destination, const char *path);

GVariant *get_all (ServiceFixture *fixture, const char *path, const char *interface);
