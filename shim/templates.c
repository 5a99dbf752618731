/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/templates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/read-file.h"

#define EXTENSION ".json"
#define MAX_SIZE  (1024 * 1024)

struct _XmTemplates {
  char *directory;
};

XmTemplates *
xm_templates_new (const char *directory)
{
  XmTemplates *self = g_new0 (XmTemplates, 1);

  self->directory = g_canonicalize_filename (directory, NULL);
  return self;
}

void
xm_templates_free (XmTemplates *self)
{
  g_free (self->directory);
  g_free (self);
}

static gboolean
is_blank (const char *text)
{
  while (g_ascii_isspace (*text))
    text++;
  return !*text;
}

/* JSON ---------------------------------------------------------------------- */

static json_t *
parse_object (const char *text, gsize len, const char *what, GError **error)
{
  json_error_t why;
  json_t *json = json_loadb (text, len, 0, &why);

  if (json && json_is_object (json))
    return json;
  if (json) {
    xm_error_set_plain (error, "malformed %s: not an object", what);
    json_decref (json);
  } else {
    /* jansson quotes the input, which may be anything. */
    g_autofree char *problem = g_utf8_make_valid (why.text, -1);

    xm_error_set_plain (error, "malformed %s: %s (line %d, column %d)", what, problem, why.line,
                        why.column);
  }
  return NULL;
}

json_t *
xm_json_parse_object (const char *text, GError **error)
{
  return is_blank (text) ? json_object () : parse_object (text, strlen (text), "JSON", error);
}

json_t *
xm_json_merge (json_t *template, json_t *overrides)
{
  json_t *merged = json_deep_copy (template);
  json_t *own = json_deep_copy (overrides);

  json_object_update_recursive (merged, own);
  json_decref (own);
  return merged;
}

/* Names --------------------------------------------------------------------- */

static gboolean
is_plain (const char *name)
{
  return *name && *name != '.' && !strchr (name, '/');
}

/* Returns: (transfer full): the file of a tag, which need not exist. */
static char *
file_of_tag (XmTemplates *self, const char *tag)
{
  g_autofree char *extended = g_strconcat (self->directory, "/", tag, EXTENSION, NULL);
  g_autofree char *exact = g_build_filename (self->directory, tag, NULL);

  if (access (exact, F_OK) < 0 && access (extended, F_OK) == 0)
    return g_steal_pointer (&extended);
  return g_steal_pointer (&exact);
}

static gboolean
is_same_directory (const char *a, const char *b)
{
  char *canonical_a = realpath (a, NULL);
  char *canonical_b = realpath (b, NULL);
  gboolean same = canonical_a && canonical_b && strcmp (canonical_a, canonical_b) == 0;

  free (canonical_a);
  free (canonical_b);
  return same;
}

/* Returns: (transfer full): the file that @name stands for, or NULL when it may not be used. */
static char *
find_file (XmTemplates *self, const char *name, GError **error)
{
  if (is_plain (name))
    return file_of_tag (self, name);

  if (g_path_is_absolute (name) && !g_str_has_suffix (name, "/")) {
    g_autofree char *directory = g_path_get_dirname (name);
    g_autofree char *last = g_path_get_basename (name);

    if (is_plain (last) && is_same_directory (directory, self->directory))
      return file_of_tag (self, last);
  }
  xm_error_set_plain (error, "'%s' does not name a template in %s", name, self->directory);
  return NULL;
}

static json_t *
load_file (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize len;
  int errsv = xm_read_file (path, MAX_SIZE, &text, &len);

  if (errsv) {
    xm_error_set_file (error, path, "openFile", errsv);
    return NULL;
  }
  return parse_object (text, len, "JSON file", error);
}

json_t *
xm_templates_load (XmTemplates *self, const char *name, GError **error)
{
  g_autofree char *path = NULL;

  if (is_blank (name))
    return json_object ();
  path = find_file (self, name, error);
  return path ? load_file (path, error) : NULL;
}

/* Lists --------------------------------------------------------------------- */

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static gboolean
is_file (XmTemplates *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->directory, name, NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/* Returns: (transfer full): sorted tags, each once; of a missing directory none. */
static GPtrArray *
read_tags (XmTemplates *self, GError **error)
{
  g_autoptr (GPtrArray) tags = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) why = NULL;
  g_autoptr (GDir) directory = g_dir_open (self->directory, 0, &why);
  const char *name;

  if (!directory && !g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
    xm_error_set_io (error, "%s", why->message);
    return NULL;
  }
  while (directory && (name = g_dir_read_name (directory))) {
    g_autofree char *tag = g_strdup (name);
    char *dot = strrchr (tag, '.');

    if (!is_plain (name) || !g_utf8_validate (name, -1, NULL) || !is_file (self, name))
      continue;
    /* Only what xm_templates_load() finds again: no backup copies. */
    if (dot && g_str_equal (dot, EXTENSION))
      *dot = '\0';
    else if (dot || g_str_has_suffix (tag, "~"))
      continue;
    if (!g_ptr_array_find_with_equal_func (tags, tag, g_str_equal, NULL))
      g_ptr_array_add (tags, g_steal_pointer (&tag));
  }
  g_ptr_array_sort (tags, compare);
  return g_steal_pointer (&tags);
}

/* Returns: (transfer full): the names left by @choose, which returns NULL for those to be left out.
 */
static char **
choose_tags (XmTemplates *self, const char *(*choose) (const char *tag), GError **error)
{
  g_autoptr (GPtrArray) tags = read_tags (self, error);
  g_autoptr (GStrvBuilder) chosen = g_strv_builder_new ();

  if (!tags)
    return NULL;
  for (guint i = 0; i < tags->len; i++) {
    const char *tag = choose (g_ptr_array_index (tags, i));

    if (tag)
      g_strv_builder_add (chosen, tag);
  }
  return g_strv_builder_end (chosen);
}

static const char *
choose_user (const char *tag)
{
  return g_str_has_prefix (tag, "service-") ? NULL : tag;
}

static const char *
choose_child (const char *tag)
{
  return g_str_has_prefix (tag, "child-") ? tag + strlen ("child-") : NULL;
}

static const char *
choose_service (const char *tag)
{
  return g_str_has_prefix (tag, "service-") ? tag + strlen ("service-") : NULL;
}

char **
xm_templates_list_service (XmTemplates *self, GError **error)
{
  return choose_tags (self, choose_service, error);
}

char **
xm_templates_list (XmTemplates *self, GError **error)
{
  return choose_tags (self, choose_user, error);
}

char **
xm_templates_list_child (XmTemplates *self, GError **error)
{
  return choose_tags (self, choose_child, error);
}

/* Text of a member, "" when it is missing, NULL with an error when it is no string. */
static const char *
get_text (json_t *template, const char *key, GError **error)
{
  json_t *value = json_object_get (template, key);

  if (!value)
    return "";
  if (!json_is_string (value))
    xm_error_set_plain (error, "string json value was expected");
  return json_string_value (value);
}

static gboolean
add_ui (GVariantBuilder *list, const char *tag, json_t *template, GError **error)
{
  const char *selectable = get_text (template, "ui-selectable", error);
  const char *description = selectable ? get_text (template, "description", error) : NULL;

  if (!description)
    return FALSE;
  if (g_str_equal (selectable, "true")) {
    g_variant_builder_open (list, G_VARIANT_TYPE ("a{ss}"));
    g_variant_builder_add (list, "{ss}", "description", description);
    g_variant_builder_add (list, "{ss}", "template", tag);
    g_variant_builder_close (list);
  }
  return TRUE;
}

GVariant *
xm_templates_list_ui (XmTemplates *self, GError **error)
{
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  g_auto (GStrv) tags = xm_templates_list (self, error);

  if (!tags)
    return NULL;
  for (char **tag = tags; *tag; tag++) {
    json_t *template = xm_templates_load (self, *tag, error);
    gboolean added = template && add_ui (&list, *tag, template, error);

    json_decref (template);
    if (!added)
      return NULL;
  }
  return g_variant_builder_end (&list);
}
