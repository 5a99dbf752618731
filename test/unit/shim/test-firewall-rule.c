/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of Argo firewall rules, and the methods that keep rules. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "service-fixture.h"
#include "shim/error.h"
#include "shim/firewall-rule.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"

/* -- the text ---------------------------------------------------------------------- */

START_TEST (rules_and_their_one_form)
{
  static const char *const cases[][2] = {
    { "* -> *", "* -> *" },
    { "*:*->*:*", "* -> *" },
    { " \tmyself \t->\t 0 ", "myself -> 0" },
    { "my-stubdom -> 0:4001", "my-stubdom -> 0:4001" },
    { "MySelf-If-Seamless:80 -> Seamless", "myself-if-seamless:80 -> seamless" },
    { "dom-type=svm:0 -> dom-name=VM1:4294967295", "dom-type=svm:0 -> dom-name=vm1:4294967295" },
    { "dom-name=0:0080->dom-type=ndvm", "dom-name=0:80 -> dom-type=ndvm" },
    { UUID ":1 -> myself", UUID ":1 -> myself" },
    { "8A3C -> 00", "8a3c -> 00" },
    { "ab--> 0", "ab- -> 0" },
    { "- -> --", "- -> --" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *once = xm_firewall_rule_canonical (cases[i][0], &error);
    ck_assert_msg (once != NULL, "%s", cases[i][0]);
    ck_assert_str_eq (once, cases[i][1]);
    g_autofree char *twice = xm_firewall_rule_canonical (once, &error);
    ck_assert_str_eq (twice, once);
  }
}
END_TEST

START_TEST (what_is_no_rule)
{
  static const char *const cases[] = {
    "",
    "->",
    "0",
    "0 ->",
    "-> 0",
    "0 - > 0",
    "0 => 0",
    "0 -> 0 -> 0",
    "0 0 -> 0",
    "0 : 1 -> 0",
    "0: -> 0",
    "0:1:2 -> 0",
    "0:-1 -> 0",
    "0:+1 -> 0",
    "0:0x10 -> 0",
    "0:4294967296 -> 0",
    "0:99999999999999999999 -> 0",
    "0:** -> 0",
    "0 -> 0\n",
    "\n0 -> 0",
    "0 ->\v0",
    "** -> 0",
    "myselfish -> 0",
    "my-stubdoms -> 0",
    "seam -> 0",
    "dom-type= -> 0",
    "dom-type -> 0",
    "dom-name=a b -> 0",
    "dom-name=a-b -> 0",
    "dom-name=a_b -> 0",
    "dom-name=\xc3\xa4 -> 0",
    "dom-id=1 -> 0",
    "8g -> 0",
    "{8a} -> 0",
    ":1 -> 0",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    ck_assert_msg (xm_firewall_rule_parse (cases[i], &error) == NULL, "%s", cases[i]);
    ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_RULE));
    ck_assert_str_eq (error->message, "237:Rule parse error");
  }
  g_autofree char *digits = g_strnfill (XM_FIREWALL_RULE_MAX - strlen (" -> 0"), 'a');
  g_autofree char *longest = g_strconcat (digits, " -> 0", NULL);
  g_autofree char *longer = g_strconcat (" ", longest, NULL);
  g_autofree char *canonical = xm_firewall_rule_canonical (longest, NULL);
  ck_assert_str_eq (canonical, longest);
  ck_assert_ptr_null (xm_firewall_rule_canonical (longer, NULL));
}
END_TEST

static XmFirewallEnd
random_end (GRand *rand)
{
  XmFirewallEnd end = { (XmFirewallSort)g_rand_int_range (rand, XM_FIREWALL_ANY,
                                                          XM_FIREWALL_UUID + 1),
                        NULL, g_rand_boolean (rand), 0 };
  if (!end.any_port)
    end.port = g_rand_int (rand);
  if (end.sort != XM_FIREWALL_TYPE && end.sort != XM_FIREWALL_NAME && end.sort != XM_FIREWALL_UUID)
    return end;
  const char *alphabet = end.sort == XM_FIREWALL_UUID ? "0123456789abcdef-" : "abcxyz0129";
  GString *text = g_string_new (end.sort == XM_FIREWALL_UUID ? "f" : NULL); /* not "0": dom0 */
  for (gint i = g_rand_int_range (rand, 1, 40); i > 0; i--)
    g_string_append_c (text, alphabet[g_rand_int_range (rand, 0, (gint32)strlen (alphabet))]);
  end.text = g_string_free (text, FALSE);
  return end;
}

static void
assert_same_end (const XmFirewallEnd *a, const XmFirewallEnd *b)
{
  ck_assert_int_eq (a->sort, b->sort);
  ck_assert_int_eq (g_strcmp0 (a->text, b->text), 0);
  ck_assert_int_eq (a->any_port, b->any_port);
  ck_assert_uint_eq (a->port, b->port);
}

START_TEST (what_is_printed_can_be_parsed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  for (int i = 0; i < 2000; i++) {
    g_autoptr (XmFirewallRule) rule = g_new0 (XmFirewallRule, 1);
    rule->from = random_end (rand);
    rule->to = random_end (rand);
    g_autofree char *text = xm_firewall_rule_print (rule);
    g_autoptr (XmFirewallRule) again = xm_firewall_rule_parse (text, NULL);
    ck_assert_msg (again != NULL, "%s", text);
    assert_same_end (&rule->from, &again->from);
    assert_same_end (&rule->to, &again->to);
  }
}
END_TEST

START_TEST (any_bytes_end_well)
{
  static const char bytes[] = "*0afmydo-m=:> \tstub\n\xff";
  g_autoptr (GRand) rand = g_rand_new_with_seed (8);
  for (int i = 0; i < 20000; i++) {
    char text[24] = { 0 };
    for (gint n = g_rand_int_range (rand, 0, sizeof text); n > 0; n--)
      text[n - 1] = bytes[g_rand_int_range (rand, 0, sizeof bytes - 1)];
    g_autofree char *rule = xm_firewall_rule_canonical (text, NULL);
    if (rule == NULL)
      continue;
    g_autofree char *again = xm_firewall_rule_canonical (rule, NULL);
    ck_assert_str_eq (again, rule);
  }
}
END_TEST

/* -- the methods ------------------------------------------------------------------- */

static char *
call (ServiceFixture *fixture, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (fixture, XENMGR, PATH, VM, method, parameters, &error);
  if (answer != NULL)
    return g_variant_print (answer, FALSE);
  g_dbus_error_strip_remote_error (error);
  return g_strdup (error->message);
}

static void
answers (ServiceFixture *fixture, const char *method, GVariant *parameters, const char *expected)
{
  g_autofree char *answer = call (fixture, method, parameters);
  ck_assert_str_eq (answer, expected);
}

static void
assert_stored (XmVm *vm, const char *expected)
{
  g_auto (GStrv) rules = xm_vm_read_list (vm, "argo-firewall-rules");
  g_autofree char *joined = g_strjoinv ("|", rules);
  ck_assert_str_eq (joined, expected);
}

START_TEST (argo_rules)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{\"name\":\"n\"}");
  answers (fixture, "list_argo_firewall_rules", NULL, "([],)");
  answers (fixture, "add_argo_firewall_rule", g_variant_new ("(s)", "Myself->0:80"), "()");
  ck_assert_uint_ne (vm->config_changed_timer, 0);
  answers (fixture, "add_argo_firewall_rule", g_variant_new ("(s)", "0->*"), "()");
  g_clear_handle_id (&vm->config_changed_timer, g_source_remove);
  answers (fixture, "add_argo_firewall_rule", g_variant_new ("(s)", "myself:*  ->  0:0080"), "()");
  answers (fixture, "add_argo_firewall_rule", g_variant_new ("(s)", "0 -> *:*"), "()");
  answers (fixture, "delete_argo_firewall_rule", g_variant_new ("(s)", "0 -> 0"), "()");
  ck_assert_uint_eq (vm->config_changed_timer, 0); /* nothing has changed */
  assert_stored (vm, "myself -> 0:80|0 -> *");
  answers (fixture, "list_argo_firewall_rules", NULL, "(['myself -> 0:80', '0 -> *'],)");
  answers (fixture, "add_argo_firewall_rule", g_variant_new ("(s)", "0 > 0"),
           "237:Rule parse error");
  answers (fixture, "delete_argo_firewall_rule", g_variant_new ("(s)", "0 > 0"),
           "237:Rule parse error");
  answers (fixture, "delete_argo_firewall_rule", g_variant_new ("(s)", "myself->0:80"), "()");
  assert_stored (vm, "0 -> *");
}
END_TEST

/* Rules are compared as rules, however a template or an admin has written them; what is none stays
 * where it is. */
START_TEST (argo_rules_as_found)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID,
                                     "{\"argo-firewall-rules\":{\"10\":\"0->0\",\"2\":\"bad\","
                                     "\"0\":\"MYSELF->0\",\"5\":\"0 -> 0\"}}");
  answers (fixture, "list_argo_firewall_rules", NULL, "(['myself -> 0', '0 -> 0', '0 -> 0'],)");
  answers (fixture, "delete_argo_firewall_rule", g_variant_new ("(s)", "0:*->0:*"), "()");
  assert_stored (vm, "MYSELF->0|bad");
  answers (fixture, "add_argo_firewall_rule", g_variant_new ("(s)", "*->*"), "()");
  assert_stored (vm, "MYSELF->0|bad|* -> *");
}
END_TEST

START_TEST (net_rules)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{\"name\":\"n\"}");
  answers (fixture, "list_net_firewall_rules", NULL, "([],)");
  answers (fixture, "add_net_firewall_rule", g_variant_new ("(isss)", 7, "in", "1.2.3.4", "e x"),
           "()");
  answers (fixture, "add_net_firewall_rule", g_variant_new ("(isss)", -1, "out", "", ""), "()");
  ck_assert_uint_eq (vm->config_changed_timer, 0);
  ck_assert_str_eq (xm_vm_read (vm, "firewall-rule/7/remote-ip"), "1.2.3.4");
  answers (fixture, "list_net_firewall_rules", NULL,
           "([{'id': '7', 'direction': 'in', 'remote-ip': '1.2.3.4', 'extra': 'e x'}, "
           "{'id': '-1', 'direction': 'out', 'remote-ip': '', 'extra': ''}],)");
  answers (fixture, "add_net_firewall_rule", g_variant_new ("(isss)", 8, "IN", "", ""),
           "bad direction - needs to be 'in' or 'out'");
  answers (fixture, "delete_net_firewall_rule", g_variant_new ("(i)", 99), "()");
  answers (fixture, "delete_net_firewall_rule", g_variant_new ("(i)", 7), "()");
  ck_assert (!xm_store_exists (vm->service->store, "/vm/" UUID "/firewall-rule/7"));

  static const char refused[] = "202:Editing of properties is disabled by this VM's active policy";
  ck_assert (xm_vm_write (vm, "policies/modify-vm-settings", "false", NULL));
  answers (fixture, "add_net_firewall_rule", g_variant_new ("(isss)", 8, "in", "", ""), refused);
  answers (fixture, "add_net_firewall_rule", g_variant_new ("(isss)", 8, "no", "", ""), refused);
  answers (fixture, "delete_net_firewall_rule", g_variant_new ("(i)", -1), refused);
  ck_assert_str_eq (xm_vm_read (vm, "firewall-rule/-1/direction"), "out");
  /* The policy is about network rules only. */
  answers (fixture, "add_argo_firewall_rule", g_variant_new ("(s)", "0->0"), "()");
  answers (fixture, "delete_argo_firewall_rule", g_variant_new ("(s)", "0->0"), "()");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("firewall-rule");
  TCase *tcase = tcase_create ("firewall-rule");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, rules_and_their_one_form);
  tcase_add_test (tcase, what_is_no_rule);
  tcase_add_test (tcase, what_is_printed_can_be_parsed);
  tcase_add_test (tcase, any_bytes_end_well);
  tcase_add_test (tcase, argo_rules);
  tcase_add_test (tcase, argo_rules_as_found);
  tcase_add_test (tcase, net_rules);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
