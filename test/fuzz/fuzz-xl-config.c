/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the writer accepts must be read back unchanged by xl's own parsers. */
#include "xlwrap/xl-config.h"

#include "fuzz.h"

#include <libxlutil.h>
#include <stdio.h>
#include <string.h>

static FILE *report;

static void
check_refusal (const GError *error)
{
  g_assert_true (g_error_matches (error, XL_ERROR, XL_ERROR_CONFIG));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
check_config (const char *key, const char *value)
{
  static const char *const taken[] = { "before", "list", "after", NULL };
  const char *values[] = { "first", value, "last", NULL };
  g_autoptr (XlConfig) config = xl_config_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  const char *read = NULL;
  XLU_ConfigList *list;
  XLU_Config *parsed;
  int n;

  /* Not one of those around it, which would replace it. */
  if (g_strv_contains (taken, key))
    return;
  g_assert_true (xl_config_set_string (config, "before", "b", NULL));
  if (!xl_config_set_string (config, key, value, &error) ||
      !xl_config_set_list (config, "list", values, &error)) {
    check_refusal (error);
    return;
  }
  g_assert_true (xl_config_set_string (config, "after", "a", NULL));

  text = xl_config_to_text (config);
  parsed = xlu_cfg_init (report, "fuzz");
  g_assert_cmpint (xlu_cfg_readdata (parsed, text, (int)strlen (text)), ==, 0);
  g_assert_cmpint (xlu_cfg_get_string (parsed, key, &read, 0), ==, 0);
  g_assert_cmpstr (read, ==, value);
  g_assert_cmpint (xlu_cfg_get_string (parsed, "after", &read, 0), ==, 0);
  g_assert_cmpstr (read, ==, "a");
  g_assert_cmpint (xlu_cfg_get_list (parsed, "list", &list, &n, 0), ==, 0);
  g_assert_cmpint (n, ==, 3);
  g_assert_cmpstr (xlu_cfg_get_listitem (list, 1), ==, value);
  xlu_cfg_destroy (parsed);
}

static void
check_disk (const char *script, const char *target)
{
  const XlKeyValue pairs[] = { { "vdev", "xvda" }, { "script", script }, { "access", "ro" } };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = xl_config_format_disk (pairs, G_N_ELEMENTS (pairs), target, &error);
  const char *specs[] = { text };
  libxl_device_disk disk;
  XLU_Config *parsed;

  if (text == NULL) {
    check_refusal (error);
    return;
  }
  parsed = xlu_cfg_init (report, "fuzz");
  libxl_device_disk_init (&disk);
  g_assert_cmpint (xlu_disk_parse (parsed, 1, specs, &disk), ==, 0);
  g_assert_cmpstr (disk.vdev, ==, "xvda");
  g_assert_cmpstr (disk.script, ==, script);
  g_assert_cmpstr (disk.pdev_path, ==, target);
  g_assert_cmpint (disk.readwrite, ==, 0);
  libxl_device_disk_dispose (&disk);
  xlu_cfg_destroy (parsed);
}

/* The input is two texts, each ended by a NUL or the end of the input. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *first = g_strndup ((const char *)data, size);
  size_t used = MIN (strlen (first) + 1, size);
  g_autofree char *second = g_strndup ((const char *)data + used, size - used);

  if (report == NULL)
    report = fopen ("/dev/null", "we");
  check_config (first, second);
  check_config ("value", first);
  check_disk (first, second);
  return 0;
}
