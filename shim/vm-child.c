/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-child.h"

#include "shim/error.h"
#include "shim/signals.h"
#include "shim/templates.h"
#include "shim/vm-set.h"

#define OVERRIDE "parent-override"

typedef struct {
  XmVm *parent, *child;
  GDBusMethodInvocation *invocation;
} Birth;

static void
birth_free (Birth *birth)
{
  xm_vm_unref (birth->parent);
  xm_vm_unref (birth->child);
  g_free (birth);
}

/* -- what the parent becomes ------------------------------------------------------- */

static json_t *
substitute_text (const char *text, const Birth *birth)
{
  const struct {
    const char *word, *value;
  } words[] = {
    { "${PARENT_UUID}", birth->parent->uuid },
    { "${UUID}", birth->child->uuid },
  };
  g_autoptr (GString) result = g_string_new (text);
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    g_string_replace (result, words[i].word, words[i].value, 0);
  return json_stringn (result->str, result->len);
}

/* How deep it goes, the store has checked. Returns: (transfer full) */
static json_t *
substitute (json_t *json, const Birth *birth)
{
  if (json_is_string (json))
    return substitute_text (json_string_value (json), birth);
  if (!json_is_object (json))
    return json_deep_copy (json);
  json_t *result = json_object ();
  for (void *at = json_object_iter (json); at != NULL; at = json_object_iter_next (json, at))
    json_object_set_new (result, json_object_iter_key (at),
                         substitute (json_object_iter_value (at), birth));
  return result;
}

/* Returns: (transfer full): the node at @path; NULL where it is none. */
static json_t *
read_node (XmStore *store, const char *path)
{
  g_autofree char *text = xm_store_dump (store, path);
  json_t *json = json_loads (text, JSON_DECODE_ANY, NULL);
  if (json_is_object (json))
    return json;
  json_decref (json);
  return NULL;
}

static gboolean
override_parent (Birth *birth, GError **error)
{
  XmVm *parent = birth->parent;
  XmStore *store = parent->service->store;
  g_autofree char *path = g_strjoin ("/", birth->child->db_path, OVERRIDE, NULL);
  json_auto_t *given = read_node (store, path);
  if (given == NULL)
    return TRUE;
  json_auto_t *node = read_node (store, parent->db_path);
  if (node == NULL) {
    xm_error_set_plain (error, "vm does not have a database entry: %s", parent->uuid);
    return FALSE;
  }
  json_auto_t *override = substitute (given, birth);
  json_auto_t *merged = xm_json_merge (node, override);
  if (!xm_store_inject_json (store, parent->db_path, merged, error))
    return FALSE;
  xm_vm_config_changed (parent);
  return TRUE;
}

/* -- both or neither --------------------------------------------------------------- */

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  if (!xm_store_commit_finish (XM_STORE (source), result, &error))
    g_warning ("a child VM that could not be finished stays: %s", error->message);
}

/* @error: (transfer full) */
static void
fail (Birth *birth, GError *error)
{
  XmStore *store = birth->child->service->store;
  g_autoptr (GError) stays = NULL;
  if (xm_store_remove (store, birth->child->db_path, &stays))
    xm_store_commit_async (store, NULL, on_removed, NULL);
  else
    g_warning ("a child VM that could not be finished stays: %s", stays->message);
  xm_error_return (birth->invocation, error);
  birth_free (birth);
}

static void
on_parent_durable (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Birth *birth = user_data;
  GError *error = NULL;
  /* Otherwise the store has put the parent back to what is on disk. */
  if (!xm_store_commit_finish (XM_STORE (source), result, &error)) {
    fail (birth, error);
    return;
  }
  xm_signal_vm (birth->child, "vm_created");
  g_dbus_method_invocation_return_value (birth->invocation,
                                         g_variant_new ("(o)", birth->child->path));
  birth_free (birth);
}

/* The parent is changed only when the child is safe. */
static void
on_child_durable (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Birth *birth = user_data;
  GError *error = NULL;
  if (xm_store_commit_finish (XM_STORE (source), result, &error) && birth->child->object == NULL)
    xm_error_set_plain (&error, "vm %s was removed while it was created", birth->child->uuid);
  if (error == NULL && override_parent (birth, &error))
    xm_store_commit_async (XM_STORE (source), NULL, on_parent_durable, birth);
  else
    fail (birth, error);
}

void
xm_vm_create_child_service_vm (gpointer owner,
                               GVariant *parameters,
                               GDBusMethodInvocation *invocation)
{
  XmVm *parent = owner;
  const char *tag;
  g_variant_get (parameters, "(&s)", &tag);
  g_autofree char *template = g_strconcat ("child-", tag, NULL);
  const XmCreate what = { .template = template, .no_slot = TRUE };
  GError *error = NULL;
  XmVm *child = xm_vm_set_create (parent->service, &what, &error);
  if (child == NULL) {
    xm_error_return (invocation, error);
    return;
  }
  Birth *birth = g_new (Birth, 1);
  *birth = (Birth){ xm_vm_ref (parent), xm_vm_ref (child), invocation };
  xm_store_commit_async (parent->service->store, NULL, on_child_durable, birth);
}
