/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-message.h"

#include <string.h>

/* Longest text of a command in a message, in bytes. */
#define COMMAND_MAX 400

/* Beginnings of lines that xl 4.17 and its libraries print when all is well. */
static const char *const harmless[] = {
  "Parsing config from ",
  "Loading new save file ",
  " Savefile contains ",
  "Saving to ",
  "Shutting down domain ",
  "Rebooting domain ",
  "Waiting for ",
  "setting dom",
  "WARNING: ",
  "libxl: warning: ",
  "libxl: notice: ",
  "libxl: info: ",
  "libxl: verbose: ",
  "libxl: detail: ",
  "libxl: progress: ",
  "libxl: debug: ",
  "xc: warning: ",
  "xc: notice: ",
  "xc: info: ",
  "xc: verbose: ",
  "xc: detail: ",
  "xc: progress: ",
  "xc: debug: ",
  "xencall:buffer: debug: ",
};

/* `Domain 3 has been shut down, ...`: `xl shutdown -w` tells the end of what it waits for. */
static gboolean
is_end_of_domain (const char *line)
{
  const char *number = line + strlen ("Domain ");

  return g_str_has_prefix (line, "Domain ") &&
         g_str_has_prefix (number + strspn (number, G_CSET_DIGITS), " has been ");
}

static gboolean
is_harmless (const char *line)
{
  if (line[strspn (line, " \t\r")] == '\0')
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (harmless); i++)
    if (g_str_has_prefix (line, harmless[i]))
      return TRUE;
  return is_end_of_domain (line);
}

/* Skips `libxl: error: libxl_x.c:12:function: `. */
static const char *
skip_place (const char *line)
{
  const char *text, *colon;

  if (g_str_has_prefix (line, "xc: error: "))
    return line + strlen ("xc: error: ");
  if (!g_str_has_prefix (line, "libxl: error: "))
    return line;
  text = line + strlen ("libxl: error: ");
  colon = strstr (text, ": ");
  if (colon != NULL && strcspn (text, " ") > (gsize)(colon - text) && colon[2] != '\0')
    return colon + 2;
  return text;
}

/* Skips `Domain 3:`. */
static const char *
skip_domain (const char *text)
{
  const char *number = text + strlen ("Domain ");
  gsize digits;

  if (!g_str_has_prefix (text, "Domain "))
    return text;
  digits = strspn (number, G_CSET_DIGITS);
  return digits > 0 && number[digits] == ':' && number[digits + 1] != '\0' ? number + digits + 1
                                                                           : text;
}

char **
xl_message_find_errors (const char *text)
{
  g_autoptr (GStrvBuilder) errors = g_strv_builder_new ();
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++) {
    if (!is_harmless (lines[i])) {
      g_autofree char *error = g_strstrip (g_utf8_make_valid (skip_place (lines[i]), -1));

      g_strv_builder_add (errors, error);
    }
  }
  return g_strv_builder_end (errors);
}

char *
xl_message_first_error (const char *text)
{
  g_auto (GStrv) errors = xl_message_find_errors (text);

  return errors[0] != NULL ? g_strdup (skip_domain (errors[0])) : NULL;
}

char *
xl_message_format_command (const char *const *argv)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; argv[i] != NULL; i++) {
    g_autofree char *base = i == 0 ? g_path_get_basename (argv[i]) : NULL;
    const char *word = base != NULL ? base : argv[i];

    if (i > 0)
      g_string_append_c (text, ' ');
    if (*word != '\0' &&
        word[strspn (word, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "%+,-./:=@_")] == '\0') {
      g_string_append (text, word);
    } else {
      g_autofree char *quoted = g_shell_quote (word);

      g_string_append (text, quoted);
    }
    if (text->len > COMMAND_MAX) {
      g_string_truncate (text, COMMAND_MAX);
      g_string_append (text, "...");
      break;
    }
  }
  return g_strdelimit (g_utf8_make_valid (text->str, text->len), "\r\n", ' ');
}
