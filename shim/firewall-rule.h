/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The text of an Argo firewall rule, of property `argo-firewall-rules`:
 *
 *   rule := end [":" port] "->" end [":" port]
 *   end  := "*" | "myself-if-seamless" | "my-stubdom" | "myself" | "seamless"
 *         | "dom-type=" letters and digits | "dom-name=" letters and digits
 *         | "0" | hexadecimal digits and dashes
 *   port := "*" | a number up to 2^32 - 1
 *
 * The case of letters does not count, nor do blanks and tabs around the arrow
 * and at both ends.
 */

typedef enum {
  XM_FIREWALL_ANY,
  XM_FIREWALL_MYSELF_IF_SEAMLESS,
  XM_FIREWALL_MY_STUBDOM,
  XM_FIREWALL_MYSELF,
  XM_FIREWALL_SEAMLESS,
  XM_FIREWALL_TYPE, /* with text */
  XM_FIREWALL_NAME, /* with text */
  XM_FIREWALL_DOM0,
  XM_FIREWALL_UUID, /* with text */
} XmFirewallSort;

/** XM_FIREWALL_RULE_MAX: bytes of a rule's text; longer ones are none. */
#define XM_FIREWALL_RULE_MAX 512

typedef struct {
  XmFirewallSort sort;
  char *text; /* (nullable): type, name or uuid, in small letters */
  gboolean any_port;
  guint32 port; /* unless @any_port */
} XmFirewallEnd;

typedef struct {
  XmFirewallEnd from, to;
} XmFirewallRule;

/** xm_firewall_rule_parse: (transfer full): or %NULL with error 237. */
XmFirewallRule *xm_firewall_rule_parse (const char *text, GError **error);
void xm_firewall_rule_free (XmFirewallRule *rule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmFirewallRule, xm_firewall_rule_free)

/** xm_firewall_rule_print: (transfer full): the one form of a rule, `a:1 -> b`: small letters, one
 * blank at both sides of the arrow, no port where any fits. */
char *xm_firewall_rule_print (const XmFirewallRule *rule);

/** xm_firewall_rule_canonical: (transfer full): that form of @text, or %NULL with error 237. */
char *xm_firewall_rule_canonical (const char *text, GError **error);

G_END_DECLS
