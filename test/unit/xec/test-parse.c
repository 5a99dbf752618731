/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How xec reads the words of the command line. */
#include <check.h>

#include "test/unit/run-suite.h"
#include "xec/parse.h"

/* @value is GVariant text, NULL where the word is refused. */
static const struct {
  const char *type;
  const char *word;
  const char *value;
} cases[] = {
  { "i", "12", "12" },
  { "i", "-12", "-12" },
  { "i", "12abc", "12" },
  { "i", "12 13", "12" },
  { "i", "007", "7" },
  { "i", "2147483648", "-2147483648" },
  { "i", "-2147483649", "2147483647" },
  { "i", "36893488147419103233", "1" },
  { "i", "", NULL },
  { "i", "abc", NULL },
  { "i", "-", NULL },
  { "i", "+1", NULL },
  { "i", " 1", NULL },
  { "i", "0x10", "0" },
  { "y", "257", "byte 1" },
  { "y", "-1", "byte 255" },
  { "n", "32768", "int16 -32768" },
  { "q", "-1", "uint16 65535" },
  { "u", "-1", "uint32 4294967295" },
  { "u", "4294967296", "uint32 0" },
  { "x", "9223372036854775808", "int64 -9223372036854775808" },
  { "t", "18446744073709551615", "uint64 18446744073709551615" },
  { "t", "18446744073709551617", "uint64 1" },
  { "b", "true", "true" },
  { "b", "1", "true" },
  { "b", "false", "false" },
  { "b", "0", "false" },
  { "b", "10", "true" },
  { "b", "yes", NULL },
  { "b", "True", NULL },
  { "b", "", NULL },
  { "d", "0.5", "0.5" },
  { "d", "-2", "-2.0" },
  { "d", "1.", "1.0" },
  { "d", "1e5", "1.0" },
  { "d", ".5", NULL },
  { "s", "plain", "'plain'" },
  { "s", "", "''" },
  { "s", "\"kept\"", "'\"kept\"'" },
  { "s", " a\nb ", "' a\\nb '" },
  { "s", "-1", "'-1'" },
  { "s", "h\xc3\xa4", "'hä'" },
  { "s", "h\xe4", NULL },
  { "o", "/vm/1", "objectpath '/vm/1'" },
  { "o", "vm", NULL },
  { "o", "", NULL },
  { "g", "s", NULL },
  { "v", "1", NULL },
  { "v", "<1>", NULL },
  { "h", "1", NULL },
  { "as", "[]", "@as []" },
  { "as", " [ ] ", "@as []" },
  { "as", "['a', \"b\"]", "['a', 'b']" },
  { "as", "['a' ,'b'] tail", "['a', 'b']" },
  { "as", "['it\\'s', \"say \\\"x\\\"\"]", "['it\\'s', 'say \"x\"']" },
  { "as", "['back\\\\slash', 'a\\nb']", "['back\\\\slash', 'a\\\\nb']" },
  { "as", "['ends with \\\\']", "['ends with \\\\']" },
  { "as", "[a]", NULL },
  { "as", "['a]", NULL },
  { "as", "['a\\", NULL },
  { "as", "['a',]", NULL },
  { "as", "['a' 'b']", NULL },
  { "as", "['a'", NULL },
  { "as", "a", NULL },
  { "as", "", NULL },
  { "ao", "['/a', '/b']", "[objectpath '/a', '/b']" },
  { "ao", "['a']", NULL },
  { "ai", "[1,-2 , 3]", "[1, -2, 3]" },
  { "ay", "[104, 105]", "[byte 104, 105]" },
  { "aai", "[[1], [], [2, 3]]", "[[1], [], [2, 3]]" },
  { "av", "[]", "@av []" },
  { "av", "[1]", NULL },
  { "(si)", "['a', 1]", "('a', 1)" },
  { "(si)", " [ 'a' , 1 ] ", "('a', 1)" },
  { "(si)", "['a']", NULL },
  { "(si)", "['a', 1, 2]", NULL },
  { "(si)", "[1, 'a']", NULL },
  { "a(sb)", "[['a', true], ['b', 0]]", "[('a', true), ('b', false)]" },
  { "a{ss}", "{}", "@a{ss} {}" },
  { "a{ss}", "{'k': 'v', \"l\":'w'}", "{'k': 'v', 'l': 'w'}" },
  { "a{ss}", "{ 'k' : 'v' }", "{'k': 'v'}" },
  { "a{ss}", "{'k' 'v'}", NULL },
  { "a{ss}", "{'k': }", NULL },
  { "a{ss}", "['k': 'v']", NULL },
  { "a{ss}", "{'k': 'v'", NULL },
  { "a{sv}", "{'k': 1}", NULL },
  { "a{ias}", "{1: ['a'], 2: []}", "{1: ['a'], 2: []}" },
};

START_TEST (test_parse)
{
  const GVariantType *type = G_VARIANT_TYPE (cases[_i].type);
  g_autoptr (GVariant) value = xec_parse_argument (cases[_i].word, type);

  if (cases[_i].value == NULL) {
    ck_assert_msg (value == NULL, "%s was taken as %s", cases[_i].word, cases[_i].type);
    return;
  }
  ck_assert_msg (value != NULL, "%s was refused as %s", cases[_i].word, cases[_i].type);
  g_variant_ref_sink (value);

  g_autoptr (GVariant) expected = g_variant_parse (type, cases[_i].value, NULL, NULL, NULL);
  ck_assert_msg (expected != NULL, "bad case: %s", cases[_i].value);
  g_autofree char *text = g_variant_print (value, TRUE);
  ck_assert_msg (g_variant_equal (value, expected), "%s: got %s", cases[_i].word, text);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("xec-parse");
  TCase *tests = tcase_create ("parse");

  tcase_add_loop_test (tests, test_parse, 0, G_N_ELEMENTS (cases));
  suite_add_tcase (suite, tests);

  return run_suite (suite);
}
