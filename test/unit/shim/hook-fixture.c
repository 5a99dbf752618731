/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook-fixture.h"

#include <check.h>

#include "store-fixture.h"

HookHost
hook_host_new (const char *uuid, const char *json)
{
  HookHost host = { .dir = scripts_new () };
  host.fixture = service_fixture_new ();
  host.vm = service_fixture_add_vm (host.fixture, uuid, json);
  host.said = channel_new (host.dir, "said");
  host.go = channel_new (host.dir, "go");
  return host;
}

void
hook_host_free (HookHost *host)
{
  channel_close (&host->said);
  channel_close (&host->go);
  service_fixture_free (host->fixture);
  fixture_free (host->dir);
}

void
hook_host_set (HookHost *host, const char *key, const char *body)
{
  g_autofree char *script = script_new (host->dir, key, body);
  ck_assert (xm_vm_write (host->vm, key, script, NULL));
}
