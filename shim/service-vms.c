/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/service-vms.h"

#include <string.h>

#include "shim/error.h"
#include "shim/text.h"
#include "shim/vm.h"

#define NDVM "ndvm"

static gboolean
read_boolean (XmService *service, const char *path, gboolean fallback)
{
  const char *text = xm_store_read (service->store, path);
  gboolean value;
  return text != NULL && xm_text_to_boolean (text, &value) ? value : fallback;
}

/* -- which ones -------------------------------------------------------------------- */

static gboolean
is_ndvm (const char *tag)
{
  return g_str_has_prefix (tag, NDVM "-");
}

static gboolean
is_wanted (XmService *service, const char *tag)
{
  if (is_ndvm (tag)) {
    const char *mode = xm_store_read (service->store, "/xenmgr/ndvm-mode");
    return g_str_equal (tag + strlen (NDVM "-"), mode != NULL ? mode : "hvm");
  }
  return !g_str_equal (tag, "usbvm") || read_boolean (service, "/xenmgr/usbvm-enable", FALSE);
}

static gboolean
may_overwrite (XmService *service, const char *tag)
{
  g_autofree char *path =
      g_strdup_printf ("/xenmgr/overwrite-%s-settings", is_ndvm (tag) ? NDVM : tag);
  return read_boolean (service, path, TRUE);
}

/* -- disks ------------------------------------------------------------------------- */

static json_t *
disks_of (json_t *node)
{
  return json_object_get (json_object_get (node, "config"), "disk");
}

static gboolean
has_its_images (json_t *template)
{
  const char *id;
  json_t *disk;
  json_object_foreach (disks_of (template), id, disk)
  {
    const char *path = json_string_value (json_object_get (disk, "path"));
    if (path != NULL && *path != '\0' && !g_file_test (path, G_FILE_TEST_EXISTS))
      return FALSE;
  }
  return TRUE;
}

static void
keep_sums (json_t *template, json_t *present)
{
  const char *id;
  json_t *disk;
  json_object_foreach (disks_of (present), id, disk)
  {
    json_t *sum = json_object_get (disk, "sha1sum");
    json_t *fresh = json_object_get (disks_of (template), id);
    if (sum != NULL && fresh != NULL)
      json_object_set (fresh, "sha1sum", sum);
  }
}

/* -- writing ----------------------------------------------------------------------- */

/* Returns: whether there was anything to do, and it is done; an error may be set when not. */
static gboolean
write_one (XmService *service, const char *tag, GError **error)
{
  g_autofree char *name = g_strconcat ("service-", tag, NULL);
  json_auto_t *template = xm_templates_load (service->templates, name, error);
  if (template == NULL)
    return FALSE;
  const char *uuid = json_string_value (json_object_get (template, "uuid"));
  if (uuid == NULL || !xm_uuid_is_valid (uuid)) {
    xm_error_set_plain (error, "it names no uuid");
    return FALSE;
  }
  g_autofree char *path = g_strconcat ("/vm/", uuid, NULL);
  if (!xm_store_exists (service->store, path)) {
    if (!has_its_images (template)) {
      g_info ("service VM %s is not for this host: it lacks its disk images", tag);
      return FALSE;
    }
  } else {
    if (!may_overwrite (service, tag))
      return FALSE;
    g_autofree char *text = xm_store_dump (service->store, path);
    json_auto_t *present = json_loads (text, JSON_DECODE_ANY, NULL);
    keep_sums (template, present);
    if (json_equal (template, present))
      return FALSE;
  }
  if (!xm_store_inject_json (service->store, path, template, error))
    return FALSE;
  g_message ("service VM %s is %s", tag, uuid);
  return TRUE;
}

void
xm_service_vms_write (XmService *service)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) tags = xm_templates_list_service (service->templates, &error);
  gboolean changed = FALSE;
  if (tags == NULL)
    g_warning ("no service VMs: %s", error->message);
  for (char **tag = tags; tag != NULL && *tag != NULL; tag++) {
    if (!is_wanted (service, *tag))
      continue;
    g_autoptr (GError) why = NULL;
    changed |= write_one (service, *tag, &why);
    if (why != NULL)
      g_warning ("service VM %s: %s", *tag, why->message);
  }
  if (changed)
    xm_store_commit_async (service->store, NULL, NULL, NULL);
}
