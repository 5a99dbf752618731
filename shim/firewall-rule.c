/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/firewall-rule.h"

#include <string.h>

#include "shim/error.h"

#define ARROW        "->"
#define LOWER_ALNUM  "abcdefghijklmnopqrstuvwxyz0123456789"
#define HEX_AND_DASH "0123456789abcdef-"

/* The first row that fits the whole end counts: `0` is dom0 before it is a uuid. */
static const struct {
  XmFirewallSort sort;
  const char *word;
  const char *alphabet; /* of the text behind the word; NULL: nothing is behind */
} ends[] = {
  { XM_FIREWALL_ANY, "*", NULL },
  { XM_FIREWALL_MYSELF_IF_SEAMLESS, "myself-if-seamless", NULL },
  { XM_FIREWALL_MY_STUBDOM, "my-stubdom", NULL },
  { XM_FIREWALL_MYSELF, "myself", NULL },
  { XM_FIREWALL_SEAMLESS, "seamless", NULL },
  { XM_FIREWALL_TYPE, "dom-type=", LOWER_ALNUM },
  { XM_FIREWALL_NAME, "dom-name=", LOWER_ALNUM },
  { XM_FIREWALL_DOM0, "0", NULL },
  { XM_FIREWALL_UUID, "", HEX_AND_DASH },
};

/* -- parsing ----------------------------------------------------------------------- */

static gboolean
fits (const char *text, const char *alphabet)
{
  if (alphabet == NULL)
    return *text == '\0';
  return *text != '\0' && text[strspn (text, alphabet)] == '\0';
}

static gboolean
parse_end (const char *text, XmFirewallEnd *end)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++) {
    gsize len = strlen (ends[i].word);
    if (strncmp (text, ends[i].word, len) != 0 || !fits (text + len, ends[i].alphabet))
      continue;
    end->sort = ends[i].sort;
    end->text = ends[i].alphabet != NULL ? g_strdup (text + len) : NULL;
    return TRUE;
  }
  return FALSE;
}

static gboolean
parse_port (const char *text, XmFirewallEnd *end)
{
  guint64 port = 0;
  end->any_port = g_str_equal (text, "*");
  if (!end->any_port && (!g_ascii_isdigit (*text) ||
                         !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, &port, NULL)))
    return FALSE;
  end->port = (guint32)port;
  return TRUE;
}

/* @text: changed */
static gboolean
parse_side (char *text, XmFirewallEnd *end)
{
  char *colon = strchr (text, ':');
  if (colon != NULL)
    *colon++ = '\0';
  return parse_end (text, end) && parse_port (colon != NULL ? colon : "*", end);
}

static char *
strip (char *text)
{
  static const char blanks[] = " \t";
  text += strspn (text, blanks);
  gsize len = strlen (text);
  while (len > 0 && strchr (blanks, text[len - 1]) != NULL)
    len--;
  text[len] = '\0';
  return text;
}

XmFirewallRule *
xm_firewall_rule_parse (const char *text, GError **error)
{
  g_autoptr (XmFirewallRule) rule = g_new0 (XmFirewallRule, 1);
  g_autofree char *lower = NULL;
  if (strlen (text) <= XM_FIREWALL_RULE_MAX) {
    lower = g_ascii_strdown (text, -1);
    char *arrow = strstr (lower, ARROW);
    if (arrow != NULL) {
      *arrow = '\0';
      if (parse_side (strip (lower), &rule->from) &&
          parse_side (strip (arrow + strlen (ARROW)), &rule->to))
        return g_steal_pointer (&rule);
    }
  }
  xm_error_set (error, XM_ERROR_RULE);
  return NULL;
}

void
xm_firewall_rule_free (XmFirewallRule *rule)
{
  g_free (rule->from.text);
  g_free (rule->to.text);
  g_free (rule);
}

/* -- printing ---------------------------------------------------------------------- */

static void
print_end (GString *out, const XmFirewallEnd *end)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++) {
    if (ends[i].sort == end->sort)
      g_string_append (out, ends[i].word);
  }
  if (end->text != NULL)
    g_string_append (out, end->text);
  if (!end->any_port)
    g_string_append_printf (out, ":%" G_GUINT32_FORMAT, end->port);
}

char *
xm_firewall_rule_print (const XmFirewallRule *rule)
{
  GString *out = g_string_new (NULL);
  print_end (out, &rule->from);
  g_string_append (out, " " ARROW " ");
  print_end (out, &rule->to);
  return g_string_free (out, FALSE);
}

char *
xm_firewall_rule_canonical (const char *text, GError **error)
{
  g_autoptr (XmFirewallRule) rule = xm_firewall_rule_parse (text, error);
  return rule != NULL ? xm_firewall_rule_print (rule) : NULL;
}
