/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Child service VMs: what the template makes of the child and of the parent. */
#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service-fixture.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID  "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH  "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"
#define CHILD "11111111-2222-3333-4444-555555555555"

typedef struct {
  ServiceFixture *fixture;
  XmService *service;
  XmVm *parent;
  char *dir; /* of the templates */
} Host;

static Host
host_new (void)
{
  Host host = { .fixture = service_fixture_new (), .dir = fixture_new () };
  host.service = service_fixture_service (host.fixture);
  xm_templates_free (host.service->templates);
  host.service->templates = xm_templates_new (host.dir);
  host.parent = service_fixture_add_vm (
      host.fixture, UUID,
      "{\"name\":\"parent\",\"type\":\"svm\",\"slot\":\"3\",\"config\":{\"memory\":\"64\","
      "\"nic\":{\"0\":{\"id\":\"0\"}}}}");
  return host;
}

static void
host_free (Host *host)
{
  service_fixture_free (host->fixture);
  fixture_free (host->dir);
}

/* The new VM's path, or the error's text. */
static char *
create (Host *host, const char *tag)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (host->fixture, XENMGR, PATH, VM, "create_child_service_vm",
                            g_variant_new ("(s)", tag), &error);
  char *text;
  if (answer != NULL) {
    g_variant_get (answer, "(o)", &text);
  } else {
    g_dbus_error_strip_remote_error (error);
    text = g_strdup (error->message);
  }
  return text;
}

static gboolean
was_signalled (Host *host, const char *member)
{
  g_autofree char *prefix = g_strconcat (member, " ", NULL);
  GPtrArray *signals = service_fixture_signals (host->fixture);
  for (guint i = 0; i < signals->len; i++) {
    if (g_str_has_prefix (signals->pdata[i], prefix))
      return TRUE;
  }
  return FALSE;
}

static void
must_refuse (Host *host, const char *tag, const char *part)
{
  g_autofree char *before = xm_store_dump (host->service->store, "/vm");
  g_autofree char *text = create (host, tag);
  g_autofree char *after = xm_store_dump (host->service->store, "/vm");
  ck_assert_msg (strstr (text, part) != NULL, "%s: %s", tag, text);
  ck_assert_str_eq (after, before);
  ck_assert_uint_eq (g_hash_table_size (host->service->vms), 1);
  ck_assert (!was_signalled (host, "vm_created"));
}

START_TEST (the_templates_of_children)
{
  Host host = host_new ();
  fixture_write_file (host.dir, "child-b", "{}");
  fixture_write_file (host.dir, "child-a.json", "{}");
  fixture_write_file (host.dir, "new-vm", "{}");
  g_autoptr (GVariant) answer = service_fixture_call (
      host.fixture, XENMGR, "/", XENMGR, "list_child_service_vm_templates", NULL, NULL);
  g_autofree char *text = g_variant_print (answer, FALSE);
  ck_assert_str_eq (text, "(['a', 'b'],)");
  host_free (&host);
}
END_TEST

START_TEST (a_child_changes_its_parent)
{
  Host host = host_new ();
  fixture_write_file (host.dir, "child-nd",
                      "{\"uuid\":\"" CHILD "\",\"type\":\"nd\",\"run-post-create\":\"/bin/false\","
                      "\"parent-override\":{\"name\":\"of ${UUID}\",\"config\":{\"nic\":{\"0\":"
                      "{\"backend-uuid\":\"${UUID}\"},\"1\":{\"id\":\"1\","
                      "\"backend-name\":\"${PARENT_UUID}-${UUID}-${OTHER}\"}}},"
                      "\"realm\":\"${PARENT_UUID}\"}}");
  g_autofree char *path = create (&host, "nd");
  ck_assert_str_eq (path, "/vm/11111111_2222_3333_4444_555555555555");
  service_fixture_wait_signal (host.fixture, "vm_created");
  XmVm *child = xm_vm_lookup (host.service, CHILD);
  ck_assert_ptr_nonnull (child);
  ck_assert_ptr_null (xm_vm_read (child, "slot"));
  ck_assert_str_eq (xm_vm_read (child, "type"), "nd");
  ck_assert_str_eq (xm_vm_read (child, "seamless-id"), CHILD);

  ck_assert_str_eq (xm_vm_read (host.parent, "name"), "of " CHILD);
  ck_assert_str_eq (xm_vm_read (host.parent, "realm"), UUID);
  ck_assert_str_eq (xm_vm_read (host.parent, "slot"), "3");
  ck_assert_str_eq (xm_vm_read (host.parent, "config/memory"), "64");
  ck_assert_str_eq (xm_vm_read (host.parent, "config/nic/0/id"), "0");
  ck_assert_str_eq (xm_vm_read (host.parent, "config/nic/0/backend-uuid"), CHILD);
  ck_assert_str_eq (xm_vm_read (host.parent, "config/nic/1/backend-name"),
                    UUID "-" CHILD "-${OTHER}");
  ck_assert (g_hash_table_contains (host.parent->devices, "nic/1"));
  ck_assert_uint_ne (host.parent->config_changed_timer, 0);
  host_free (&host);
}
END_TEST

START_TEST (a_child_need_not_change_anything)
{
  static const char *const templates[] = { "{}", "{\"parent-override\":\"text\"}",
                                           "{\"parent-override\":{}}" };
  for (gsize i = 0; i < G_N_ELEMENTS (templates); i++) {
    Host host = host_new ();
    g_autofree char *before = xm_store_dump (host.service->store, "/vm/" UUID);
    fixture_write_file (host.dir, "child-x", templates[i]);
    g_autofree char *path = create (&host, "x");
    g_autofree char *after = xm_store_dump (host.service->store, "/vm/" UUID);
    ck_assert_msg (g_str_has_prefix (path, "/vm/"), "%s", path);
    ck_assert_str_eq (after, before);
    host_free (&host);
  }
}
END_TEST

START_TEST (what_cannot_be_a_child)
{
  Host host = host_new ();
  fixture_write_file (host.dir, "new-vm", "{}");
  fixture_write_file (host.dir, "child-json", "{");
  fixture_write_file (host.dir, "child-taken", "{\"uuid\":\"" UUID "\"}");
  fixture_write_file (host.dir, "child-", "[]");
  g_autofree char *absolute = g_build_filename (host.dir, "child-taken", NULL);
  must_refuse (&host, "none", "openFile: does not exist");
  must_refuse (&host, "vm", "openFile: does not exist");
  must_refuse (&host, "json", "malformed JSON file");
  must_refuse (&host, "", "malformed JSON file");
  must_refuse (&host, "taken", "there is a vm with uuid");
  must_refuse (&host, "../new-vm", "does not name a template");
  must_refuse (&host, "/../new-vm", "does not name a template");
  must_refuse (&host, absolute, "does not name a template");
  /* Files are not searched upwards, and policy counts. */
  fixture_write_file (host.dir, "child-good", "{}");
  fixture_write (host.service->store, "/vm-create-disallowed", "true");
  must_refuse (&host, "good", "220:Action suppressed by active policy settings");
  host_free (&host);
}
END_TEST

/* A parent that cannot become what the template says: the child goes, too. */
START_TEST (nothing_is_left_of_a_child_without_its_parent)
{
  Host host = host_new ();
  fixture_write_file (host.dir, "child-bad",
                      "{\"uuid\":\"" CHILD "\",\"parent-override\":{\"a/b\":\"c\"}}");
  fixture_write_file (host.dir, "child-good",
                      "{\"uuid\":\"" CHILD "\",\"parent-override\":{\"name\":\"changed\"}}");
  ck_assert (fixture_commit (host.service->store, NULL));

  /* The parent's file cannot be replaced. */
  const char *base = xm_store_get_base (host.service->store);
  g_autofree char *file = g_build_filename (base, "vms", UUID ".db", NULL);
  g_autofree char *temporary = g_strconcat (file, ".tmp", NULL);
  ck_assert_int_eq (mkdir (temporary, 0700), 0);
  must_refuse (&host, "good", UUID);
  ck_assert_str_eq (xm_vm_read (host.parent, "name"), "parent");
  ck_assert_int_eq (rmdir (temporary), 0);

  /* Nor the child's. */
  g_autofree char *child_file = g_build_filename (base, "vms", CHILD ".db", NULL);
  g_autofree char *child_temporary = g_strconcat (child_file, ".tmp", NULL);
  ck_assert_int_eq (mkdir (child_temporary, 0700), 0);
  must_refuse (&host, "good", CHILD);
  ck_assert_int_eq (rmdir (child_temporary), 0);
  ck_assert (fixture_commit (host.service->store, NULL));
  ck_assert (!g_file_test (child_file, G_FILE_TEST_EXISTS));

  g_autofree char *path = create (&host, "good");
  ck_assert_msg (g_str_has_prefix (path, "/vm/"), "%s", path);
  ck_assert_str_eq (xm_vm_read (host.parent, "name"), "changed");
  host_free (&host);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-child");
  TCase *tcase = tcase_create ("vm-child");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, the_templates_of_children);
  tcase_add_test (tcase, a_child_changes_its_parent);
  tcase_add_test (tcase, a_child_need_not_change_anything);
  tcase_add_test (tcase, what_cannot_be_a_child);
  tcase_add_test (tcase, nothing_is_left_of_a_child_without_its_parent);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
