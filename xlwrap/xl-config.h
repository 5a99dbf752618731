/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-error.h"

G_BEGIN_DECLS

/**
 * XlConfig:
 *
 * The text of an xl.cfg file, built from typed values. Values are quoted here
 * and nowhere else, so no value can become a line of its own. What the grammar
 * (libxlu_cfg_l.l and libxlu_cfg.c of Xen 4.17) cannot hold is refused with
 * XL_ERROR_CONFIG naming the key.
 */
typedef struct _XlConfig XlConfig;

XlConfig *xl_config_new (void);
void xl_config_free (XlConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XlConfig, xl_config_free)

/** xl_config_set_string: `key='value'`, quoted. A later call with the same key replaces it. */
gboolean
xl_config_set_string (XlConfig *config, const char *key, const char *value, GError **error);

/** xl_config_set_integer: `key=value`, quoted when negative. Range: what xl reads with strtol. */
gboolean xl_config_set_integer (XlConfig *config, const char *key, gint64 value, GError **error);

/** xl_config_set_boolean: `key=1` or `key=0`. */
gboolean xl_config_set_boolean (XlConfig *config, const char *key, gboolean value, GError **error);

/** xl_config_set_list: `key=['a','b']`, each quoted; `key=[]` when empty. */
gboolean
xl_config_set_list (XlConfig *config, const char *key, const char *const *values, GError **error);

/**
 * xl_config_append_verbatim:
 * @line: text the owner of the VM wrote for xl itself, such as `vcpus=2`
 *
 * Appended as it is after all typed lines. Refused when it holds a newline or
 * a NUL, so that one item stays one line.
 */
gboolean xl_config_append_verbatim (XlConfig *config, const char *line, GError **error);

/** xl_config_to_text: Returns: (transfer full): the file's text, one line per key in the order
 * first set. */
char *xl_config_to_text (const XlConfig *config);

/** XlKeyValue: one `key=value` of a device specification; `key` alone, such as `discard`, when the
 * value is %NULL. */
typedef struct {
  const char *key;
  const char *value;
} XlKeyValue;

/**
 * xl_config_format_disk:
 * @pairs: (array length=n_pairs): `format`, `vdev`, `access`, `devtype`, ... in order
 * @target: (nullable): path; written last, where xl takes the rest verbatim
 *
 * One element of `disk=[...]`, not yet quoted. Refused (XL_ERROR_CONFIG naming
 * the key): a comma, or leading or trailing blank space, in any value but
 * @target; a newline in @target (libxlu_disk_l.l); a path of PATH_MAX bytes or more, and other
 * values beyond 255 bytes, which xl 4.17 does not survive.
 *
 * Returns: (transfer full): the text for xl_config_set_list() or `xl block-attach`.
 */
char *
xl_config_format_disk (const XlKeyValue *pairs, gsize n_pairs, const char *target, GError **error);

/**
 * xl_config_format_device: the same for `vif`, `pci`, `vkb` and other comma lists without a
 * verbatim end. An `=` in a value is refused as well, because some of their readers split there
 * (xl_parse.c).
 */
char *xl_config_format_device (const XlKeyValue *pairs, gsize n_pairs, GError **error);

G_END_DECLS
