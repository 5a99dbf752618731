/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/mixer-text.h"

#include <string.h>

#define HEADER    "Simple mixer control '"
#define CURRENT   "current:'"
#define MAX_VALUE 128 /* bytes */

static void
control_free (gpointer data)
{
  XmMixerControl *control = data;
  g_free (control->name);
  g_free (control->value);
  g_free (control);
}

/* What is known of a control while its lines are read. */
typedef struct {
  char *name;
  gboolean plays, captures, both; /* has abilities for */
  char *percent, *state;          /* of the first channel that shows one */
  char *items, *item;             /* choices in their quotes, and the one in force */
} Parsing;

/* (transfer full) (nullable): the text between @open and @close, if @wanted likes it. */
static char *
find_bracketed (const char *line, gboolean (*wanted) (const char *text))
{
  for (const char *open = strchr (line, '['); open != NULL; open = strchr (open + 1, '[')) {
    const char *close = strchr (open, ']');
    if (close == NULL)
      return NULL;
    g_autofree char *text = g_strndup (open + 1, (gsize)(close - open - 1));
    if (wanted (text))
      return g_steal_pointer (&text);
  }
  return NULL;
}

static gboolean
is_percent (const char *text)
{
  return g_str_has_suffix (text, "%") && g_ascii_isdigit (*text);
}

static gboolean
is_state (const char *text)
{
  return g_str_equal (text, "on") || g_str_equal (text, "off");
}

/* `pvolume` and `pswitch` play, `cvolume` and `cswitch` capture, `volume` and `switch` do both. An
 * old amixer says `penum` of every control. */
static void
read_abilities (Parsing *parsing, const char *words)
{
  g_auto (GStrv) abilities = g_strsplit_set (words, " ", -1);
  for (char **ability = abilities; *ability != NULL; ability++) {
    parsing->plays |=
        g_str_has_prefix (*ability, "pvolume") || g_str_has_prefix (*ability, "pswitch");
    parsing->captures |= g_str_has_prefix (*ability, "cvolume") ||
                         g_str_has_prefix (*ability, "cswitch") || g_str_equal (*ability, "cenum");
    parsing->both |= g_str_has_prefix (*ability, "volume") || g_str_has_prefix (*ability, "switch");
  }
}

static void
read_line (Parsing *parsing, const char *line)
{
  static const char abilities[] = "Capabilities: ", items[] = "Items: ", item[] = "Item0: ";
  if (g_str_has_prefix (line, abilities)) {
    read_abilities (parsing, line + strlen (abilities));
  } else if (g_str_has_prefix (line, items)) {
    g_free (parsing->items);
    parsing->items = g_strdup (line + strlen (items));
  } else if (g_str_has_prefix (line, item)) {
    g_free (parsing->item);
    parsing->item = g_strdup (line + strlen (item));
  } else {
    if (parsing->percent == NULL)
      parsing->percent = find_bracketed (line, is_percent);
    if (parsing->state == NULL)
      parsing->state = find_bracketed (line, is_state);
  }
}

static void
finish (Parsing *parsing, GPtrArray *controls)
{
  gboolean both = parsing->both || parsing->plays == parsing->captures;
  const char *type = NULL;
  char *value = NULL;
  if (parsing->item != NULL && parsing->items != NULL) {
    type = "EN";
    value = g_strdup_printf ("current:%s %s", parsing->item, parsing->items);
  } else if (parsing->percent != NULL && parsing->state != NULL) {
    type = "VS";
    value = g_strjoin (" ", parsing->percent, parsing->state, NULL);
  } else if (parsing->percent != NULL) {
    type = "VO";
    value = g_strdup (parsing->percent);
  } else if (parsing->state != NULL) {
    type = "SW";
    value = g_strdup (parsing->state);
  }
  if (parsing->name != NULL && type != NULL) {
    XmMixerControl *control = g_new (XmMixerControl, 1);
    *control = (XmMixerControl){ g_strdup (parsing->name),
                                 both ? "D" : (parsing->plays ? "P" : "C"), type, value };
    g_ptr_array_add (controls, control);
  } else {
    g_free (value);
  }
  g_free (parsing->name);
  g_free (parsing->percent);
  g_free (parsing->state);
  g_free (parsing->items);
  g_free (parsing->item);
  *parsing = (Parsing){ 0 };
}

GPtrArray *
xm_mixer_text_parse (const char *text)
{
  GPtrArray *controls = g_ptr_array_new_with_free_func (control_free);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  Parsing parsing = { 0 };
  for (char **line = lines; *line != NULL; line++) {
    if (g_str_has_prefix (*line, HEADER)) {
      const char *name = *line + strlen (HEADER), *end = strrchr (name, '\'');
      finish (&parsing, controls);
      parsing.name = end != NULL ? g_strndup (name, (gsize)(end - name)) : g_strdup (name);
    } else {
      read_line (&parsing, g_strstrip (*line));
    }
  }
  finish (&parsing, controls);
  return controls;
}

char **
xm_mixer_text_split_value (const char *value)
{
  if (strlen (value) > MAX_VALUE || *value == '\0' || strpbrk (value, "\n\r") != NULL)
    return NULL;
  const char *first[] = { value, NULL };
  if (g_str_has_prefix (value, CURRENT)) {
    const char *choice = value + strlen (CURRENT), *end = strchr (choice, '\'');
    if (end == NULL || end == choice)
      return NULL;
    g_autofree char *word = g_strndup (choice, (gsize)(end - choice));
    first[0] = word;
    return g_strdupv ((char **)first);
  }
  g_auto (GStrv) words = g_strsplit (value, " ", 2);
  if (g_strv_length (words) == 2 && g_str_has_suffix (words[0], "%") && is_state (words[1]))
    return g_steal_pointer (&words);
  return g_strdupv ((char **)first);
}
