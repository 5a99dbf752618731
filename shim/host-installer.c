/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-installer.h"

#include <string.h>

#include "shim/autostart.h"
#include "shim/error.h"
#include "shim/read-file.h"
#include "shim/root-config-files.h"

#define LANGUAGE_FILE "/config/language.conf"
#define LANGUAGE      "en-us"
#define EULA          "/usr/share/xenclient/EULA"
#define EULA_MAX      (1024 * 1024)

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
    if (xm_root_flag_exists (service, steps[i].file))
      return TRUE;
  }
  return FALSE;
}

static void
get_installstate (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_auto (GVariantBuilder) state = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    g_variant_builder_add (&state, "{ss}", steps[i].key,
                           xm_root_flag_exists (owner, steps[i].file) ? "True" : "False");
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(a{ss})", &state));
}

/* -- progress ---------------------------------------------------------------------- */

typedef struct {
  XmService *service;
  GDBusMethodInvocation *invocation;
} Progress;

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Progress *progress = user_data;
  GError *error = NULL;
  if (!xm_root_file_set_finish (result, &error)) {
    xm_error_return (progress->invocation, error);
    return;
  }
  if (!xm_host_installer_has_work (progress->service))
    xm_autostart_continue (progress->service->autostart);
  g_dbus_method_invocation_return_value (progress->invocation, NULL);
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
    Progress *progress = g_new (Progress, 1);
    *progress = (Progress){ service, invocation };
    xm_root_flag_set_async (service, steps[i].file, FALSE, XM_COMMAND_NONE, on_removed, progress);
    return;
  }
  GError *error = NULL;
  xm_error_set_plain (&error, "unexpected install-action string: %s", action);
  xm_error_return (invocation, error);
}

/* -- the licence ------------------------------------------------------------------- */

/* (transfer full) (nullable) */
static char *
read_eula (const XmService *service, const char *language)
{
  g_autofree char *place =
      language != NULL ? g_strconcat (EULA "-", language, NULL) : g_strdup (EULA);
  g_autofree char *path = xm_settings_host_path (service->settings, place);
  g_autofree char *text = NULL;
  gsize len;
  if (xm_read_file (path, EULA_MAX, &text, &len) != 0)
    return NULL;
  return g_utf8_make_valid (text, (gssize)len);
}

static void
get_eula (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autofree char *language = xm_root_language_read (owner, LANGUAGE_FILE);
  g_autofree char *text = NULL;
  if (language != NULL && strchr (language, '/') == NULL)
    text = read_eula (owner, language);
  if (text == NULL)
    text = read_eula (owner, LANGUAGE);
  if (text == NULL)
    text = read_eula (owner, NULL);
  g_dbus_method_invocation_return_value (invocation,
                                         g_variant_new ("(s)", text != NULL ? text : ""));
}

const XmMethod xm_host_installer_methods[] = {
  { "get_eula", get_eula },
  { "get_installstate", get_installstate },
  { "progress_installstate", progress_installstate },
  { NULL, NULL },
};
