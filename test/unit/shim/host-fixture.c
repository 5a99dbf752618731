/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-fixture.h"

#include <check.h>
#include <unistd.h>

#include "store-fixture.h"

Host
host_fixture_new (void)
{
  Host host = { .fixture = service_fixture_new (), .root = fake_host_new () };
  host.service = service_fixture_service (host.fixture);
  service_fixture_set_host_root (host.fixture, host.root);
  return host;
}

void
host_fixture_free (Host *host)
{
  service_fixture_free (host->fixture);
  fake_host_free (host->root);
}

void
has (const Host *host, const char *file, const char *text)
{
  fixture_write_file (host->root, file, text);
}

void
has_link (const Host *host, const char *file, const char *target)
{
  g_autofree char *path = g_build_filename (host->root, file, NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  ck_assert_int_eq (g_mkdir_with_parents (directory, 0755), 0);
  ck_assert_int_eq (symlink (target, path), 0);
}

static char *
print_answer (GVariant *answer, GError *error)
{
  if (answer != NULL)
    return g_variant_print (answer, FALSE);
  g_dbus_error_strip_remote_error (error);
  return g_strdup (error->message);
}

void
reads (const Host *host, const char *property, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = service_fixture_get (host->fixture, "/host", HOST, property, &error);
  g_autofree char *text = print_answer (value, error);
  ck_assert_msg (g_str_equal (text, expected), "%s: %s, not %s", property, text, expected);
}

void
sets (const Host *host, const char *property, GVariant *value, const char *expected)
{
  g_autoptr (GError) error = NULL;
  gboolean done = service_fixture_set (host->fixture, "/host", HOST, property, value, &error);
  g_autofree char *text = done ? g_strdup ("") : print_answer (NULL, error);
  ck_assert_msg (g_str_equal (text, expected), "%s: %s, not %s", property, text, expected);
}

void
answers (const Host *host, const char *method, GVariant *parameters, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (host->fixture, XENMGR, "/host", HOST, method, parameters, &error);
  g_autofree char *text = print_answer (answer, error);
  ck_assert_msg (g_str_equal (text, expected), "%s: %s, not %s", method, text, expected);
}
