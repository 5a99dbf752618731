/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "script-fixture.h"
#include "service-fixture.h"

/** HookHost: a VM whose hooks are programs of the test's own. */
typedef struct {
  ServiceFixture *fixture;
  XmVm *vm;
  char *dir;        /* of the programs */
  Channel said, go; /* what they say, and what they wait for */
} HookHost;

/** hook_host_new: with a VM @uuid that has @json as its node. */
HookHost hook_host_new (const char *uuid, const char *json);
void hook_host_free (HookHost *host);

/** hook_host_set: the VM's hook @key becomes a program with @body. */
void hook_host_set (HookHost *host, const char *key, const char *body);
