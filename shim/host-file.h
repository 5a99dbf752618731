/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/settings.h"

G_BEGIN_DECLS

/*
 * Small files in which the host describes itself: sysfs, procfs and a few in
 * /etc. @path is that on the host, see xm_settings_host_path(). The texts are
 * valid UTF-8, and empty where there is no such file.
 */

/** xm_host_file_read: (transfer full): its text, of a large file only the first 64 KiB. */
char *xm_host_file_read (const XmSettings *settings, const char *path);

/** xm_host_file_line: (transfer full): its first line without blanks around it. */
char *xm_host_file_line (const XmSettings *settings, const char *path);

/** xm_host_file_exists: whether there is anything at @path. */
gboolean xm_host_file_exists (const XmSettings *settings, const char *path);

/** xm_host_file_number: the first line as a decimal number; -1 when it is none. */
gint64 xm_host_file_number (const XmSettings *settings, const char *path);

/** xm_host_file_list: (transfer full) (array zero-terminated=1): names in the directory @path,
 * sorted; those that are not UTF-8 are left out. */
char **xm_host_file_list (const XmSettings *settings, const char *path);

/** xm_host_file_link_name: (transfer full): last part of what the symbolic link @path leads to. */
char *xm_host_file_link_name (const XmSettings *settings, const char *path);

/** xm_host_file_get_value: (transfer full) (nullable): of `key = value` lines in @text the value
 * of @key; lines with more than one `=` do not count. */
char *xm_host_file_get_value (const char *text, const char *key);

/** xm_host_dict: (transfer floating): an `a{ss}` of keys and texts by turns, which end with NULL;
 * the keys are given in byte order, as clients see them. */
GVariant *xm_host_dict (const char *const *keys_and_texts);
#define XM_HOST_DICT(...) xm_host_dict ((const char *const[]){ __VA_ARGS__, NULL })

G_END_DECLS
