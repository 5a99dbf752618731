/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/ovf-env.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/vm-product.h"

#include "xenmgr-xl-config.h"

#define NAMESPACE   "http://schemas.dmtf.org/ovf/environment/1"
#define REPLACEMENT 0xFFFD

/* -- XML --------------------------------------------------------------------------- */

/* The characters that XML 1.0 can hold at all, even as a reference. */
static gboolean
is_xml_character (gunichar c)
{
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0xFFFE && c != 0xFFFF);
}

static void
append_character (GString *out, gunichar c)
{
  static const struct {
    gunichar c;
    const char *text;
  } references[] = {
    { '&', "&amp;" }, { '<', "&lt;" },   { '>', "&gt;" },   { '"', "&quot;" },
    { '\t', "&#9;" }, { '\n', "&#10;" }, { '\r', "&#13;" }, /* else blanks, in an attribute */
  };
  for (gsize i = 0; i < G_N_ELEMENTS (references); i++) {
    if (references[i].c == c) {
      g_string_append (out, references[i].text);
      return;
    }
  }
  g_string_append_unichar (out, is_xml_character (c) ? c : REPLACEMENT);
}

/* ` name="value"`; the store holds nothing but UTF-8. */
static void
append_attribute (GString *out, const char *name, const char *value)
{
  g_string_append_printf (out, " oe:%s=\"", name);
  for (; *value != '\0'; value = g_utf8_next_char (value))
    append_character (out, g_utf8_get_char (value));
  g_string_append_c (out, '"');
}

/* -- the document ------------------------------------------------------------------ */

/* `[class.]key[.instance]`, or the id where the store has no key. */
static char *
property_name (const XmVm *vm, const char *id)
{
  const char *key = xm_vm_product_read (vm, id, "key", "");
  const char *class = xm_vm_product_read (vm, id, "class", "");
  const char *instance = xm_vm_product_read (vm, id, "instance", "");
  if (*key == '\0')
    return g_strdup (id);
  return g_strconcat (class, *class != '\0' ? "." : "", key, *instance != '\0' ? "." : "", instance,
                      NULL);
}

char *
xm_ovf_env_xml (const XmVm *vm)
{
  GString *out = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                               "<Environment xmlns=\"" NAMESPACE "\" xmlns:oe=\"" NAMESPACE "\"");
  append_attribute (out, "id", vm->uuid);
  g_string_append (out, ">\n"
                        "  <PlatformSection>\n"
                        "    <Kind>Xen</Kind>\n"
                        "    <Version>" XM_VERSION "</Version>\n"
                        "    <Vendor>xenmgr-xl</Vendor>\n"
                        "    <Locale>en</Locale>\n"
                        "  </PlatformSection>\n"
                        "  <PropertySection>\n");
  g_auto (GStrv) ids = xm_vm_product_ids (vm);
  for (char **id = ids; *id != NULL; id++) {
    g_autofree char *name = property_name (vm, *id);
    g_string_append (out, "    <Property");
    append_attribute (out, "key", name);
    append_attribute (out, "value", xm_vm_product_read (vm, *id, "value", ""));
    g_string_append (out, "/>\n");
  }
  g_string_append (out, "  </PropertySection>\n</Environment>\n");
  return g_string_free (out, FALSE);
}

/* -- the image --------------------------------------------------------------------- */

/* Whichever the host has; they take the same words. */
static const struct {
  const char *program, *mode[3];
} makers[] = {
  { "xorriso", { "-as", "genisoimage", NULL } },
  { "genisoimage", { NULL } },
  { "mkisofs", { NULL } },
};

typedef struct {
  XmStart *start;
  char *folder;   /* what becomes the CD's root */
  char *document; /* in it */
  char *iso;
  char *xml;
} Image;

static void
image_free (gpointer data)
{
  Image *image = data;
  g_free (image->folder);
  g_free (image->document);
  g_free (image->iso);
  g_free (image->xml);
  g_free (image);
}

static char *
iso_path (const XmVm *vm)
{
  g_autofree char *path = g_strdup_printf ("/var/lib/ovf/%s-env.iso", vm->uuid);
  return xm_settings_host_path (vm->service->settings, path);
}

static void
remove_folder (const Image *image)
{
  unlink (image->document);
  rmdir (image->folder);
}

static void
on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Image *image = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  remove_folder (image);
  if (output != NULL) {
    image->start->ovf_iso = g_steal_pointer (&image->iso);
    g_task_return_boolean (task, TRUE);
  } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_task_return_error (task, error);
  } else {
    g_task_return_error (task, xm_error_from_helper (error));
  }
}

/* Nobody but root is to read what may be passwords: the file is there, closed to others, before it
 * has content. */
static gboolean
make_empty (const char *path, GError **error)
{
  unlink (path);
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    xm_error_set_file (error, path, "openFile", errno);
    return FALSE;
  }
  close (fd);
  return TRUE;
}

static gboolean
make_folder (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0700) == 0)
    return TRUE;
  xm_error_set_file (error, path, "createDirectory", errno);
  return FALSE;
}

static void
lay_out (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Image *image = task_data;
  g_autofree char *iso_folder = g_path_get_dirname (image->iso);
  GError *error = NULL;
  if (make_folder (image->folder, &error) && make_folder (iso_folder, &error) &&
      make_empty (image->iso, &error) &&
      g_file_set_contents_full (image->document, image->xml, -1, G_FILE_SET_CONTENTS_NONE, 0600,
                                &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_laid_out (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  const Image *image = g_task_get_task_data (task);
  GError *error = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    remove_folder (image);
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  gsize maker = 0;
  for (gsize i = G_N_ELEMENTS (makers); i-- > 0;) {
    g_autofree char *program = g_find_program_in_path (makers[i].program);
    if (program != NULL)
      maker = i;
  }
  const char *argv[16] = { makers[maker].program };
  gsize n = 1;
  for (const char *const *word = makers[maker].mode; *word != NULL; word++)
    argv[n++] = *word;
  const char *const words[] = { "-quiet", "-r",       "-J",          "-V", "OVF ENV",
                                "-o",     image->iso, image->folder, NULL };
  memcpy (argv + n, words, sizeof words);
  xl_runner_run_async (image->start->vm->service->helpers, argv, NULL, XL_TIMEOUT_QUICK,
                       image->start->cancellable, on_made, task);
}

void
xm_ovf_env_step (XmStart *start, GTask *task)
{
  const XmVm *vm = start->vm;
  if (!xm_vm_read_boolean (vm, "ovf-transport-iso", FALSE)) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  Image *image = g_new0 (Image, 1);
  g_autofree char *name = g_strconcat (vm->uuid, ".ovf", NULL);
  image->start = start;
  image->folder = g_build_filename (vm->service->settings->run_dir, name, NULL);
  image->document = g_build_filename (image->folder, "ovf-env.xml", NULL);
  image->iso = iso_path (vm);
  image->xml = xm_ovf_env_xml (vm);
  g_task_set_task_data (task, image, image_free);

  g_autoptr (GTask) laying = g_task_new (NULL, NULL, on_laid_out, task);
  g_task_set_task_data (laying, image, NULL); /* @task lives longer */
  g_task_run_in_thread (laying, lay_out);
}

void
xm_ovf_env_undo (XmVm *vm)
{
  g_autofree char *path = iso_path (vm);
  if (unlink (path) < 0 && errno != ENOENT && errno != ENOTDIR)
    g_warning ("cannot remove %s: %s", path, g_strerror (errno));
}
