/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-installer.h"

#include <string.h>

#include "shim/autostart.h"
#include "shim/error.h"
#include "shim/host-files.h"
#include "shim/read-file.h"
#include "shim/root-config-files.h"

#define LANGUAGE "en-us"
#define EULA     "/usr/share/xenclient/EULA"
#define EULA_MAX (1024 * 1024)

/* In byte order of the keys. */
static const struct {
  const char *key, *file, *done; /* done: the action that ends it */
} steps[] = {
  { "deferred-accept-eula", "/config/deferred_eula", "eula-accepted" },
  { "deferred-dom0-password", "/config/deferred_dom0_password", "dom0-password-set" },
  { "deferred-kb-layout", "/config/deferred_kb_layout", "kb-layout-set" },
  { "deferred-language", "/config/deferred_language", "language-set" },
};

gboolean
xm_host_installer_has_work (const XmService *service)
{
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++) {
    if (xm_host_files_exists (service->host_files, steps[i].file))
      return TRUE;
  }
  return FALSE;
}

/** Call: one that waits for the host's disk. */
typedef struct {
  XmService *service;
  GDBusMethodInvocation *invocation;
} Call;

static Call *
call_new (XmService *service, GDBusMethodInvocation *invocation)
{
  Call *call = g_new (Call, 1);
  *call = (Call){ service, invocation };
  return call;
}

static void
on_files_read (gpointer user_data)
{
  g_autofree Call *call = user_data;
  const XmService *service = call->service;
  g_auto (GVariantBuilder) state = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++) {
    gboolean left = !service->ending && xm_host_files_exists (service->host_files, steps[i].file);
    g_variant_builder_add (&state, "{ss}", steps[i].key, left ? "True" : "False");
  }
  g_dbus_method_invocation_return_value (call->invocation, g_variant_new ("(a{ss})", &state));
}

static void
get_installstate (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  xm_host_files_refresh (service->host_files, on_files_read, call_new (service, invocation));
}

/* -- progress ---------------------------------------------------------------------- */

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Call *call = user_data;
  GError *error = NULL;
  if (!xm_root_file_set_finish (result, &error)) {
    xm_error_return (call->invocation, error);
    return;
  }
  xm_autostart_continue (call->service->autostart);
  g_dbus_method_invocation_return_value (call->invocation, NULL);
}

static void
progress_installstate (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  const char *action;
  g_variant_get (parameters, "(&s)", &action);
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++) {
    if (!g_str_equal (steps[i].done, action))
      continue;
    xm_root_flag_set_async (service, steps[i].file, FALSE, XM_COMMAND_NONE, on_removed,
                            call_new (service, invocation));
    return;
  }
  GError *error = NULL;
  xm_error_set_plain (&error, "unexpected install-action string: %s", action);
  xm_error_return (invocation, error);
}

/* -- the licence ------------------------------------------------------------------- */

/* (transfer full) (nullable) */
static char *
read_text (const char *root, const char *path, const char *language)
{
  g_autofree char *real = g_strconcat (root, path, language != NULL ? "-" : NULL, language, NULL);
  g_autofree char *text = NULL;
  gsize len;
  if (xm_read_file (real, EULA_MAX, &text, &len) != 0)
    return NULL;
  return g_utf8_make_valid (text, (gssize)len);
}

static void
read_eula_on_thread (GTask *task, gpointer source, gpointer root, GCancellable *cancellable)
{
  g_autofree char *settings = read_text (root, XM_HOST_FILE_LANGUAGE, NULL);
  g_autofree char *language = settings != NULL ? xm_root_language_in (settings) : NULL;
  char *text = NULL;
  if (language != NULL && strchr (language, '/') == NULL)
    text = read_text (root, EULA, language);
  if (text == NULL)
    text = read_text (root, EULA, LANGUAGE);
  if (text == NULL)
    text = read_text (root, EULA, NULL);
  g_task_return_pointer (task, text != NULL ? text : g_strdup (""), g_free);
}

static void
on_eula (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *text = g_task_propagate_pointer (G_TASK (result), NULL);
  g_dbus_method_invocation_return_value (user_data, g_variant_new ("(s)", text));
}

static void
get_eula (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmService *service = owner;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_eula, invocation);
  g_task_set_task_data (task, g_strdup (service->settings->host_root), g_free);
  g_task_run_in_thread (task, read_eula_on_thread);
}

const XmMethod xm_host_installer_methods[] = {
  { "get_eula", get_eula },
  { "get_installstate", get_installstate },
  { "progress_installstate", progress_installstate },
  { NULL, NULL },
};
