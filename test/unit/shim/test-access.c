/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every member is in a group of polkit's actions, on purpose. */
#include <check.h>
#include <stdio.h>

#include "shim/access-groups.h"
#include "shim/service.h"
#include "test/unit/run-suite.h"

static void
look_at_member (const char *interface,
                const char *member,
                XmMemberSort sort,
                gboolean served,
                gpointer user_data)
{
  gboolean known;
  if (sort != XM_MEMBER_METHOD)
    return;
  xm_access_group_of_method (interface, member, &known);
  if (known)
    return;
  printf ("in no group: %s.%s\n", interface, member);
  fflush (stdout);
  ++*(guint *)user_data;
}

START_TEST (every_method_has_a_group)
{
  XmService service = { 0 };
  guint unknown = 0;
  xm_service_make_kinds (&service);
  XmObjectKind *const kinds[] = { service.root_kind, service.host_kind, service.vm_kind,
                                  service.disk_kind, service.nic_kind };
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    xm_object_kind_foreach_member (kinds[i], look_at_member, &unknown);
    xm_object_kind_free (kinds[i]);
  }
  ck_assert_uint_eq (unknown, 0);
}
END_TEST

#define XENMGR "com.citrix.xenclient.xenmgr"

static const struct {
  const char *interface, *method;
  XmAccessGroup group;
  gboolean known;
} samples[] = {
  { XENMGR, "list_vms", XM_ACCESS_READ, TRUE },
  { XENMGR ".vm", "start", XM_ACCESS_OPERATE, TRUE },
  { XENMGR ".vm", "start_internal", XM_ACCESS_OPERATE, TRUE },
  { XENMGR ".vm", "add_disk", XM_ACCESS_CONFIGURE, TRUE },
  { XENMGR ".vm", "delete", XM_ACCESS_CONFIGURE, TRUE },
  { XENMGR ".vm", "get_db_key", XM_ACCESS_HOST, TRUE },
  { XENMGR "_xl", "list_cpu_times", XM_ACCESS_READ, TRUE },
  { "com.citrix.xenclient.db", "read", XM_ACCESS_HOST, TRUE },
  { XENMGR ".host", "shutdown", XM_ACCESS_HOST, TRUE },
  { XENMGR ".host", "shutdown_idle", XM_ACCESS_HOST, TRUE },
  /* what is in no group needs the most */
  { XENMGR ".vm", "star", XM_ACCESS_HOST, FALSE },
  { XENMGR ".vm", "internal", XM_ACCESS_HOST, FALSE },
  { XENMGR ".vm", "", XM_ACCESS_HOST, FALSE },
  { XENMGR, "start", XM_ACCESS_HOST, FALSE },
  { "", "list_vms", XM_ACCESS_HOST, FALSE },
};

START_TEST (a_sample)
{
  gboolean known;
  XmAccessGroup group =
      xm_access_group_of_method (samples[_i].interface, samples[_i].method, &known);
  ck_assert_msg (group == samples[_i].group && known == samples[_i].known, "%s.%s",
                 samples[_i].interface, samples[_i].method);
}
END_TEST

START_TEST (setting)
{
  ck_assert_int_eq (xm_access_group_of_set (XENMGR ".vm"), XM_ACCESS_CONFIGURE);
  ck_assert_int_eq (xm_access_group_of_set ("com.citrix.xenclient.vmnic"), XM_ACCESS_CONFIGURE);
  ck_assert_int_eq (xm_access_group_of_set (XENMGR ".vm.unrestricted"), XM_ACCESS_HOST);
  ck_assert_int_eq (xm_access_group_of_set (XENMGR ".config"), XM_ACCESS_HOST);
  ck_assert_int_eq (xm_access_group_of_set ("any.other"), XM_ACCESS_HOST);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("access");
  TCase *tcase = tcase_create ("access");
  tcase_add_test (tcase, every_method_has_a_group);
  tcase_add_loop_test (tcase, a_sample, 0, G_N_ELEMENTS (samples));
  tcase_add_test (tcase, setting);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
