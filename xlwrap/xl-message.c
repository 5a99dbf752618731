/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-message.h"

#include <stdio.h>
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

static gboolean
is_harmless (const char *line)
{
  unsigned int domid;
  int end = 0;

  if (line[strspn (line, " \t\r")] == '\0')
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (harmless); i++)
    if (g_str_has_prefix (line, harmless[i]))
      return TRUE;
  /* `xl shutdown -w` tells the end of what it waits for. */
  return sscanf (line, "Domain %u has been %n", &domid, &end) == 1 && end > 0;
}

/* Skips `libxl_x.c:12:function: ` and `Domain 3:` after "libxl: error: ". */
static const char *
skip_origin (const char *line)
{
  const char *text = line;

  if (g_str_has_prefix (line, "xc: error: "))
    return line + strlen ("xc: error: ");
  if (!g_str_has_prefix (line, "libxl: error: "))
    return line;
  text += strlen ("libxl: error: ");

  const char *place = strstr (text, ": ");
  if (place != NULL && strcspn (text, " ") > (gsize)(place - text))
    text = place + 2;

  if (g_str_has_prefix (text, "Domain ")) {
    const char *number = text + strlen ("Domain ");
    gsize digits = strspn (number, "0123456789");

    if (digits > 0 && number[digits] == ':')
      text = number + digits + 1;
  }
  return *text != '\0' ? text : line;
}

char *
xl_message_first_error (const char *text)
{
  if (text == NULL)
    return NULL;

  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++)
    if (!is_harmless (lines[i]))
      return g_strstrip (g_utf8_make_valid (skip_origin (lines[i]), -1));
  return NULL;
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
