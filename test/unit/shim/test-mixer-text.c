/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What amixer prints of the controls of a sound card. */
#include <check.h>

#include "shim/mixer-text.h"
#include "test/unit/run-suite.h"

/* As amixer 1.2 prints the controls of an Intel HDA. */
static const char contents[] =
    "Simple mixer control 'Master',0\n"
    "  Capabilities: pvolume pvolume-joined pswitch pswitch-joined\n"
    "  Playback channels: Mono\n"
    "  Limits: Playback 0 - 64\n"
    "  Mono: Playback 51 [80%] [-13.00dB] [on]\n"
    "Simple mixer control 'Headphone',0\n"
    "  Capabilities: pvolume pswitch penum\n" /* an old amixer says penum of all */
    "  Playback channels: Front Left - Front Right\n"
    "  Limits: Playback 0 - 64\n"
    "  Mono:\n"
    "  Front Left: Playback 60 [94%] [-4.00dB] [off]\n"
    "  Front Right: Playback 30 [47%] [-34.00dB] [on]\n"
    "Simple mixer control 'PCM',0\n"
    "  Capabilities: pvolume\n"
    "  Playback channels: Front Left - Front Right\n"
    "  Limits: Playback 0 - 255\n"
    "  Mono:\n"
    "  Front Left: Playback 255 [100%] [0.00dB]\n"
    "  Front Right: Playback 255 [100%] [0.00dB]\n"
    "Simple mixer control 'Mic',0\n"
    "  Capabilities: pvolume pswitch cvolume cswitch\n"
    "  Playback channels: Mono\n"
    "  Limits: Playback 0 - 31 Capture 0 - 15\n"
    "  Mono: Playback 23 [74%] [0.00dB] [off] Capture 0 [0%] [0.00dB] [on]\n"
    "Simple mixer control 'IEC958',0\n"
    "  Capabilities: pswitch pswitch-joined\n"
    "  Playback channels: Mono\n"
    "  Mono: Playback [on]\n"
    "Simple mixer control 'Capture',0\n"
    "  Capabilities: cvolume cswitch\n"
    "  Capture channels: Front Left - Front Right\n"
    "  Limits: Capture 0 - 31\n"
    "  Front Left: Capture 9 [29%] [0.00dB] [off]\n"
    "  Front Right: Capture 9 [29%] [0.00dB] [off]\n"
    "Simple mixer control 'Front Mic Boost',0\n"
    "  Capabilities: volume\n"
    "  Playback channels: Front Left - Front Right\n"
    "  Limits: 0 - 3\n"
    "  Front Left: 1 [33%] [10.00dB]\n"
    "Simple mixer control 'Input Source',0\n"
    "  Capabilities: cenum\n"
    "  Items: 'Mic' 'Line'\n"
    "  Item0: 'Line'\n"
    "Simple mixer control 'Auto-Mute Mode',0\n"
    "  Capabilities: enum\n"
    "  Items: 'Disabled' 'Enabled'\n"
    "  Item0: 'Enabled'\n"
    "Simple mixer control 'Bob's',0\n"
    "  Capabilities: cswitch\n"
    "  Mono: Capture [off]\n"
    "Simple mixer control 'Nothing',0\n"
    "  Capabilities:\n";

START_TEST (controls)
{
  static const XmMixerControl expected[] = {
    { (char *)"Master", "P", "VS", (char *)"80% on" },
    { (char *)"Headphone", "P", "VS", (char *)"94% off" },
    { (char *)"PCM", "P", "VO", (char *)"100%" },
    { (char *)"Mic", "D", "VS", (char *)"74% off" },
    { (char *)"IEC958", "P", "SW", (char *)"on" },
    { (char *)"Capture", "C", "VS", (char *)"29% off" },
    { (char *)"Front Mic Boost", "D", "VO", (char *)"33%" },
    { (char *)"Input Source", "C", "EN", (char *)"current:'Line' 'Mic' 'Line'" },
    { (char *)"Auto-Mute Mode", "D", "EN", (char *)"current:'Enabled' 'Disabled' 'Enabled'" },
    { (char *)"Bob's", "C", "SW", (char *)"off" },
  };
  g_autoptr (GPtrArray) parsed = xm_mixer_text_parse (contents);
  ck_assert_uint_eq (parsed->len, G_N_ELEMENTS (expected));
  for (guint i = 0; i < parsed->len; i++) {
    const XmMixerControl *control = parsed->pdata[i];
    ck_assert_str_eq (control->name, expected[i].name);
    ck_assert_msg (g_str_equal (control->direction, expected[i].direction), "%s: %s", control->name,
                   control->direction);
    ck_assert_str_eq (control->type, expected[i].type);
    ck_assert_str_eq (control->value, expected[i].value);
  }
}
END_TEST

START_TEST (rubbish)
{
  static const char *const texts[] = {
    "",
    "\n\n",
    "[50%] [on]\n",
    "Simple mixer control '",
    "Simple mixer control 'x\n  Capabilities: pvolume\n  Mono: [50%\n",
    "Simple mixer control 'x',0\n  Items: \n  Limits: [%] [] [[[ ]\n",
    "Simple mixer control 'x',0\n  Item0: 'a'\n",
  };
  g_autoptr (GPtrArray) parsed = xm_mixer_text_parse (texts[_i]);
  ck_assert_uint_eq (parsed->len, 0);
}
END_TEST

START_TEST (values)
{
  static const struct {
    const char *value, *words; /* joined by | */
  } cases[] = {
    { "63% on", "63%|on" },
    { "0% off", "0%|off" },
    { "63%", "63%" },
    { "on", "on" },
    { "Front Mic", "Front Mic" },
    { "current:'Front Mic' 'Line' 'Front Mic'", "Front Mic" },
    { "--help", "--help" },
    { "63% sometimes", "63% sometimes" },
    { "", NULL },
    { "a\nb", NULL },
    { "current:'", NULL },
    { "current:''", NULL },
  };
  g_auto (GStrv) words = xm_mixer_text_split_value (cases[_i].value);
  g_autofree char *text = words != NULL ? g_strjoinv ("|", words) : NULL;
  ck_assert_pstr_eq (text, cases[_i].words);
}
END_TEST

START_TEST (long_value)
{
  g_autofree char *value = g_strnfill (129, 'x');
  ck_assert_ptr_null (xm_mixer_text_split_value (value));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("mixer-text");
  TCase *tcase = tcase_create ("mixer-text");
  tcase_add_test (tcase, controls);
  tcase_add_loop_test (tcase, rubbish, 0, 7);
  tcase_add_loop_test (tcase, values, 0, 12);
  tcase_add_test (tcase, long_value);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
