/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fake-host.h"
#include "service-fixture.h"

/* Object /host of a service whose host is that of fake-host.h, with files that a test adds. */

typedef struct {
  ServiceFixture *fixture;
  XmService *service;
  char *root; /* stands for / */
} Host;

Host host_fixture_new (void);
void host_fixture_free (Host *host);

/** has: the host has this file. */
void has (const Host *host, const char *file, const char *text);

/** has_link: the host has this symbolic link. */
void has_link (const Host *host, const char *file, const char *target);

/** reads: the property prints as @expected, in the text form of GVariant. */
void reads (const Host *host, const char *property, const char *expected);

/** sets: Set of the property answers @expected: "" or the message of an error. */
void sets (const Host *host, const char *property, GVariant *value, const char *expected);

/** answers: the method answers @expected, as above, or an error with that message.
 * @parameters: (transfer floating) (nullable) */
void answers (const Host *host, const char *method, GVariant *parameters, const char *expected);

#define HOST XENMGR ".host"
