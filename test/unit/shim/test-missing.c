/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many members of dbus-xml/ the service does not serve yet: methods and
 * properties that answer NotSupported, and signals it never emits. Which these
 * are is written down in test/fixtures/members-left.txt; the test fails when a
 * member is missing that is not listed, and when one is listed that is served.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/service.h"
#include "shim/signals.h"

#define ALL_MEMBERS 525

typedef struct {
  GPtrArray *left;       /* of char *: `interface.member` */
  GHashTable *by_prefix; /* interface -> how many are left */
  guint total;
} Count;

static void
count_member (const char *interface,
              const char *member,
              XmMemberSort sort,
              gboolean served,
              gpointer user_data)
{
  Count *count = user_data;
  count->total++;
  if (served || (sort == XM_MEMBER_SIGNAL && (xm_signal_is_emitted (interface, member) ||
                                              xm_signal_is_never_emitted (interface, member))))
    return;
  g_ptr_array_add (count->left, g_strjoin (".", interface, member, NULL));
  guint left = GPOINTER_TO_UINT (g_hash_table_lookup (count->by_prefix, interface));
  g_hash_table_insert (count->by_prefix, (gpointer)interface, GUINT_TO_POINTER (left + 1));
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

static GHashTable *
load_list (void)
{
  g_autofree char *text = NULL;
  ck_assert (g_file_get_contents (FIXTURES "/members-left.txt", &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);
  GHashTable *listed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (char **line = lines; *line != NULL; line++) {
    ck_assert_msg (line == lines || strcmp (line[-1], *line) < 0, "not sorted at %s", *line);
    if (**line != '\0')
      g_hash_table_add (listed, g_strdup (*line));
  }
  return listed;
}

static void
print_count (const Count *count)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init (&iter, count->by_prefix);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, name);
  g_ptr_array_sort (names, compare_texts);
  for (guint i = 0; i < names->len; i++)
    printf ("%4u left in %s\n",
            GPOINTER_TO_UINT (g_hash_table_lookup (count->by_prefix, names->pdata[i])),
            (char *)names->pdata[i]);
  printf ("%4u left of %u\n", count->left->len, count->total);
}

START_TEST (members_left)
{
  XmService service = { 0 };
  Count count = { g_ptr_array_new_with_free_func (g_free),
                  g_hash_table_new (g_str_hash, g_str_equal), 0 };
  xm_service_make_kinds (&service);
  XmObjectKind *const kinds[] = { service.root_kind, service.host_kind, service.vm_kind,
                                  service.disk_kind, service.nic_kind };
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    xm_object_kind_foreach_member (kinds[i], count_member, &count);
  g_ptr_array_sort (count.left, compare_texts);
  print_count (&count);

  guint differences = 0;
  g_autoptr (GHashTable) listed = load_list ();
  for (guint i = 0; i < count.left->len; i++) {
    if (g_hash_table_remove (listed, count.left->pdata[i]))
      continue;
    printf ("missing, but not listed: %s\n", (char *)count.left->pdata[i]);
    differences++;
  }
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init (&iter, listed);
  while (g_hash_table_iter_next (&iter, &name, NULL)) {
    printf ("listed, but served or unknown: %s\n", (char *)name);
    differences++;
  }
  fflush (stdout); /* Check ends this process without */
  ck_assert_uint_eq (differences, 0);
  ck_assert_uint_eq (count.total, ALL_MEMBERS);

  g_ptr_array_unref (count.left);
  g_hash_table_unref (count.by_prefix);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    xm_object_kind_free (kinds[i]);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("missing");
  TCase *tcase = tcase_create ("missing");
  tcase_add_test (tcase, members_left);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_ENV);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
