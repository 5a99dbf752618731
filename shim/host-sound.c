/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-sound.h"

#include <string.h>

#include "shim/error.h"
#include "shim/host-file.h"
#include "shim/text.h"

#define DEFAULT_PCM "00-00"
#define MAX_PCM     64 /* bytes */

/* -- lists ------------------------------------------------------------------------- */

/* (transfer full): the number before the dash, "" when there is none: `00-01` is of card 0. */
static char *
card_of (const char *id)
{
  const char *dash = strchr (id, '-');
  g_autofree char *digits = g_strndup (id, dash != NULL ? (gsize)(dash - id) : 0);
  guint64 card;
  if (!g_ascii_string_to_unsigned (digits, 10, 0, G_MAXINT32, &card, NULL))
    return g_strdup ("");
  return g_strdup_printf ("%d", (int)card);
}

/* Lines such as `00-00: ALC269VC Analog : ALC269VC Analog : playback 1 : capture 1`. */
static void
answer_pcms (XmService *service, const char *ability, GDBusMethodInvocation *invocation)
{
  g_autofree char *text = xm_host_file_read (service->settings, "/proc/asound/pcm");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (char **line = lines; *line != NULL; line++) {
    g_auto (GStrv) fields = g_strsplit (*line, ":", -1);
    for (char **field = fields; *field != NULL; field++)
      g_strstrip (*field);
    if (g_strv_length (fields) < 3 || !g_strv_contains ((const char *const *)fields + 2, ability))
      continue;
    g_autofree char *card = card_of (fields[0]);
    g_variant_builder_add_value (&list,
                                 XM_HOST_DICT ("card", card, "id", fields[0], "name", fields[1]));
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &list));
}

void
xm_host_list_playback_devices (gpointer service,
                               GVariant *parameters,
                               GDBusMethodInvocation *invocation)
{
  answer_pcms (service, "playback 1", invocation);
}

void
xm_host_list_capture_devices (gpointer service,
                              GVariant *parameters,
                              GDBusMethodInvocation *invocation)
{
  answer_pcms (service, "capture 1", invocation);
}

/* Lines such as ` 0 [PCH            ]: HDA-Intel - HDA Intel PCH`; another about each card follows.
 */
void
xm_host_list_sound_cards (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  static const char before_name[] = "]: ";
  XmService *service = owner;
  g_autofree char *text = xm_host_file_read (service->settings, "/proc/asound/cards");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (char **line = lines; *line != NULL; line++) {
    char *bracket = strchr (*line, '[');
    char *name = bracket != NULL ? strstr (bracket, before_name) : NULL;
    if (name == NULL)
      continue;
    *bracket = '\0';
    guint64 number;
    if (!g_ascii_string_to_unsigned (g_strstrip (*line), 10, 0, G_MAXINT32, &number, NULL))
      continue;
    name = g_strstrip (name + strlen (before_name));
    g_variant_builder_add_value (&list, XM_HOST_DICT ("id", *line, "name", name));
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &list));
}

/* -- what VMs use ------------------------------------------------------------------ */

GVariant *
xm_host_get_pcm (XmService *service, const XmHostProperty *row)
{
  return g_variant_new_string (
      xm_text_or (xm_store_read (service->store, row->detail), DEFAULT_PCM));
}

static void
on_adapted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, xm_error_from_helper (error));
  g_object_unref (task);
}

void
xm_host_set_pcm (XmService *service,
                 const XmHostProperty *row,
                 GVariant *value,
                 GDBusMethodInvocation *invocation)
{
  const char *pcm = g_variant_get_string (value, NULL);
  GError *error = NULL;
  if (strlen (pcm) > MAX_PCM || strpbrk (pcm, "\n\r") != NULL)
    xm_error_set_plain (&error, "not the name of a sound device: %.*s", MAX_PCM, pcm);
  if (error != NULL || !xm_store_write (service->store, row->detail, pcm, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  char **command = service->settings->commands[XM_COMMAND_PCM_CHANGED];
  if (command == NULL) {
    xm_service_answer_when_durable (service, invocation, NULL);
    return;
  }
  xl_runner_run_async (service->helpers, (const char *const *)command, NULL, XL_TIMEOUT_QUICK, NULL,
                       on_adapted, xm_service_task (service, invocation));
}
