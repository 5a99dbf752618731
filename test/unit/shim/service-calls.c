/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service-calls.h"

#include <check.h>
#include <string.h>

GVariant *
must_call (ServiceFixture *fixture,
           const char *path,
           const char *interface,
           const char *method,
           GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer =
      service_fixture_call (fixture, XENMGR, path, interface, method, parameters, &error);
  ck_assert_msg (answer != NULL, "%s: %s", method, error != NULL ? error->message : "");
  return answer;
}

void
run_call (ServiceFixture *fixture,
          const char *path,
          const char *interface,
          const char *method,
          GVariant *parameters)
{
  g_variant_unref (must_call (fixture, path, interface, method, parameters));
}

void
must_fail (ServiceFixture *fixture,
           const char *path,
           const char *interface,
           const char *method,
           GVariant *parameters,
           const char *name,
           const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (fixture, XENMGR, path, interface, method, parameters, &error);
  ck_assert_msg (answer == NULL, "%s", method);
  g_autofree char *got = g_dbus_error_get_remote_error (error);
  ck_assert_str_eq (got, name);
  g_dbus_error_strip_remote_error (error);
  ck_assert_msg (strstr (error->message, part) != NULL, "%s: %s", method, error->message);
}

char *
create_vm (ServiceFixture *fixture, const char *template, const char *json)
{
  g_autoptr (GVariant) answer = must_call (fixture, "/", XENMGR, "create_vm_with_template_and_json",
                                           g_variant_new ("(ss)", template, json));
  char *path;
  g_variant_get (answer, "(o)", &path);
  return path;
}

char *
get_text (ServiceFixture *fixture, const char *path, const char *property)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = service_fixture_get (fixture, path, VM, property, &error);
  ck_assert_msg (value != NULL, "%s: %s", property, error != NULL ? error->message : "");
  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ? g_variant_dup_string (value, NULL)
                                                             : g_variant_print (value, FALSE);
}

void
assert_property (ServiceFixture *fixture,
                 const char *path,
                 const char *property,
                 const char *expected)
{
  g_autofree char *text = get_text (fixture, path, property);
  ck_assert_msg (g_str_equal (text, expected), "%s is %s, not %s", property, text, expected);
}

guint
count_vms (ServiceFixture *fixture)
{
  g_autoptr (GVariant) answer = must_call (fixture, "/", XENMGR, "list_vms", NULL);
  g_autoptr (GVariant) paths = g_variant_get_child_value (answer, 0);
  return (guint)g_variant_n_children (paths);
}

char *
introspect (ServiceFixture *fixture, const char *destination, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (fixture, destination, path, INTROSPECTABLE, "Introspect", NULL, &error);
  ck_assert_msg (answer != NULL, "%s: %s", path, error != NULL ? error->message : "");
  char *text;
  g_variant_get (answer, "(s)", &text);
  return text;
}

GVariant *
get_all (ServiceFixture *fixture, const char *path, const char *interface)
{
  g_autoptr (GVariant) answer =
      must_call (fixture, path, PROPERTIES, "GetAll", g_variant_new ("(s)", interface));
  return g_variant_get_child_value (answer, 0);
}

void
assert_gone (ServiceFixture *fixture, const char *path)
{
  must_fail (fixture, path, PROPERTIES, "Get", g_variant_new ("(ss)", VM, "name"), UNKNOWN_METHOD,
             "");
}
