/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-config-check.h"

#include <string.h>

/* xl compares enumeration values without regard to case. */
static gboolean
is_one_of (const char *const *words, const char *text)
{
  for (; *words != NULL; words++) {
    if (g_ascii_strcasecmp (*words, text) == 0)
      return TRUE;
  }
  return FALSE;
}

const char *
xm_config_check_bios (const char *text)
{
  static const char *const words[] = { "rombios", "seabios", "ovmf", NULL };
  return is_one_of (words, text) ? NULL : "rombios, seabios or ovmf";
}

const char *
xm_config_check_disk_controller (const char *text)
{
  static const char *const words[] = { "ide", "ahci", NULL };
  return is_one_of (words, text) ? NULL : "ide or ahci";
}

const char *
xm_config_check_timer_mode (const char *text)
{
  static const char *const words[] = { "delay_for_missed_ticks", "no_delay_for_missed_ticks",
                                       "no_missed_ticks_pending", "one_missed_tick_pending", NULL };
  return is_one_of (words, text) ? NULL
                                 : "delay_for_missed_ticks, no_delay_for_missed_ticks, "
                                   "no_missed_ticks_pending or one_missed_tick_pending";
}

const char *
xm_config_check_viridian (const char *text)
{
  static const char *const groups[] = { "all", "defaults", NULL };
  static const char *const words[] = { "base",
                                       "freq",
                                       "time_ref_count",
                                       "reference_tsc",
                                       "hcall_remote_tlb_flush",
                                       "apic_assist",
                                       "crash_ctl",
                                       "synic",
                                       "stimer",
                                       "hcall_ipi",
                                       "ex_processor_masks",
                                       "no_vp_limit",
                                       "cpu_hotplug",
                                       NULL };
  gboolean known = g_strv_contains (groups, text) || is_one_of (words, text) ||
                   (*text == '!' && is_one_of (words, text + 1));
  return known ? NULL : "true, false or the name of a group of viridian enlightenments";
}

/* Skips 1 to @most hexadecimal digits with or without 0x in front; NULL when there are none. */
static const char *
skip_number (const char *text, gsize most, guint64 *number)
{
  if (text[0] == '0' && text[1] == 'x')
    text += 2;
  gsize length = strspn (text, "0123456789abcdefABCDEF");
  if (length == 0 || length > most)
    return NULL;
  *number = g_ascii_strtoull (text, NULL, 16);
  return text + length;
}

const char *
xm_config_check_ioports (const char *text)
{
  static const char wanted[] = "a port or a range of ports up to ffff in hexadecimal, "
                               "such as 2f8-2ff";
  guint64 first = 0;
  const char *end = skip_number (text, 8, &first);
  guint64 last = first;
  if (end != NULL && *end == '-')
    end = skip_number (end + 1, 8, &last);
  return end != NULL && *end == '\0' && first <= last && last <= 0xffff ? NULL : wanted;
}

const char *
xm_config_check_iomem (const char *text)
{
  static const char wanted[] = "START,COUNT or START,COUNT@GUEST, page numbers in hexadecimal";
  guint64 start, count = 0, guest;
  const char *end = skip_number (text, 16, &start);
  if (end == NULL || *end != ',')
    return wanted;
  end = skip_number (end + 1, 16, &count);
  if (end != NULL && *end == '@')
    end = skip_number (end + 1, 16, &guest);
  return end != NULL && *end == '\0' && count > 0 ? NULL : wanted;
}
