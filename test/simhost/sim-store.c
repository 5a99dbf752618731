/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nodes that libxl keeps in xenstore, as seen with `xenstore-ls -p` on a real host. */
#include "sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct xs_handle *store;

struct xs_handle *
sim_store (void)
{
  if (store == NULL)
    store = xs_open (0);
  if (store == NULL)
    g_error ("xs_open: %s", g_strerror (errno));
  return store;
}

void
sim_store_reset (void)
{
  store = NULL; /* the parent's connection must not be closed by its child */
}

void
sim_store_write_path (const char *path, const char *value)
{
  if (!xs_write (sim_store (), XBT_NULL, path, value, (unsigned)strlen (value)))
    g_warning ("xs_write %s: %s", path, g_strerror (errno));
}

void
sim_store_rm_path (const char *path)
{
  xs_rm (sim_store (), XBT_NULL, path);
}

void
sim_store_write (int domid, const char *node, const char *value)
{
  g_autofree char *path = g_strdup_printf ("/local/domain/%d/%s", domid, node);

  sim_store_write_path (path, value);
}

char *
sim_store_read (int domid, const char *node)
{
  g_autofree char *path = g_strdup_printf ("/local/domain/%d/%s", domid, node);
  char *value = xs_read (sim_store (), XBT_NULL, path, NULL);
  char *copy = g_strdup (value);

  free (value);
  return copy;
}

/* --- permissions: who owns a node, and who else may read it --- */

typedef enum {
  OURS,           /* (n0) */
  GUEST_READS,    /* (n0,rN) */
  GUESTS,         /* (nN) */
  GUESTS_WE_READ, /* (nN,r0) */
} Owner;

static void
node (int domid, Owner owner, const char *value, const char *format, ...) G_GNUC_PRINTF (4, 5);

static void
node (int domid, Owner owner, const char *value, const char *format, ...)
{
  struct xs_permissions permissions[2] = {
    { .id = owner >= GUESTS ? (unsigned)domid : 0, .perms = XS_PERM_NONE },
    { .id = owner >= GUESTS ? 0 : (unsigned)domid, .perms = XS_PERM_READ },
  };
  g_autofree char *path = NULL;
  va_list args;

  va_start (args, format);
  path = g_strdup_vprintf (format, args);
  va_end (args);
  sim_store_write_path (path, value);
  if (owner != OURS &&
      !xs_set_permissions (sim_store (), XBT_NULL, path, permissions, owner == GUESTS ? 1 : 2))
    g_warning ("xs_set_permissions %s: %s", path, g_strerror (errno));
}

/* --- domains --- */

void
sim_store_make (const SimDomain *domain)
{
  static const char *const guests[] = {
    "device/suspend/event-channel",
    "control/shutdown",
    "control/feature-poweroff",
    "control/feature-reboot",
    "control/feature-suspend",
    "control/sysrq",
    "data",
    "drivers",
    "feature",
    "attr",
    "error",
  };
  static const char *const folders[] = { "cpu", "memory", "device", "device/suspend", "control" };
  int n = domain->domid;

  node (n, GUEST_READS, "", "/local/domain/%d", n);
  node (n, GUEST_READS, "", "/vm/%s", domain->uuid);
  {
    g_autofree char *vm = g_strdup_printf ("/vm/%s", domain->uuid);

    node (n, GUEST_READS, vm, "/local/domain/%d/vm", n);
  }
  if (domain->name != NULL) {
    node (n, GUEST_READS, domain->name, "/vm/%s/name", domain->uuid);
    node (n, GUEST_READS, domain->name, "/local/domain/%d/name", n);
  }
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    node (n, GUEST_READS, "", "/local/domain/%d/%s", n, folders[i]);
  for (guint i = 0; i < G_N_ELEMENTS (guests); i++)
    node (n, GUESTS, "", "/local/domain/%d/%s", n, guests[i]);
  node (n, GUEST_READS, domain->uuid, "/vm/%s/uuid", domain->uuid);
  node (n, GUEST_READS, "1", "/local/domain/%d/control/platform-feature-multiprocessor-suspend", n);
  node (n, GUEST_READS, "1", "/local/domain/%d/control/platform-feature-xs_reset_watches", n);
  if (g_strcmp0 (domain->type, "hvm") == 0) {
    node (n, GUESTS, "", "/local/domain/%d/control/feature-s3", n);
    node (n, GUESTS, "", "/local/domain/%d/control/feature-s4", n);
  }
  node (n, OURS, domain->type, "/libxl/%d/type", n);
  node (n, OURS, "qemu_xen", "/libxl/%d/dm-version", n);
}

static void
add_console (int n)
{
  g_autofree char *back = g_strdup_printf ("/local/domain/0/backend/console/%d/0", n);
  g_autofree char *front = g_strdup_printf ("/local/domain/%d/console", n);
  g_autofree char *id = g_strdup_printf ("%d", n);
  g_autofree char *libxl = g_strdup_printf ("/libxl/%d/device/console/0", n);

  node (n, GUEST_READS, "", "%s", front);
  node (n, GUEST_READS, back, "%s/backend", front);
  node (n, GUESTS_WE_READ, "0", "%s/backend-id", front);
  node (n, GUEST_READS, "1048576", "%s/limit", front);
  node (n, GUEST_READS, "xenconsoled", "%s/type", front);
  node (n, GUEST_READS, "pty", "%s/output", front);
  node (n, GUEST_READS, "", "%s/tty", front);
  node (n, GUEST_READS, "2", "%s/port", front);
  node (n, GUEST_READS, "650754", "%s/ring-ref", front);
  for (int side = 0; side < 2; side++) {
    const char *base = side == 0 ? back : libxl;
    Owner owner = side == 0 ? GUEST_READS : OURS;

    node (n, owner, "", "%s", base);
    if (side == 1)
      node (n, owner, back, "%s/backend", base);
    node (n, owner, front, "%s/frontend", base);
    node (n, owner, id, "%s/frontend-id", base);
    node (n, owner, "1", "%s/online", base);
    node (n, owner, "1", "%s/state", base);
    node (n, owner, "vt100", "%s/protocol", base);
  }
}

static void add_device (int n, const char *kind, int devid);

void
sim_store_build (const SimDomain *domain, json_t *config)
{
  int n = domain->domid;
  const char *const images[] = { "kernel", "ramdisk", "cmdline" };
  g_autofree char *id = g_strdup_printf ("%d", n);
  g_autofree char *start =
      g_strdup_printf ("%" G_GINT64_FORMAT ".%02d", domain->started_us / G_USEC_PER_SEC,
                       (int)(domain->started_us / 10000 % 100));
  g_autofree char *max = g_strdup_printf ("%" G_GINT64_FORMAT, domain->max_kb);
  gint64 video_kb =
      json_integer_value (json_object_get (json_object_get (config, "b_info"), "video_memkb"));
  g_autofree char *video = g_strdup_printf ("%" G_GINT64_FORMAT, video_kb);
  g_autofree char *target = g_strdup_printf ("%" G_GINT64_FORMAT, domain->memory_kb - video_kb);
  gboolean hvm = g_strcmp0 (domain->type, "hvm") == 0;
  json_t *device;
  size_t i;

  node (n, GUEST_READS, "", "/vm/%s/image", domain->uuid);
  node (n, GUEST_READS, hvm ? "hvm" : "linux", "/vm/%s/image/ostype", domain->uuid);
  for (guint k = 0; !hvm && k < G_N_ELEMENTS (images); k++) {
    const char *value = sim_config_string (config, "b_info", images[k]);

    if (value != NULL)
      node (n, GUEST_READS, value, "/vm/%s/image/%s", domain->uuid, images[k]);
  }
  node (n, GUEST_READS, start, "/vm/%s/start_time", domain->uuid);
  node (n, GUEST_READS, max, "/local/domain/%d/memory/static-max", n);
  node (n, GUEST_READS, target, "/local/domain/%d/memory/target", n);
  node (n, GUEST_READS, video, "/local/domain/%d/memory/videoram", n);
  node (n, GUEST_READS, id, "/local/domain/%d/domid", n);
  node (n, GUEST_READS, "1", "/local/domain/%d/store/port", n);
  node (n, GUEST_READS, "650753", "/local/domain/%d/store/ring-ref", n);
  for (int cpu = 0; cpu < domain->max_vcpus; cpu++)
    node (n, GUEST_READS, cpu < domain->vcpus ? "online" : "offline",
          "/local/domain/%d/cpu/%d/availability", n, cpu);
  if (!xs_introduce_domain (sim_store (), (unsigned)n, 650753, 1))
    g_warning ("xs_introduce_domain %d: %s", n, g_strerror (errno));
  add_console (n);
  json_array_foreach (json_object_get (config, "disks"), i, device)
  {
    sim_store_add_disk (domain, device);
  }
  json_array_foreach (json_object_get (config, "nics"), i, device)
  {
    sim_store_add_nic (domain, device);
  }
  json_array_foreach (json_object_get (config, "vfbs"), i, device)
  {
    add_device (n, "vfb", (int)i);
  }
  json_array_foreach (json_object_get (config, "vkbs"), i, device)
  {
    add_device (n, "vkbd", (int)i);
  }
}

/* As libxl: a folder that became empty goes as well. */
static void
rm_with_parents (const char *path)
{
  g_autofree char *folder = g_strdup (path);

  sim_store_rm_path (path);
  for (char *slash; (slash = strrchr (folder, '/')) != NULL && slash != folder;) {
    unsigned n = 1;

    *slash = '\0';
    free (xs_directory (sim_store (), XBT_NULL, folder, &n));
    if (n > 0)
      return;
    sim_store_rm_path (folder);
  }
}

void
sim_store_remove (const SimDomain *domain)
{
  static const char *const kinds[] = { "console", "vbd", "vif", "vfb", "vkbd" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree char *path =
        g_strdup_printf ("/local/domain/0/backend/%s/%d", kinds[i], domain->domid);

    rm_with_parents (path);
  }
  {
    g_autofree char *vm = g_strdup_printf ("/vm/%s", domain->uuid);
    g_autofree char *dom = g_strdup_printf ("/local/domain/%d", domain->domid);
    g_autofree char *libxl = g_strdup_printf ("/libxl/%d", domain->domid);

    sim_store_rm_path (vm); /* also when another domain has the same uuid: so does libxl */
    sim_store_rm_path (dom);
    sim_store_rm_path (libxl);
  }
}

/* --- devices --- */

/* Writes one member of a device on the backend's and on libxl's side. */
static void
both (int n, const char *kind, int devid, const char *key, const char *value)
{
  node (n, GUEST_READS, value, "/local/domain/0/backend/%s/%d/%d/%s", kind, n, devid, key);
  node (n, OURS, value, "/libxl/%d/device/%s/%d/%s", n, kind, devid, key);
}

static void
add_device (int n, const char *kind, int devid)
{
  g_autofree char *back = g_strdup_printf ("/local/domain/0/backend/%s/%d/%d", kind, n, devid);
  g_autofree char *front = g_strdup_printf ("/local/domain/%d/device/%s/%d", n, kind, devid);
  g_autofree char *id = g_strdup_printf ("%d", n);

  node (n, GUESTS, back, "%s/backend", front);
  node (n, GUESTS, "0", "%s/backend-id", front);
  node (n, GUESTS, "4", "%s/state", front);
  node (n, OURS, back, "/libxl/%d/device/%s/%d/backend", n, kind, devid);
  both (n, kind, devid, "frontend", front);
  both (n, kind, devid, "frontend-id", id);
  both (n, kind, devid, "online", "1");
  node (n, OURS, "1", "/libxl/%d/device/%s/%d/state", n, kind, devid);
  node (n, GUEST_READS, "4", "%s/state", back);
  node (n, GUEST_READS, "connected", "%s/hotplug-status", back);
}

void
sim_store_add_disk (const SimDomain *domain, json_t *disk)
{
  const char *vdev = json_string_value (json_object_get (disk, "vdev"));
  const char *path = json_string_value (json_object_get (disk, "pdev_path"));
  int n = domain->domid, devid = sim_disk_number (vdev);
  gboolean cd = json_object_get (disk, "is_cdrom") != NULL;

  if (devid < 0)
    return;
  add_device (n, "vbd", devid);
  both (n, "vbd", devid, "params", path != NULL ? path : "");
  both (n, "vbd", devid, "type", "phy");
  both (n, "vbd", devid, "dev", vdev);
  both (n, "vbd", devid, "mode",
        json_integer_value (json_object_get (disk, "readwrite")) != 0 ? "w" : "r");
  both (n, "vbd", devid, "device-type", cd ? "cdrom" : "disk");
  both (n, "vbd", devid, "removable", cd ? "1" : "0");
}

void
sim_store_add_nic (const SimDomain *domain, json_t *nic)
{
  int n = domain->domid, devid = (int)json_integer_value (json_object_get (nic, "devid"));
  const char *mac = json_string_value (json_object_get (nic, "mac"));
  const char *bridge = json_string_value (json_object_get (nic, "bridge"));
  g_autofree char *handle = g_strdup_printf ("%d", devid);

  add_device (n, "vif", devid);
  both (n, "vif", devid, "handle", handle);
  both (n, "vif", devid, "mac", mac);
  both (n, "vif", devid, "bridge", bridge != NULL ? bridge : "xenbr0");
  both (n, "vif", devid, "script", "/etc/xen/scripts/vif-bridge");
  both (n, "vif", devid, "type", "vif");
  node (n, GUESTS, mac, "/local/domain/%d/device/vif/%d/mac", n, devid);
}

void
sim_store_remove_device (int domid, const char *kind, int devid)
{
  g_autofree char *front = g_strdup_printf ("/local/domain/%d/device/%s/%d", domid, kind, devid);
  g_autofree char *back = g_strdup_printf ("/local/domain/0/backend/%s/%d/%d", kind, domid, devid);
  g_autofree char *libxl = g_strdup_printf ("/libxl/%d/device/%s/%d", domid, kind, devid);

  rm_with_parents (front);
  rm_with_parents (back);
  rm_with_parents (libxl);
}
