/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-commands.h"

#include "xlwrap/xl-lines.h"

#include <string.h>

#define WORDS(...)         ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_WORDS           ((const char *const[]){ NULL })
#define OPTION(want, word) ((want) ? (word) : "")

/*
 * Runs `xl OPTIONS OPERANDS`, where OPTIONS begins with the subcommand and its
 * empty words are left out. An operand that begins with a dash would be taken
 * for an option wherever it stands; `--` prevents that.
 */
static void
run (XlRunner *runner,
     const char *const *options,
     const char *const *operands,
     const char *const *envp,
     GCancellable *cancellable,
     GAsyncReadyCallback callback,
     gpointer user_data)
{
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_auto (GStrv) argv = NULL;
  gboolean ambiguous = FALSE;

  for (gsize i = 0; options[i] != NULL; i++)
    if (*options[i] != '\0')
      g_strv_builder_add (words, options[i]);
  for (gsize i = 0; operands[i] != NULL; i++)
    ambiguous = ambiguous || *operands[i] == '-';
  if (ambiguous)
    g_strv_builder_add (words, "--");
  g_strv_builder_addv (words, (const char **)operands);
  argv = g_strv_builder_end (words);

  xl_command_run_async (runner, (const char *const *)argv, envp, cancellable, callback, user_data);
}

/* Runs `xl OPTIONS DOMID MORE`. */
static void
run_on (XlRunner *runner,
        const char *const *options,
        guint domid,
        const char *const *more,
        GCancellable *cancellable,
        GAsyncReadyCallback callback,
        gpointer user_data)
{
  g_autoptr (GStrvBuilder) operands = g_strv_builder_new ();
  g_autofree char *number = g_strdup_printf ("%u", domid);
  g_auto (GStrv) words = NULL;

  g_strv_builder_add (operands, number);
  g_strv_builder_addv (operands, (const char **)more);
  words = g_strv_builder_end (operands);
  run (runner, options, (const char *const *)words, NULL, cancellable, callback, user_data);
}

/* A subcommand that prints one number. */
static gboolean
finish_number (XlRunner *runner, GAsyncResult *result, int *number, GError **error)
{
  g_autoptr (XlOutput) output = xl_command_finish_output (runner, result, error);
  gint64 value;

  if (output == NULL)
    return FALSE;
  g_strstrip (output->out);
  if (!g_ascii_string_to_signed (output->out, 10, G_MININT, G_MAXINT, &value, NULL)) {
    xl_parse_error_set (error, 1, "is not a number", output->out, strlen (output->out));
    xl_command_prefix_error (result, error);
    return FALSE;
  }
  *number = (int)value;
  return TRUE;
}

void
xl_create_async (XlRunner *runner,
                 const char *config_path,
                 XlCreateFlags flags,
                 const char *const *envp,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  run (runner,
       WORDS ("create", OPTION (flags & XL_CREATE_DETACHED, "-e"),
              OPTION (flags & XL_CREATE_PAUSED, "-p")),
       WORDS (config_path), envp, cancellable, callback, user_data);
}

void
xl_create_dry_run_async (XlRunner *runner,
                         const char *config_path,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  run (runner, WORDS ("-N", "create"), WORDS (config_path), NULL, cancellable, callback, user_data);
}

void
xl_pause_async (XlRunner *runner,
                guint domid,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  run_on (runner, WORDS ("pause"), domid, NO_WORDS, cancellable, callback, user_data);
}

void
xl_unpause_async (XlRunner *runner,
                  guint domid,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  run_on (runner, WORDS ("unpause"), domid, NO_WORDS, cancellable, callback, user_data);
}

void
xl_destroy_async (XlRunner *runner,
                  guint domid,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  run_on (runner, WORDS ("destroy"), domid, NO_WORDS, cancellable, callback, user_data);
}

void
xl_shutdown_async (XlRunner *runner,
                   guint domid,
                   XlShutdownMode mode,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  run_on (runner,
          WORDS ("shutdown", OPTION (mode == XL_SHUTDOWN_ACPI_FALLBACK, "-F"),
                 OPTION (mode == XL_SHUTDOWN_PV_OR_FORCE, "-c")),
          domid, NO_WORDS, cancellable, callback, user_data);
}

void
xl_reboot_async (XlRunner *runner,
                 guint domid,
                 XlShutdownMode mode,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  run_on (runner, WORDS ("reboot", OPTION (mode == XL_SHUTDOWN_ACPI_FALLBACK, "-F")), domid,
          NO_WORDS, cancellable, callback, user_data);
}

void
xl_save_async (XlRunner *runner,
               guint domid,
               const char *file,
               const char *config_path,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  run_on (runner, WORDS ("save"), domid,
          config_path != NULL ? WORDS (file, config_path) : WORDS (file), cancellable, callback,
          user_data);
}

void
xl_restore_async (XlRunner *runner,
                  const char *config_path,
                  const char *file,
                  XlCreateFlags flags,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  run (runner,
       WORDS ("restore", OPTION (flags & XL_CREATE_DETACHED, "-e"),
              OPTION (flags & XL_CREATE_PAUSED, "-p")),
       config_path != NULL ? WORDS (config_path, file) : WORDS (file), NULL, cancellable, callback,
       user_data);
}

void
xl_trigger_async (XlRunner *runner,
                  guint domid,
                  XlTrigger trigger,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  static const char *const names[] = {
    [XL_TRIGGER_NMI] = "nmi",     [XL_TRIGGER_RESET] = "reset", [XL_TRIGGER_INIT] = "init",
    [XL_TRIGGER_POWER] = "power", [XL_TRIGGER_SLEEP] = "sleep", [XL_TRIGGER_S3RESUME] = "s3resume",
  };

  g_return_if_fail ((guint)trigger < G_N_ELEMENTS (names));

  run_on (runner, WORDS ("trigger"), domid, WORDS (names[trigger]), cancellable, callback,
          user_data);
}

void
xl_sysrq_async (XlRunner *runner,
                guint domid,
                char letter,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  const char word[] = { letter, '\0' };

  run_on (runner, WORDS ("sysrq"), domid, WORDS (word), cancellable, callback, user_data);
}

void
xl_rename_async (XlRunner *runner,
                 guint domid,
                 const char *name,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  run_on (runner, WORDS ("rename"), domid, WORDS (name), cancellable, callback, user_data);
}

void
xl_mem_set_async (XlRunner *runner,
                  guint domid,
                  guint64 memory,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  g_autofree char *target = g_strdup_printf ("%" G_GUINT64_FORMAT "m", memory);

  run_on (runner, WORDS ("mem-set"), domid, WORDS (target), cancellable, callback, user_data);
}

void
xl_qemu_monitor_command_async (XlRunner *runner,
                               guint domid,
                               const char *command,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  run_on (runner, WORDS ("qemu-monitor-command"), domid, WORDS (command), cancellable, callback,
          user_data);
}

void
xl_cd_insert_async (XlRunner *runner,
                    guint domid,
                    const char *vdev,
                    const char *path,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  run_on (runner, WORDS ("cd-insert"), domid, WORDS (vdev, path), cancellable, callback, user_data);
}

void
xl_cd_eject_async (XlRunner *runner,
                   guint domid,
                   const char *vdev,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  run_on (runner, WORDS ("cd-eject"), domid, WORDS (vdev), cancellable, callback, user_data);
}

void
xl_network_attach_async (XlRunner *runner,
                         guint domid,
                         const char *const *settings,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  run_on (runner, WORDS ("network-attach"), domid, settings, cancellable, callback, user_data);
}

void
xl_network_detach_async (XlRunner *runner,
                         guint domid,
                         guint devid,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autofree char *device = g_strdup_printf ("%u", devid);

  run_on (runner, WORDS ("network-detach"), domid, WORDS (device), cancellable, callback,
          user_data);
}

void
xl_block_attach_async (XlRunner *runner,
                       guint domid,
                       const char *spec,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  run_on (runner, WORDS ("block-attach"), domid, WORDS (spec), cancellable, callback, user_data);
}

void
xl_block_detach_async (XlRunner *runner,
                       guint domid,
                       const char *vdev,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  run_on (runner, WORDS ("block-detach"), domid, WORDS (vdev), cancellable, callback, user_data);
}

void
xl_acpi_state_async (XlRunner *runner,
                     guint domid,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  run_on (runner, WORDS ("acpi-state"), domid, NO_WORDS, cancellable, callback, user_data);
}

gboolean
xl_acpi_state_finish (XlRunner *runner, GAsyncResult *result, int *state, GError **error)
{
  return finish_number (runner, result, state, error);
}

void
xl_uuid_to_domid_async (XlRunner *runner,
                        const char *uuid,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  run (runner, WORDS ("uuid-to-domid"), WORDS (uuid), NULL, cancellable, callback, user_data);
}

gboolean
xl_uuid_to_domid_finish (XlRunner *runner, GAsyncResult *result, int *domid, GError **error)
{
  return finish_number (runner, result, domid, error);
}

void
xl_hibernate_async (XlRunner *runner,
                    guint domid,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  run_on (runner, WORDS ("hibernate"), domid, NO_WORDS, cancellable, callback, user_data);
}

void
xl_sleep_async (XlRunner *runner,
                guint domid,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  run_on (runner, WORDS ("sleep"), domid, NO_WORDS, cancellable, callback, user_data);
}
