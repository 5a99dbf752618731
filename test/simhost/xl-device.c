/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks, NICs and CD drives of running domains. */
#include "xl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A domain with its configuration, held under the lock. */
typedef struct {
  int lock;
  int domid;
  SimDomain *domain;
  json_t *config;
} Held;

static Held
hold (const char *word)
{
  Held held = { -1, xl_domain (word), NULL, NULL };

  held.lock = sim_lock ("lock");
  held.domain = sim_domain_load (held.domid);
  held.config = sim_config_load (held.domid);
  return held;
}

static int
let_go (Held *held, int status)
{
  g_clear_pointer (&held->domain, sim_domain_free);
  g_clear_pointer (&held->config, json_decref);
  sim_unlock (held->lock);
  return status;
}

static json_t *
devices (Held *held, const char *key)
{
  json_t *array = json_object_get (held->config, key);

  if (array == NULL && held->config != NULL) {
    array = json_array ();
    json_object_set_new (held->config, key, array);
  }
  return array;
}

/* --- NICs --- */

static gboolean
looks_like_mac (const char *text)
{
  return strlen (text) == 17 && strspn (text, "0123456789abcdefABCDEF:") == 17;
}

/* Reads key=value words. Returns: NULL after a complaint. */
static json_t *
parse_nic (XlCall *call)
{
  static const char *const keys[] = { "mac",  "bridge", "ip",   "script", "vifname",
                                      "rate", "model",  "type", "mtu",    NULL };
  json_t *nic = json_object ();

  for (int i = 1; i < call->argc; i++) {
    g_auto (GStrv) pair = g_strsplit (call->argv[i], "=", 2);

    if (pair[1] != NULL && g_str_equal (pair[0], "mac") && !looks_like_mac (pair[1])) {
      fprintf (stderr, "Invalid parameter `mac'.\n");
    } else if (pair[1] != NULL && g_strv_contains (keys, pair[0])) {
      json_object_set_new (nic, pair[0], json_string (pair[1]));
      continue;
    } else if (pair[1] != NULL &&
               (g_str_equal (pair[0], "devid") || g_str_equal (pair[0], "backend"))) {
      if (*pair[0] == 'd')
        json_object_set_new (nic, "devid", json_integer (atoi (pair[1])));
      continue;
    } else {
      fprintf (stderr, "unrecognized argument `%s'\n", call->argv[i]);
    }
    json_decref (nic);
    return NULL;
  }
  return nic;
}

int
xl_network_attach (XlCall *call)
{
  Held held = hold (call->argv[0]);
  json_t *nics = devices (&held, "nics");
  json_t *nic = parse_nic (call), *other;
  int devid = 0;
  size_t i;

  if (nic == NULL)
    return let_go (&held, 1);
  if (call->dry_run) {
    g_autofree char *text = sim_config_text (nic);

    printf ("vif: %s\n\n", text);
    json_decref (nic);
    return let_go (&held, 0);
  }
  if (held.domain == NULL || nics == NULL) {
    json_decref (nic);
    fprintf (stderr, "libxl_device_nic_add failed.\n");
    return let_go (&held, 1);
  }
  json_array_foreach (nics, i, other)
  {
    devid = MAX (devid, (int)json_integer_value (json_object_get (other, "devid")) + 1);
  }
  if (json_object_get (nic, "devid") == NULL)
    json_object_set_new (nic, "devid", json_integer (devid));
  json_array_append_new (nics, nic);
  sim_config_complete (held.config);
  sim_config_save (held.domid, held.config);
  sim_store_add_nic (held.domain, nic);
  return let_go (&held, 0);
}

int
xl_network_detach (XlCall *call)
{
  Held held = hold (call->argv[0]);
  gboolean by_mac = strchr (call->argv[1], ':') != NULL;
  json_t *nic;
  size_t i;

  json_array_foreach (devices (&held, "nics"), i, nic)
  {
    int devid = (int)json_integer_value (json_object_get (nic, "devid"));
    const char *mac = json_string_value (json_object_get (nic, "mac"));

    if (by_mac ? g_ascii_strcasecmp (mac, call->argv[1]) != 0 : devid != atoi (call->argv[1]))
      continue;
    sim_store_remove_device (held.domid, "vif", devid);
    json_array_remove (devices (&held, "nics"), i);
    sim_config_save (held.domid, held.config);
    return let_go (&held, 0);
  }
  if (!by_mac)
    fprintf (stderr,
             "libxl: error: libxl_xshelp.c:206:libxl__xs_read_mandatory: xenstore read failed: "
             "`/libxl/%d/device/vif/%s': No such file or directory\n",
             held.domid, call->argv[1]);
  fprintf (stderr, "Unknown device %s.\n", call->argv[1]);
  return let_go (&held, 1);
}

int
xl_network_list (XlCall *call)
{
  printf ("%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-5s %-30s\n", "Idx", "BE", "Mac Addr.", "handle",
          "state", "evt-ch", "tx-", "rx-ring-ref", "BE-path");
  fflush (stdout);
  for (int arg = 0; arg < call->argc; arg++) {
    Held held = hold (call->argv[arg]);
    int base = 520 + 2 * (int)json_array_size (devices (&held, "disks"));
    json_t *nic;
    size_t i;

    json_array_foreach (devices (&held, "nics"), i, nic)
    {
      int devid = (int)json_integer_value (json_object_get (nic, "devid"));
      g_autofree char *path =
          g_strdup_printf ("/local/domain/0/backend/vif/%d/%d", held.domid, devid);

      printf ("%-3d %-2d %s %5d %5d %6d %5d/%-11d %-30s\n", devid, 0,
              json_string_value (json_object_get (nic, "mac")), devid, 4, -1, base + 514 * devid,
              base + 1 + 514 * devid, path);
    }
    let_go (&held, 0);
  }
  return 0;
}

/* --- disks --- */

/* The real xl reads the words; its dry run prints "disk: {...}". */
static json_t *
parse_disk (XlCall *call, int *status)
{
  g_autofree char *path = sim_path ("disk-%d.cfg", getpid ());
  g_autofree char *spec = g_strjoinv (",", call->argv + 1);
  g_autofree char *text =
      g_strdup_printf ("name=\"x\"\ntype=\"pv\"\nkernel=\"/x\"\ndisk=[ '%s' ]\n", spec);
  char *words[] = { (char *)"-q", path, NULL };
  json_t *config, *disk = NULL;

  sim_write_file (path, text, -1);
  config = sim_config_parse (words, status);
  unlink (path);
  if (config != NULL)
    disk = json_incref (json_array_get (json_object_get (config, "disks"), 0));
  json_decref (config);
  return disk;
}

static json_t *
find_disk (Held *held, const char *vdev, size_t *index)
{
  json_t *disk;
  size_t i;

  json_array_foreach (devices (held, "disks"), i, disk)
  {
    *index = i;
    if (sim_disk_number (json_string_value (json_object_get (disk, "vdev"))) ==
        sim_disk_number (vdev))
      return disk;
  }
  return NULL;
}

int
xl_block_attach (XlCall *call)
{
  int status = 0;
  json_t *disk;
  Held held;
  const char *vdev, *path;
  size_t index;
  int lock = sim_lock ("lock");
  gboolean known = strspn (call->argv[0], "0123456789") == strlen (call->argv[0]) ||
                   sim_domain_find (call->argv[0]) >= 0;

  sim_unlock (lock);
  if (!known) {
    fprintf (stderr, "%s is an invalid domain identifier\n", call->argv[0]);
    return 1;
  }
  disk = parse_disk (call, &status);
  if (disk == NULL)
    return 1;
  if (call->dry_run) {
    g_autofree char *text = sim_config_text (disk);

    printf ("disk: %s\n\n", text);
    json_decref (disk);
    return 0;
  }
  held = hold (call->argv[0]);
  vdev = json_string_value (json_object_get (disk, "vdev"));
  path = json_string_value (json_object_get (disk, "pdev_path"));
  if (held.domain == NULL || find_disk (&held, vdev, &index) != NULL) {
    xl_libxl_error ("libxl_disk.c:343:device_disk_add", held.domid,
                    "device already exists in xenstore");
    status = 1;
  } else if (path != NULL && access (path, F_OK) != 0) {
    fprintf (stderr,
             "libxl: error: libxl_device.c:455:libxl__device_disk_set_backend: Disk vdev=%s failed "
             "to stat: %s: %s\n",
             vdev, path, g_strerror (errno));
    status = 1;
  } else {
    json_array_append (devices (&held, "disks"), disk);
    sim_config_complete (held.config);
    sim_config_save (held.domid, held.config);
    sim_store_add_disk (held.domain, disk);
  }
  json_decref (disk);
  if (status != 0)
    fprintf (stderr, "libxl: error: libxl_device.c:1486:device_addrm_aocomplete: unable to add "
                     "device\nlibxl_device_disk_add failed.\n");
  return let_go (&held, status);
}

int
xl_block_detach (XlCall *call)
{
  Held held = hold (call->argv[0]);
  int devid = sim_disk_number (call->argv[1]);
  size_t index;

  if (find_disk (&held, call->argv[1], &index) == NULL) {
    fprintf (stderr,
             "libxl: error: libxl_disk.c:516:libxl__disk_from_xenstore: disk "
             "/libxl/%d/device/vbd/%d does not exist (no backend path\n"
             "Error: Device %s not connected.\n",
             held.domid, devid, call->argv[1]);
    return let_go (&held, 1);
  }
  json_array_remove (devices (&held, "disks"), index);
  sim_config_save (held.domid, held.config);
  sim_store_remove_device (held.domid, "vbd", devid);
  return let_go (&held, 0);
}

int
xl_block_list (XlCall *call)
{
  printf ("%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state", "evt-ch",
          "ring-ref", "BE-path");
  fflush (stdout);
  for (int arg = 0; arg < call->argc; arg++) {
    Held held;
    int lock = sim_lock ("lock");
    gboolean known = strspn (call->argv[arg], "0123456789") == strlen (call->argv[arg]) ||
                     sim_domain_find (call->argv[arg]) >= 0;
    json_t *disk;
    size_t i;

    sim_unlock (lock);
    if (!known) {
      fprintf (stderr, "%s is an invalid domain identifier\n", call->argv[arg]);
      continue;
    }
    held = hold (call->argv[arg]);
    json_array_foreach (devices (&held, "disks"), i, disk)
    {
      int devid = sim_disk_number (json_string_value (json_object_get (disk, "vdev")));
      g_autofree char *path =
          g_strdup_printf ("/local/domain/0/backend/vbd/%d/%d", held.domid, devid);

      printf ("%-5d %-3d %-6d %-5d %-6d %-8d %-30s\n", devid, 0, held.domid, 4, 8 + (int)i, 8,
              path);
    }
    let_go (&held, 0);
  }
  return 0;
}

/* --- CD drives --- */

static int
change_cd (XlCall *call, const char *path)
{
  Held held;
  json_t *disk;
  size_t index;
  g_autofree char *params = NULL;

  held = hold (call->argv[0]);
  if (*path != '\0' && access (path, R_OK) != 0) {
    fprintf (stderr, "Cannot stat file: %s\n", path);
    return let_go (&held, 1);
  }
  if (held.domain == NULL || !g_str_equal (held.domain->type, "hvm")) {
    xl_libxl_error ("libxl_disk.c:838:libxl_cdrom_insert", held.domid,
                    "cdrom-insert requires an HVM domain");
    return let_go (&held, 1);
  }
  disk = find_disk (&held, call->argv[1], &index);
  if (disk == NULL) {
    xl_libxl_error ("libxl_disk.c:870:libxl_cdrom_insert", held.domid, "Virtual device not found");
    return let_go (&held, 1);
  }
  json_object_set_new (disk, "pdev_path", json_string (path));
  sim_config_save (held.domid, held.config);
  params = g_strdup_printf ("/local/domain/0/backend/vbd/%d/%d/params", held.domid,
                            sim_disk_number (call->argv[1]));
  sim_store_write_path (params, path);
  sim_qemu_tell (held.domain, *path != '\0' ? "cd-insert" : "cd-eject");
  return let_go (&held, 0);
}

int
xl_cd_insert (XlCall *call)
{
  return change_cd (call, call->argv[2]);
}

int
xl_cd_eject (XlCall *call)
{
  return change_cd (call, "");
}
