/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>

#include "shim/text.h"
#include "shim/vm-state.h"
#include "test/unit/run-suite.h"

START_TEST (booleans)
{
  static const struct {
    const char *text;
    int value; /* -1: none */
  } cases[] = {
    { "true", 1 }, { "yes", 1 },   { "1", 1 },   { "false", 0 },  { "no", 0 }, { "0", 0 },
    { "", -1 },    { "True", -1 }, { "on", -1 }, { " true", -1 }, { "2", -1 }, { "10", -1 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    gboolean value;
    gboolean is_boolean = xm_text_to_boolean (cases[i].text, &value);
    ck_assert_msg (is_boolean == (cases[i].value >= 0), "%s", cases[i].text);
    ck_assert_int_eq (xm_text_is_true (cases[i].text), cases[i].value == 1);
    if (is_boolean)
      ck_assert_int_eq (value, cases[i].value);
  }
}
END_TEST

START_TEST (words_of_states)
{
  static const struct {
    XmVmState state;
    const char *internal, *public;
  } cases[] = {
    { XM_VM_SHUTDOWN, "shutdown", "stopped" },
    { XM_VM_CREATING_DEVICES, "creating-devices", "creating" },
    { XM_VM_CREATED, "created", "creating" },
    { XM_VM_RUNNING, "running", "running" },
    { XM_VM_PAUSED, "paused", "paused" },
    { XM_VM_SUSPENDING, "suspending", "suspending" },
    { XM_VM_SUSPENDED, "suspended", "suspended" },
    { XM_VM_SHUTTING_DOWN, "shutdowning", "stopping" },
    { XM_VM_REBOOTING, "rebooting", "rebooting" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    ck_assert_str_eq (xm_vm_state_internal (cases[i].state), cases[i].internal);
    ck_assert_str_eq (xm_vm_state_public (cases[i].state), cases[i].public);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("text");
  TCase *tcase = tcase_create ("text");
  tcase_add_test (tcase, booleans);
  tcase_add_test (tcase, words_of_states);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
