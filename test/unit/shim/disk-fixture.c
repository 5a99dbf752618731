/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk-fixture.h"

#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store-fixture.h"

ServiceFixture *disk_fixture;
XmService *disk_service;
char *disk_base;

void
disk_replace (char **setting, char *value)
{
  g_free (*setting);
  *setting = value;
}

void
disk_set_up (void)
{
  disk_fixture = service_fixture_new ();
  disk_service = service_fixture_service (disk_fixture);
  disk_base = fixture_new ();
  disk_replace (&disk_service->settings->host_root, g_strdup (disk_base));
  disk_replace (&disk_service->settings->disks_dir,
                g_build_filename (disk_base, "storage/disks", NULL));
}

void
disk_tear_down (void)
{
  service_fixture_free (disk_fixture);
  fixture_free (disk_base);
}

/* -- short forms ------------------------------------------------------------------- */

GVariant *
disk_call (const char *path, const char *interface, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer =
      service_fixture_call (disk_fixture, XENMGR, path, interface, method, parameters, &error);
  ck_assert_msg (answer != NULL, "%s: %s", method, error != NULL ? error->message : "");
  return answer;
}

void
disk_run (const char *path, const char *interface, const char *method, GVariant *parameters)
{
  g_variant_unref (disk_call (path, interface, method, parameters));
}

void
disk_refuse (const char *path,
             const char *interface,
             const char *method,
             GVariant *parameters,
             const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (disk_fixture, XENMGR, path, interface, method, parameters, &error);
  ck_assert_msg (answer == NULL, "%s", method);
  g_autofree char *name = g_dbus_error_get_remote_error (error);
  ck_assert_str_eq (name, "org.freedesktop.DBus.Error.Failed");
  g_dbus_error_strip_remote_error (error);
  ck_assert_str_eq (error->message, text);
}

void
disk_assert (const char *path, const char *property, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = service_fixture_get (disk_fixture, path, DISK, property, &error);
  ck_assert_msg (value != NULL, "%s: %s", property, error != NULL ? error->message : "");
  g_autofree char *text = g_variant_print (value, FALSE);
  ck_assert_msg (g_str_equal (text, expected), "%s is %s, not %s", property, text, expected);
}

void
disk_set (const char *path, const char *property, GVariant *value)
{
  g_autoptr (GError) error = NULL;
  ck_assert_msg (service_fixture_set (disk_fixture, path, DISK, property, value, &error), "%s: %s",
                 property, error != NULL ? error->message : "");
}

void
disk_set_text (const char *path, const char *property, const char *text)
{
  disk_set (path, property, g_variant_new_string (text));
}

XmVm *
disk_add_vm (const char *config)
{
  g_autofree char *json = g_strdup_printf ("{\"name\":\"n\",\"config\":{%s}}", config);
  return service_fixture_add_vm (disk_fixture, UUID, json);
}

gboolean
disk_file_is_there (const char *file)
{
  g_autofree char *path = g_build_filename (disk_base, file, NULL);
  struct stat info;
  return lstat (path, &info) == 0;
}

char *
disk_make_vhd (const char *file, const char *size)
{
  char *path = g_build_filename (disk_base, file, NULL);
  const char *argv[] = {
    "qemu-img", "create", "-q", "-f", "vpc", "-o", "subformat=dynamic,force_size=on",
    path,       size,     NULL
  };
  int status;
  ck_assert (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           &status, NULL));
  ck_assert_int_eq (status, 0);
  return path;
}

void
disk_encrypt (const char *path)
{
  char sector[512] = "tdbatmap", footer[512];
  guint8 n[4]; /* of entries in the table, which stands at 1536 */
  sector[29] = 1;
  int fd = open (path, O_RDWR | O_CLOEXEC);
  ck_assert_int_eq (pread (fd, footer, sizeof footer, 0), sizeof footer);
  ck_assert_int_eq (pread (fd, n, sizeof n, 512 + 28), sizeof n);
  off_t at = 1536 + ((n[2] << 8 | n[3]) * 4 + 511) / 512 * 512;
  ck_assert_int_eq (pwrite (fd, sector, sizeof sector, at), sizeof sector);
  ck_assert_int_eq (pwrite (fd, footer, sizeof footer, at + 512), sizeof footer);
  close (fd);
}
