/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What xec prints for a D-Bus value. */
#include <check.h>
#include <float.h>
#include <math.h>

#include "test/unit/run-suite.h"
#include "xec/format.h"

/* @value is GVariant text. */
static const struct {
  const char *value;
  const char *text;
} values[] = {
  { "true", "true" },
  { "false", "false" },
  { "byte 255", "255" },
  { "int16 -32768", "-32768" },
  { "uint16 65535", "65535" },
  { "-2147483648", "-2147483648" },
  { "uint32 4294967295", "4294967295" },
  { "int64 -9223372036854775808", "-9223372036854775808" },
  { "uint64 18446744073709551615", "18446744073709551615" },
  { "handle 3", "3" },
  { "0.05", "5.0e-2" },
  { "'plain'", "plain" },
  { "''", "" },
  { "'two\\nlines'", "two\nlines" },
  { "objectpath '/vm/1'", "/vm/1" },
  { "signature 'a{ss}'", "a{ss}" },
  { "<'inside'>", "inside" },
  { "<<uint32 7>>", "7" },
  { "['a', 'b']", "a\nb" },
  { "[1]", "1" },
  { "@as []", "" },
  { "[@as [], ['x']]", "\nx" },
  { "('a', 1, true)", "a\n1\ntrue" },
  { "('a', ('b', 'c'))", "a\nb\nc" },
  { "[('a', 1), ('b', 2)]", "a\n1\nb\n2" },
  { "@a{ss} {}", "{\n}" },
  { "{'id': 'sda'}", "{\n  \"id\"                           = sda\n}" },
  { "{'a-key-of-exactly-28-letters0': ''}", "{\n  \"a-key-of-exactly-28-letters0\" = \n}" },
  { "{'a-key-that-is-longer-than-the-column': 'x'}",
    "{\n  \"a-key-that-is-longer-than-the-column\" = x\n}" },
  /* Four characters in seven bytes: padding counts characters. */
  { "{'häßé': 'ü'}", "{\n  \"häßé\"                         = ü\n}" },
  { "{uint32 1: <true>}", "{\n  \"1\"                            = true\n}" },
  { "[{'a': '1'}, {'a': '2'}]",
    "{\n  \"a\"                            = 1\n}\n{\n  \"a\"                            = 2\n}" },
  { "@aa{ss} []", "" },
  { "@ay []", "\"\"" },
  { "[byte 0x41, 0x00, 0x22]", "\"A\\NUL\\\"\"" },
};

START_TEST (test_value)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = g_variant_parse (NULL, values[_i].value, NULL, NULL, &error);
  ck_assert_msg (value != NULL, "%s: %s", values[_i].value, error != NULL ? error->message : "");

  g_autofree char *text = xec_format_value (value);
  ck_assert_str_eq (text, values[_i].text);
}
END_TEST

START_TEST (test_property)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_int32 (-1));
  g_autofree char *text = xec_format_property ("domid", value);

  ck_assert_str_eq (text, "  \"domid\"                             = -1");
}
END_TEST

static const struct {
  double number;
  const char *text;
} doubles[] = {
  { 0.0, "0.0" },
  { -0.0, "-0.0" },
  { 1.0, "1.0" },
  { -1.5, "-1.5" },
  { 0.1, "0.1" },
  { 0.15, "0.15" },
  { 0.05, "5.0e-2" },
  { 0.0123, "1.23e-2" },
  { 0.09999999999999999, "9.999999999999999e-2" },
  { 12.0, "12.0" },
  { 120.25, "120.25" },
  { 9999999.0, "9999999.0" },
  { 9999999.5, "9999999.5" },
  { 1e7, "1.0e7" },
  { 12345678.9, "1.23456789e7" },
  { 1e22, "1.0e22" },
  { -2.5e-10, "-2.5e-10" },
  { 1.0 / 3.0, "0.3333333333333333" },
  { 2.0 / 3.0, "0.6666666666666666" },
  { 0.30000000000000004, "0.30000000000000004" },
  { DBL_MAX, "1.7976931348623157e308" },
  { DBL_MIN, "2.2250738585072014e-308" },
  { INFINITY, "Infinity" },
  { -INFINITY, "-Infinity" },
  { NAN, "NaN" },
};

START_TEST (test_double)
{
  g_autofree char *text = xec_format_double (doubles[_i].number);
  ck_assert_str_eq (text, doubles[_i].text);
}
END_TEST

static const struct {
  const char *bytes;
  gsize length;
  const char *text;
} byte_arrays[] = {
  { "", 0, "\"\"" },
  { "abc", 3, "\"abc\"" },
  { "a\nb\t", 4, "\"a\\nb\\t\"" },
  { "\0\x01\x1f\x7f", 4, "\"\\NUL\\SOH\\US\\DEL\"" },
  { "\a\b\v\f\r", 5, "\"\\a\\b\\v\\f\\r\"" },
  { "\"\\", 2, "\"\\\"\\\\\"" },
  { "\x89PNG", 4, "\"\\137PNG\"" },
  /* A digit after a numeric escape, and H after SO, would be read as part of it. */
  { "\x80"
    "1",
    2, "\"\\128\\&1\"" },
  { "\xff\xff", 2, "\"\\255\\255\"" },
  { "\x0eH", 2, "\"\\SO\\&H\"" },
  { "\x0eI", 2, "\"\\SOI\"" },
  { "\x01"
    "1",
    2, "\"\\SOH1\"" },
};

START_TEST (test_bytes)
{
  g_autofree char *text =
      xec_format_bytes ((const guint8 *)byte_arrays[_i].bytes, byte_arrays[_i].length);
  ck_assert_str_eq (text, byte_arrays[_i].text);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("xec-format");
  TCase *tests = tcase_create ("format");

  tcase_add_loop_test (tests, test_value, 0, G_N_ELEMENTS (values));
  tcase_add_test (tests, test_property);
  tcase_add_loop_test (tests, test_double, 0, G_N_ELEMENTS (doubles));
  tcase_add_loop_test (tests, test_bytes, 0, G_N_ELEMENTS (byte_arrays));
  suite_add_tcase (suite, tests);

  return run_suite (suite);
}
