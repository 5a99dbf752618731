/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service VMs that templates make when the service begins. */
#include <check.h>

#include "service-fixture.h"
#include "shim/service-vms.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID(n) "00000000-0000-0000-0000-00000000000" n

typedef struct {
  ServiceFixture *fixture;
  XmService *service;
  char *dir; /* of the templates */
} Host;

static Host
host_new (void)
{
  Host host = { service_fixture_new (), NULL, fixture_new () };
  host.service = service_fixture_service (host.fixture);
  xm_templates_free (host.service->templates);
  host.service->templates = xm_templates_new (host.dir);
  return host;
}

static void
host_free (Host *host)
{
  service_fixture_free (host->fixture);
  fixture_free (host->dir);
}

static void template(Host *host, const char *file, const char *uuid, const char *rest)
{
  g_autofree char *text = g_strdup_printf ("{\"uuid\":\"%s\"%s}", uuid, rest);
  fixture_write_file (host->dir, file, text);
}

static gboolean
has (Host *host, const char *uuid)
{
  return xm_vm_lookup (host->service, uuid) != NULL;
}

static const char *
reads (Host *host, const char *key)
{
  return xm_vm_read (xm_vm_lookup (host->service, UUID ("1")), key);
}

START_TEST (which_ones)
{
  Host host = host_new ();
  template(&host, "service-uivm", UUID ("1"), ",\"name\":\"ui\"");
  template(&host, "service-ndvm-hvm", UUID ("2"), "");
  template(&host, "service-ndvm-pv", UUID ("3"), "");
  template(&host, "service-usbvm", UUID ("4"), "");
  template(&host, "new-vm", UUID ("5"), "");
  template(&host, "service-nameless", "none", "");
  fixture_write_file (host.dir, "service-broken", "{");
  xm_service_vms_write (host.service);
  ck_assert (has (&host, UUID ("1")) && has (&host, UUID ("2")));
  ck_assert_uint_eq (g_hash_table_size (host.service->vms), 2);
  ck_assert_str_eq (reads (&host, "name"), "ui");

  fixture_write (host.service->store, "/xenmgr/ndvm-mode", "pv");
  fixture_write (host.service->store, "/xenmgr/usbvm-enable", "true");
  xm_service_vms_write (host.service);
  ck_assert (has (&host, UUID ("3")) && has (&host, UUID ("4")));
  ck_assert_uint_eq (g_hash_table_size (host.service->vms), 4); /* none is taken away */
  host_free (&host);
}
END_TEST

START_TEST (overwriting)
{
  Host host = host_new ();
  template(&host, "service-uivm", UUID ("1"),
           ",\"name\":\"ui\",\"config\":{\"disk\":{\"0\":{\"device\":\"hda\"}}}");
  xm_service_vms_write (host.service);
  XmVm *vm = xm_vm_lookup (host.service, UUID ("1"));
  ck_assert (xm_vm_write (vm, "name", "mine", NULL));
  ck_assert (xm_vm_write (vm, "config/disk/0/sha1sum", "sum", NULL));
  ck_assert (xm_vm_write (vm, "config/disk/1/sha1sum", "sum", NULL));

  fixture_write (host.service->store, "/xenmgr/overwrite-uivm-settings", "false");
  xm_service_vms_write (host.service);
  ck_assert_str_eq (reads (&host, "name"), "mine");

  fixture_write (host.service->store, "/xenmgr/overwrite-uivm-settings", "true");
  xm_service_vms_write (host.service);
  ck_assert_str_eq (reads (&host, "name"), "ui");
  ck_assert_str_eq (reads (&host, "config/disk/0/sha1sum"), "sum");
  ck_assert_str_eq (reads (&host, "config/disk/0/device"), "hda");
  ck_assert_ptr_null (reads (&host, "config/disk/1/sha1sum"));
  host_free (&host);
}
END_TEST

static void
on_changed (XmStore *store, const char *path, gpointer user_data)
{
  ++*(guint *)user_data;
}

START_TEST (nothing_is_written_that_is_there)
{
  Host host = host_new ();
  guint changes = 0;
  template(&host, "service-ndvm-hvm", UUID ("1"), ",\"config\":{\"disk\":{\"0\":{}}}");
  xm_service_vms_write (host.service);
  g_signal_connect (host.service->store, "changed", G_CALLBACK (on_changed), &changes);
  xm_service_vms_write (host.service);
  ck_assert_uint_eq (changes, 0);

  fixture_write (host.service->store, "/xenmgr/overwrite-ndvm-settings", "false");
  template(&host, "service-ndvm-hvm", UUID ("1"), ",\"name\":\"new\"");
  xm_service_vms_write (host.service);
  ck_assert_ptr_null (reads (&host, "name"));
  host_free (&host);
}
END_TEST

START_TEST (without_its_disks_it_is_for_another_host)
{
  Host host = host_new ();
  g_autofree char *image = g_build_filename (host.dir, "disk.img", NULL);
  g_autofree char *rest =
      g_strdup_printf (",\"config\":{\"disk\":{\"0\":{\"path\":\"%s\"}}}", image);
  template(&host, "service-uivm", UUID ("1"), rest);
  xm_service_vms_write (host.service);
  ck_assert (!has (&host, UUID ("1")));
  fixture_write_file (host.dir, "disk.img", "image");
  xm_service_vms_write (host.service);
  ck_assert (has (&host, UUID ("1")));
  host_free (&host);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("service-vms");
  TCase *tcase = tcase_create ("service-vms");
  tcase_add_test (tcase, which_ones);
  tcase_add_test (tcase, overwriting);
  tcase_add_test (tcase, nothing_is_written_that_is_there);
  tcase_add_test (tcase, without_its_disks_it_is_for_another_host);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}
