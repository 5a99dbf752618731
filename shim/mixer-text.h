/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * XmMixerControl: one simple control of a sound card.
 * @direction: "P" plays, "C" captures, "D" both or neither
 * @type: "VS" volume and switch, "VO" volume, "SW" switch, "EN" choice
 * @value: `63% on`, `63%`, `on`, or `current:'x' 'x' 'y'`, of the first channel
 */
typedef struct {
  char *name;
  const char *direction, *type;
  char *value;
} XmMixerControl;

/**
 * xm_mixer_text_parse:
 * @text: what `amixer scontents` or `amixer sget` prints
 *
 * Controls that have no value to show are left out.
 *
 * Returns: (transfer full) (element-type XmMixerControl): in the order printed
 */
GPtrArray *xm_mixer_text_parse (const char *text);

/**
 * xm_mixer_text_split_value: (transfer full) (nullable) (array zero-terminated=1): the words for
 * `amixer sset` of @value, which has the form of XmMixerControl.value, or is one choice; %NULL
 * when it cannot be.
 */
char **xm_mixer_text_split_value (const char *value);

G_END_DECLS
