/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-vcpu-list.h"

#include "xlwrap/xl-columns.h"
#include "xlwrap/xl-subcommand.h"

#include <string.h>

/* xl prints name and domid with `%-32s %5u`. */
#define NAME_WIDTH  32
#define DOMID_WIDTH 5

void
xl_vcpu_free (XlVcpu *vcpu)
{
  if (vcpu == NULL)
    return;
  g_free (vcpu->name);
  g_free (vcpu->hard_affinity);
  g_free (vcpu->soft_affinity);
  g_free (vcpu);
}

/* `rb-`: running and blocked or dashes; `--p` while the vcpu is offline. */
static gboolean
parse_state (const char *word, XlVcpu *vcpu)
{
  if (strlen (word) != 3 || strchr ("r-", word[0]) == NULL || strchr ("b-", word[1]) == NULL ||
      strchr ("p-", word[2]) == NULL)
    return FALSE;
  vcpu->running = word[0] == 'r';
  vcpu->blocked = word[1] == 'b';
  vcpu->online = word[2] != 'p';
  return TRUE;
}

static gboolean
parse_cpu (const char *word, XlVcpu *vcpu)
{
  guint64 cpu;

  if (!vcpu->online && strcmp (word, "-") == 0) {
    vcpu->cpu = -1;
    return TRUE;
  }
  if (!g_ascii_string_to_unsigned (word, 10, 0, G_MAXINT, &cpu, NULL))
    return FALSE;
  vcpu->cpu = (int)cpu;
  return TRUE;
}

static gpointer
parse_line (XlColumns *line, guint header)
{
  const char *soft = xl_columns_pop (line);
  const char *slash = xl_columns_pop (line);
  const char *hard = xl_columns_pop (line);
  g_autoptr (XlVcpu) vcpu = g_new0 (XlVcpu, 1);
  const char *state, *cpu;
  guint64 number;

  if (hard == NULL || strcmp (slash, "/") != 0)
    return NULL;
  if (!xl_columns_pop_seconds (line, &vcpu->cpu_seconds) ||
      (state = xl_columns_pop (line)) == NULL || !parse_state (state, vcpu) ||
      (cpu = xl_columns_pop (line)) == NULL || !parse_cpu (cpu, vcpu) ||
      !xl_columns_pop_number (line, G_MAXINT, &number) ||
      !xl_columns_pop_domid (line, &vcpu->domid))
    return NULL;

  vcpu->vcpu = (guint)number;
  vcpu->hard_affinity = g_utf8_make_valid (hard, -1);
  vcpu->soft_affinity = g_utf8_make_valid (soft, -1);
  vcpu->name = xl_columns_take_name (line, NAME_WIDTH, DOMID_WIDTH);
  return g_steal_pointer (&vcpu);
}

GPtrArray *
xl_vcpu_list_parse (const char *text, gssize len, GError **error)
{
  static const char *const headers[] = {
    "Name ID VCPU CPU State Time(s) Affinity (Hard / Soft)",
    NULL,
  };

  return xl_columns_parse_table (text, len, headers, parse_line, (GDestroyNotify)xl_vcpu_free,
                                 error);
}

void
xl_vcpu_list_async (XlRunner *runner,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  static const char *const argv[] = { "vcpu-list", NULL };

  xl_command_run_async (runner, argv, NULL, cancellable, callback, user_data);
}

GPtrArray *
xl_vcpu_list_finish (XlRunner *runner, GAsyncResult *result, GError **error)
{
  g_autoptr (XlOutput) output = xl_command_finish_output (runner, result, error);
  GPtrArray *parsed;

  if (output == NULL)
    return NULL;
  parsed = xl_vcpu_list_parse (output->out, (gssize)output->out_len, error);
  if (parsed == NULL)
    xl_command_prefix_error (result, error);
  return parsed;
}
