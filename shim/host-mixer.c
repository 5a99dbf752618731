/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-mixer.h"

#include <string.h>

#include "shim/error.h"
#include "shim/host-file.h"
#include "shim/mixer-text.h"

#define MAX_CARD    64  /* bytes */
#define MAX_CONTROL 128 /* bytes */

/* A card is a number or an identifier of ALSA's. */
static gboolean
check_card (const char *card, GError **error)
{
  gsize len = strspn (card, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_");
  if (len > 0 && len <= MAX_CARD && card[len] == '\0')
    return TRUE;
  xm_error_set_plain (error, "not a sound card: %.*s", MAX_CARD, card);
  return FALSE;
}

static gboolean
check_control (const char *control, GError **error)
{
  if (*control != '\0' && strlen (control) <= MAX_CONTROL && strpbrk (control, "\n\r") == NULL)
    return TRUE;
  xm_error_set_plain (error, "not a control of a sound card: %.*s", MAX_CONTROL, control);
  return FALSE;
}

/* (transfer full): `amixer -q -c CARD -- COMMAND WORDS...`: whatever they look like, what follows
 * the dashes is no option. */
static GPtrArray *
make_argv (const XmService *service, const char *card, const char *command, const char *control)
{
  GPtrArray *argv = g_ptr_array_new_null_terminated (0, NULL, TRUE);
  const char *const words[] = { service->settings->amixer, "-c", card, "--", command, control };
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++) {
    if (words[i] != NULL)
      g_ptr_array_add (argv, (gpointer)words[i]);
  }
  return argv;
}

static void
run (XmService *service,
     const GPtrArray *argv,
     GAsyncReadyCallback callback,
     GDBusMethodInvocation *invocation)
{
  xl_runner_run_async (service->helpers, (const char *const *)argv->pdata, NULL, XL_TIMEOUT_QUERY,
                       NULL, callback, invocation);
}

/* (transfer full) (nullable) */
static GPtrArray *
parse (GObject *source, GAsyncResult *result, GError **error)
{
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, error);
  if (output == NULL)
    return NULL;
  g_autofree char *text = g_utf8_make_valid (output->out, -1);
  return xm_mixer_text_parse (text);
}

/* -- methods ----------------------------------------------------------------------- */

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) controls = parse (source, result, &error);
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  if (controls == NULL)
    g_message ("a sound card shows no controls: %s", error->message);
  for (guint i = 0; controls != NULL && i < controls->len; i++) {
    const XmMixerControl *control = controls->pdata[i];
    g_variant_builder_add_value (&list, XM_HOST_DICT ("direction", control->direction, "name",
                                                      control->name, "type", control->type, "value",
                                                      control->value));
  }
  g_dbus_method_invocation_return_value (user_data, g_variant_new ("(aa{ss})", &list));
}

void
xm_host_list_sound_card_controls (gpointer owner,
                                  GVariant *parameters,
                                  GDBusMethodInvocation *invocation)
{
  const char *card;
  GError *error = NULL;
  g_variant_get (parameters, "(&s)", &card);
  if (!check_card (card, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  g_autoptr (GPtrArray) argv = make_argv (owner, card, "scontents", NULL);
  run (owner, argv, on_listed, invocation);
}

static void
on_got (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  g_autoptr (GPtrArray) controls = parse (source, result, &error);
  if (controls == NULL) {
    xm_error_return (user_data, xm_error_from_helper (error));
    return;
  }
  const XmMixerControl *first = controls->len > 0 ? controls->pdata[0] : NULL;
  g_dbus_method_invocation_return_value (user_data,
                                         g_variant_new ("(s)", first != NULL ? first->value : ""));
}

void
xm_host_get_sound_card_control (gpointer owner,
                                GVariant *parameters,
                                GDBusMethodInvocation *invocation)
{
  const char *card, *control;
  GError *error = NULL;
  g_variant_get (parameters, "(&s&s)", &card, &control);
  if (!check_card (card, &error) || !check_control (control, &error)) {
    xm_error_return (invocation, error);
    return;
  }
  g_autoptr (GPtrArray) argv = make_argv (owner, card, "sget", control);
  run (owner, argv, on_got, invocation);
}

static void
on_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output != NULL)
    g_dbus_method_invocation_return_value (user_data, NULL);
  else
    xm_error_return (user_data, xm_error_from_helper (error));
}

void
xm_host_set_sound_card_control (gpointer owner,
                                GVariant *parameters,
                                GDBusMethodInvocation *invocation)
{
  const char *card, *control, *value;
  GError *error = NULL;
  g_variant_get (parameters, "(&s&s&s)", &card, &control, &value);
  gboolean fine = check_card (card, &error) && check_control (control, &error);
  g_auto (GStrv) words = fine ? xm_mixer_text_split_value (value) : NULL;
  if (fine && words == NULL)
    xm_error_set_plain (&error, "not a value of a control: %.*s", MAX_CONTROL, value);
  if (words == NULL) {
    xm_error_return (invocation, error);
    return;
  }
  g_autoptr (GPtrArray) argv = make_argv (owner, card, "sset", control);
  for (char **word = words; *word != NULL; word++)
    g_ptr_array_add (argv, *word);
  run (owner, argv, on_set, invocation);
}
