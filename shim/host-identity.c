/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-identity.h"

#include <string.h>

#include "shim/host-file.h"
#include "shim/host-files.h"

#include "xenmgr-xl-config.h"

GVariant *
xm_host_get_line (XmService *service, const XmHostProperty *row)
{
  return g_variant_new_take_string (xm_host_file_line (service->settings, row->detail));
}

GVariant *
xm_host_get_exists (XmService *service, const XmHostProperty *row)
{
  return g_variant_new_boolean (xm_host_files_exists (service->host_files, row->detail));
}

GVariant *
xm_host_get_laptop (XmService *service, const XmHostProperty *row)
{
  /* Of SMBIOS's types of chassis. Convertibles and sub-notebooks never counted. */
  enum { PORTABLE = 8, LAPTOP, NOTEBOOK };
  gint64 type = xm_host_file_number (service->settings, row->detail);
  return g_variant_new_boolean (type >= PORTABLE && type <= NOTEBOOK);
}

GVariant *
xm_host_get_cpu_model (XmService *service, const XmHostProperty *row)
{
  g_autofree char *text = xm_host_file_read (service->settings, "/proc/cpuinfo");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    char *colon = strchr (*line, ':');
    if (colon == NULL)
      continue;
    *colon = '\0';
    if (g_str_equal (g_strchomp (*line), "model name"))
      return g_variant_new_string (g_strstrip (colon + 1));
  }
  return g_variant_new_string ("");
}

GVariant *
xm_host_get_safe_graphics (XmService *service, const XmHostProperty *row)
{
  g_autofree char *words = xm_host_file_read (service->settings, "/proc/cmdline");
  return g_variant_new_boolean (strstr (words, "safe-graphic") != NULL);
}

/* -- build-info -------------------------------------------------------------------- */

static const struct {
  const char *key, *in_file;
} build_keys[] = {
  { "branch", "build_branch" }, { "build", "build" },     { "build_date_time", "build_date" },
  { "edition", NULL },          { "release", "release" }, { "tools", "tools" },
  { "version", "version" },
};

/* (transfer full): the release in /etc/os-release, where values may be quoted as in a shell. */
static char *
os_release (const XmHostFiles *files)
{
  const char *text = xm_host_files_text (files, XM_HOST_FILE_RELEASE);
  g_autofree char *value = text != NULL ? xm_host_file_get_value (text, "VERSION_ID") : NULL;
  char *plain = value != NULL ? g_shell_unquote (value, NULL) : NULL;
  return plain != NULL ? plain : g_strdup ("");
}

static char *
build_value (const XmHostFiles *files, const char *file, const char *key, const char *in_file)
{
  if (in_file == NULL)
    return g_strdup (xm_host_files_flavour (files));
  if (file != NULL) {
    char *value = xm_host_file_get_value (file, in_file);
    return value != NULL ? value : g_strdup ("");
  }
  if (g_str_equal (key, "version"))
    return g_strdup (XM_VERSION);
  return g_str_equal (key, "release") ? os_release (files) : g_strdup ("");
}

GVariant *
xm_host_get_build_info (XmService *service, const XmHostProperty *row)
{
  const XmHostFiles *files = service->host_files;
  const char *file = xm_host_files_text (files, row->detail);
  g_auto (GVariantBuilder) info = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  for (gsize i = 0; i < G_N_ELEMENTS (build_keys); i++) {
    g_autofree char *value = build_value (files, file, build_keys[i].key, build_keys[i].in_file);
    g_autofree char *text = g_utf8_make_valid (value, -1);
    g_variant_builder_add (&info, "{ss}", build_keys[i].key, text);
  }
  return g_variant_builder_end (&info);
}
