/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every member of dbus-xml/ is served: code answers each method and property,
 * none says NotSupported, and each signal is sent, or known to be one that the
 * original never sends either.
 */
#include <check.h>
#include <stdio.h>

#include "shim/service.h"
#include "shim/signals.h"
#include "test/unit/run-suite.h"

#define ALL_MEMBERS 527 /* two of them this project's own */

typedef struct {
  guint total, left;
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
  printf ("not served: %s.%s\n", interface, member);
  fflush (stdout); /* Check ends this process without */
  count->left++;
}

START_TEST (every_member_is_served)
{
  XmService service = { 0 };
  Count count = { 0, 0 };
  xm_service_make_kinds (&service);
  XmObjectKind *const kinds[] = { service.root_kind, service.host_kind, service.vm_kind,
                                  service.disk_kind, service.nic_kind };
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    xm_object_kind_foreach_member (kinds[i], count_member, &count);
  ck_assert_uint_eq (count.left, 0);
  ck_assert_uint_eq (count.total, ALL_MEMBERS);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    xm_object_kind_free (kinds[i]);
}
END_TEST

/* The count sees a member without code: that of an interface without its tables. */
START_TEST (a_missing_member_counts)
{
  static const XmInterface bare[] = { { .name = "com.citrix.xenclient.xenmgr.testing" } };
  XmService service = { 0 };
  Count count = { 0, 0 };
  xm_service_make_kinds (&service); /* the XML */
  g_autoptr (XmObjectKind) kind = xm_object_kind_new (bare, G_N_ELEMENTS (bare));
  xm_object_kind_foreach_member (kind, count_member, &count);
  ck_assert_uint_gt (count.total, 0);
  ck_assert_uint_eq (count.left, count.total);
  XmObjectKind *const kinds[] = { service.root_kind, service.host_kind, service.vm_kind,
                                  service.disk_kind, service.nic_kind };
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    xm_object_kind_free (kinds[i]);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("missing");
  TCase *tcase = tcase_create ("missing");
  tcase_add_test (tcase, every_member_is_served);
  tcase_add_test (tcase, a_missing_member_counts);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
