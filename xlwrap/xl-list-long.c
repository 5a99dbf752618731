/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-list-long.h"

#include "xlwrap/xl-lines.h"
#include "xlwrap/xl-message.h"
#include "xlwrap/xl-subcommand.h"

#include <string.h>

void
xl_domain_config_free (XlDomainConfig *config)
{
  if (config == NULL)
    return;
  g_free (config->name);
  g_free (config->uuid);
  json_decref (config->config);
  g_free (config);
}

/* ------------------------------------------------ finding the elements */

typedef struct {
  const char *next;
  const char *end;
  gsize line;
} Cursor;

static void
skip_blanks (Cursor *cursor)
{
  for (; cursor->next < cursor->end && strchr (" \t\r\n", *cursor->next) != NULL; cursor->next++) {
    /* strchr() finds the terminator as well. */
    if (*cursor->next == '\0')
      return;
    cursor->line += *cursor->next == '\n';
  }
}

/* Whether @wanted comes next; if so, goes past it. */
static gboolean
take (Cursor *cursor, char wanted)
{
  skip_blanks (cursor);
  if (cursor->next == cursor->end || *cursor->next != wanted)
    return FALSE;
  cursor->next++;
  return TRUE;
}

/*
 * Goes to the comma or bracket behind the element that begins here. Only
 * strings and brackets are looked at: whether the element is JSON is for
 * jansson to say.
 */
static gboolean
skip_element (Cursor *cursor)
{
  gsize depth = 0;
  gboolean in_string = FALSE;

  for (; cursor->next < cursor->end; cursor->next++) {
    char c = *cursor->next;

    cursor->line += c == '\n';
    if (in_string) {
      if (c == '"')
        in_string = FALSE;
      else if (c == '\\' && cursor->next + 1 < cursor->end)
        cursor->next++;
    } else if (c == '"') {
      in_string = TRUE;
    } else if (c == '{' || c == '[') {
      depth++;
    } else if (depth == 0 && (c == ',' || c == ']')) {
      return TRUE;
    } else if ((c == '}' || c == ']') && depth > 0) {
      depth--;
    }
  }
  return FALSE;
}

/* ----------------------------------------------------- reading an element */

static json_t *
load (const char *text, gsize len, json_error_t *problem)
{
  json_t *element = json_loadb (text, len, 0, problem);

  /* jansson refuses integers that int64 cannot hold, and escaped NULs. */
  if (element == NULL)
    element = json_loadb (text, len, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
  return element;
}

static const char *
get_string (json_t *object, const char *key)
{
  return json_string_value (json_object_get (object, key));
}

static XlDomainConfig *
parse_element (json_t *element, const char **problem)
{
  json_t *domid = json_object_get (element, "domid");
  json_t *config = json_object_get (element, "config");
  double number = json_number_value (domid);

  if (!json_is_number (domid) || number < 0 || number > G_MAXINT || number != (int)number) {
    *problem = "it has no valid domid";
    return NULL;
  }
  if (!json_is_object (config)) {
    *problem = "its config is not an object";
    return NULL;
  }

  json_t *c_info = json_object_get (config, "c_info");
  const char *uuid = get_string (c_info, "uuid");
  XlDomainConfig *parsed = g_new0 (XlDomainConfig, 1);

  parsed->domid = (guint)number;
  parsed->name = g_strdup (get_string (c_info, "name"));
  if (uuid != NULL && g_uuid_string_is_valid (uuid))
    parsed->uuid = g_ascii_strdown (uuid, -1);
  parsed->config = json_incref (config);
  return parsed;
}

static XlDomainConfig *
read_element (const char *text, gsize len, gsize line, GPtrArray *problems)
{
  json_error_t error;
  json_t *element = load (text, len, &error);
  const char *problem = error.text;
  XlDomainConfig *parsed = NULL;

  if (element != NULL)
    parsed = parse_element (element, &problem);
  if (parsed == NULL) {
    g_autofree char *why = g_utf8_make_valid (problem, -1);

    g_ptr_array_add (problems,
                     g_strdup_printf ("element at line %" G_GSIZE_FORMAT ": %s", line, why));
  }
  json_decref (element);
  return parsed;
}

static GPtrArray *
parse_array (Cursor *cursor, GPtrArray *problems)
{
  g_autoptr (GPtrArray) domains =
      g_ptr_array_new_with_free_func ((GDestroyNotify)xl_domain_config_free);

  if (!take (cursor, '['))
    return NULL;
  if (!take (cursor, ']')) {
    do {
      skip_blanks (cursor);

      const char *start = cursor->next;
      gsize line = cursor->line;
      XlDomainConfig *domain;

      if (!skip_element (cursor))
        return NULL;
      domain = read_element (start, cursor->next - start, line, problems);
      if (domain != NULL)
        g_ptr_array_add (domains, domain);
    } while (take (cursor, ','));
    if (!take (cursor, ']'))
      return NULL;
  }
  skip_blanks (cursor);
  return cursor->next == cursor->end ? g_steal_pointer (&domains) : NULL;
}

GPtrArray *
xl_list_long_parse (const char *text, gssize len, GPtrArray **problems, GError **error)
{
  g_autofree char *valid = NULL;
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  gsize size = len >= 0 ? (gsize)len : strlen (text);
  GPtrArray *domains;

  if (!g_utf8_validate_len (text, size, NULL)) {
    text = valid = g_utf8_make_valid (text, size);
    size = strlen (valid);
  }

  Cursor cursor = { .next = text, .end = text + size, .line = 1 };
  domains = parse_array (&cursor, found);
  if (domains == NULL) {
    const char *what = "is not what belongs into the array of domains";

    if (cursor.next == cursor.end)
      what = "ends before the array of domains does";
    xl_parse_error_set (error, cursor.line, what, cursor.next, cursor.end - cursor.next);
    return NULL;
  }
  if (problems != NULL)
    *problems = g_steal_pointer (&found);
  return domains;
}

void
xl_list_long_async (XlRunner *runner,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  static const char *const argv[] = { "list", "-l", NULL };

  xl_command_run_async (runner, argv, NULL, cancellable, callback, user_data);
}

GPtrArray *
xl_list_long_finish (XlRunner *runner, GAsyncResult *result, GPtrArray **problems, GError **error)
{
  g_autoptr (XlOutput) output = xl_command_finish_output (runner, result, error);
  g_autoptr (GPtrArray) found = NULL;
  GPtrArray *domains;

  if (output == NULL)
    return NULL;
  domains = xl_list_long_parse (output->out, (gssize)output->out_len, &found, error);
  if (domains == NULL) {
    xl_command_prefix_error (result, error);
    return NULL;
  }

  g_auto (GStrv) said = xl_message_find_errors (output->err);
  for (gsize i = 0; said[i] != NULL; i++)
    g_ptr_array_add (found, g_strdup (said[i]));
  if (problems != NULL)
    *problems = g_steal_pointer (&found);
  return domains;
}
