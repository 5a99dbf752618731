/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks on changes of a VM's state, and the signals that wait for them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hook-fixture.h"
#include "shim/state-hooks.h"
#include "shim/vm-power.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID  "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH  "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"
#define OTHER "11111111-4f60-4b7a-9c21-0123456789ab"

/* What the bus was told since the last call: `notify` messages and `state,acpi` of
 * vm_state_changed, joined by blanks. */
static char *
told (HookHost *host)
{
  g_variant_unref (service_fixture_get (host->fixture, PATH, VM, "name", NULL)); /* order is kept */
  GPtrArray *signals = service_fixture_signals (host->fixture);
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < signals->len; i++) {
    g_auto (GStrv) words = g_strsplit (signals->pdata[i], "'", -1);
    if (g_str_has_prefix (signals->pdata[i], "notify "))
      g_string_append_printf (text, " %s", words[3]);
    else if (g_str_has_prefix (signals->pdata[i], "vm_state_changed "))
      g_string_append_printf (text, " %s%s", words[5], words[6]);
  }
  return g_string_free (text, FALSE);
}

static void
assert_told (HookHost *host, const char *expected)
{
  g_autofree char *text = told (host);
  ck_assert_str_eq (text, expected);
}

static void
assert_property (HookHost *host, const char *expected)
{
  g_autoptr (GVariant) state = service_fixture_get (host->fixture, PATH, VM, "state", NULL);
  ck_assert_str_eq (g_variant_get_string (state, NULL), expected);
}

START_TEST (without_hooks_nothing_waits)
{
  HookHost host = hook_host_new (UUID, "{\"name\":\"n\"}");
  xm_vm_set_state (host.vm, XM_VM_CREATING_DEVICES);
  xm_vm_set_state (host.vm, XM_VM_RUNNING);
  assert_told (&host, " vm:state:creating-devices creating, 0) vm:state:running running, 0)");
  hook_host_free (&host);
}
END_TEST

START_TEST (the_signal_waits_and_the_property_does_not)
{
  HookHost host = hook_host_new (UUID, "{\"name\":\"n\"}");
  XmVm *other = service_fixture_add_vm (host.fixture, OTHER, "{\"name\":\"o\"}");
  hook_host_set (&host, "run-on-state-change", "echo \"state $*\" >$T/said; read -r word <$T/go");
  hook_host_set (&host, "run-on-acpi-state-change",
                 "echo \"acpi $*\" >$T/said; read -r word <$T/go");

  xm_vm_set_state (host.vm, XM_VM_CREATING_DEVICES);
  xm_vm_set_state (host.vm, XM_VM_CREATED);
  assert_told (&host, " vm:state:creating-devices creating, 0) vm:state:created creating, 0)");
  xm_vm_set_state (host.vm, XM_VM_RUNNING);
  channel_expect (&host.said, "state " UUID " running");
  xm_vm_set_state (host.vm, XM_VM_SHUTTING_DOWN);
  xm_vm_set_state (other, XM_VM_RUNNING);
  assert_property (&host, "stopping");
  assert_told (&host, " vm:state:running vm:state:shutdowning vm:state:running running, 0)");

  channel_say (&host.go, "on");
  channel_expect (&host.said, "acpi " UUID " 0");
  assert_told (&host, "");
  channel_say (&host.go, "on");
  channel_expect (&host.said, "state " UUID " stopping");
  assert_told (&host, " running, 0)");
  channel_say (&host.go, "on");
  service_fixture_wait_signal (host.fixture, "vm_state_changed");
  ck_assert (channel_is_silent (&host.said));

  hook_host_set (&host, "run-on-state-change", "exit 1"); /* is logged, and the rest goes on */
  xm_vm_set_state (host.vm, XM_VM_SHUTDOWN);
  channel_expect (&host.said, "acpi " UUID " 5");
  channel_say (&host.go, "on");
  service_fixture_wait_signal (host.fixture, "vm_state_changed");
  hook_host_free (&host);
}
END_TEST

START_TEST (what_the_guest_tells_waits_in_the_same_order)
{
  HookHost host = hook_host_new (UUID, "{\"name\":\"n\"}");
  xm_vm_set_state (host.vm, XM_VM_RUNNING);
  host.vm->domid = 5;
  g_free (told (&host));
  hook_host_set (&host, "run-on-acpi-state-change",
                 "echo \"acpi $*\" >$T/said; read -r word <$T/go");
  xm_vm_power_told (host.vm, 3);
  channel_expect (&host.said, "acpi " UUID " 3");
  xm_vm_power_told (host.vm, 0);
  assert_told (&host, " power-state:3 power-state:0");
  channel_say (&host.go, "on");
  channel_expect (&host.said, "acpi " UUID " 0");
  assert_told (&host, " running, 3)");
  channel_say (&host.go, "on");
  service_fixture_wait_signal (host.fixture, "vm_state_changed");
  host.vm->domid = -1;
  hook_host_free (&host);
}
END_TEST

START_TEST (what_was_so_already_runs_no_hook)
{
  HookHost host = hook_host_new (UUID, "{\"name\":\"n\"}");
  hook_host_set (&host, "run-on-state-change", "echo \"state $*\" >$T/said");
  host.vm->state = XM_VM_RUNNING;
  xm_state_hooks_state (host.vm, FALSE);
  assert_told (&host, " vm:state:running running, 0)");
  xm_vm_set_state (host.vm, XM_VM_PAUSED);
  channel_expect (&host.said, "state " UUID " paused");
  hook_host_free (&host);
}
END_TEST

START_TEST (a_hook_that_does_not_end)
{
  HookHost host = hook_host_new (UUID, "{\"name\":\"n\"}");
  service_fixture_service (host.fixture)->settings->state_hook_timeout = 1;
  hook_host_set (&host, "run-on-state-change", "echo \"state $*\" >$T/said; read -r word <$T/go");
  xm_vm_set_state (host.vm, XM_VM_RUNNING);
  channel_expect (&host.said, "state " UUID " running");
  assert_told (&host, " vm:state:running");
  service_fixture_wait_signal (host.fixture, "vm_state_changed"); /* after the second */

  /* Nor may it hold many: the oldest go out, in order, when too many wait. */
  service_fixture_service (host.fixture)->settings->state_hook_timeout = 3600;
  g_free (told (&host));
  for (int i = 0; i < XM_STATE_HOOKS_MAX_WAITING; i++)
    xm_vm_set_state (host.vm, i % 2 == 0 ? XM_VM_PAUSED : XM_VM_RUNNING);
  g_autofree char *held = told (&host);
  ck_assert_ptr_null (strstr (held, "0)"));
  xm_vm_set_state (host.vm, XM_VM_SHUTTING_DOWN);
  g_autofree char *pushed = told (&host);
  ck_assert_str_eq (pushed, " vm:state:shutdowning paused, 0)");
  xm_vm_set_state (host.vm, XM_VM_SHUTDOWN);
  assert_told (&host, " vm:state:shutdown running, 0)");

  /* A VM that leaves the bus takes nothing untold with it. */
  ck_assert (xm_store_remove (service_fixture_service (host.fixture)->store, "/vm/" UUID, NULL));
  service_fixture_wait_signal (host.fixture, "vm_state_changed");
  ck_assert (xm_vm_write (service_fixture_add_vm (host.fixture, OTHER, "{}"), "name", "o", NULL));
  for (int i = 0; i < XM_STATE_HOOKS_MAX_WAITING + 8; i++)
    channel_say (&host.go, "on");
  hook_host_free (&host);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("state-hooks");
  TCase *tcase = tcase_create ("state-hooks");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, without_hooks_nothing_waits);
  tcase_add_test (tcase, the_signal_waits_and_the_property_does_not);
  tcase_add_test (tcase, what_the_guest_tells_waits_in_the_same_order);
  tcase_add_test (tcase, what_was_so_already_runs_no_hook);
  tcase_add_test (tcase, a_hook_that_does_not_end);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
