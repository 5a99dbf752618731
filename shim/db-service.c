/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/db-service.h"

#include "shim/bus-limit.h"
#include "shim/error.h"
#include "shim/read-file.h"

/* What the bus lets pass, less room for the header. */
#define MAX_BINARY (XM_BUS_MAX_MESSAGE - 4096)

static void
committed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  GError *error = NULL;

  if (xm_store_commit_finish (XM_STORE (source), result, &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    xm_error_return (invocation, error);
}

/* Answers a change: its error at once, its success when it is on disk. */
static void
answer_change (XmStore *store, gboolean done, GError *error, GDBusMethodInvocation *invocation)
{
  if (done)
    xm_store_commit_async (store, NULL, committed, invocation);
  else
    xm_error_return (invocation, error);
}

static void
answer_text (GDBusMethodInvocation *invocation, char *text)
{
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", text));
  g_free (text);
}

static void
do_read (XmStore *store, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *path;

  g_variant_get (parameters, "(&s)", &path);
  answer_text (invocation, xm_store_read_dbd (store, path));
}

static void
do_dump (XmStore *store, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *path;

  g_variant_get (parameters, "(&s)", &path);
  answer_text (invocation, xm_store_dump (store, path));
}

static void
do_list (XmStore *store, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autofree const char **names = NULL;
  const char *path;

  g_variant_get (parameters, "(&s)", &path);
  names = xm_store_list (store, path);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(^as)", names));
}

static void
do_exists (XmStore *store, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *path;

  g_variant_get (parameters, "(&s)", &path);
  g_dbus_method_invocation_return_value (invocation,
                                         g_variant_new ("(b)", xm_store_exists (store, path)));
}

static void
do_write (XmStore *store, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *path;
  const char *value;
  GError *error = NULL;
  gboolean done;

  g_variant_get (parameters, "(&s&s)", &path, &value);
  done = xm_store_write (store, path, value, &error);
  answer_change (store, done, error, invocation);
}

static void
do_inject (XmStore *store, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *path;
  const char *value;
  GError *error = NULL;
  gboolean done;

  g_variant_get (parameters, "(&s&s)", &path, &value);
  done = xm_store_inject (store, path, value, &error);
  answer_change (store, done, error, invocation);
}

static void
do_rm (XmStore *store, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *path;
  GError *error = NULL;
  gboolean done;

  g_variant_get (parameters, "(&s)", &path);
  done = xm_store_remove (store, path, &error);
  answer_change (store, done, error, invocation);
}

/* Binary nodes ---------------------------------------------------------------- */

static void
read_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const char *path = data;
  char *content;
  gsize len;
  int errsv = xm_read_file (path, MAX_BINARY, &content, &len);
  GError *error = NULL;

  if (errsv) {
    xm_error_set_file (&error, path, "openBinaryFile", errsv);
    g_task_return_error (task, error);
  } else {
    g_task_return_pointer (task, g_bytes_new_take (content, len), (GDestroyNotify)g_bytes_unref);
  }
}

static void
binary_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  GError *error = NULL;
  g_autoptr (GBytes) content = g_task_propagate_pointer (G_TASK (result), &error);

  if (content)
    g_dbus_method_invocation_return_value (
        invocation,
        g_variant_new ("(@ay)", g_variant_new_from_bytes (G_VARIANT_TYPE ("ay"), content, TRUE)));
  else
    xm_error_return (invocation, error);
}

static void
do_read_binary (XmStore *store, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autoptr (GTask) task = NULL;
  g_autofree char *file = NULL;
  const char *path;

  g_variant_get (parameters, "(&s)", &path);
  file = xm_store_binary_path (store, path);
  if (!file) {
    GError *error = NULL;

    xm_error_set_plain (&error, "not a binary node");
    xm_error_return (invocation, error);
    return;
  }
  task = g_task_new (store, NULL, binary_read, invocation);
  g_task_set_task_data (task, g_steal_pointer (&file), g_free);
  g_task_run_in_thread (task, read_thread);
}

static const struct {
  const char *name;
  void (*handler) (XmStore *store, GVariant *parameters, GDBusMethodInvocation *invocation);
} methods[] = {
  { "read", do_read }, { "read_binary", do_read_binary }, { "write", do_write },
  { "list", do_list }, { "exists", do_exists },           { "rm", do_rm },
  { "dump", do_dump }, { "inject", do_inject },
};

gboolean
xm_db_handle (XmStore *store,
              const char *method,
              GVariant *parameters,
              GDBusMethodInvocation *invocation)
{
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (methods[i].name, method)) {
      methods[i].handler (store, parameters, invocation);
      return TRUE;
    }
  return FALSE;
}
