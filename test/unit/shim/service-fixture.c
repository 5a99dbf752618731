/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service-fixture.h"

#include <check.h>

#include "dummy-xl.h"
#include "peer.h"
#include "store-fixture.h"

struct _ServiceFixture {
  char *base;
  XmService *service;
  GDBusConnection *server, *client;
  guint subscription;
  GPtrArray *signals; /* of char *, not yet handed out */
  GPtrArray *given;   /* the array last handed out */
};

/* -- the connection ---------------------------------------------------------------- */

static void
on_signal (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *member,
           GVariant *parameters,
           gpointer user_data)
{
  ServiceFixture *fixture = user_data;
  if (g_str_has_prefix (interface, "org.freedesktop.DBus.")) /* the standard ones */
    return;
  g_autofree char *arguments = g_variant_print (parameters, FALSE);
  ck_assert (g_str_equal (path, "/") || g_str_equal (path, "/host"));
  g_ptr_array_add (fixture->signals, g_strjoin (" ", member, arguments, NULL));
}

/* -- the service ------------------------------------------------------------------- */

static XmSettings *
make_settings (const char *base)
{
  g_autofree char *state_dir = g_build_filename (base, "state", NULL);
  g_autofree char *run_dir = g_build_filename (base, "run", NULL);
  g_autofree char *config = g_build_filename (base, "test.conf", NULL);
  char *argv[] = { "test",
                   "--config",
                   config,
                   "--xl",
                   DUMMY_XL,
                   "--state-dir",
                   state_dir,
                   "--run-dir",
                   run_dir,
                   "--templates",
                   SOURCE_DIR "/shim/templates/default",
                   NULL };
  int argc = G_N_ELEMENTS (argv) - 1;
  char **words = argv;
  g_autoptr (GError) error = NULL;
  /* Nothing happens but what the test causes. */
  fixture_write_file (base, "test.conf",
                      "[limits]\nrefresh-interval=0\nstorage-interval=0\n"
                      "[paths]\n"
                      "stubdomain-kernel=/stubdom/kernel\nstubdomain-ramdisk=/stubdom/ramdisk\n"
                      "[networks]\n/wired/7/bridged=br7\n/any/0/comma=a,b\n");
  XmSettings *settings = xm_settings_new (&argc, &words, &error);
  ck_assert_msg (settings != NULL, "%s", error != NULL ? error->message : "");
  return settings;
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  ck_assert (xm_domains_refresh_finish (XM_DOMAINS (source), result, &error));
  *(gboolean *)user_data = TRUE;
}

static ServiceFixture *
new_on (const char *xenstored)
{
  ServiceFixture *fixture = g_new0 (ServiceFixture, 1);
  /* GLib's complaints about wrong calls are bugs: the test must not go on past them. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  fixture->base = fixture_new ();
  fixture->signals = g_ptr_array_new_with_free_func (g_free);
  dummy_xl_new (fixture->base);
  g_autofree char *nowhere = g_build_filename (fixture->base, "no-xenstored", NULL);
  g_setenv ("XENSTORED_PATH", xenstored != NULL ? xenstored : nowhere, TRUE);
  peer_connect (&fixture->server, &fixture->client);
  fixture->subscription =
      g_dbus_connection_signal_subscribe (fixture->client, NULL, NULL, NULL, NULL, NULL,
                                          G_DBUS_SIGNAL_FLAGS_NONE, on_signal, fixture, NULL);

  g_autoptr (GError) error = NULL;
  fixture->service = xm_service_new (make_settings (fixture->base), &error);
  ck_assert_msg (fixture->service != NULL, "%s", error != NULL ? error->message : "");
  gboolean refreshed = FALSE;
  xm_domains_refresh_async (fixture->service->domains, NULL, on_refreshed, &refreshed);
  while (!refreshed)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_msg (xm_service_export (fixture->service, fixture->server, &error), "%s",
                 error != NULL ? error->message : "");
  return fixture;
}

ServiceFixture *
service_fixture_new (void)
{
  return new_on (NULL);
}

ServiceFixture *
service_fixture_new_with_xenstored (void)
{
  return new_on (g_getenv ("XENSTORED_PATH"));
}

void
service_fixture_free (ServiceFixture *fixture)
{
  g_dbus_connection_signal_unsubscribe (fixture->client, fixture->subscription);
  xm_service_free (fixture->service);
  g_dbus_connection_close_sync (fixture->client, NULL, NULL);
  g_dbus_connection_close_sync (fixture->server, NULL, NULL);
  g_object_unref (fixture->client);
  g_object_unref (fixture->server);
  g_ptr_array_unref (fixture->signals);
  g_clear_pointer (&fixture->given, g_ptr_array_unref);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  fixture_free (fixture->base);
  g_free (fixture);
}

XmService *
service_fixture_service (ServiceFixture *fixture)
{
  return fixture->service;
}

void
service_fixture_set_host_root (ServiceFixture *fixture, const char *root)
{
  XmSettings *settings = fixture->service->settings;
  g_free (settings->host_root);
  settings->host_root = g_strdup (root);
}

GDBusConnection *
service_fixture_client (ServiceFixture *fixture)
{
  return fixture->client;
}

XmVm *
service_fixture_add_vm (ServiceFixture *fixture, const char *uuid, const char *json)
{
  g_autofree char *path = g_strconcat ("/vm/", uuid, NULL);
  g_autoptr (GError) error = NULL;
  ck_assert_msg (xm_store_inject (fixture->service->store, path, json, &error), "%s",
                 error != NULL ? error->message : "");
  XmVm *vm = xm_vm_lookup (fixture->service, uuid);
  ck_assert_ptr_nonnull (vm);
  return vm;
}

/* -- calls ------------------------------------------------------------------------- */

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

GVariant *
service_fixture_call (ServiceFixture *fixture,
                      const char *destination,
                      const char *path,
                      const char *interface,
                      const char *method,
                      GVariant *parameters,
                      GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;
  g_dbus_connection_call (fixture->client, destination, path, interface, method, parameters, NULL,
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_answered, &answer);
  while (answer == NULL)
    g_main_context_iteration (NULL, TRUE);
  return g_dbus_connection_call_finish (fixture->client, answer, error);
}

#define PROPERTIES "org.freedesktop.DBus.Properties"

GVariant *
service_fixture_get (ServiceFixture *fixture,
                     const char *path,
                     const char *interface,
                     const char *property,
                     GError **error)
{
  g_autoptr (GVariant) answer = service_fixture_call (
      fixture, XENMGR, path, PROPERTIES, "Get", g_variant_new ("(ss)", interface, property), error);
  GVariant *value = NULL;
  if (answer != NULL)
    g_variant_get (answer, "(v)", &value);
  return value;
}

gboolean
service_fixture_set (ServiceFixture *fixture,
                     const char *path,
                     const char *interface,
                     const char *property,
                     GVariant *value,
                     GError **error)
{
  g_autoptr (GVariant) answer =
      service_fixture_call (fixture, XENMGR, path, PROPERTIES, "Set",
                            g_variant_new ("(ssv)", interface, property, value), error);
  return answer != NULL;
}

/* -- signals ----------------------------------------------------------------------- */

GPtrArray *
service_fixture_signals (ServiceFixture *fixture)
{
  g_clear_pointer (&fixture->given, g_ptr_array_unref);
  fixture->given = fixture->signals;
  fixture->signals = g_ptr_array_new_with_free_func (g_free);
  return fixture->given;
}

void
service_fixture_wait_signal (ServiceFixture *fixture, const char *member)
{
  g_autofree char *prefix = g_strconcat (member, " ", NULL);
  for (guint seen = 0;; g_main_context_iteration (NULL, TRUE)) {
    for (; seen < fixture->signals->len; seen++) {
      if (g_str_has_prefix (fixture->signals->pdata[seen], prefix))
        return;
    }
  }
}
