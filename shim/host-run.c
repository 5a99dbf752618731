/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-run.h"

/* A program that systemd has not ended yet must not be given up. */
#define SECONDS_TO_END 10

static const char by_systemd[] = "systemd-run";

void
xm_host_run_async (XmService *service,
                   const char *const *argv,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autofree char *booted = xm_settings_host_path (service->settings, "/run/systemd/system");
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  if (g_file_test (booted, G_FILE_TEST_IS_DIR)) { /* as sd_booted(3) */
    guint limit = xl_runner_get_timeout (service->helpers, XL_TIMEOUT_BUILD);
    g_autofree char *seconds =
        limit == 0 ? g_strdup ("infinity")
                   : g_strdup_printf ("%u", limit > SECONDS_TO_END ? limit - SECONDS_TO_END : 1);
    g_autofree char *property = g_strconcat ("--property=RuntimeMaxSec=", seconds, NULL);
    g_strv_builder_add_many (builder, by_systemd, "--quiet", "--wait", "--pipe", "--collect",
                             "--setenv=LC_ALL=C", property, "--", NULL);
    cancellable = NULL;
  }
  g_strv_builder_addv (builder, (const char **)argv);
  g_auto (GStrv) words = g_strv_builder_end (builder);
  xl_runner_run_async (service->helpers, (const char *const *)words, NULL, XL_TIMEOUT_BUILD,
                       cancellable, callback, user_data);
}

/* The error is about the program. */
static void
leave_out_systemd (GError *error)
{
  const char *const *argv = error->domain == XL_ERROR ? xl_error_get_argv (error) : NULL;
  if (argv == NULL || !g_str_equal (argv[0], by_systemd))
    return;
  g_auto (GStrv) words = g_strdupv ((char **)argv);
  g_autofree char *message = g_strdup (xl_error_get_message (error));
  guint n = 0;
  while (!g_str_equal (words[n], "--"))
    n++;
  xl_error_set_command (error, (const char *const *)words + n + 1, xl_error_get_exit_status (error),
                        message);
}

XlOutput *
xm_host_run_finish (XmService *service, GAsyncResult *result, GError **error)
{
  GError *failure = NULL;
  XlOutput *output = xl_runner_run_finish (service->helpers, result, &failure);
  if (failure != NULL) {
    leave_out_systemd (failure);
    g_propagate_error (error, failure);
  }
  return output;
}
