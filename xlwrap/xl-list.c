/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-list.h"

#include "xlwrap/xl-columns.h"
#include "xlwrap/xl-subcommand.h"

#include <string.h>

/* xl prints a name with `%-40s`. */
#define NAME_WIDTH 40
/* and a domid with `%5d`. */
#define DOMID_WIDTH 5

#define HEADER         "Name ID Mem VCPUs State Time(s)"
#define HEADER_VERBOSE HEADER " UUID Reason-Code Security Label"

/* The letter after `s` in the state column, by reason code; `?` for others. */
static const char reason_letters[] = "-rscw";

XlDomain *
xl_domain_copy (const XlDomain *domain)
{
  XlDomain *copy = g_memdup2 (domain, sizeof *domain);

  copy->name = g_strdup (domain->name);
  copy->uuid = g_strdup (domain->uuid);
  copy->label = g_strdup (domain->label);
  return copy;
}

void
xl_domain_free (XlDomain *domain)
{
  if (domain == NULL)
    return;
  g_free (domain->name);
  g_free (domain->uuid);
  g_free (domain->label);
  g_free (domain);
}

static gboolean
parse_state (const char *word, XlDomain *domain)
{
  static const struct {
    gsize column;
    char letter;
    XlDomainState state;
  } flags[] = {
    { 0, 'r', XL_DOMAIN_RUNNING },  { 1, 'b', XL_DOMAIN_BLOCKED }, { 2, 'p', XL_DOMAIN_PAUSED },
    { 3, 's', XL_DOMAIN_SHUTDOWN }, { 5, 'd', XL_DOMAIN_DYING },
  };

  if (strlen (word) != 6)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++) {
    char letter = word[flags[i].column];

    if (letter == flags[i].letter)
      domain->state |= flags[i].state;
    else if (letter != '-')
      return FALSE;
  }

  const char *reason = strchr (reason_letters, word[4]);

  if ((domain->state & XL_DOMAIN_SHUTDOWN) == 0)
    domain->shutdown_reason = XL_SHUTDOWN_REASON_NONE;
  else if (reason != NULL)
    domain->shutdown_reason = (int)(reason - reason_letters);
  else
    domain->shutdown_reason = XL_SHUTDOWN_REASON_UNKNOWN;
  return reason != NULL || word[4] == '?';
}

/* The reason code in hexadecimal; all ones when libxl cannot tell. */
static gboolean
parse_reason (const char *word, XlDomain *domain)
{
  guint64 code;

  if (strcmp (word, "-") == 0)
    return TRUE;
  if (!g_ascii_string_to_unsigned (word, 16, 0, G_MAXUINT32, &code, NULL))
    return FALSE;
  domain->shutdown_reason = code <= G_MAXINT ? (int)code : XL_SHUTDOWN_REASON_UNKNOWN;
  return TRUE;
}

static gpointer
parse_line (XlColumns *line, guint header)
{
  gboolean verbose = header == 1;
  const char *label = verbose ? xl_columns_pop (line) : NULL;
  const char *reason = verbose ? xl_columns_pop (line) : NULL;
  const char *uuid = verbose ? xl_columns_pop (line) : NULL;
  const char *state;
  guint64 vcpus;
  g_autoptr (XlDomain) domain = g_new0 (XlDomain, 1);

  if (verbose && (uuid == NULL || !g_uuid_string_is_valid (uuid)))
    return NULL;
  if (!xl_columns_pop_seconds (line, &domain->cpu_seconds) ||
      (state = xl_columns_pop (line)) == NULL || !parse_state (state, domain) ||
      (verbose && !parse_reason (reason, domain)) ||
      !xl_columns_pop_number (line, G_MAXINT, &vcpus) ||
      !xl_columns_pop_number (line, G_MAXUINT64, &domain->memory) ||
      !xl_columns_pop_domid (line, &domain->domid))
    return NULL;

  domain->vcpus = vcpus;
  domain->name = xl_columns_take_name (line, NAME_WIDTH, DOMID_WIDTH);
  if (verbose) {
    domain->uuid = g_ascii_strdown (uuid, -1);
    domain->label = strcmp (label, "-") != 0 ? g_utf8_make_valid (label, -1) : NULL;
  }
  return g_steal_pointer (&domain);
}

GPtrArray *
xl_list_parse (const char *text, gssize len, GError **error)
{
  static const char *const headers[] = { HEADER, HEADER_VERBOSE, NULL };

  return xl_columns_parse_table (text, len, headers, parse_line, (GDestroyNotify)xl_domain_free,
                                 error);
}

void
xl_list_async (XlRunner *runner,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  static const char *const argv[] = { "list", "-v", NULL };

  xl_command_run_async (runner, argv, NULL, cancellable, callback, user_data);
}

GPtrArray *
xl_list_finish (XlRunner *runner, GAsyncResult *result, GError **error)
{
  g_autoptr (XlOutput) output = xl_command_finish_output (runner, result, error);
  GPtrArray *domains;

  if (output == NULL)
    return NULL;
  domains = xl_list_parse (output->out, (gssize)output->out_len, error);
  if (domains == NULL)
    xl_command_prefix_error (result, error);
  return domains;
}
